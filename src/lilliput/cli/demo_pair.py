"""The demonstration of pairings: which modules of the standard library are imported together."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

GIVEN = (["socket"], ["csv", "io"], ["threading", "time"])
"""Modules for which others are suggested."""
DARING = 0.8


def demo_pair(folder: Path) -> None:
    """Learn from import lists which modules go together, and show some suggestions."""
    from lilliput.cli.pairing import told
    from lilliput.data.builtin import imports
    from lilliput.tasks.pair import PairingRecommender

    lists = imports()
    typer.echo(f"\npair: which modules go together? The import lists of {len(lists):,} modules of Python itself.\n")
    model = PairingRecommender(least=2).fit(lists)
    typer.echo(f"{model.report_}\n")
    known = set(model.items_)
    for given in GIVEN:
        if not known.issuperset(given):
            continue
        typer.echo(f"  with {' and '.join(given)}:")
        for one in model.suggest(given, 3):
            typer.echo(f"    {one.item:<14} {one.score:6.1%}  {told(one, model.known_.pairs.least)}")
        daring = ", ".join(one.item for one in model.suggest(given, 4, DARING))
        typer.echo(f"    and, more daring: {daring}")
    path = folder / "pair.safetensors"
    model.save(path)
    typer.echo(f'\nThe model is in {path}; try: lilliput predict {shlex.quote(str(path))} "json, re"')
