"""``lilliput crawl``: grow a network from some accounts that one has."""

from __future__ import annotations

import re
import shlex
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lilliput.cli import options
from lilliput.core.errors import DataError, LilliputError

if TYPE_CHECKING:
    from lilliput.graph.journal import Journal

EXAMPLE = """\b
Example: those around the bloggers one has, then who matters among them
  lilliput crawl --seeds seeds.txt --source https://mastodon.social -o network
  lilliput fit rank network/edges.csv --accounts network/accounts.csv --seeds network/seeds.txt -o r.safetensors
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("crawl", epilog=EXAMPLE)(crawl)


def crawl(
    seeds: Annotated[str, typer.Option("--seeds", metavar="FILE", help="Accounts to begin with, a name a line.")],
    source: Annotated[str, typer.Option("--source", metavar="URL", help="A server with Mastodon's API.")],
    out: Annotated[str, typer.Option("-o", "--out", metavar="FOLDER", help="Where the network and the journal go.")],
    neighbours: Annotated[
        str, typer.Option(metavar="N,N", help="Followers and friends of each seed, of each of those, and so on.")
    ] = "80,20",
    statuses: Annotated[
        int, typer.Option(min=0, metavar="N", help="Statuses of each to look for mentions, replies and reposts.")
    ] = 0,
    token: Annotated[
        str | None, typer.Option(envvar="LILLIPUT_TOKEN", metavar="TOKEN", help="For servers that ask for one.")
    ] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Sample the network around some accounts, within the limits that the server sets.

    Writes edges.csv, accounts.csv and seeds.txt for `lilliput fit rank`. Stopped at any moment, the same command goes
    on where it was.
    """
    from lilliput.core.progress import Progress
    from lilliput.data.mastodon import Mastodon, handle
    from lilliput.data.polite import PoliteClient
    from lilliput.graph.journal import Journal
    from lilliput.graph.snowball import snowball

    limits = _limits(neighbours)
    names = [handle(name) for name in _names(seeds)]
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LilliputError(f"{out} cannot be made a folder ({error.strerror}); name another") from None
    with Progress(None, "crawling", "accounts", False if quiet else "auto") as bar:
        client = PoliteClient(source, token, bar.note)
        kept = {"source": client.address, "neighbours": neighbours, "statuses": str(statuses)}
        with closing(client), closing(Journal(folder / "crawl.sqlite", kept)) as journal:
            journal.add_seeds(names)
            bar.advance(journal.counts()["accounts"])
            try:
                snowball(Mastodon(client), journal, limits, statuses, bar.advance)
            except KeyboardInterrupt:
                typer.echo("interrupted; the same command goes on from here", err=True)
                raise typer.Exit(130) from None
            finally:
                _write(journal, folder)
            found = {**journal.counts(), "requests": client.requests}
            unknown = journal.unknown_seeds()
    _report(found, unknown, folder, json=json, quiet=quiet)


def _write(journal: Journal, folder: Path) -> None:
    """Write what is known so far."""
    from lilliput.core.atomic import write_atomically
    from lilliput.data.write import write_rows

    write_rows(folder / "edges.csv", ("source", "target", "kind", "time"), journal.edges())
    write_rows(folder / "accounts.csv", ("id", "followers", "friends", "depth"), journal.accounts())
    write_atomically(folder / "seeds.txt", (f"{name}\n".encode() for name in journal.seeds()))


def _report(found: dict[str, int], unknown: list[str], folder: Path, *, json: bool, quiet: bool) -> None:
    if json:
        import orjson

        typer.echo(orjson.dumps({**found, "unknown_seeds": unknown}).decode())
    else:
        typer.echo(
            f"{found['accounts']:,} accounts, {found['edges']:,} edges, {found['requests']:,} requests; "
            f"{found['refused']:,} lists were not to be had"
        )
    if quiet:
        return
    if unknown:
        typer.echo(f"note: the server does not know the seeds {', '.join(map(repr, unknown))}", err=True)
    edges, accounts, seeds = (shlex.quote(str(folder / name)) for name in ("edges.csv", "accounts.csv", "seeds.txt"))
    typer.echo(f"try: lilliput fit rank {edges} --accounts {accounts} --seeds {seeds} -o r.safetensors", err=True)


def _limits(text: str) -> list[int]:
    if not re.fullmatch(r"\d{1,6}(,\d{1,6})*", text) or "0" in text.split(","):
        raise LilliputError(f"--neighbours {text}: expected numbers above 0 with commas, such as 80,20")
    return [int(number) for number in text.split(",")]


def _names(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} cannot be read as a list of names ({error}); give a text file, a name a line"
        ) from None
    names = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not names:
        raise DataError(f"{path} holds no names; give the accounts to begin with, a name a line")
    return names
