"""A map as a picture, by matplotlib: every point, as many labels as have room, and a legend of the groups."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.extras import require_extra
from lilliput.tasks.map_colours import THEMES, Theme

if TYPE_CHECKING:
    from lilliput.tasks.map_layout import Layout, Places

INCHES, DOTS = 11.0, 150
LABEL_SIZES = (6.0, 10.5)
"""Points of the least and the most important label."""
FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei", "Microsoft YaHei", "Yu Gothic",
    "PingFang SC", "Hiragino Sans", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai", "Arial Unicode MS",
    "Noto Emoji", "Segoe UI Emoji",
)  # fmt: skip
"""For letters that DejaVu Sans has not."""
ARROWS = 25
"""Of the points that moved farthest."""


def picture(layout: Layout, theme: str) -> bytes:
    """The bytes of a PNG. Raises `LilliputError` without the extra ``plots``."""
    require_extra("matplotlib", "plots", "drawing a map")
    from matplotlib import rc_context

    with rc_context({"font.family": _families()}), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph"
        )  # no font of this machine has the letter: a box stands for it
        return _picture(layout, THEMES[theme])


def _picture(layout: Layout, colours: Theme) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    maps = [layout.places] if layout.moved is None else [layout.places, layout.moved]
    figure = Figure(figsize=(INCHES * len(maps), INCHES + 0.9), dpi=DOTS, facecolor=colours.ground)
    canvas = FigureCanvasAgg(figure)
    points = layout.points
    labelled: list[int] = []  # the second map has the labels of the first where it can
    for number, (places, title) in enumerate(zip(maps, (points.title, points.moved_title), strict=False)):
        width = 1 / len(maps)
        axes = figure.add_axes((number * width + 0.01, 0.08, width - 0.02, 0.87))
        labelled = _draw(axes, layout, places, colours, canvas.get_renderer(), labelled)
        axes.set_title(title, color=colours.text, fontsize=14, loc="left", pad=8)
        if number:
            _arrows(axes, layout, colours)
    _legend(figure, layout, colours)
    data = io.BytesIO()
    canvas.print_png(data, metadata={"Software": None})
    return data.getvalue()


def _families() -> list[str]:
    """Fonts to look for letters in, one after the other: matplotlib's own, and those of this machine for others."""
    from matplotlib.font_manager import get_font_names

    there = set(get_font_names())
    return ["DejaVu Sans", *(name for name in FONTS if name in there)]


def _draw(
    axes: Any, layout: Layout, places: Places, colours: Theme, renderer: Any, labelled: Sequence[int]
) -> list[int]:
    """Draw a map; `labelled`: the rows to be labelled before others. Returns the rows that are."""
    axes.set_facecolor(colours.ground)
    axes.set_axis_off()
    low, high = places.min(axis=0), places.max(axis=0)
    pad = 0.04 * (high - low).max()
    axes.set_xlim(low[0] - pad, high[0] + pad)
    axes.set_ylim(low[1] - pad, high[1] + pad)
    groups = np.array(colours.groups)[layout.groups % len(colours.groups)]
    weights = importance(layout)
    axes.scatter(*places.T, s=5 + 22 * weights, c=groups, alpha=0.55, linewidths=0)
    taken = _Taken()
    shown = []
    for row in dict.fromkeys([*labelled, *range(len(places))]):
        size = LABEL_SIZES[0] + (LABEL_SIZES[1] - LABEL_SIZES[0]) * weights[row]
        text = axes.annotate(
            _plain(layout.points.names[row]), places[row], (0, 3), textcoords="offset points",
            fontsize=size, color=groups[row], ha="center", va="bottom",
        )  # fmt: skip
        box = text.get_window_extent(renderer)
        if taken.place(box.x0, box.y0, box.x1, box.y1):
            shown.append(row)
        else:
            text.remove()
    return shown


def _arrows(axes: Any, layout: Layout, colours: Theme) -> None:
    """From where the points that moved farthest were to where they are."""
    assert layout.moved is not None
    ways = np.linalg.norm(layout.moved - layout.places, axis=1)
    for row in np.argsort(-ways, kind="stable")[:ARROWS]:
        style = {"arrowstyle": "-|>", "color": colours.faint, "alpha": 0.8, "linewidth": 0.8, "shrinkB": 3}
        axes.annotate("", layout.moved[row], layout.places[row], arrowprops=style, zorder=0)


def _legend(figure: Any, layout: Layout, colours: Theme) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker="o", linestyle="", markersize=7, color=colours.groups[group % len(colours.groups)])
        for group in range(len(layout.names))
    ]
    columns = max(1, min(len(marks), 4 if layout.moved is None else 6))
    figure.legend(
        marks, [_plain(name) for name in layout.names], loc="lower center", ncols=columns, fontsize=9.5,
        labelcolor=colours.text, frameon=False, handletextpad=0.2, columnspacing=1.4,
    )  # fmt: skip


def _plain(name: str) -> str:
    """A name as matplotlib shows it: no formula, and nothing that is not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("$", r"\$")


class _Taken:
    """Where labels stand already, in a grid of cells."""

    CELL = 64.0

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[float, float, float, float]]] = {}

    def place(self, left: float, low: float, right: float, high: float) -> bool:
        """Take up this room, unless some of it is taken."""
        cells = [
            (x, y)
            for x in range(int(left // self.CELL), int(right // self.CELL) + 1)
            for y in range(int(low // self.CELL), int(high // self.CELL) + 1)
        ]
        for cell in cells:
            for other in self._cells.get(cell, ()):
                if left < other[2] and other[0] < right and low < other[3] and other[1] < high:
                    return False
        for cell in cells:
            self._cells.setdefault(cell, []).append((left, low, right, high))
        return True


def importance(layout: Layout) -> NDArray[np.float64]:
    """Of each point, 0 to 1: by its weight on a logarithmic scale, or by its place."""
    weights = layout.points.weights
    if weights is None or not np.any(np.asarray(weights) > 0):
        return np.linspace(1, 0, len(layout.places)) ** 2
    logs = np.log1p(np.asarray(weights, dtype=np.float64))
    spread = logs.max() - logs.min()
    found: NDArray[np.float64] = (logs - logs.min()) / (spread if spread > 0 else 1)
    return found
