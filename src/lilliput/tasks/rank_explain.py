"""Why an account is ranked where it is: who supports it, on which ways, and what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lilliput.core.arrays import constant
from lilliput.core.errors import DataError
from lilliput.tasks.rank import NOBODY, SUSPICIOUS, Ranking

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker

TOP = 5
"""Supporters that are told."""
PATHS = 3


@dataclass(frozen=True)
class Support:
    """Who supports an account, and what share of its score that brings."""

    account: str
    share: float
    rank: int


@dataclass(frozen=True)
class Explanation:
    """Why an account is where it is.

    supporters : the best ones. others : share of the score that the rest bring. jumps : share by jumps, and from
    followers that were not crawled. paths : the ways by which most arrives, as (ids, share of the score).
    way : ids from the nearest seed to the account; distance : its steps.
    before : rank and score in the earlier ranking; gained, lost : who supports it now and did not, and the other way.
    """

    account: str
    rank: int
    of: int
    score: float
    followers: float
    friends: float
    suspicion: float
    supporters: list[Support]
    others: float
    jumps: float
    paths: list[tuple[list[str], float]] = field(default_factory=list)
    way: list[str] = field(default_factory=list)
    distance: int | None = None
    before: tuple[int, float] | None = None
    gained: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{self.account}: rank {self.rank:,} of {self.of:,}, score {self.score:.3g} "
            f"({self.score * self.of:.3g} times the mean), {self.followers:,.0f} followers, {self.friends:,.0f} friends"
        ]
        if self.before is not None:
            rank, score = self.before
            lines.append(f"before: rank {rank:,}, score {score:.3g}")
        for name, accounts in (("gained", self.gained), ("lost", self.lost)):
            if accounts:
                lines.append(f"{name}: {', '.join(accounts[:TOP])}{', ...' if len(accounts) > TOP else ''}")
        lines.append("its score comes from")
        lines += [f"  {item.share:6.1%}  {item.account} (rank {item.rank:,})" for item in self.supporters]
        lines += [f"  {self.others:6.1%}  other supporters"] if self.others > 5e-4 else []
        lines.append(f"  {self.jumps:6.1%}  jumps")
        if self.paths:
            lines.append("on the ways")
            lines += [f"  {share:6.1%}  {' > '.join(names)}" for names, share in self.paths]
        if self.way:
            lines.append(f"from the seeds: {' - '.join(self.way)} ({self.distance} steps)")
        if self.suspicion >= SUSPICIOUS:
            lines.append(f"suspicious: {self.suspicion:.0%} of its support is from accounts that nobody else supports")
        return "\n".join(lines)


def explain(model: InfluencerRanker, account: str, before: InfluencerRanker | None) -> Explanation:
    """See `InfluencerRanker.explain`."""
    ranking = model.ranking_
    row = ranking.row(account)
    sources, shares = support(model, row)
    supporters = [
        Support(ranking.name(s), float(v), int(ranking.rank_of[s]))
        for s, v in zip(sources[:TOP], shares[:TOP], strict=True)
    ]
    incoming = float(shares.sum())
    change = _change(ranking, row, account, before)
    return Explanation(
        account,
        int(ranking.rank_of[row]),
        len(ranking.order),
        float(ranking.scores[row]),
        float(ranking.followers[row]),
        float(ranking.friends[row]),
        float(ranking.suspicion[row]),
        supporters,
        incoming - sum(item.share for item in supporters),
        max(0.0, 1.0 - incoming),
        _paths(model, row, sources[:TOP], shares[:TOP]),
        _way(ranking, row),
        None if ranking.distance is None or ranking.distance[row] < 0 else int(ranking.distance[row]),
        *change,
    )


def support(model: InfluencerRanker, row: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rows that support a row and the share of its score that each brings, the best first."""
    ranking = model.ranking_
    if ranking.matrix is None:
        if ranking.best is None or ranking.flows is None:
            raise DataError("this file was saved with scores alone, for its budget of memory; fit it with more")
        kept = ranking.best[row] != NOBODY
        return ranking.best[row][kept].astype(np.int64), ranking.flows[row][kept].astype(np.float64)
    sources, weights = ranking.matrix.row(row)
    strength = ranking.matrix.out[sources]
    if model.private_:
        strength = strength + ranking.friends[sources]
    shares = float(model.damping) * weights * ranking.scores[sources] / strength
    shares = shares / ranking.scores[row] if ranking.scores[row] > 0 else shares * 0
    order = np.lexsort((sources, -shares))
    return sources[order].astype(np.int64), shares[order]


def _paths(
    model: InfluencerRanker, row: int, sources: NDArray[np.int64], shares: NDArray[np.float64]
) -> list[tuple[list[str], float]]:
    """The ways of two steps by which most arrives; what goes round through the account itself is none."""
    ranking = model.ranking_
    if ranking.matrix is None and ranking.best is None:
        return []
    found = []
    for source, share in zip(sources.tolist(), shares.tolist(), strict=True):
        before, parts = support(model, source)
        for first, part in zip(before[:TOP].tolist(), parts[:TOP].tolist(), strict=True):
            if first != row:
                found.append(([ranking.name(first), ranking.name(source), ranking.name(row)], share * part))
    return sorted(found, key=lambda path: (-path[1], path[0]))[:PATHS]


def _way(ranking: Ranking, row: int) -> list[str]:
    """Ids from the nearest seed to a row."""
    if ranking.distance is None or ranking.parent is None or ranking.distance[row] < 0:
        return []
    way = [row]
    while ranking.distance[way[-1]] > 0:
        way.append(int(ranking.parent[way[-1]]))
    return [ranking.name(step) for step in reversed(way)]


def _change(
    ranking: Ranking, row: int, account: str, before: InfluencerRanker | None
) -> tuple[tuple[int, float] | None, list[str], list[str]]:
    """Rank and score before, and supporters gained and lost."""
    if before is not None:
        then = before.ranking_
        number = then.ids.find(account)
        if number < 0:
            return None, [], []
        old = int(then.row_of[number])
        place = (int(then.rank_of[old]), float(then.scores[old]))
        if ranking.matrix is None or then.matrix is None:
            return place, [], []
        now_names = [ranking.name(int(source)) for source in ranking.matrix.row(row)[0]]
        old_names = [then.name(int(source)) for source in then.matrix.row(old)[0]]
        gained = [name for name in now_names if name not in set(old_names)]
        return place, gained, [name for name in old_names if name not in set(now_names)]
    if ranking.before is None or ranking.before[row] < 0:
        return None, [], []
    score = float(ranking.before[row])
    return (1 + int(np.count_nonzero(ranking.before > score)), score), [], []


def best_supporters(model: InfluencerRanker, most: int) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """The best supporters of each row and the share of its score that each brings; the edges must be there."""
    from lilliput.graph import rank_kernels as kernels

    ranking = model.ranking_
    assert ranking.matrix is not None
    matrix, rows = ranking.matrix, len(ranking.order)
    strength = matrix.out + (ranking.friends if model.private_ else 0.0)
    given = np.divide(ranking.scores, strength, out=np.zeros(rows), where=strength > 0)
    best = np.full((rows, most), NOBODY, dtype=np.uint32)
    flows = np.zeros((rows, most), dtype=np.float32)
    weights = np.zeros(0, dtype=np.float32) if matrix.weights is None else matrix.weights
    arrays = map(constant, (matrix.starts, matrix.sources, weights, given, ranking.scores))
    kernels.best(*arrays, float(model.damping), best, flows)
    return best, flows
