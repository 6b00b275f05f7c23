"""Reading what items share beside baskets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from lilliput.core.errors import DataError
from lilliput.data.baskets import clean, items_fault, items_of
from lilliput.data.side import SideSource
from lilliput.features.aliases import Alias

if TYPE_CHECKING:
    from lilliput.tasks.pair import PairingRecommender


class Taken(NamedTuple):
    """The properties of each item, and how many other items came, which are in no basket."""

    held: list[set[str]]
    unknown: int


def side_rows(side: Any) -> Iterator[tuple[str, list[str]]]:
    """Items and properties of a mapping, a path or a `SideSource`. Raises `DataError` for anything else."""
    if isinstance(side, (str, os.PathLike)):
        side = SideSource(side)
    if isinstance(side, SideSource):
        yield from side.properties()
        return
    if not isinstance(side, Mapping):
        raise DataError(f"side is {side!r:.60}; give a mapping from items to properties, a path or a SideSource")
    for item, held in side.items():
        cells = [held] if isinstance(held, str) else held
        if not isinstance(cells, Iterable):
            raise DataError(f"side[{item!r:.60}] is {held!r:.60}, where a list of properties was expected")
        cells = list(cells)
        reason = items_fault(cells)
        if reason is not None:
            raise DataError(f"side[{item!r:.60}]: {reason}")
        yield clean(item), items_of(sorted(cells, key=str))


def read_side(side: Any, model: PairingRecommender, names: list[str], aliases: list[Alias]) -> Taken:
    """The properties of items by `names`. Raises `DataError` if none of these has any."""
    exact = {name: number for number, name in enumerate(names)}
    exact |= {alias.name: exact[alias.of] for alias in aliases if alias.of in exact}
    folded = {_folded(name): number for number, name in reversed(list(enumerate(names)))}
    held: list[set[str]] = [set() for _ in names]
    unknown: set[str] = set()
    for item, properties in side_rows(side):
        number = exact.get(item, folded.get(_folded(item)))
        if number is None and model.normalise == "ingredients":
            from lilliput.features.ingredients import normalise_ingredient

            number = exact.get(normalise_ingredient(item.replace("_", " ")))
        if number is None:
            unknown.add(item)
        else:
            held[number].update(properties)
    if not any(held):
        some = ", ".join(sorted(unknown)[:3])
        raise DataError(
            f"none of the {len(unknown):,} items of the side information is in a basket; it has {some}, the baskets "
            f"have {', '.join(names[:3])}; name the column of the items, or bring the names to the same form"
        )
    return Taken(held, len(unknown))


def _folded(name: str) -> str:
    return name.casefold().replace("_", " ")
