"""Orthonormal bases of tall, thin blocks of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDS = 2
"""Of Gram-Schmidt; "twice is enough" (Kahan)."""
CHUNK = 1 << 15
"""Rows that are worked on at a time, so that nothing as large as the vectors themselves is made on the way."""


def orthonormal(vectors: NDArray[Any], against: NDArray[Any] | None = None) -> NDArray[Any]:
    """An orthonormal basis of what `vectors` (size, width) add to the orthonormal `against`: (size, width or less)."""
    basis = np.array(vectors)
    return orthonormalise(basis, against)[0]


def orthonormalise(
    vectors: NDArray[Any], against: NDArray[Any] | None = None
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """As `orthonormal`, in the place of `vectors`; also what was mixed of these: float64 (width, width or less).

    By the eigenvectors of the small Gram matrix, which costs two dense products and drops directions that are only
    rounding (Stathopoulos and Wu 2002, "A block orthogonalization procedure", SVQB).
    """
    mixing = np.eye(vectors.shape[1])
    least = 20 * np.finfo(vectors.dtype).eps * _lengths(vectors)
    for _ in range(ROUNDS):
        if against is not None:
            subtract(vectors, against, against.T @ vectors)
        gram = (vectors.T @ vectors).astype(np.float64)
        lengths = np.sqrt(np.diag(gram))
        there = lengths > least
        scaled = gram[np.ix_(there, there)] / np.outer(lengths[there], lengths[there])
        values, mixed = np.linalg.eigh(scaled)
        kept = values > len(values) * np.finfo(vectors.dtype).eps * values.max(initial=0.0)
        step = np.zeros((len(gram), int(kept.sum())))
        step[there] = mixed[:, kept] / np.sqrt(values[kept]) / lengths[there, None]
        mixing = mixing @ step
        mix(vectors, step)
        vectors, least = vectors[:, : step.shape[1]], np.zeros(step.shape[1])
    return vectors, mixing


def _lengths(vectors: NDArray[Any]) -> NDArray[Any]:
    lengths: NDArray[Any] = np.sqrt(np.einsum("ij,ij->j", vectors, vectors))
    return lengths


def mix(vectors: NDArray[Any], mixing: NDArray[np.float64]) -> None:
    """``vectors[:, :width] = vectors @ mixing`` for a mixing of that width, in place."""
    share = mixing.astype(vectors.dtype)
    for first in range(0, len(vectors), CHUNK):
        rows = vectors[first : first + CHUNK]
        rows[:, : share.shape[1]] = rows @ share


def subtract(vectors: NDArray[Any], basis: NDArray[Any], shares: NDArray[Any]) -> None:
    """``vectors -= basis @ shares``, in place."""
    for first in range(0, len(vectors), CHUNK):
        vectors[first : first + CHUNK] -= basis[first : first + CHUNK] @ shares


def random_block(size: int, width: int, dtype: np.dtype[Any], seed: int) -> NDArray[Any]:
    """Random directions: (size, width)."""
    random = np.random.Generator(np.random.PCG64(seed))
    return random.standard_normal((size, width), dtype=np.float32).astype(dtype, copy=False)


def signed(components: NDArray[Any]) -> NDArray[Any]:
    """The rows, each with the sign that makes its entry of largest size positive; the first of several."""
    for row in components:
        if row[np.abs(row).argmax()] < 0:
            np.negative(row, out=row)
    return components
