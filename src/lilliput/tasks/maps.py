"""Drawing a map to a file: a page (.html) or a picture (.png).

    from lilliput.tasks.maps import MapPoints, draw_map

    draw_map(MapPoints(names, vectors, categories=cuisines), "map.html")

Any task with named vectors can be drawn so; with ``moved`` vectors a second map stands beside the first. `lilliput map`
draws a task that has ``map_points(most)``, or ``map_points(most, context)``, and returns `MapPoints`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from lilliput.core.atomic import write_atomically
from lilliput.core.errors import DataError, LilliputError
from lilliput.core.modelfile import StrPath
from lilliput.core.threads import resolve_threads
from lilliput.tasks.map_colours import THEMES
from lilliput.tasks.map_layout import CLUSTERS, lay_out
from lilliput.tasks.map_points import MapPoints

__all__ = ["MapPoints", "check_map", "draw_map"]

PAGE, PICTURE = ".html", ".png"


def draw_map(
    points: MapPoints,
    path: StrPath,
    *,
    theme: str = "auto",
    clusters: int = CLUSTERS,
    seed: int = 0,
    threads: int | None = None,
    progress: bool | Literal["auto"] = "auto",
) -> int:
    """Write the map of some points as the ending of `path` says, and return the size of the file.

    `theme`: "light", "dark", or "auto", which for a page is what the reader's system prefers and for a picture light;
    `clusters`: how many groups there are where the points have no categories. The same seed draws the same map with any
    number of threads. Raises `DataError` for another ending and for points that make no map, and `LilliputError`
    without the extra ``plots``.
    """
    check_map(path, theme, clusters)
    layout = lay_out(points, seed, resolve_threads(threads), clusters, progress)
    if Path(path).suffix.lower() == PAGE:
        from lilliput.tasks.map_page import page

        return write_atomically(path, [page(layout, theme)])
    from lilliput.tasks.map_picture import picture

    return write_atomically(path, [picture(layout, "light" if theme == "auto" else theme)])


def check_map(path: StrPath, theme: str = "auto", clusters: int = CLUSTERS) -> None:
    """Raise `DataError` or `LilliputError` for what `draw_map` cannot do, before there is any work done."""
    ending = Path(path).suffix.lower()
    if ending not in (PAGE, PICTURE):
        raise DataError(f"{path} ends in {ending!r}; maps are drawn to {PAGE} (a page) and {PICTURE} (a picture)")
    if theme not in ("auto", *THEMES):
        raise LilliputError(f"theme={theme!r}: expected auto, {' or '.join(THEMES)}")
    if isinstance(clusters, bool) or not isinstance(clusters, int) or clusters < 1:
        raise LilliputError(f"clusters={clusters!r}: expected a whole number from 1 on")
