"""A map as a page: one HTML file that asks nothing of the network, drawn by a short program of its own.

Zoom and move, hover for the nearest neighbours, search, hide groups, light and dark; of two maps both move together,
and arrows show what moved.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lilliput.tasks.map_colours import THEMES
from lilliput.tasks.map_picture import importance

if TYPE_CHECKING:
    from lilliput.retrieval.nearest import Nearest
    from lilliput.tasks.map_layout import Layout

TEMPLATE = "map_page.html"
_DATA, _TITLE = "/*DATA*/", "<!--TITLE-->"


def page(layout: Layout, theme: str) -> bytes:
    """The bytes of the page; `theme`: "light" or "dark", or "auto" for what the reader's system prefers."""
    themes = {name: {**colours._asdict(), "groups": colours.of(layout.names)} for name, colours in THEMES.items()}
    data = {**map_data(layout), "theme": theme, "themes": themes}
    template = files("lilliput.tasks").joinpath(TEMPLATE).read_text(encoding="utf-8")
    page = template.replace(_TITLE, _escaped(layout.points.title)).replace(_DATA, _json(data))
    return page.encode()


def map_data(layout: Layout) -> dict[str, Any]:
    """What a page draws a map of, as plain data: names and groups, and of each map the places and neighbours."""
    points = layout.points
    maps = [{"title": points.title, "places": _rounded(layout.places, 4), **_near(layout.near)}]
    if layout.moved is not None and layout.moved_near is not None:
        maps.append({"title": points.moved_title, "places": _rounded(layout.moved, 4), **_near(layout.moved_near)})
    data = {
        "names": list(map(str, points.names)),
        "weights": _rounded(importance(layout), 3),
        "groups": layout.groups.tolist(),
        "groupNames": layout.names,
        "maps": maps,
        "note": points.note,
    }
    found: dict[str, Any] = _strings(data)
    return found


def _near(found: Nearest) -> dict[str, Any]:
    return {"near": found.rows.tolist(), "cosines": _rounded(found.cosines, 3)}


def _rounded(values: NDArray[np.float64], decimals: int) -> list[Any]:
    return np.round(values, decimals).tolist()


def _json(data: dict[str, Any]) -> str:
    """JSON that is also safe within a script element, whatever the names are."""
    return _clean(orjson.dumps(data).decode()).replace("<", "\\u003c").replace(">", "\\u003e")


def _strings(value: Any) -> Any:
    """The data with lone surrogates in its strings replaced: JSON has no place for them."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {name: _strings(item) for name, item in value.items()}
    if isinstance(value, list) and value and not isinstance(value[0], (int, float)):
        return [_strings(item) for item in value]
    return value


def _clean(text: str) -> str:
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _escaped(text: str) -> str:
    return _strings(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
