"""What a recommender is fitted to: baskets of files, lists or tables, and some of them held out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.data.basket_table import BasketTable, Collector
from lilliput.data.baskets import Basket, BasketSource, context_fault, context_of, items_fault, items_of
from lilliput.data.inputs import cells_of, is_table

if TYPE_CHECKING:
    from lilliput.tasks.pair import PairingRecommender

HELD, HELD_MOST = 0.05, 2000
"""The share of the baskets that is held out for the report, and the most."""
ENOUGH = 40
"""Baskets below which none is held out."""


class Held(NamedTuple):
    """Cases for the report: baskets without one of their items, and that item; -1: one that was never learned from."""

    baskets: list[NDArray[np.int32]]
    hidden: list[int]


def read_baskets(model: PairingRecommender, X: Any, y: Any) -> tuple[BasketTable, int]:
    """All baskets, and how many empty ones were left out. Raises `DataError` if none has two items that are kept."""
    collector = Collector(renamer(model))
    empty = 0
    if isinstance(X, BasketSource):
        for found in X.baskets():
            collector.add(found)
        empty = X.empty
    else:
        for basket in baskets_of(X, y, model.items, model.context):
            collector.add([basket])
            empty += not basket.items
    table = collector.table(int(model.least))
    if not len(table):
        raise DataError(
            f"no basket has an item ({empty:,} are empty); give lists of items"
            if model.least == 1
            else f"no item is in {model.least:,} baskets; give more of them, or allow rarer items with least=1"
        )
    if np.diff(table.offsets).max() < 2:
        raise DataError(
            f"each of {len(table):,} baskets has one item alone, so nothing goes with anything; "
            "give baskets of several items, or say with `separator` what parts them"
        )
    return table, empty


def renamer(model: PairingRecommender) -> Any:
    """What brings the items of a basket to their normal form; None: they are taken as they are."""
    if model.normalise is None:
        return None
    from lilliput.features.ingredients import normalise_ingredient

    return lambda items: [name for name in map(normalise_ingredient, items) if name]


def baskets_of(X: Any, y: Any, items: str | None, context: str | None) -> Iterator[Basket]:
    """Baskets of a list of lists, or of a table with a column of them; contexts from `y` or a column of the table.

    Raises `DataError` for the first that is no basket.
    """
    if isinstance(X, (str, bytes, Mapping)) and not is_table(X):
        raise DataError(f"X is {X!r:.60}; give a list of baskets, each a list of items")
    table = is_table(X)
    cells = cells_of(X, items or _usual(X), "X") if table else _listed(X, "X")
    contexts: list[Any] = [None] * len(cells)
    if y is not None:
        contexts = _listed(y, "y")
    elif context is not None and table:
        contexts = cells_of(X, context, "X")
    if len(contexts) != len(cells):
        raise DataError(f"X has {len(cells):,} baskets and y has {len(contexts):,}; give one context for each basket")
    for number, (cell, told) in enumerate(zip(cells, contexts, strict=True)):
        cell = _plain(cell)
        reason = items_fault(cell) or context_fault(told)
        if reason is not None:
            raise DataError(f"X[{number}]: {reason}")
        yield Basket(items_of(cell), context_of(told))


def _listed(data: Any, what: str) -> list[Any]:
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        raise DataError(f"{what} is {data!r:.60}; give a list with one entry for each basket")
    return list(data.tolist() if hasattr(data, "tolist") else data)


def _plain(cell: Any) -> Any:
    """A basket as a list: sets are sorted, so that the order does not change from run to run."""
    if isinstance(cell, (set, frozenset)):
        return sorted(cell, key=str)
    if hasattr(cell, "tolist") and not isinstance(cell, str):
        return cell.tolist()
    return list(cell) if isinstance(cell, tuple) else cell


def _usual(X: Any) -> str | None:
    from lilliput.data.baskets import ITEM_NAMES

    names = list(X[0]) if isinstance(X, (list, tuple)) else [str(name) for name in getattr(X, "columns", X)]
    return next((name for name in ITEM_NAMES if name in names), None)


def hold_out(table: BasketTable, seed: int) -> tuple[BasketTable, Held]:
    """The baskets to learn from, with the items that are in them, and cases from the others."""
    random = np.random.default_rng(seed)
    sizes = np.diff(table.offsets)
    many = 0 if len(table) < ENOUGH else min(HELD_MOST, int(HELD * len(table)))
    chosen = np.sort(random.choice(np.flatnonzero(sizes > 1), min(many, int((sizes > 1).sum()) - 1), replace=False))
    train = table.part(np.setdiff1d(np.arange(len(table)), chosen))
    train, numbers = train.without_unseen()
    baskets, hidden = [], []
    for row, place in zip(chosen.tolist(), random.random(len(chosen)).tolist(), strict=True):
        items = numbers[table.basket(row)]
        at = int(place * len(items))
        rest = np.delete(items, at)
        rest = rest[rest >= 0]
        if len(rest):
            baskets.append(rest)
            hidden.append(int(items[at]))
    return train, Held(baskets, hidden)
