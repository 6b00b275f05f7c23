"""``lilliput predict`` with a ranking: the table of all accounts, or why one is where it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker

STEPS = 3
"""Of reach."""


def rank_input(model: InfluencerRanker, account: str | None, out: str, *, json: bool, quiet: bool, unfit: bool) -> None:
    """Write the table, or explain an account; `unfit`: options were given that this has no use for."""
    if unfit:
        raise LilliputError("this is a ranking; --explain, --spans, --keep, --top and --text are for models of texts")
    if account is None:
        if out != "-":
            options.check_writable(out)
        if out == "-" and json:
            from lilliput.data.write import write_rows
            from lilliput.tasks.rank_table import columns, rows

            write_rows(out, columns(model.ranking_), rows(model.ranking_), file_format="jsonl")
            return
        model.write(out)
        if out != "-" and not quiet:
            typer.echo(f"saved {out} ({len(model.ranking_.order):,} accounts)", err=True)
        return
    if out != "-":
        raise LilliputError("-o is for the table of all accounts; leave the account out, or -o")
    found = model.explain(account)
    reach = model.reach(account, STEPS) if model.ranking_.matrix is not None else []
    if json:
        import orjson

        typer.echo(orjson.dumps({**asdict(found), "reach": reach}).decode())
        return
    typer.echo(str(found))
    if reach:
        typer.echo("heard within " + ", ".join(f"{step} steps by {n:,}" for step, n in enumerate(reach, 1)))
