"""How accounts are ranked: read the edges, build the matrix, rank, measure distances, hold against the budget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError
from lilliput.core.measure import peak_memory, versions
from lilliput.core.progress import Progress
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.data.batch import BadRows
from lilliput.data.edge_columns import EdgeColumns
from lilliput.data.edges import Edges, edges_of, read_edges
from lilliput.graph.matrix import Matrix, build
from lilliput.graph.pagerank import Ranks, Teleport, pagerank
from lilliput.graph.walks import communities, distances, suspicions
from lilliput.tasks.machine_code import ready
from lilliput.tasks.promise import Promise
from lilliput.tasks.rank import SUSPICIOUS, EdgeFiles, Ranking
from lilliput.tasks.rank_accounts import earlier_scores, totals
from lilliput.tasks.rank_file import within
from lilliput.tasks.rank_parameters import check_parameters

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker

DAY = 86_400.0
OFTEN = 5.0
"""Times the mean score from which an account is looked at for doubtful support."""


def fit(model: InfluencerRanker, X: Any, started: float) -> None:
    """Rank the accounts of `X` within the budget, whose time began at `started`; an error leaves `model` as it was.

    Raises KeyboardInterrupt when that has ended the passes early; `model` then has the ranks so far.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    threads = resolve_threads(model.threads)
    edges = _edges(model, X, threads)
    rows, bad = len(edges), edges.bad
    matrix = build(edges, loops=bool(model.self_loops), threads=threads)
    promise.hold_reading()
    draft = type(model)(**model.get_params())
    draft.bad_ = bad
    notes = _ranked(draft, matrix, threads)
    draft.report_ = _report(draft, matrix, rows, bad, notes)
    _close(draft, promise, threads)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


def _edges(model: InfluencerRanker, X: Any, threads: int) -> Edges:
    half_life = None if model.half_life is None else float(model.half_life) * DAY
    columns = EdgeColumns(model.source, model.target, model.weight, model.kind, model.time, model.kinds, half_life)
    if isinstance(X, (str, os.PathLike)):
        X = EdgeFiles([X])
    elif isinstance(X, Sequence) and len(X) and isinstance(X[0], (str, os.PathLike)):
        X = EdgeFiles(list(X))
    if not isinstance(X, EdgeFiles):
        return edges_of(X)
    with Progress(None, "reading", "edges", model.progress) as progress:
        return read_edges(
            X.paths, columns, header=X.header, skip_bad=X.skip_bad, threads=threads, watch=progress.advance
        )


def _ranked(draft: InfluencerRanker, matrix: Matrix, threads: int) -> list[str]:
    """Fill in the ranking; returns what a user should know."""
    notes: list[str] = []
    into, out = (degrees.astype(np.float64) for degrees in matrix.degrees(threads))
    seeds = _seeds(draft, matrix, notes)
    teleport, followers, friends = _teleport(draft, matrix, seeds, (into, out), notes)
    earlier = _earlier(draft, matrix, notes)
    start = None if earlier is None else np.maximum(earlier, 0)
    with Progress(None, "ranking", "passes", draft.progress) as progress:
        ranks = pagerank(
            matrix,
            damping=float(draft.damping),
            tolerance=float(draft.tolerance),
            teleport=teleport,
            start=start,
            threads=threads,
            watch=progress.update,
        )
    found = None if seeds is None else distances(matrix, seeds)
    draft.private_, draft.interrupted_ = draft.accounts is not None, ranks.interrupted
    draft.residual_, draft.bound_, draft.passes_ = ranks.residual, ranks.bound, ranks.passes
    draft.ranking_ = Ranking(
        matrix.ids,
        matrix.order,
        ranks.values,
        followers,
        friends,
        _suspicions(matrix, ranks, teleport, float(draft.damping), threads),
        None if found is None else found.distance,
        None if found is None else found.parent,
        communities(matrix) if draft.communities else None,
        earlier,
        matrix,
    )
    flagged = int(np.count_nonzero(draft.ranking_.suspicion >= SUSPICIOUS))
    if flagged:
        who = "1 account has its" if flagged == 1 else f"{flagged:,} accounts have their"
        notes.append(f"{who} rank without diverse support, as those of link farms: see the column suspicion")
    return ranks.notes + notes


