"""Suggestions and substitutes, and why."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError
from lilliput.tasks.pair_far import adventure, spread
from lilliput.tasks.pair_model import Floats, Ints, Known
from lilliput.tasks.pair_names import find_context

ALL = 1 << 16
"""Items up to which all are scored; of more, those that were with one of the items given, and the most frequent."""
FREQUENT = 2000
NEAR = 4000
"""Of the items that were with an item, how many are scored where not all are: those most often with it."""
AGAINST = -2.0
"""Standard deviations below chance from which the data speaks against a pair."""
SHARED = 3
"""Items that are named as shared."""


@dataclass(frozen=True)
class Why:
    """Why an item is suggested.

    baskets : in how many baskets it was with each item given; lift : how many times as often it was with them as if
    items came by chance; shared : items that go with both, the ones that tell most first.
    """

    baskets: dict[str, int]
    lift: float
    shared: list[str]


@dataclass(frozen=True)
class Suggestion:
    """An item that goes with those given; score : the chance that it is what they lack, of 1 over all items."""

    item: str
    score: float
    why: Why


@dataclass(frozen=True)
class Substitute:
    """An item used like another; score : how alike, up to 1; together : baskets with both; shared : see `Why`."""

    item: str
    score: float
    together: int
    shared: list[str]


class Evidence(NamedTuple):
    """What the counts say of candidates: float64 (candidates,) each.

    observed, expected : baskets with an item given, summed over these; worst : the least of the deviations from chance.
    """

    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    worst: NDArray[np.float64]


def suggest(known: Known, items: list[int], k: int, adventurous: float, context: str | None) -> list[Suggestion]:
    """The best items to go with those given, the best first; see `PairingRecommender.suggest`."""
    _check(k, adventurous)
    basket = np.array(items, dtype=np.int32)
    among = _candidates(known, items)
    scores = known.scores(basket, among).astype(np.float64)
    numbers = np.arange(len(known.names), dtype=np.int32) if among is None else among
    if context is not None:
        number = find_context(known, context)
        scores += np.log(known.shares(number)[numbers]) - np.log(known.counts[numbers] / known.baskets)
    scores[np.isin(numbers, basket)] = -np.inf
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    evidence = gather(known, items, among)
    logs = np.log(np.maximum(chances, 1e-300))
    logs[np.isin(numbers, basket) | (deviation(evidence.observed, evidence.expected) < AGAINST)] = -np.inf
    if adventurous > 0:
        logs[evidence.worst < AGAINST] = -np.inf
        logs += adventurous * adventure(known, items, numbers, evidence.observed, evidence.expected, logs)
    order = spread(known, numbers, logs, int(k), float(adventurous))
    lifts = _lifts(known, items)
    return [
        Suggestion(
            known.names[numbers[place]],
            float(chances[place]),
            Why(
                {known.names[item]: int(known.pairs.together(item, numbers[place : place + 1])[0]) for item in items},
                float(evidence.observed[place] / max(evidence.expected[place], 1e-9)),
                _shared(known, lifts, int(numbers[place]), items),
            ),
        )
        for place in order
    ]


def substitutes(known: Known, item: int, k: int) -> list[Substitute]:
    """Items used like another, without those that are together with it more often than by chance."""
    _check(k, 0.0)
    among = _candidates(known, [item], substitutes=True)
    numbers = np.arange(len(known.names), dtype=np.int32) if among is None else among
    alike = known.likeness(item, among).astype(np.float64)
    evidence = gather(known, [item], among)
    beyond = np.log((evidence.observed + 5) / (evidence.expected + 5))
    scores = alike - 0.1 * np.maximum(0, beyond)
    scores *= known.counts[numbers] / (known.counts[numbers] + 5)  # the vectors of rare items are not to be trusted
    scores[numbers == item] = -np.inf
    lifts = _lifts(known, [item])
    return [
        Substitute(
            known.names[numbers[place]],
            float(alike[place]),
            int(evidence.observed[place]),
            _shared(known, lifts, int(numbers[place]), [item]),
        )
        for place in _best(scores, int(k))
    ]


def gather(known: Known, items: list[int], among: Ints | None) -> Evidence:
    """How often candidates were with the items given, and how often by chance."""
    counts = known.counts if among is None else known.counts[among]
    observed, expected = np.zeros((2, len(counts)))
    worst = np.full(len(counts), np.inf)
    for item in items:
        if among is None:
            together = np.full(len(counts), known.pairs.least - 1.0)
            row, found = known.pairs.of(item)
            together[row] = found
        else:
            together = np.maximum(known.pairs.together(item, among), known.pairs.least - 1.0)
        chance = counts * (known.counts[item] / known.baskets)
        if known.pairs.least > 1:  # what is not kept was seen less often than that, no more is known
            together = np.where(together < known.pairs.least, np.minimum(together, chance), together)
        observed += together
        expected += chance
        np.minimum(worst, deviation(together, chance), out=worst)
    return Evidence(observed, expected, worst)


def deviation(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a count is from what is expected, in standard deviations (Freeman and Tukey 1950)."""
    return np.sqrt(observed) + np.sqrt(observed + 1) - np.sqrt(4 * expected + 1)


def _lifts(known: Known, items: list[int]) -> Floats:
    """How much more often than by chance each item is with those given: mean logarithm, shrunk; float32 (items,)."""
    found = np.zeros(len(known.names), np.float32)
    for item in items:
        row, together = known.pairs.of(item)
        chance = known.counts[row] * (known.counts[item] / known.baskets)
        found[row] += np.log((together + 1) / (chance + 1)) / len(items)
    return found


def _shared(known: Known, lifts: Floats, item: int, given: list[int]) -> list[str]:
    """The items that go best with both an item and those given."""
    row, together = known.pairs.of(item)
    theirs = lifts[row]
    chance = known.counts[row] * (known.counts[item] / known.baskets)
    both = np.minimum(theirs, np.log((together + 1) / (chance + 1)))
    both[np.isin(row, given)] = 0
    return [known.names[row[place]] for place in _best(both, SHARED) if both[place] > 0]


def _candidates(known: Known, items: list[int], *, substitutes: bool = False) -> Ints | None:
    """The items to score; None: all."""
    if len(known.names) <= ALL:
        return None
    found: list[Ints] = [np.arange(FREQUENT, dtype=np.int32), np.array(items, dtype=np.int32)]
    for item in items:
        row, together = known.pairs.of(item)
        near = row[_best(together.astype(np.float64), NEAR)]
        found.append(near)
        if substitutes:  # what goes with what goes with it
            found += [known.pairs.of(other)[0] for other in near[:50].tolist()]
    return np.unique(np.concatenate(found)).astype(np.int32)


def _best(scores: NDArray[np.floating], k: int) -> list[int]:
    """The places of the `k` highest scores above minus infinity, the highest first, ties by place."""
    if len(scores) > k:
        places = np.argpartition(-scores, k)[:k]
        places = np.flatnonzero(scores >= scores[places].min()) if len(places) else places
    else:
        places = np.arange(len(scores))
    places = places[np.isfinite(scores[places])]
    order: list[int] = places[np.argsort(-scores[places], kind="stable")][:k].tolist()
    return order


def _check(k: Any, adventurous: Any) -> None:
    if not isinstance(k, Integral) or isinstance(k, bool) or int(k) < 1:
        raise LilliputError(f"k={k!r}: expected a whole number from 1 on")
    if not isinstance(adventurous, Real) or isinstance(adventurous, bool) or not 0 <= float(adventurous) <= 1:
        raise LilliputError(f"adventurous={adventurous!r}: expected a number from 0 (usual) to 1 (rare)")
