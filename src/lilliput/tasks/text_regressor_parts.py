"""The parts of a text regressor: a network, ridge regression, and how their predictions become one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.data.matrix import Compressed
from lilliput.nets.dense import DenseNet, sparse_products
from lilliput.training.outputs import Groups, shares
from lilliput.training.ridge import Ridge, fit_ridge

if TYPE_CHECKING:
    from lilliput.tasks.text_regressor import TextRegressor

Floats = NDArray[np.float32]


def combined(model: TextRegressor, rows: Compressed) -> Floats:
    """The outputs of a fitted model for sparse rows, before they are held to [0, 1]: (rows, outputs)."""
    network = None
    if model.network_ is not None:
        network = network_outputs(model.network_, narrowed(rows, model.narrow_), model._groups())
    ridge = None if model.ridge_ is None else model.ridge_.predict(rows)
    if model.stack_ is not None and network is not None and ridge is not None:
        return model.stack_.predict(beside(rows, network, ridge))
    if network is None or ridge is None:
        found = ridge if network is None else network
        assert found is not None
        return found
    blended: Floats = model.blend_ * network + (1 - model.blend_) * ridge
    return blended.astype(np.float32)


def network_outputs(network: DenseNet, rows: Compressed, groups: Groups) -> Floats:
    """The shares that a network finds for sparse rows, float32 (rows, outputs)."""
    return shares(network.after_first(sparse_products(rows, network.weights[0])), groups)


def narrowed(rows: Compressed, columns: NDArray[np.int32]) -> Compressed:
    """The rows with `columns` (ascending) alone."""
    if len(columns) == rows.shape[1]:
        return rows
    place = np.full(rows.shape[1], -1, dtype=np.int32)
    place[columns] = np.arange(len(columns), dtype=np.int32)
    indices = place[rows.indices]
    kept = indices >= 0
    before = np.concatenate([[0], np.cumsum(kept)])
    return Compressed(rows.data[kept], indices[kept], before[rows.indptr], (rows.shape[0], len(columns)))


def most_frequent(rows: Compressed, count: int) -> NDArray[np.int32]:
    """The `count` columns that most rows hold, ascending; of equal ones the first."""
    held = np.bincount(rows.indices, minlength=rows.shape[1])
    return np.sort(np.argsort(-held, kind="stable")[:count]).astype(np.int32)


def part(rows: Compressed, chosen: NDArray[np.int64]) -> Compressed:
    """The rows `chosen`."""
    lengths = np.diff(rows.indptr)[chosen]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.arange(indptr[-1]) + np.repeat(rows.indptr[chosen] - indptr[:-1], lengths)
    return Compressed(rows.data[places], rows.indices[places], indptr, (len(chosen), rows.shape[1]))


def beside(rows: Compressed, *predictions: Floats) -> Compressed:
    """The rows with predictions as further columns."""
    more = np.concatenate(predictions, axis=1)
    count, width = more.shape
    lengths = np.diff(rows.indptr)
    indptr = rows.indptr + width * np.arange(count + 1)
    places = np.arange(len(rows.data)) + np.repeat(width * np.arange(count), lengths)
    total = int(indptr[-1])
    data, indices = np.empty(total, dtype=np.float32), np.empty(total, dtype=np.int32)
    ours = np.ones(total, dtype=bool)
    ours[places] = False
    data[places], indices[places] = rows.data, rows.indices
    data[ours], indices[ours] = more.ravel(), np.tile(np.arange(width) + rows.shape[1], count)
    return Compressed(data, indices, indptr.astype(np.int64), (count, rows.shape[1] + width))


def best_ridge(
    learned: tuple[Compressed, Floats], kept: tuple[Compressed, Floats], alphas: Any, interrupted: Callable[[], bool]
) -> tuple[Ridge, float]:
    """The ridge regression of the learned rows with the penalty that suits the rows kept best, and that penalty.

    Where `interrupted` says so, no further penalty is tried.
    """
    if not len(kept[1]):
        alpha = float(np.median(alphas))
        return fit_ridge(*learned, alpha), alpha
    found: list[tuple[float, Ridge, float]] = []
    for alpha in map(float, alphas):
        ridge = fit_ridge(*learned, alpha)
        found.append((float(np.mean((np.clip(ridge.predict(kept[0]), 0, 1) - kept[1]) ** 2)), ridge, alpha))
        if interrupted():
            break
    _, ridge, alpha = min(found, key=lambda one: one[0])
    return ridge, alpha


def best_blend(network: Floats, ridge: Floats, wanted: Floats) -> float:
    """The weight of the network, 0 to 1, whose blend with ridge regression has the least squared error."""
    difference = (network - ridge).astype(np.float64)
    squares = float((difference * difference).sum())
    if not squares:
        return 0.5
    return float(np.clip((difference * (wanted - ridge)).sum() / squares, 0, 1))
