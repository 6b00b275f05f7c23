"""How components are fitted: moments, a solver within the budget, what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, LilliputError
from lilliput.core.measure import versions
from lilliput.core.progress import Progress
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.spectral.basis import signed
from lilliput.spectral.gram import Gram
from lilliput.spectral.moments import Moments, moments_of
from lilliput.spectral.pairs import Pairs, pairs_within
from lilliput.spectral.rows import Rows, SparseRows
from lilliput.spectral.scatter import ColumnScatter, DenseScatter, RowScatter
from lilliput.tasks.array_fit import ENDED_EARLY, check_processor, close, completed, hand_over
from lilliput.tasks.machine_code import ready
from lilliput.tasks.pca_file import hold_memory
from lilliput.tasks.pca_rows import rows_of
from lilliput.tasks.promise import Promise

if TYPE_CHECKING:
    from lilliput.tasks.pca import StreamingPCA

DEFAULT, FEW_COLUMNS = 50, 1024
"""Components, and columns whose covariance is formed, where nothing else is asked for."""
NARROW, TIMES = 1, 8
"""Vectors a pass where rows are in memory and so few that their own scatter is the smaller one, and how many times as
many passes there may be."""
GUARD = 8
"""Directions that Oja's rule follows beyond those wanted."""
CLOSING = 0.05
"""The share of a time budget kept for the end, beside three passes."""


def fit(model: StreamingPCA, X: Any, started: float) -> None:
    """Fit `model` to rows within its budget, whose time began at `started` (`time.monotonic`).

    `model` changes in the end and as a whole. Raises KeyboardInterrupt when that has ended the fit early.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    draft = type(model)(**model.get_params())
    rows = rows_of(X, resolve_threads(model.threads))
    with Progress(None, "components", "passes", model.progress) as bar:
        search = _Search(draft, rows, promise, bar)
        pairs, moments, solver = search.found()
    with completed():
        settle(draft, pairs, moments, solver, rows.dtype)
        draft.report_ = report_of(draft)
        finish(draft, promise)
        model._stream = search.gram
        hand_over(draft, model)


class _Search:
    """One fit: which solver, told when to stop."""

    def __init__(self, draft: StreamingPCA, rows: Rows, promise: Promise, bar: Progress) -> None:
        self._draft, self._rows, self._promise, self._bar = draft, rows, promise, bar
        self._threads = resolve_threads(draft.threads)
        self.gram: Gram | None = None

    def found(self) -> tuple[Pairs, Moments, str]:
        """The pairs of the covariance's scatter, the moments, and the solver."""
        draft, rows = self._draft, self._rows
        solver = draft.solver
        if solver == "auto":
            solver = "gram" if rows.columns <= FEW_COLUMNS else "krylov"
        if solver == "gram":
            gram = self.gram = Gram(rows.columns)
            for block in rows.blocks():
                gram.add(block)
            return solved(gram, self._wanted(gram.moments)), gram.moments, solver
        moments = moments_of(rows)
        most = self._wanted(moments)
        self._bar.advance()
        settings: dict[str, Any] = {"seed": int(draft.seed), "passes": int(draft.passes), "told": self._told}
        if solver == "oja":
            return self._by_oja(moments, most), moments, solver
        scatter = ColumnScatter(rows, moments.mean, moments.weight, self._threads)
        if solver == "gradient":
            from lilliput.spectral.gradient import gradient

            return gradient(scatter, most, draft.tolerance, **settings), moments, solver
        from lilliput.spectral.krylov import krylov

        settings["memory"] = memory_of(draft.working_memory)
        if isinstance(rows, SparseRows) and len(rows.block) < rows.columns:
            few = RowScatter(rows.block, rows.columns, moments.mean, self._threads)
            settings["passes"] *= TIMES
            pairs = krylov(few, most, draft.tolerance, width=NARROW, **settings)
            return _to_columns(few, pairs, rows.columns), moments, solver
        return krylov(scatter, most, draft.tolerance, **settings), moments, solver

    def _wanted(self, moments: Moments) -> int:
        """How many components; `DataError` if there are not so many."""
        draft, columns = self._draft, self._rows.columns
        if moments.rows < 2:
            raise DataError(
                f"there is {moments.rows} row (n_samples={moments.rows}); variance needs at least two: give more"
            )
        return wanted(draft.n_components, moments.rows, columns)

    def _told(self, passes: int, residual: float) -> bool:
        """Show how far it is; True when the time is over."""
        self._bar.update(passes + 1)
        promise = self._promise
        if promise.left is None or promise.budget.time is None:
            return False
        return promise.left < CLOSING * promise.budget.time + 3 * promise.spent / (passes + 2)

    def _by_oja(self, moments: Moments, most: int) -> Pairs:
        from lilliput.spectral.oja import Oja

        draft, rows = self._draft, self._rows
        oja = Oja(rows.columns, min(rows.columns, most + GUARD), rows.dtype, int(draft.seed), None)
        oja.moments = moments
        scatter = ColumnScatter(rows, moments.mean, moments.weight, self._threads)
        done, best = 0, None
        while best is None or done + 2 <= draft.passes:
            for block in rows.blocks():
                oja.add(block, self._threads, again=True)
            pairs = pairs_within(scatter, oja.pairs()[1], most, done + 1)
            done = pairs.passes
            if best is not None and pairs.residuals.max() > best.residuals.max() * 0.99:
                break
            best = pairs
            if pairs.residuals.max() <= draft.tolerance * pairs.values[0] or self._told(done, 0.0):
                break
        return Pairs(best.values, best.vectors, best.residuals, done)


