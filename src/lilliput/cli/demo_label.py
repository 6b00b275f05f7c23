"""The demonstration of labelling texts: telling which package of the standard library a docstring is from."""

from __future__ import annotations

import random
import shlex
from pathlib import Path

import typer

BUDGET = "256KB"
HELD_OUT = 200
SHOWN = 5
WIDTH = 68
"""Characters of a docstring that are shown."""


def demo_label(folder: Path) -> None:
    """Fit within `BUDGET` on the docstrings, and show the report and some answers for docstrings held out."""
    from lilliput.cli.predict_text import reason_lines
    from lilliput.data.builtin import docstrings
    from lilliput.tasks.label import TextClassifier

    typer.echo(f"label: which package of the standard library is a docstring from? Budget {BUDGET}.\n")
    rows = list(zip(*docstrings(), strict=True))
    random.Random(0).shuffle(rows)
    held_out, learned = rows[:HELD_OUT], rows[HELD_OUT:]
    model = TextClassifier(budget=BUDGET)
    model.fit([text for text, _ in learned], [label for _, label in learned])
    typer.echo(f"{model.report_}\n\nSome docstrings that were held out:")
    for text, label in held_out[:SHOWN]:
        reasons = model.explain(text)
        line = " ".join(text.split())
        typer.echo(f"\n{line[:WIDTH]}{'...' * (len(line) > WIDTH)}")
        typer.echo(f"  is from {label}; answered {reasons.label} with probability {reasons.probability:.2f}")
        for reason in reason_lines(reasons):
            typer.echo(reason)
    path = folder / "docstrings.safetensors"
    model.save(path)
    typer.echo(f'\nThe model is in {path}; try: lilliput predict {shlex.quote(str(path))} "parse a URL" --explain')
