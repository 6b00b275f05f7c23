"""Maps of what a model knows: drawn when somebody first asks, and kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from pydantic import Field

from lilliput.web.forms import WHOLE, Form

POINTS = 600
"""If nobody says how many; they take some seconds."""
MOST_POINTS = 2000
KEPT = 32
"""Maps of a model; the one that was not asked for longest goes."""

Most = Annotated[int, Field(ge=5, le=MOST_POINTS, description="of the most frequent"), WHOLE]


class MapPane(Form):
    """A map: places within -1 and 1, and the nearest neighbours of each point with their cosines."""

    title: str
    places: list[list[float]]
    near: list[list[int]]
    cosines: list[list[float]]


class MapDrawn(Form):
    """Points of a map, by place in `names`; a second map shows where a condition moves them."""

    names: list[str]
    weights: list[float]
    groups: list[int]
    groupNames: list[str]  # noqa: N815 as the page of `lilliput map` has it
    maps: list[MapPane]
    note: str


_kept: WeakKeyDictionary[Any, OrderedDict[Any, dict[str, Any]]] = WeakKeyDictionary()


def drawn(model: Any, most: int, *under: str) -> dict[str, Any]:
    """The map of a model that has `map_points`, perhaps under a condition. Needs the extra ``plots``."""
    from lilliput.core.threads import resolve_threads
    from lilliput.tasks.map_layout import lay_out
    from lilliput.tasks.map_page import map_data

    maps = _kept.setdefault(model, OrderedDict())
    key = (most, *under)
    found = maps.get(key)
    if found is None:
        points = model.map_points(most, *under)
        found = map_data(lay_out(points, int(model.seed), resolve_threads(model.threads)))
        if len(maps) >= KEPT:
            maps.popitem(last=False)
    maps[key] = found
    maps.move_to_end(key)
    return found
