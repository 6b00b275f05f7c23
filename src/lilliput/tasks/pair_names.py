"""From names to numbers: items and contexts as users write them, and what to say of those that are not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lilliput.core.errors import DataError
from lilliput.data.baskets import clean
from lilliput.data.batch import listed
from lilliput.data.files import nearest

if TYPE_CHECKING:
    from lilliput.tasks.pair_model import Known

COMPARED = 50_000
"""The most frequent items, which a name that is not known is compared with."""


def find_items(known: Known, items: Sequence[str], normalise: str | None) -> list[int]:
    """The numbers of items, each once, in their order; capitals do not matter. Raises `DataError`."""
    if isinstance(items, str):
        raise DataError(f"items is one str, {items!r:.60}; give a list of items, [item] for one")
    wrong = [item for item in items if not isinstance(item, (str, int)) or isinstance(item, bool)]
    if wrong:
        raise DataError(f"items holds {wrong[0]!r:.60}; give names of items")
    if not len(items):
        raise DataError("items is empty; give at least one item")
    return list(dict.fromkeys(_found(known, clean(item), normalise) for item in items))


def _found(known: Known, item: str, normalise: str | None) -> int:
    number = known.number_of.get(item)
    if number is None:
        number = known.folded.get(item.casefold())
    if number is None and normalise == "ingredients":
        from lilliput.features.ingredients import normalise_ingredient

        number = known.number_of.get(normalise_ingredient(item))
    if number is None:
        near = _near(known, item)
        near = f"; did you mean {near}?" if near else f"; the most frequent are {listed(known.names[:5])}"
        raise DataError(f"the item {item!r:.80} is not among the {len(known.names):,} known{near}")
    return number


def _near(known: Known, item: str) -> str:
    """The names most like an item: spelt like it, or with a word of it."""
    near = nearest(item, known.names[:COMPARED])
    if near:
        return near
    words = set(item.casefold().split())
    sharing = [name for name in known.names[:COMPARED] if words & set(name.casefold().split())][:3]
    return " or ".join(map(repr, sharing))


def find_context(known: Known, context: str) -> int:
    """The number of a context; capitals do not matter. Raises `DataError`, which names the known ones."""
    if not known.contexts:
        raise DataError(f"there is no context {context!r:.80}: the baskets had none; fit with a column of contexts")
    folded = {name.casefold(): number for number, name in reversed(list(enumerate(known.contexts)))}
    number = folded.get(clean(context).casefold())
    if number is None:
        near = nearest(context, known.contexts)
        near = f"did you mean {near}? " if near else ""
        raise DataError(f"there is no context {context!r:.80}; {near}known are {listed(known.contexts)}")
    return number
