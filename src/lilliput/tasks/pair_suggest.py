"""Suggestions and substitutes, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError
from lilliput.tasks.pair_far import adventure, spread
from lilliput.tasks.pair_model import Ints, Known
from lilliput.tasks.pair_names import find_context

ALL = 1 << 16
"""Items up to which all are scored; of more, those that were with one of the items given, and the most frequent."""
FREQUENT = 2000
NEAR = 4000
"""Of the items that were with an item, how many are scored where not all are: those most often with it."""
POOL, POOL_OF_EACH = 300, 5
"""The likeliest candidates that are looked at closely: so many, or so many for each suggestion."""
COMPANY = 60
"""Items that go best with those given, of which those shared with a suggestion are named."""
BESIDE = 0.1
"""What an item loses as a substitute for the logarithm of how much more often than by chance it stands beside."""
ALLIED = 0.4
"""What an item gains as a substitute for having the same properties, where these are known."""
AGAINST = -2.0
"""Standard deviations below chance from which the data speaks against a pair."""
SHARED = 3
"""Items that are named as shared."""


@dataclass(frozen=True)
class Why:
    """Why an item is suggested.

    baskets : in how many baskets it was with each item given; None where that is not kept in the room of the budget and
    there were few, fewer than ``known_.pairs.least``. lift : how many times as often it was with them as if items came
    by chance; shared : items that go with both, the ones that tell most first.
    properties : how many it has in common with each item given, by side information; rarest : the rarest of these.
    """

    baskets: dict[str, int | None]
    lift: float
    shared: list[str]
    properties: dict[str, int] = field(default_factory=dict)
    rarest: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Suggestion:
    """An item that goes with those given; score : the chance that it is what they lack, of 1 over all items."""

    item: str
    score: float
    why: Why


@dataclass(frozen=True)
class Substitute:
    """An item used like another; score : how alike, up to 1; together : baskets with both; rest : see `Why`."""

    item: str
    score: float
    together: int
    shared: list[str]
    properties: int = 0
    rarest: list[str] = field(default_factory=list)


class Evidence(NamedTuple):
    """What the counts say of candidates: float64 (candidates,) each.

    each : int32 (items given, candidates), baskets with both. observed, expected : baskets with an item given, summed
    over these; worst : the least of the deviations from chance.
    """

    each: Ints
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    worst: NDArray[np.float64]


def suggest(known: Known, items: list[int], k: int, adventurous: float, context: str | None) -> list[Suggestion]:
    """The best items to go with those given, the best first; see `PairingRecommender.suggest`."""
    _check(k, adventurous)
    basket = np.array(items, dtype=np.int32)
    among = _candidates(known, items)
    scores = known.scores(basket, among).astype(np.float64)
    asked = None if context is None else find_context(known, context)
    if asked is not None:
        scores += _in_context(known, asked, among)
    scores[basket if among is None else np.searchsorted(among, basket)] = -np.inf
    logs = scores - scores.max()
    logs -= np.log(np.exp(logs).sum())
    places = _best(logs, max(POOL, POOL_OF_EACH * int(k)))
    numbers = np.array(places, dtype=np.int32) if among is None else among[places]
    logs = logs[places]
    evidence = gather(known, items, numbers)
    ranked = np.where(deviation(evidence.observed, evidence.expected) < AGAINST, -np.inf, logs)
    if adventurous > 0:
        ranked[evidence.worst < AGAINST] = -np.inf
        seen = evidence.each.max(axis=0, initial=0) > 0
        ranked += adventurous * adventure(
            known, items, numbers, evidence.observed, evidence.expected, seen, ranked, asked
        )
    order = spread(known, numbers, ranked, int(k), float(adventurous))
    shared = _Company(known, items).shared(numbers[order].tolist())
    return [
        Suggestion(
            known.names[numbers[place]],
            float(np.exp(logs[place])),
            Why(
                {
                    known.names[item]: int(count) if count or known.pairs.least == 1 else None
                    for item, count in zip(items, evidence.each[:, place], strict=True)
                },
                float(evidence.observed[place] / max(evidence.expected[place], 1e-9)),
                goes_with_both,
                *_in_common(known, items, int(numbers[place])),
            ),
        )
        for place, goes_with_both in zip(order, shared, strict=True)
    ]


def substitutes(known: Known, item: int, k: int) -> list[Substitute]:
    """Items used like another, without those that are together with it more often than by chance."""
    _check(k, 0.0)
    among = _candidates(known, [item], substitutes=True)
    alike = known.likeness(item, among).astype(np.float64)
    alike[item if among is None else np.searchsorted(among, item)] = -np.inf
    places = _best(alike, max(POOL, POOL_OF_EACH * int(k)))
    numbers = np.array(places, dtype=np.int32) if among is None else among[places]
    evidence = gather(known, [item], numbers)
    scores = alike[places] - BESIDE * np.maximum(0, np.log((evidence.observed + 5) / (evidence.expected + 5)))
    if known.side is not None:
        scores += ALLIED * known.side.likeness([item], numbers)
    scores *= known.counts[numbers] / (known.counts[numbers] + 5)  # the vectors of rare items are not to be trusted
    order = _best(scores, int(k))
    shared = _Company(known, [item]).shared(numbers[order].tolist())
    return [
        Substitute(
            known.names[numbers[place]],
            float(alike[places[place]]),
            int(evidence.each[0, place]),
            goes_with_both,
            *_as_substitute(known, item, int(numbers[place])),
        )
        for place, goes_with_both in zip(order, shared, strict=True)
    ]


def _in_common(known: Known, items: list[int], other: int) -> tuple[dict[str, int], list[str]]:
    """How many properties an item shares with each of those given, and the rarest of these."""
    side = known.side
    if side is None:
        return {}, []
    shared = {known.names[item]: side.shared(item, other) for item in items}
    rarest = np.unique(np.concatenate(list(shared.values())))[:SHARED]
    return {name: len(held) for name, held in shared.items()}, [side.names[held] for held in rarest.tolist()]


def _as_substitute(known: Known, item: int, other: int) -> tuple[int, list[str]]:
    properties, rarest = _in_common(known, [item], other)
    return sum(properties.values()), rarest


def gather(known: Known, items: list[int], among: Ints) -> Evidence:
    """How often candidates were with the items given, and how often by chance."""
    counts, least = known.counts[among], known.pairs.least
    each = np.stack([known.pairs.together(item, among) for item in items])
    expected = np.stack([counts * (known.counts[item] / known.baskets) for item in items])
    observed = each.astype(np.float64)
    if least > 1:  # what is not kept was seen less often than that, and no more is known
        observed = np.where(each < least, np.minimum(least - 1, expected), observed)
    return Evidence(each, observed.sum(axis=0), expected.sum(axis=0), deviation(observed, expected).min(axis=0))


def deviation(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a count is from what is expected, in standard deviations (Freeman and Tukey 1950)."""
    return np.sqrt(observed) + np.sqrt(observed + 1) - np.sqrt(4 * expected + 1)


