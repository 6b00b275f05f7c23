"""What every solver finds: eigenvalues of a scatter, their vectors, and how far each is from one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.spectral.basis import mix, subtract
from lilliput.spectral.scatter import Scatter

Told = Callable[[int, float], bool]
"""Told after each pass how many there were and the largest residual, relative to the largest value; True: stop now."""


@dataclass(frozen=True)
class Pairs:
    """Eigenpairs, the largest value first.

    ``values`` float64 (k,); ``vectors`` (size, k), orthonormal; ``residuals`` float64 (k,): ``||C v - value v||``,
    measured; ``passes``: products with a block of vectors that were taken; ``interrupted``: ended by Ctrl-C, and the
    residuals are estimates.
    """

    values: NDArray[np.float64]
    vectors: NDArray[Any]
    residuals: NDArray[np.float64]
    passes: int
    interrupted: bool = False


def rayleigh_ritz(
    basis: NDArray[Any], images: NDArray[Any], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The best approximations within an orthonormal `basis` whose products are `images`.

    Returns the `most` largest values and, as columns, what to mix of the basis for their vectors.
    """
    small = (basis.T @ images).astype(np.float64)
    values, mixed = np.linalg.eigh((small + small.T) / 2)
    return values[::-1][:most], mixed[:, ::-1][:, :most]


def pairs_within(scatter: Scatter, basis: NDArray[Any], most: int, passes: int) -> Pairs:
    """The best pairs within the span of an orthonormal `basis`, by one more pass; they take its place."""
    images = scatter.product(basis)
    values, mixed = rayleigh_ritz(basis, images, most)
    mix(basis, mixed)
    mix(images, mixed)
    vectors, rest = basis[:, :most], images[:, :most]
    subtract(rest, vectors, np.diag(values).astype(basis.dtype))
    residuals = np.sqrt(np.einsum("ij,ij->j", rest, rest)).astype(np.float64)
    return Pairs(np.maximum(values, 0.0), vectors, residuals, passes + 1)