def _seeds(draft: InfluencerRanker, matrix: Matrix, notes: list[str]) -> NDArray[np.int64] | None:
    """The rows of the seeds; `DataError` if none is there."""
    if draft.seeds is None:
        return None
    given = list(dict.fromkeys(str(seed) for seed in draft.seeds))
    found = {name: matrix.ids.find(name) for name in given}
    missing = [name for name, number in found.items() if number < 0]
    if len(missing) == len(given):
        raise DataError(
            f"none of the {len(given):,} seeds is in the network ({missing[0]!r} for one); are ids spelt alike?"
        )
    if missing:
        named = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
        notes.append(f"{len(missing):,} of {len(given):,} seeds are not in the network: {named}")
    numbers = [number for number in found.values() if number >= 0]
    return np.sort(matrix.row_of[numbers].astype(np.int64))


def _teleport(
    draft: InfluencerRanker,
    matrix: Matrix,
    seeds: NDArray[np.int64] | None,
    seen: tuple[NDArray[np.float64], NDArray[np.float64]],
    notes: list[str],
) -> tuple[Teleport, NDArray[np.float64], NDArray[np.float64]]:
    """Where jumps go, and followers and friends by row: as given, else as `seen`."""
    to = np.ones(1)
    if seeds is not None:
        to = np.zeros(len(matrix))
        to[seeds] = 1.0
    if draft.accounts is None:
        return Teleport(to), *seen
    followers, friends = totals(draft.accounts, matrix, notes)
    shown = (np.where(np.isnan(given), count, given) for given, count in zip((followers, friends), seen, strict=True))
    followers, friends = shown
    to = np.ones(len(matrix)) if seeds is None else to
    return Teleport(to, followers, friends, private=seeds is None), followers, friends


def _earlier(draft: InfluencerRanker, matrix: Matrix, notes: list[str]) -> NDArray[np.float64] | None:
    """The scores of the earlier ranking by row, -1 where it has none."""
    if draft.before is None:
        return None
    return earlier_scores(draft.before, matrix, notes)


def _suspicions(matrix: Matrix, ranks: Ranks, teleport: Teleport, damping: float, threads: int) -> NDArray[np.float32]:
    strength = matrix.out if teleport.friends is None else matrix.out + teleport.friends
    jumps = np.broadcast_to(ranks.level * teleport.to, (len(matrix),))
    unseen: Any = 0.0
    if teleport.followers is not None and teleport.private:
        unseen = damping * ranks.level * teleport.followers
    least = OFTEN / len(matrix)
    return suspicions(matrix, ranks.values, strength, jumps, unseen, damping, least, threads).astype(np.float32)


def _report(draft: InfluencerRanker, matrix: Matrix, rows: int, bad: BadRows, notes: list[str]) -> Report:
    report = Report("rank", {}, "nothing: ranks are computed, with a bound on their error", int(draft.seed))
    report.versions = versions()
    report.data = {"rows": rows, "accounts": len(matrix), "edges counted": len(matrix.sources)}
    report.plan = {
        "passes": draft.passes_,
        "L1 residual": float(f"{draft.residual_:.2g}"),
        "error at most": float(f"{draft.bound_:.2g}"),
    }
    report.notes = [*notes, *([str(bad)] if bad.count else [])]
    return report


def _close(draft: InfluencerRanker, promise: Promise, threads: int) -> None:
    """Leave out of the file what it has no room for, complete the report, and hold the promise."""
    report = draft.report_
    report.threads = threads
    if promise.budget.memory is not None:
        within(draft, promise)
        report.file_bytes = draft.file_size()
    report.fit_seconds, report.peak_memory_bytes = promise.spent, peak_memory()
    if not draft.interrupted_:
        promise.hold_time()
