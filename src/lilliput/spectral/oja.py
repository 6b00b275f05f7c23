"""Leading directions by Oja's rule with momentum: a small step along the gradient of each batch.

``V <- orthonormal(V + rate / t * X'X V / (rows * scale) + momentum * (V - V before))`` for the centred rows X of a
batch, where ``scale`` is the variance that the directions explain so far, so that the rate has no unit (Oja 1982, "A
simplified neuron model as a principal component analyzer"; momentum as in De Sa et al. 2018, "Accelerated stochastic
power iteration"). A batch is seen once and forgotten, and memory is that of the directions alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.spectral.basis import orthonormal, random_block
from lilliput.spectral.moments import Moments
from lilliput.spectral.rows import Block, Sparse, parts
from lilliput.spectral.scatter import add_gram_product

BATCH = 128
"""Rows of a step, at most."""
RATE, DELAY, MOMENTUM = 20.0, 2.0, 0.5
"""The step at batch t from 1 is RATE / (t + DELAY)."""


class Oja:
    """Directions (columns, width) that follow the batches."""

    def __init__(self, columns: int, width: int, dtype: np.dtype[Any], seed: int, half_life: float | None) -> None:
        self.moments = Moments(columns, half_life)
        self._basis = orthonormal(random_block(columns, width, dtype, seed))
        self._small = np.zeros((self._basis.shape[1],) * 2)  # the covariance within the basis, over the last batches
        self._mass = 0.0  # of what is in it: one, in the end
        self._before = self._basis
        self._steps = 0

    def add(self, block: Block, threads: int, *, again: bool = False) -> None:
        """Learn from the rows of a block; `again`: they have been counted in the moments before."""
        if not again:
            self.moments.add(block)
        for part in parts(block, BATCH):
            self._step(part, threads)

    def _step(self, block: Block, threads: int) -> None:
        image = _image(block, self._basis, self.moments.mean, threads) / len(block)
        self._steps += 1
        share = self._share(len(block))
        self._small += share * ((self._basis.T @ image).astype(np.float64) - self._small)
        self._mass += share * (1 - self._mass)
        scale = float(np.trace(self._small)) / self._mass
        if not scale > 0:  # rows that do not vary, such as the first one alone
            return
        step = image * image.dtype.type(share * RATE / scale)
        pushed = orthonormal(self._basis + step + MOMENTUM * (self._basis - self._before))
        self._before, self._basis = self._basis, _aligned(pushed, self._basis)

    def pairs(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Variances along the best directions of the span, the largest first, and these: (columns, width)."""
        values, mixed = np.linalg.eigh((self._small + self._small.T) / 2 / (self._mass or 1.0))
        return values[::-1], self._basis @ mixed[:, ::-1].astype(self._basis.dtype)

    def _share(self, rows: int) -> float:
        """Of a batch in what is known: falls as 1 / t, not below what the half-life asks for."""
        share = 1 / (self._steps + DELAY)
        return share if self.moments.half_life is None else max(share, 1 - self.moments.fade(rows))


def _image(block: Block, vectors: NDArray[Any], mean: NDArray[np.float64], threads: int) -> NDArray[Any]:
    """``X'X vectors`` for the centred rows X of a block."""
    centre = mean.astype(vectors.dtype)
    if not isinstance(block, Sparse):
        centred = block - centre
        image: NDArray[Any] = centred.T @ (centred @ vectors)
        return image
    total = np.zeros_like(vectors)
    add_gram_product(block, vectors, total, threads)
    sums = np.zeros(len(mean))
    from lilliput.spectral.kernels import column_sums

    column_sums(block.columns, block.values, sums)
    along = mean @ vectors  # (x - m)(x - m)' = xx' - xm' - mx' + mm'
    total -= (np.outer(sums - len(block) * mean, along) + np.outer(mean, sums @ vectors)).astype(vectors.dtype)
    return total


def _aligned(vectors: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    """The basis of the same span that is nearest to `like`, so that a difference of both is a step."""
    left, _, right = np.linalg.svd((vectors.T @ like).astype(np.float64))
    found: NDArray[Any] = vectors @ (left @ right).astype(vectors.dtype)
    return found
