"""Components of a stream: more rows, a batch at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.threads import resolve_threads
from lilliput.spectral.basis import orthonormal, random_block
from lilliput.spectral.gram import Gram
from lilliput.spectral.merging import Merged
from lilliput.spectral.oja import Oja
from lilliput.spectral.pairs import Pairs
from lilliput.spectral.rows import Rows
from lilliput.tasks.array_fit import completed
from lilliput.tasks.array_input import check_width
from lilliput.tasks.pca_fit import FEW_COLUMNS, GUARD, check_parameters, finish, report_of, settle, solved, wanted
from lilliput.tasks.pca_rows import rows_of
from lilliput.tasks.promise import Promise

if TYPE_CHECKING:
    from lilliput.tasks.pca import StreamingPCA


def partial_fit(model: StreamingPCA, X: Any) -> None:
    """Add the rows of `X` to what `model` knows: all of them, for which Ctrl-C waits."""
    check_parameters(model)
    promise = Promise(Budget.parse(model.budget), time.monotonic())
    rows = rows_of(X, resolve_threads(model.threads))
    if hasattr(model, "n_features_in_"):
        check_width(rows.columns, model.n_features_in_, type(model).__name__)
    most = wanted(model.n_components, rows.columns, rows.columns)
    stream = model._stream or _begun(model, rows, most)
    stream.moments.half_life = model.half_life
    threads = resolve_threads(model.threads)
    with completed():
        for block in rows.blocks():
            if isinstance(stream, Gram):
                stream.add(block)
            else:
                stream.add(block, threads)
        pairs, solver = _pairs(stream, most, int(model.seed))
        draft = type(model)(**model.get_params())
        settle(draft, pairs, stream.moments, solver, rows.dtype)
        draft.report_ = report_of(draft)
        finish(draft, promise, measured=promise.budget.latency is not None)
        vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
        model._stream = stream


def _begun(model: StreamingPCA, rows: Rows, most: int) -> Gram | Merged | Oja:
    """Where a stream begins: with nothing, or with the components that a fit or a file has left."""
    columns, width = rows.columns, min(rows.columns, most + GUARD)
    if hasattr(model, "components_"):
        values = model.explained_variance_ * (model.moments_.freedom or 1.0)
        return Merged(model.moments_, np.ascontiguousarray(model.components_.T, dtype=rows.dtype), values, width)
    if model.solver == "oja":
        return Oja(columns, width, rows.dtype, int(model.seed), model.half_life)
    if model.solver == "gram" or (model.solver == "auto" and columns <= FEW_COLUMNS):
        return Gram(columns, model.half_life)
    return Merged.empty(columns, width, rows.dtype, model.half_life)


def _pairs(stream: Gram | Merged | Oja, most: int, seed: int) -> tuple[Pairs, str]:
    """The leading pairs so far, and how they came; the residuals of a stream that is gone are not known (NaN)."""
    if isinstance(stream, Gram):
        return solved(stream, most), "gram"
    values, vectors = stream.pairs() if isinstance(stream, Oja) else (stream.values, stream.vectors)
    values, vectors = values[:most], vectors[:, :most]
    if len(values) < most:  # fewer rows than components so far: the rest has no variance
        rest = random_block(len(vectors), most - len(values), vectors.dtype, seed)
        vectors = np.hstack([vectors, orthonormal(rest, vectors)])
        values = np.append(values, np.zeros(most - len(values)))
    if isinstance(stream, Oja):
        return Pairs(values * stream.moments.freedom, vectors, np.full(most, np.nan), 1), "oja"
    return Pairs(values, vectors, np.full(most, np.nan), 1), "merging"
