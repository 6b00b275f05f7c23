"""Rank the accounts of a network by who points at them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath
from lilliput.data.batch import BadRows
from lilliput.data.files import nearest

if TYPE_CHECKING:
    from typing_extensions import Self

    from lilliput.data.ids import Ids
    from lilliput.graph.matrix import Matrix
    from lilliput.tasks.rank_explain import Explanation

SUSPICIOUS = 0.9
"""Share of doubtful support from which an account is flagged; see `lilliput.graph.walks.suspicions`."""
NOBODY = 0xFFFFFFFF


@dataclass(frozen=True)
class EdgeFiles:
    """Files of edges; `header`: CSV and TSV begin with names of columns; `skip_bad`: bad rows are left out."""

    paths: Sequence[StrPath]
    header: bool = True
    skip_bad: bool = False


@dataclass(frozen=True)
class Ranking:
    """What is known of the accounts, by row; `order` uint32: the number of each row's account in `ids`.

    scores : float64, sum 1. followers, friends : float64, totals as given, else those seen.
    distance, parent : int32 and uint32, to the nearest seed and who is next on the way; None without seeds.
    community : uint32, None if not asked for. suspicion : float32 from 0 to 1.
    before : float64, scores of the earlier ranking, -1 for accounts that it did not have; None without one.
    matrix : the edges; None in a file that had no room for them.
    best, flows : uint32 and float32 (rows, K), the best supporters and what share of the score each brings.
    """

    ids: Ids
    order: NDArray[np.uint32]
    scores: NDArray[np.float64]
    followers: NDArray[np.float64]
    friends: NDArray[np.float64]
    suspicion: NDArray[np.float32]
    distance: NDArray[np.int32] | None = None
    parent: NDArray[np.uint32] | None = None
    community: NDArray[np.uint32] | None = None
    before: NDArray[np.float64] | None = None
    matrix: Matrix | None = None
    best: NDArray[np.uint32] | None = None
    flows: NDArray[np.float32] | None = None

    @cached_property
    def by_rank(self) -> NDArray[np.int64]:
        """Rows by falling score, those of one score by number."""
        return np.lexsort((self.order, -self.scores))

    @cached_property
    def rank_of(self) -> NDArray[np.int64]:
        """The rank of each row, from 1."""
        ranks = np.empty(len(self.order), dtype=np.int64)
        ranks[self.by_rank] = np.arange(1, len(self.order) + 1)
        return ranks

    @cached_property
    def row_of(self) -> NDArray[np.uint32]:
        """The row of each number."""
        rows = np.empty(len(self.order), dtype=np.uint32)
        rows[self.order] = np.arange(len(self.order), dtype=np.uint32)
        return rows

    def name(self, row: int) -> str:
        """The id of a row's account."""
        return self.ids.name(int(self.order[row]))

    def row(self, account: str) -> int:
        """The row of an account. Raises `DataError`, with the nearest ids, if it is not there."""
        number = self.ids.find(account)
        if number < 0:
            raise DataError(f"there is no account {account!r} in this ranking{self._near(account)}")
        return int(self.row_of[number])

    def _near(self, account: str) -> str:
        top = [self.name(row) for row in self.by_rank[:10_000]]
        near = nearest(account, top)
        return f"; did you mean {near}?" if near else f"; it has {len(self.ids):,}, the first is {top[0]!r}"