def solved(gram: Gram, most: int) -> Pairs:
    """The pairs of a covariance that was formed, with the residuals that LAPACK left."""
    matrix = gram.scatter()
    _, vectors = np.linalg.eigh(matrix)
    return pairs_within(DenseScatter(matrix), np.ascontiguousarray(vectors[:, ::-1][:, :most]), most, 0)


def _to_columns(few: RowScatter, pairs: Pairs, columns: int) -> Pairs:
    """From pairs of the rows' scatter to those of the columns'."""
    from lilliput.spectral.basis import orthonormal

    real = pairs.values > pairs.values[0] * 100 * float(np.finfo(few.dtype).eps) ** 1.5
    vectors = few.directions(np.ascontiguousarray(pairs.vectors[:, real]), pairs.values[real])
    if not real.all():
        random = np.random.Generator(np.random.PCG64(0)).standard_normal((columns, int((~real).sum())))
        vectors = np.hstack([vectors, orthonormal(random.astype(few.dtype), vectors)])
    return replace(pairs, vectors=vectors)


def settle(draft: StreamingPCA, pairs: Pairs, moments: Moments, solver: str, dtype: np.dtype[Any]) -> None:
    """Make the learned attributes of pairs of the scatter."""
    freedom = moments.freedom or 1.0
    draft.components_ = signed(np.ascontiguousarray(pairs.vectors, dtype=dtype).T)
    draft.explained_variance_ = pairs.values / freedom
    draft.residuals_ = pairs.residuals / freedom
    draft.total_variance_ = moments.total_variance
    draft.mean_ = moments.mean.astype(dtype)
    draft.moments_, draft.n_features_in_ = moments, len(moments.sums)
    draft.solver_, draft.passes_, draft.interrupted_ = solver, pairs.passes, pairs.interrupted


def finish(draft: StreamingPCA, promise: Promise, *, measured: bool = True) -> None:
    """Complete the report, latency too if it is to be `measured`, and hold the promise."""
    hold_memory(draft, promise)
    row = np.zeros((1, draft.n_features_in_), dtype=draft.mean_.dtype)
    close(draft, promise, draft.transform, row, measured=measured)


def report_of(draft: StreamingPCA) -> Report:
    """The report before anything is measured."""
    report = Report(
        draft.task,
        {},
        "nothing: the variances are exact, of all rows",
        int(draft.seed),
        versions=versions(),
        data={"rows": draft.moments_.rows, "columns": draft.n_features_in_},
        plan={
            "components": len(draft.components_),
            "explained": f"{draft.explained_variance_ratio_.sum():.4%}",
            "residual": _residual(draft),
            "solver": draft.solver_,
            "passes": draft.passes_,
        },
    )
    report.notes += [ENDED_EARLY] * draft.interrupted_
    if draft.solver_ != "gram" and draft.residuals_.max() > draft.tolerance * draft.explained_variance_[0] * 10:
        report.notes.append("the residuals are above the tolerance: give more passes, or more time")
    return report


def _residual(draft: StreamingPCA) -> str:
    largest = draft.residuals_.max()
    return "not known" if np.isnan(largest) else f"{largest / (draft.explained_variance_[0] or 1.0):.1e}"


def wanted(asked: int | None, rows: int, columns: int) -> int:
    """How many components there are to be; `DataError` where rows or columns are fewer."""
    there = min(rows, columns)
    if asked is None:
        return min(there, DEFAULT)
    if asked > there:
        raise DataError(
            f"n_components={asked}, but there are {rows:,} rows and {columns:,} columns; ask for {there} at most"
        )
    return int(asked)


def check_parameters(model: StreamingPCA) -> None:
    """Raise `LilliputError` for a parameter that cannot be used."""
    from lilliput.tasks.pca import SOLVERS

    if model.solver not in SOLVERS:
        raise LilliputError(f"solver={model.solver!r}; known are {', '.join(SOLVERS)}")
    if model.n_components is not None and not model.n_components >= 1:
        raise LilliputError(f"n_components={model.n_components}; give 1 or more")
    if not 0 < model.tolerance < 1:
        raise LilliputError(f"tolerance={model.tolerance}; give a small part of one, such as 1e-5")
    if not model.passes >= 2:
        raise LilliputError(f"passes={model.passes}; give 2 or more")
    if model.half_life is not None and not model.half_life > 0:
        raise LilliputError(f"half_life={model.half_life}; give a number of rows, or None")
    check_processor(model.device, "components are found")
    memory_of(model.working_memory)


def memory_of(given: str | int) -> int:
    """Bytes of ``working_memory``."""
    size = Budget.parse(given).memory if isinstance(given, str) else int(given)
    if size is None or size <= 0:
        raise LilliputError(f"working_memory={given!r}; give bytes, or a size such as 200MB")
    return size
