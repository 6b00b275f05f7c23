"""The demonstration of ranks: which packages of the standard library the others depend on."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

FIRST = 12
"""Packages that are shown."""


def demo_rank(folder: Path) -> None:
    """Rank the packages of the standard library by who imports them, and explain the first."""
    from lilliput.data.builtin import stdlib_imports
    from lilliput.tasks.rank import InfluencerRanker

    edges = [(package, other) for package, imports in stdlib_imports() for other in imports]
    typer.echo("\nrank: which modules of the standard library do the others depend on?\n")
    model = InfluencerRanker().fit(edges)
    typer.echo(f"{model.report_}\n\nThe first, with their scores:\n")
    for name, score in zip(model.top(FIRST), model.scores_.tolist(), strict=False):
        typer.echo(f"  {score:.4f}  {name}")
    typer.echo(f"\n{model.explain(model.top(1)[0])}")
    path, page = folder / "rank.safetensors", folder / "rank.html"
    model.save(path)
    model.write(page)
    typer.echo(f"\nThe table to look around in is {page}; one module: lilliput predict {shlex.quote(str(path))} re")
