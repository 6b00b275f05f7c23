"""``lilliput fit rank``: who matters in a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.learning import save_learned
from lilliput.core.budget import Budget as Limits
from lilliput.core.errors import LilliputError

EXAMPLE = """\b
Example: who to ask next, from the accounts in seeds.txt
  lilliput fit rank edges.csv -o r.safetensors --source follower --target followed --seeds seeds.txt
  lilliput predict r.safetensors -o ranks.html
  lilliput predict r.safetensors "some account"
"""
Data = Annotated[list[str], typer.Argument(metavar="DATA", help="Edges: CSV, TSV, JSONL, .parquet, or .txt.")]
Source = Annotated[str | None, typer.Option(metavar="COLUMN", help="Who points (follows, cites, imports).")]
Target = Annotated[str | None, typer.Option(metavar="COLUMN", help="Whom at: rank flows there.")]
Weight = Annotated[str | None, typer.Option(metavar="COLUMN", help="Weights, from 0 on; 1 each if not given.")]
Kind = Annotated[str | None, typer.Option(metavar="COLUMN", help="What kind of edge; with --kinds.")]
Kinds = Annotated[str | None, typer.Option(metavar="WEIGHTS", help="By kind, such as follow=1,reply=2,repost=0.5.")]
Time = Annotated[str | None, typer.Option(metavar="COLUMN", help="Seconds or dates; with --half-life.")]
HalfLife = Annotated[float | None, typer.Option(metavar="DAYS", help="An edge older by this counts half.")]
Seeds = Annotated[str | None, typer.Option(metavar="FILE", help="Ids, one a line: ranks from their point of view.")]
Accounts = Annotated[
    str | None, typer.Option(metavar="FILE", help="Columns id, followers, friends: totals, of which not all are edges.")
]
Before = Annotated[str | None, typer.Option(metavar="MODEL", help="An earlier ranking, to start from and compare.")]
Damping = Annotated[float | None, typer.Option(metavar="D", help="The chance to go on along an edge; 0.85.")]
Tolerance = Annotated[float | None, typer.Option(metavar="T", help="L1 residual to stop at; 1e-10.")]
Loops = Annotated[bool, typer.Option("--self-loops", help="Count edges from an account to itself.")]
Communities = Annotated[bool, typer.Option("--communities", help="Sort accounts into communities too.")]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("rank", epilog=EXAMPLE)(fit_rank)


def fit_rank(
    data: Data,
    out: asked.Out,
    source: Source = None,
    target: Target = None,
    weight: Weight = None,
    kind: Kind = None,
    kinds: Kinds = None,
    time: Time = None,
    half_life: HalfLife = None,
    seeds: Seeds = None,
    accounts: Accounts = None,
    before: Before = None,
    damping: Damping = None,
    tolerance: Tolerance = None,
    self_loops: Loops = False,
    communities: Communities = False,
    budget: asked.Budget = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    threads: asked.Threads = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Rank the accounts of a network by PageRank.

    The report goes to standard output, with the error that the ranks have at most. The table: lilliput predict.
    """
    from lilliput.tasks.rank import EdgeFiles, InfluencerRanker

    options.check_model_path(out)
    Limits.parse(budget)
    given: dict[str, Any] = {"source": source, "target": target, "weight": weight, "kind": kind, "time": time}
    given |= {"kinds": _kinds(kinds), "half_life": half_life, "seeds": _seeds(seeds), "accounts": accounts}
    given |= {"before": before, "damping": damping, "tolerance": tolerance, "budget": budget, "threads": threads}
    given |= {"self_loops": self_loops, "communities": communities, "progress": False if quiet else None}
    model = InfluencerRanker(**{name: value for name, value in given.items() if value is not None})
    files = EdgeFiles(data, not no_header, skip_bad)
    save_learned(
        model,
        lambda: model.fit(files),
        out,
        lambda: model.bad_,
        quiet=quiet,
        json=json,
        try_next="predict {} -o ranks.html",
    )


def _kinds(given: str | None) -> dict[str, float] | None:
    """Weights by kind: "follow=1,reply=2". Raises `LilliputError`."""
    if given is None:
        return None
    found = {}
    for part in given.split(","):
        name, mark, weight = part.rpartition("=")
        try:
            found[name.strip()] = float(weight)
        except ValueError:
            mark = ""
        if not mark:
            raise LilliputError(f"--kinds {given}: expected weights by kind, such as follow=1,reply=2")
    return found


def _seeds(path: str | None) -> list[str] | None:
    """Ids, one a line; blank lines are none. Raises `DataError`."""
    if path is None:
        return None
    from lilliput.core.errors import DataError
    from lilliput.data.files import open_bytes

    with open_bytes(Path(path)) as stream:
        try:
            lines = stream.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is no text in UTF-8 ({error.reason}); save it as UTF-8") from error
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise DataError(f"{path} has no seeds; write one id a line")
    return found
