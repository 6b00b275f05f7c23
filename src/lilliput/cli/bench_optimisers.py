"""The races of ``lilliput bench optimisers``, as tables and as pictures."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lilliput.cli import options
from lilliput.core.errors import DataError
from lilliput.core.extras import require_extra

if TYPE_CHECKING:
    from lilliput.training.surface_race import Run


def race_surfaces(picture: str | None, animation: str | None, steps: int, *, quiet: bool, json: bool) -> None:
    """Over surfaces; draws what it is given files for."""
    _check_file(picture, ".png")
    _check_file(animation, ".gif")
    require_extra("torch", "deep", "racing optimisers")
    from lilliput.tasks.race_picture import race_animation, race_picture
    from lilliput.training.surface_race import race

    runs = race(most=steps, said=lambda name: None if quiet else typer.echo(f"running {name}", err=True))
    typer.echo(_as_json(runs) if json else surface_table(runs))
    _draw(picture, lambda: race_picture(runs), quiet)
    _draw(animation, lambda: race_animation(runs), quiet)


def surface_table(runs: Sequence[Run]) -> str:
    """Steps to the tolerance, and the rate that was best, by optimiser and surface."""
    from lilliput.training.surface_race import TOLERANCE

    surfaces = list(dict.fromkeys(run.surface.name for run in runs))
    rows = [["steps (learning rate)", *surfaces]]
    for name in dict.fromkeys(run.optimiser for run in runs):
        cells = {run.surface.name: run for run in runs if run.optimiser == name}
        rows.append([name, *(_cell(cells[surface]) for surface in surfaces)])
    return f"{aligned(rows)}\nuntil {TOLERANCE:.2%} of the height at the start is left; -: not reached"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _cell(run: Run) -> str:
    return "-" if run.steps is None else f"{run.steps:,} ({run.rate:.2g})"


def _as_json(runs: Sequence[Run]) -> str:
    import orjson

    found = [
        {"optimiser": run.optimiser, "surface": run.surface.name, "steps": run.steps, "rate": run.rate} for run in runs
    ]
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


def _check_file(path: str | None, ending: str) -> None:
    """Raise an error, before the work, for a file that cannot be drawn to."""
    if path is None:
        return
    if Path(path).suffix.lower() != ending:
        raise DataError(f"{path} does not end in {ending}; name a {ending} file")
    options.check_writable(path)
    require_extra("matplotlib", "plots", "drawing the race")


def _draw(path: str | None, draw: Callable[[], bytes], quiet: bool) -> None:
    if path is None:
        return
    from lilliput.core.atomic import write_atomically
    from lilliput.core.budget import format_bytes

    size = write_atomically(path, [draw()])
    if not quiet:
        typer.echo(f"saved {shlex.quote(path)} ({format_bytes(size)})", err=True)
