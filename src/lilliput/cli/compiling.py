"""Compiling the kernels, once, and saying so."""

from __future__ import annotations

import typer


def compile_once(quiet: bool) -> None:
    """Compile the kernels if they are not in the cache; the time is not taken from the budget of a fit."""
    from lilliput.core.budget import format_seconds
    from lilliput.warm import compiled, warm

    if compiled():
        return
    if not quiet:
        typer.echo("compiling kernels, once (a minute or two)", err=True)
    seconds = warm()
    if not quiet:
        typer.echo(f"compiled in {format_seconds(seconds)}", err=True)
