"""The items of a pairing recommender as points of a map, and where a context or an item moves them."""

from __future__ import annotations

import numpy as np

from lilliput.tasks.map_colours import EVERYWHERE
from lilliput.tasks.map_points import MapPoints
from lilliput.tasks.pair_context import SHRUNK, condition
from lilliput.tasks.pair_model import Known

MARKED = 1.5
"""How many times as often as elsewhere an item must be in a context to have its colour."""


def points(known: Known, normalise: str | None, most: int, on: str | None) -> MapPoints:
    """The `most` frequent items, coloured by the context each is most peculiar to; seen from `on` beside it."""
    seen = condition(known, known.names[0] if on is None else on, normalise, most)
    count = len(seen.names)
    title = f"The {count:,} most frequent items" if count < len(known.names) else f"All {count:,} items"
    return MapPoints(
        seen.names,
        seen.before,
        known.counts[:count].astype(np.float64),
        _peculiar(known, count),
        None if on is None else seen.after,
        title,
        "" if on is None else f"Seen from {seen.on}",
        f"{known.baskets:,} baskets",
    )


def _peculiar(known: Known, count: int) -> list[str] | None:
    """Of each item the context with the highest lift, shrunk, or "everywhere"; None where there are no contexts."""
    if len(known.contexts) < 2:
        return None
    best, names = np.full(count, MARKED), [EVERYWHERE] * count
    for context, name in enumerate(known.contexts):
        rows, inside = known.in_context(context)
        chance = known.counts[rows] * (known.context_sizes[context] / known.baskets)
        lifts = (inside + SHRUNK) / (chance + SHRUNK)
        for row, lift in zip(rows.tolist(), lifts.tolist(), strict=True):
            if row < count and lift > best[row]:
                best[row], names[row] = lift, name
    return names
