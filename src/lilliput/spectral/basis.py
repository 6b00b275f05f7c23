"""Orthonormal bases of tall, thin blocks of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDS = 2
"""Of Gram-Schmidt; "twice is enough" (Kahan)."""


def orthonormal(vectors: NDArray[Any], against: NDArray[Any] | None = None) -> NDArray[Any]:
    """An orthonormal basis of what `vectors` (size, width) add to the orthonormal `against`: (size, width or less).

    By the eigenvectors of the small Gram matrix, which costs two dense products and drops directions that are only
    rounding (Stathopoulos and Wu 2002, "A block orthogonalization procedure", SVQB).
    """
    basis = vectors
    for _ in range(ROUNDS):
        if against is not None:
            basis = basis - against @ (against.T @ basis)
        lengths = np.linalg.norm(basis, axis=0)
        basis = basis[:, lengths > 0] / lengths[lengths > 0]
        gram = (basis.T @ basis).astype(np.float64)
        values, mixed = np.linalg.eigh(gram)
        kept = values > len(values) * np.finfo(vectors.dtype).eps * values.max(initial=0.0)
        basis = basis @ (mixed[:, kept] / np.sqrt(values[kept])).astype(vectors.dtype)
    return basis


def random_block(size: int, width: int, dtype: np.dtype[Any], seed: int) -> NDArray[Any]:
    """Random directions: (size, width)."""
    random = np.random.Generator(np.random.PCG64(seed))
    return random.standard_normal((size, width), dtype=np.float32).astype(dtype, copy=False)


def signed(components: NDArray[Any]) -> NDArray[Any]:
    """The rows, each with the sign that makes its entry of largest size positive; the first of several."""
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    components *= np.where(signs == 0, 1, signs).astype(components.dtype)[:, None]
    return components
