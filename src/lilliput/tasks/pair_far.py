"""Pairings from afar: rare, but supported."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.tasks.pair_model import Known

POOL = 100
"""The likeliest candidates, from which the daring ones are taken."""
FAR, LIFT, ALIKE = 6.0, 1.0, 0.3
"""Weights, in nats of likelihood, of being from afar, of the logarithm of the lift, and against one like another."""
ALLIED = 4.0
"""Weight of what items share beside baskets: more of it, and as many pairings with support."""
HOME, STRANGE = 0.7, 0.2
"""Logarithms of the lift in a context: an item with more is at home there, one with less than minus a stranger."""


def adventure(
    known: Known,
    items: list[int],
    numbers: NDArray[np.int32],
    observed: NDArray[np.float64],
    expected: NDArray[np.float64],
    seen: NDArray[np.bool_],
    logs: NDArray[np.float64],
    context: int | None = None,
) -> NDArray[np.float64]:
    """What is added to the logarithm of each candidate's chance at full daring; minus infinity without support.

    ``seen``: bool (candidates,), those that were in a basket with an item given, as far as is known. With a `context`,
    from afar is what is at home there and not where the items given are.
    """
    found = LIFT * np.log((observed + 3) / (expected + 3))
    pool = np.argsort(-logs, kind="stable")[:POOL]
    found[pool] += FAR * farness(known, items, numbers[pool], context)
    if known.side is not None:
        found[pool] += ALLIED * known.side.likeness(items, numbers[pool])
    supported = np.zeros(len(numbers), dtype=bool)
    supported[pool] = seen[pool]
    found[~supported] = -np.inf
    return found


def farness(
    known: Known, items: list[int], numbers: NDArray[np.int32], context: int | None = None
) -> NDArray[np.float64]:
    """How far each item's home is from that of those given, 0 to 1: by contexts, or by vectors where there are none.

    With a `context` only what is at home in it counts.
    """
    if len(known.contexts) > 1:
        homes = profiles(known, np.concatenate([np.array(items), numbers]))
        here = int(homes[: len(items)].sum(axis=0).argmax())
        theirs = homes[len(items) :]
        home = theirs.max(axis=1) if context is None else theirs[:, context]
        return np.clip(home / HOME, 0, 1) * np.clip(-theirs[:, here] / STRANGE, 0, 1)
    alike = np.mean([known.likeness(item, numbers) for item in items], axis=0)
    return np.clip((1 - alike) / 2, 0, 1)


def profiles(known: Known, numbers: NDArray[np.integer]) -> NDArray[np.float64]:
    """How much more often than on average items are in each context: logarithms, shrunk, (items, contexts)."""
    offsets, contexts, counts = known.contexts_of
    starts, sizes = offsets[numbers], offsets[numbers + 1] - offsets[numbers]
    ends = np.cumsum(sizes)
    places = np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes)
    there = np.zeros((len(numbers), len(known.contexts)))
    there[np.repeat(np.arange(len(numbers)), sizes), contexts[places]] = counts[places]
    chance = known.counts[numbers, None] * (known.context_sizes / known.baskets)
    return np.log((there + 3) / (chance + 3))


def spread(
    known: Known, numbers: NDArray[np.int32], logs: NDArray[np.float64], k: int, adventurous: float
) -> list[int]:
    """The places of the `k` best, each the less good the more it is like one before it, where there is daring.

    Carbonell and Goldstein 1998, "The use of MMR, diversity-based reranking", SIGIR.
    """
    places = np.argsort(-logs, kind="stable")[: k if adventurous == 0 else max(3 * k, 30)]
    places = places[np.isfinite(logs[places])]
    if adventurous == 0:
        return [int(place) for place in places]
    left, alike, chosen = logs[places], np.zeros(len(places)), []
    units = known.units(numbers[places])
    between = units @ units.T
    for _ in range(min(k, len(places))):
        best = int(np.argmax(left - adventurous * ALIKE * alike))
        chosen.append(int(places[best]))
        left[best] = -np.inf
        alike = np.maximum(alike, between[best])
    return chosen
