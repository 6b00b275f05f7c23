"""A ranking as one looks at it: a part of its table, sorted and searched, and the neighbourhood of an account."""

from __future__ import annotations

import re
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.data.ids import Numbers
from lilliput.tasks.rank_explain import support
from lilliput.tasks.rank_table import cells, columns, introducers

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker, Ranking

KEPT = 4
"""Orders of the table that are kept, 4 bytes an account each."""
WEIGHED = 1000
"""Of the accounts that an account points at, so many of the highest scores are looked at closely."""

Rows = NDArray[np.uint32]


class Part(NamedTuple):
    """A part of a table: how many accounts match in all, and the cells of some, by the names of columns."""

    matching: int
    rows: list[dict[str, Any]]


class Node(NamedTuple):
    """An account near another: who supports it, whom it supports, both, or the account itself."""

    account: str
    rank: int
    score: float
    role: str


class Edge(NamedTuple):
    """Which share of the score of `target` comes from `source`."""

    source: str
    target: str
    share: float


class RankView:
    """Looks at the ranking of a model."""

    def __init__(self, model: InfluencerRanker) -> None:
        self.model = model
        self.ranking: Ranking = model.ranking_
        self.columns = columns(self.ranking)
        self._orders: OrderedDict[tuple[str, bool], Rows] = OrderedDict()

    # The table

    def table(self, offset: int, limit: int, sort: str = "rank", ascending: bool = True, search: str = "") -> Part:
        """`limit` accounts from `offset` on, of those whose id contains `search`; ties by rank.

        Capitals do not matter, but for letters beyond ASCII. Raises `DataError` for a column that does not sort.
        """
        order = self._order(sort, ascending)
        if search:
            order = order[self._matching(search)[self.ranking.order[order]]]
        chosen = order[offset : offset + limit].tolist()
        found = [dict(zip(self.columns, cells(self.ranking, row, self._introducers), strict=True)) for row in chosen]
        return Part(len(order), found)

    def _order(self, sort: str, ascending: bool) -> Rows:
        """All rows by a column."""
        key = (sort, ascending)
        if key not in self._orders:
            values = self._values(sort)
            if not ascending:
                values = -values
            self._orders[key] = np.lexsort((self.ranking.rank_of, values)).astype(np.uint32)
            if len(self._orders) > KEPT:
                self._orders.popitem(last=False)
        self._orders.move_to_end(key)
        return self._orders[key]

    def _values(self, sort: str) -> NDArray[Any]:
        ranking = self.ranking
        if sort == "id":
            return self._places[ranking.order]
        given: dict[str, NDArray[Any] | None] = {
            "rank": ranking.rank_of,
            "score": ranking.scores,
            "followers": ranking.followers,
            "friends": ranking.friends,
            "suspicion": ranking.suspicion,
            "distance": ranking.distance,
            "community": ranking.community,
        }
        values = given.get(sort)
        if values is None:
            usual = ", ".join(name for name, column in given.items() if column is not None)
            raise DataError(f"the table cannot be sorted by {sort!r:.60}; it can by id, {usual}")
        if sort == "distance":  # who cannot be reached is farther than all
            return np.where(values < 0, np.iinfo(np.int32).max, values).astype(np.int64)
        return values.astype(np.int64) if values.dtype.kind == "u" else values

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """The place of each number when ids are sorted: by value, or by their characters."""
        ids = self.ranking.ids
        if isinstance(ids, Numbers):
            return ids.values.astype(np.int64)
        names = [ids.name(number) for number in range(len(ids))]
        places = np.empty(len(names), dtype=np.int64)
        places[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        return places

    @cached_property
    def _introducers(self) -> NDArray[np.uint32]:
        return introducers(self.ranking)

    def _matching(self, search: str) -> NDArray[np.bool_]:
        """By number, whether an id contains a text."""
        wanted = search.encode("utf-8", "replace").lower()  # letters of ASCII; no byte of another letter is one
        data, starts = self._text
        places = np.fromiter(
            (found.start() for found in re.finditer(b"(?=" + re.escape(wanted) + b")", data)), np.int64
        )
        numbers = np.searchsorted(starts, places, side="right") - 1
        within = places + len(wanted) <= starts[np.minimum(numbers + 1, len(starts) - 1)]
        found = np.zeros(len(starts) - 1, dtype=bool)
        found[numbers[within]] = True
        return found

    @cached_property
    def _text(self) -> tuple[bytes, NDArray[np.int64]]:
        """All ids one after another in small letters, and where each begins, with the end."""
        ids = self.ranking.ids
        if not isinstance(ids, Numbers):
            return ids.data.tobytes().lower(), ids.starts
        names = list(map(str, ids.values.tolist()))
        starts = np.concatenate(([0], np.cumsum(np.fromiter(map(len, names), np.int64, len(names)))))
        return "".join(names).encode(), starts

    # The neighbourhood

    def neighbourhood(self, account: str, most: int) -> tuple[list[Node], list[Edge]]:
        """The `most` accounts that matter most around an account, it being the first, and the edges between them.

        Half of the places are for who supports it, half for whom it supports. Raises `DataError` for an account that is
        not there, and where the file has no edges and no supporters.
        """
        row = self.ranking.row(account)
        sources = support(self.model, row)[0].tolist()
        targets = self._supported(row)
        half = most // 2
        roles = {row: "itself"}
        shown = sources[: max(half, most - 1 - len(targets))]
        for source in shown:
            roles.setdefault(source, "supporter")
        for target in targets:
            if roles.get(target) == "supporter":
                roles[target] = "both"
            elif len(roles) < most:
                roles.setdefault(target, "supported")
        names = {place: self.ranking.name(place) for place in roles}
        nodes = [
            Node(names[place], int(self.ranking.rank_of[place]), float(self.ranking.scores[place]), role)
            for place, role in roles.items()
        ]
        return nodes, list(self._between(names))

    def _supported(self, row: int) -> list[int]:
        """The rows that a row supports, those first to whose score it brings most."""
        ranking = self.ranking
        if ranking.matrix is not None:
            places = np.flatnonzero(ranking.matrix.sources == row)
            targets = np.unique(np.searchsorted(ranking.matrix.starts, places, side="right") - 1)
        elif ranking.best is not None:
            targets = np.flatnonzero((ranking.best == row).any(axis=1))
        else:
            return []
        targets = targets[targets != row]
        near = targets[np.argsort(-ranking.scores[targets], kind="stable")[:WEIGHED]].tolist()
        brought = {target: self._share(row, target) * float(ranking.scores[target]) for target in near}
        return sorted(near, key=lambda target: -brought[target])

    def _share(self, source: int, target: int) -> float:
        sources, shares = support(self.model, target)
        return float(shares[sources == source].sum())

    def _between(self, names: dict[int, str]) -> Any:
        for target, name in names.items():
            sources, shares = support(self.model, target)
            for source, share in zip(sources.tolist(), shares.tolist(), strict=True):
                if source in names and source != target:
                    yield Edge(names[source], name, share)
