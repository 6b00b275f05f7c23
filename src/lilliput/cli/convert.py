"""``lilliput convert``: a fastText model as one of ours."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from lilliput.cli import options

EXAMPLE = """\b
Example
  lilliput convert lid.176.ftz lid.safetensors
  lilliput predict lid.safetensors "quel temps fait-il ?"
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("convert", epilog=EXAMPLE)(convert)


def convert(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A supervised fastText model, .bin or .ftz.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The model file to write, .safetensors.")],
    quiet: options.Quiet = False,
) -> None:
    """Convert a fastText model.

    It goes on giving the same labels and probabilities.
    """
    from lilliput.compat.fasttext_model import FastTextClassifier
    from lilliput.core.budget import format_bytes

    options.check_model_path(new)
    size = FastTextClassifier.read(old).save(new)
    if not quiet:
        before = format_bytes(Path(old).stat().st_size)
        hint = f"lilliput predict {shlex.quote(new)} 'some text'"
        typer.echo(f"saved {new} ({format_bytes(size)}, was {before}); try: {hint}", err=True)