class _Company:
    """The items that go best with those given, to find among them what goes with others too."""

    def __init__(self, known: Known, items: list[int]) -> None:
        many = len(known.names) > ALL  # of very many items the company of one stands for all
        items = items[:1] if many else items
        found = np.zeros(0 if many else len(known.names), np.float32)
        row = np.zeros(0, np.int32)
        for item in items:
            row, together = known.pairs.of(item)
            chance = (known.counts[row] * (known.counts[item] / known.baskets)).astype(np.float32)
            lifts = np.log((together.astype(np.float32) + 1) / (chance + 1)) / np.float32(len(items))
            if many:
                found = lifts
            else:
                found[row] += lifts
        if not many:
            found[items] = 0
        best = np.array(_best(found, COMPANY), dtype=np.int64)
        self.known, self.items, self.lifts = known, row[best] if many else best.astype(np.int32), found[best]

    def shared(self, items: list[int]) -> list[list[str]]:
        """For each of some items, the items of the company that go best with it too, by the weaker of the two lifts."""
        known = self.known
        if not items or not len(self.items):
            return [[] for _ in items]
        counts = known.counts[self.items]
        together = np.stack([known.pairs.together(item, self.items) for item in items])
        chance = counts * (known.counts[items, None] / known.baskets)
        both = np.minimum(self.lifts, np.log((together + 1) / (chance + 1)))
        both[self.items == np.array(items)[:, None]] = 0
        best = np.argsort(-both, axis=1, kind="stable")[:, :SHARED].tolist()
        return [
            [known.names[self.items[place]] for place in places if one[place] > 0]
            for one, places in zip(both, best, strict=True)
        ]


def _in_context(known: Known, context: int, among: Ints | None) -> NDArray[np.float64]:
    """The logarithm of how many times as often items are in a context as in all."""
    counts = known.counts if among is None else known.counts[among]
    shares = known.shares(context) if among is None else known.shares(context)[among]
    found: NDArray[np.float64] = np.log(shares) - np.log(counts / known.baskets)
    return found


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
