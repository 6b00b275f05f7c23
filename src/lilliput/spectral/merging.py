"""Leading directions of a stream whose covariance is too large to keep: each batch is merged into those so far.

The scatter of all rows is that of the old ones, that of the batch, and a part for the distance of their means (Chan,
Golub and LeVeque 1979). The old one is known by its leading directions only, so what is left out is lost, as in the
incremental SVD (Ross et al. 2008, "Incremental learning for robust visual tracking", section 3.1). Sparse batches stay
sparse: the small matrix of all inner products is enough.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.spectral.moments import Moments
from lilliput.spectral.rows import Block, Sparse, parts

BATCH = 256
"""Rows that are merged at a time."""


class Merged:
    """The leading directions so far: ``vectors`` (columns, kept) and the values of their scatter, the largest first."""

    def __init__(self, moments: Moments, vectors: NDArray[Any], values: NDArray[np.float64], most: int) -> None:
        self.moments, self.vectors, self.values, self._most = moments, vectors, values, most

    @classmethod
    def empty(cls, columns: int, most: int, dtype: np.dtype[Any], half_life: float | None) -> Merged:
        """Of no rows; up to `most` directions are kept."""
        return cls(Moments(columns, half_life), np.zeros((columns, 0), dtype=dtype), np.zeros(0), most)

    def add(self, block: Block, threads: int) -> None:
        """Merge the rows of a block."""
        for part in parts(block, BATCH):
            self._merge(part, threads)

    def _merge(self, batch: Block, threads: int) -> None:
        moments = self.moments
        old_weight, old_mean = moments.weight, moments.mean
        fade, weights = moments.fade(len(batch)), moments.row_weights(len(batch))
        before = moments.sums.copy()
        moments.add(batch)
        new_weight = float(weights.sum())
        new_mean = moments.shift + (moments.sums - fade * before) / new_weight
        old_weight *= fade
        bridge = np.sqrt(old_weight * new_weight / (old_weight + new_weight))
        # The stacked rows are T P: P has the old directions, the batch and two rows of means, T mixes them.
        rows = _Stack(self.vectors, batch, np.stack([new_mean - old_mean, new_mean]), threads)
        mixing = np.zeros((rows.kept + len(batch) + 1, rows.count))
        old, new = np.arange(rows.kept), rows.kept + np.arange(len(batch))
        mixing[old, old] = np.sqrt(fade * self.values)
        mixing[new, new] = np.sqrt(weights)
        mixing[new, -1] = -np.sqrt(weights)
        mixing[-1, -2] = bridge
        values, mixed = np.linalg.eigh(mixing @ rows.products() @ mixing.T)
        values, mixed = values[::-1][: self._most], mixed[:, ::-1][:, : self._most]
        real = values > len(mixing) * np.finfo(self.vectors.dtype).eps * max(values[0], 0.0)
        values, mixed = values[real], mixed[:, real]
        self.values, self.vectors = values, rows.combined(mixing.T @ mixed / np.sqrt(values))


class _Stack:
    """Rows P: directions, a batch and a few dense rows; known by their inner products and combinations."""

    def __init__(self, vectors: NDArray[Any], batch: Block, extra: NDArray[np.float64], threads: int) -> None:
        self._vectors, self._batch, self._extra, self._threads = vectors, batch, extra, threads
        self.kept = vectors.shape[1]
        self.count = self.kept + len(batch) + len(extra)

    def products(self) -> NDArray[np.float64]:
        """``P P'``: float64 (count, count)."""
        kept, middle = self.kept, self.kept + len(self._batch)
        found = np.zeros((self.count, self.count))
        found[:kept, :kept] = np.eye(kept)
        dense = np.hstack([self._vectors, self._extra.T.astype(self._vectors.dtype)])
        across = self._times(dense)
        found[kept:middle, :kept], found[middle:, kept:middle] = across[:, :kept], across[:, kept:].T
        found[kept:middle, kept:middle] = self._batch_products()
        found[middle:, :kept] = self._extra @ self._vectors
        found[middle:, middle:] = self._extra @ self._extra.T
        lower = np.tril(found)
        symmetric: NDArray[np.float64] = lower + np.tril(found, -1).T
        return symmetric

    def combined(self, shares: NDArray[np.float64]) -> NDArray[Any]:
        """``P' shares``: (columns, width)."""
        kept, middle = self.kept, self.kept + len(self._batch)
        dtype = self._vectors.dtype
        found: NDArray[Any] = np.ascontiguousarray(self._vectors @ shares[:kept].astype(dtype))
        found += self._extra.T.astype(dtype) @ shares[middle:].astype(dtype)
        self._add_batch(np.ascontiguousarray(shares[kept:middle], dtype=dtype), found)
        return found

    def _times(self, dense: NDArray[Any]) -> NDArray[Any]:
        if not isinstance(self._batch, Sparse):
            product: NDArray[Any] = self._batch @ dense
            return product
        from lilliput.spectral.kernels import multiply

        out = np.empty((len(self._batch), dense.shape[1]), dtype=dense.dtype)
        multiply(*self._batch, 0, len(self._batch), np.ascontiguousarray(dense), out)
        return out

    def _add_batch(self, shares: NDArray[Any], total: NDArray[Any]) -> None:
        if not isinstance(self._batch, Sparse):
            total += self._batch.T @ shares
            return
        from lilliput.spectral.kernels import scatter

        middle = len(total) // 2
        batch = self._batch
        bounds = [(0, middle), (middle, len(total))]
        map_ordered(lambda part: scatter(*batch, shares, *part, total), bounds, self._threads)

    def _batch_products(self) -> NDArray[Any]:
        dense = self._batch
        if isinstance(dense, Sparse):
            names, places = np.unique(dense.columns, return_inverse=True)
            packed = np.zeros((len(dense), len(names)), dtype=dense.values.dtype)
            packed[np.repeat(np.arange(len(dense)), np.diff(dense.starts)), places] = dense.values
            dense = packed
        product: NDArray[Any] = dense @ dense.T
        return product
