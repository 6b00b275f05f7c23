"""Maps of what a model knows: drawn when somebody first asks, and kept."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lilliput.web.forms import WHOLE, Form
from lilliput.web.remembered import remembered

POINTS = 600
"""If nobody says how many; they take some seconds."""
MOST_POINTS = 2000

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


def drawn(model: Any, most: int, *under: str) -> dict[str, Any]:
    """The map of a model that has `map_points`, perhaps under a condition. Needs the extra ``plots``."""

    def draw() -> dict[str, Any]:
        from lilliput.core.threads import resolve_threads
        from lilliput.tasks.map_layout import lay_out
        from lilliput.tasks.map_page import map_data

        points = model.map_points(most, *under)
        return map_data(lay_out(points, int(model.seed), resolve_threads(model.threads)))

    found: dict[str, Any] = remembered(model, ("map", most, *under), draw)
    return found
