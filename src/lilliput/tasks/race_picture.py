"""The races of the optimisers, drawn: paths over contours, as a picture or moving, and losses by seconds and passes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.extras import require_extra
from lilliput.tasks.map_colours import LIGHT

if TYPE_CHECKING:
    from lilliput.training.rows_race import Lane
    from lilliput.training.surface_race import Run

INCHES, DOTS, MOVING_DOTS = 11.0, 130, 70
FRAMES, MILLISECONDS, HOLD = 80, 60, 2500
"""Of the animation: how many, for how long each, and the last one."""


def race_picture(runs: Sequence[Run]) -> bytes:
    """The bytes of a PNG. Raises `LilliputError` without the extra ``plots``."""
    require_extra("matplotlib", "plots", "drawing the race")
    canvas, lines = _ground(runs, DOTS)
    _advance(lines, max(len(run.path) for run in runs))
    data = io.BytesIO()
    canvas.print_png(data, metadata={"Software": None})
    return data.getvalue()


def race_animation(runs: Sequence[Run]) -> bytes:
    """The bytes of a GIF whose steps grow, as the first ones are the most telling. Raises as `race_picture`."""
    require_extra("matplotlib", "plots", "drawing the race")
    from PIL import Image

    frames = [Image.fromarray(frame).quantize(method=Image.Quantize.FASTOCTREE) for frame in _frames(runs)]
    data = io.BytesIO()
    lengths = [MILLISECONDS] * (len(frames) - 1) + [HOLD]
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:], duration=lengths, loop=0)
    return data.getvalue()


def curves_picture(lanes: Sequence[Lane], title: str) -> bytes:
    """The bytes of a PNG: held-out loss, the best so far, by seconds and by passes. Raises as `race_picture`."""
    require_extra("matplotlib", "plots", "drawing the race")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(INCHES, INCHES * 0.48), dpi=DOTS, facecolor=LIGHT.ground)
    canvas = FigureCanvasAgg(figure)
    for axes, unit in zip(figure.subplots(1, 2, sharey=True), ("seconds", "passes"), strict=True):
        for number, lane in enumerate(lanes):
            records = lane.history.records
            along = [record.seconds if unit == "seconds" else record.epoch for record in records]
            best = list(accumulate((record.score for record in records), min))
            colour = LIGHT.groups[number % len(LIGHT.groups)]
            axes.plot(along, best, color=colour, label=f"{lane.optimiser} ({lane.rate:.2g})", linewidth=1.5)
        axes.set(xlabel=unit, yscale="log", facecolor=LIGHT.ground)
        axes.tick_params(colors=LIGHT.text)
    figure.axes[0].set_ylabel("held-out loss, best so far")
    figure.axes[1].legend(frameon=False, labelcolor=LIGHT.text, fontsize=8)
    figure.suptitle(title, color=LIGHT.text, fontsize=11)
    data = io.BytesIO()
    canvas.print_png(data, metadata={"Software": None})
    return data.getvalue()


def _frames(runs: Sequence[Run]) -> Iterator[Any]:
    """RGB pictures; the contours are drawn once."""
    canvas, lines = _ground(runs, MOVING_DOTS)
    canvas.draw()
    figure = canvas.figure
    ground = canvas.copy_from_bbox(figure.bbox)
    longest = max(len(run.path) for run in runs)
    for step in np.unique(np.geomspace(1, longest, FRAMES).round().astype(int)).tolist():
        canvas.restore_region(ground)
        _advance(lines, step)
        figure.suptitle(f"step {step - 1:,}", x=0.99, ha="right", color=LIGHT.text)
        figure.draw_artist(figure._suptitle)
        for _, line, head in lines:
            line.axes.draw_artist(line)
            line.axes.draw_artist(head)
        yield np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def _ground(runs: Sequence[Run], dots: int) -> tuple[Any, list[tuple[Run, Any, Any]]]:
    """A canvas with a map a surface, and a line and its head for each run, still empty."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    surfaces = list(dict.fromkeys(run.surface for run in runs))
    names = list(dict.fromkeys(run.optimiser for run in runs))
    columns = min(2, len(surfaces))
    rows = -(-len(surfaces) // columns)
    figure = Figure(figsize=(INCHES, 0.6 + rows * INCHES * 0.42), dpi=dots, facecolor=LIGHT.ground)
    canvas = FigureCanvasAgg(figure)
    maps = figure.subplots(rows, columns, squeeze=False, gridspec_kw={"hspace": 0.2, "wspace": 0.1}).ravel()
    lines = []
    for surface, axes in zip(surfaces, maps, strict=False):
        _contours(axes, surface)
        for run in (run for run in runs if run.surface is surface):
            colour = LIGHT.groups[names.index(run.optimiser) % len(LIGHT.groups)]
            (line,) = axes.plot([], [], color=colour, linewidth=1.4, alpha=0.9)
            (head,) = axes.plot([], [], "o", color=colour, markersize=5)
            lines.append((run, line, head))
    for axes in maps[len(surfaces) :]:
        axes.set_axis_off()
    keys = {run.optimiser: line for run, line, _ in lines}
    figure.legend(keys.values(), keys.keys(), loc="lower center", ncols=len(keys), frameon=False, labelcolor=LIGHT.text)
    figure.subplots_adjust(left=0.05, right=0.98, top=0.93, bottom=0.1)
    return canvas, lines


def _contours(axes: Any, surface: Any) -> None:
    """Lines of equal height, closer to each other the lower they are, the start and the name."""
    left, right, low, high = surface.window
    x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(low, high, 200))
    gap = surface.gap(x, y)
    levels = np.geomspace(1e-3, max(2.0, float(gap.max())), 14)
    axes.contour(x, y, gap, levels=levels, colors=LIGHT.faint, linewidths=0.5)
    axes.plot(*surface.start, "s", color=LIGHT.text, markersize=5)
    axes.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[], facecolor=LIGHT.ground)
    axes.set_title(surface.name, color=LIGHT.text, loc="left")
    for side in axes.spines.values():
        side.set_color(LIGHT.faint)


def _advance(lines: Sequence[tuple[Run, Any, Any]], steps: int) -> None:
    """Show the first `steps` places of each path."""
    for run, line, head in lines:
        path = run.path[:steps]
        line.set_data(path[:, 0], path[:, 1])
        head.set_data(path[-1:, 0], path[-1:, 1])
