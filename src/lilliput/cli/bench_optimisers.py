"""The races of ``lilliput bench optimisers``, as tables and as pictures."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lilliput.cli import options
from lilliput.core.budget import Budget, format_bytes
from lilliput.core.errors import DataError
from lilliput.core.extras import require_extra

if TYPE_CHECKING:
    from lilliput.training.rows_race import Lane
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


def race_table(
    data: str,
    target: str | None,
    time: str,
    picture: str | None,
    *,
    seed: int,
    threads: int | None,
    quiet: bool,
    json: bool,
) -> None:
    """On the rows of a file; draws the curves if it is given a file for them."""
    if target is None:
        raise DataError(f"which column of {data} is to be predicted? Name it with --target, or give its number from 1")
    seconds = Budget(time=time).time or 0.0
    _check_file(picture, ".png")
    torch: Any = require_extra("torch", "deep", "racing optimisers")
    from lilliput.tasks.race_picture import curves_picture
    from lilliput.tasks.race_table import read_table
    from lilliput.training.devices import torch_threads
    from lilliput.training.rows_race import race_on_rows, work

    def said(what: str) -> None:
        if not quiet:
            typer.echo(what, err=True)

    table = read_table(data, target)
    said(f"{data}: {table.about}")
    inputs, targets = torch.from_numpy(table.inputs), torch.from_numpy(table.targets)
    with torch_threads(threads, work(inputs, targets)):
        lanes = race_on_rows(inputs, targets, seconds, seed=seed, said=said)
    typer.echo(_lanes_as_json(lanes) if json else lanes_table(lanes, classes=table.targets.ndim == 1))
    _draw(picture, lambda: curves_picture(lanes, f"{Path(data).name}: {table.about}"), quiet)


def lanes_table(lanes: Sequence[Lane], *, classes: bool) -> str:
    """Loss and quality, and how soon each came within a hundredth of the least loss of all; the best first."""
    least = min(lane.history.best_score for lane in lanes)
    rows = [["optimiser", "rate", "loss", "accuracy" if classes else "R2", "passes", "near best at", "after"]]
    for lane in sorted(lanes, key=lambda lane: lane.history.best_score):
        if not lane.history.records:
            rows.append([lane.optimiser, f"{lane.rate:.2g}", "diverged", "-", "-", "-", "-"])
            continue
        near = next((record for record in lane.history.records if record.score <= 1.01 * least), None)
        when = ["-", "-"] if near is None else [f"{near.seconds:.2f} s", f"{near.epoch:.1f} passes"]
        passes = f"{lane.history.records[-1].epoch:.1f}"
        quality = f"{lane.quality:.4f}"
        rows.append([lane.optimiser, f"{lane.rate:.2g}", f"{lane.history.best_score:.4f}", quality, passes, *when])
    return f"{aligned(rows)}\nof held-out rows; near best: within 1 % of the least loss of all; -: not reached"


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


def _lanes_as_json(lanes: Sequence[Lane]) -> str:
    import orjson

    found = [
        {
            "optimiser": lane.optimiser,
            "rate": lane.rate,
            "tried": [{"rate": rate, "loss": loss} for rate, loss in lane.tried.items()],
            "quality": lane.quality,
            "history": lane.history.to_dict(),
        }
        for lane in lanes
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

    size = write_atomically(path, [draw()])
    if not quiet:
        typer.echo(f"saved {shlex.quote(path)} ({format_bytes(size)})", err=True)