class InfluencerRanker(Estimator):
    """Weighted PageRank of the accounts of a network: who is pointed at by those who are pointed at.

    An edge goes from the one who points (follows, cites, pays, imports) to the one pointed at. The rule for all nodes,
    the residual and the bound on the error are told in `lilliput.graph.pagerank`.

    With `accounts`, totals are known of the accounts, of whose neighbours only some were crawled. Each account i then
    has two private neighbours, F_i and G_i, with the edges F_i -> i of weight followers_i and i -> G_i of weight
    friends_i, and no others. They stand for neighbours that nobody looked at. Of N accounts, with the weights w, the
    chain has 3 N nodes and the matrix

        P[i, j] = w[i, j] / (sum_k w[i, k] + friends_i)     P[i, G_i] = friends_i / (sum_k w[i, k] + friends_i)
        P[F_i, i] = 1                                       P[G_i, .] = the teleport v

    and v, without seeds, is in proportion to 1 for i, followers_i for F_i and friends_i for G_i: as if each of these
    neighbours were a node of its own, which is the same chain (it can be lumped). So many followers count even where
    none was crawled, and what an account gives to those it follows is spread over all its friends. Scores are those of
    the accounts, scaled to sum 1.

    Parameters
    ----------
    damping : the chance to go on along an edge.
    tolerance : of the L1 residual on which passes end; with the one given scores are right to 1e-9 in all.
    seeds : ids to which jumps go, instead of to all accounts alike; ranks then are from their point of view.
    kinds : the weight of each kind of edge, by the name in the column `kind`.
    half_life : days after which an edge counts half, by the column `time` (seconds, or ISO dates).
    self_loops : count edges from an account to itself.
    communities : sort the accounts into communities too (needs as much memory again as the edges).
    accounts : a file with the columns id, followers and friends, or a mapping of ids to such pairs; None: no private
        neighbours.
    before : a file of an earlier ranking, to begin with and to compare with.
    source, target, weight, kind, time : columns of the edges, by name or number from 1; see `EdgeColumns`.
    budget : bytes of the file and seconds of `fit`. A file that has no room for the edges keeps the best supporters of
        each account, or the scores alone.
    seed, threads, device, progress : as in every task; nothing is drawn, so that `seed` changes nothing.

    Attributes
    ----------
    ranking_ : what is known of the accounts (`Ranking`).
    residual_, bound_ : L1 distance to one more step, and at most to the exact ranks.
    passes_ : how often all edges were read.
    private_ : whether accounts have private neighbours.
    bad_ : rows that were left out.
    interrupted_ : whether Ctrl-C ended the passes early.
    report_ : what was measured.

    Examples
    --------
    >>> from lilliput.tasks.rank import InfluencerRanker
    >>> model = InfluencerRanker(progress=False).fit([("ann", "bob"), ("cem", "bob"), ("bob", "ann")])
    >>> model.top(2)
    ['bob', 'ann']
    >>> model.predict(["bob", "cem"]).round(3).tolist()
    [0.486, 0.05]
    """

    task = "rank"
    unsaved = frozenset({"accounts", "before"})

    ranking_: Ranking
    residual_: float
    bound_: float
    passes_: int
    private_: bool
    bad_: BadRows
    interrupted_: bool

    def __init__(
        self,
        damping: float = 0.85,
        tolerance: float = 1e-10,
        seeds: Sequence[str] | None = None,
        kinds: Mapping[str, float] | None = None,
        half_life: float | None = None,
        self_loops: bool = False,
        communities: bool = False,
        accounts: StrPath | Mapping[str, tuple[float, float]] | None = None,
        before: StrPath | None = None,
        source: str | None = None,
        target: str | None = None,
        weight: str | None = None,
        kind: str | None = None,
        time: str | None = None,
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.damping = damping
        self.tolerance = tolerance
        self.seeds = seeds
        self.kinds = kinds
        self.half_life = half_life
        self.self_loops = self_loops
        self.communities = communities
        self.accounts = accounts
        self.before = before
        self.source = source
        self.target = target
        self.weight = weight
        self.kind = kind
        self.time = time
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    # Learning

    def fit(self, X: Any, y: Any = None) -> Self:
        """Rank the accounts of a network: `EdgeFiles`, the path of a file or paths, or a list of edges.

        An edge is (source, target) or (source, target, weight). Raises `DataError` for edges that cannot be used and
        `BudgetError` for a budget that was not kept; the estimator then is what it was before. After Ctrl-C it has the
        ranks so far with their residual, `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.rank_fit import fit

        fit(self, X, started)
        return self

    # Using

    def predict(self, accounts: Sequence[str]) -> NDArray[np.float64]:
        """The score of each account, float64, 0 for one that is not in the network."""
        self._check_fitted()
        if isinstance(accounts, str):
            raise DataError(f"accounts is one str, {accounts!r:.60}; give a list of ids, [id] for one")
        ranking = self.ranking_
        places = [ranking.ids.find(str(account)) for account in accounts]
        return np.array([ranking.scores[ranking.row_of[p]] if p >= 0 else 0.0 for p in places], dtype=np.float64)

    def top(self, most: int = 10) -> list[str]:
        """The ids of the first accounts."""
        self._check_fitted()
        return [self.ranking_.name(row) for row in self.ranking_.by_rank[:most]]

    def write(self, path: StrPath) -> None:
        """Write the table of all accounts, the first first, as the ending says: .csv, .tsv, .jsonl, .json or .html."""
        self._check_fitted()
        from lilliput.tasks.rank_table import write

        write(self, path)

    def explain(self, account: str, before: InfluencerRanker | None = None) -> Explanation:
        """Where an account's rank comes from, and what changed since an earlier ranking.

        Raises `DataError` for an account that is not there.
        """
        self._check_fitted()
        from lilliput.tasks.rank_explain import explain

        return explain(self, str(account), before)

    def reach(self, account: str, steps: int = 3) -> list[int]:
        """How many accounts an account is heard by within 1, 2, ... `steps` steps: its followers, theirs, and so on."""
        self._check_fitted()
        from lilliput.graph.walks import heard_by

        if self.ranking_.matrix is None:
            raise DataError("this file was saved without its edges, for its budget of memory; fit it with more")
        return heard_by(self.ranking_.matrix, self.ranking_.row(str(account)), steps)

    @property
    def scores_(self) -> NDArray[np.float64]:
        """The scores of all accounts, in the order of the ranks."""
        self._check_fitted()
        return self.ranking_.scores[self.ranking_.by_rank]

    # Model files

    def _manifest(self) -> dict[str, Any]:
        from lilliput.tasks.rank_file import manifest

        return manifest(self)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        from lilliput.tasks.rank_file import arrays

        return arrays(self.ranking_)

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.rank_file import restore

        model = cls._from_manifest(manifest, path)
        restore(model, manifest, arrays, path)
        return model
