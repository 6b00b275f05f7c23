"""Where the fit of a quadratic of two quadratics begins: near its end, by least squares and one decomposition.

Let y = c0 + c1 u + c2 v + c3 uv + c4 u^2 + c5 v^2 with u and v quadratics of a pair of columns each. What goes with
columns of both pairs is c3 uv alone: of a least-squares fit of y to all products of a term of u and a term of v, and to
all that either pair gives alone, the weights of the products are a matrix of rank one, whose singular vectors are the
weights of u and of v.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lilliput.nets.polynomial import TERMS, terms

Floats = NDArray[np.float64]
RANK = 1e-10
"""The part of the longest direction below which one is rounding."""
DEGREE = 4
"""Of what a pair of columns gives alone: a square of a quadratic."""


def joined(one: Floats, two: Floats, target: Floats) -> Floats:
    """Weights (3, TERMS) of a unit over each of two pairs of columns, (n, 2) each, and of a unit over the two."""
    left, right = terms(*one.T), terms(*two.T)
    (first, to_first), (second, to_second) = _uncorrelated(left), _uncorrelated(right)
    products = (first[:, :, None] * second[:, None, :]).reshape(len(target), -1)
    design = np.column_stack([products, np.ones(len(target)), _powers(one), _powers(two)])
    size = np.linalg.norm(design, axis=0)
    size[size == 0] = 1.0
    found = np.linalg.lstsq(design / size, target, rcond=None)[0] / size
    along, _, across = np.linalg.svd(found[: products.shape[1]].reshape(TERMS - 1, TERMS - 1))
    weights = np.zeros((3, TERMS))
    weights[0], weights[1] = to_first @ along[:, 0], to_second @ across[0]
    weights[2] = np.linalg.lstsq(terms(left @ weights[0], right @ weights[1]), target, rcond=None)[0]
    return weights


def _uncorrelated(columns: Floats) -> tuple[Floats, Floats]:
    """What `columns` span beside the first one, a constant: without correlations, and the weights that make it."""
    mean = columns[:, 1:].mean(axis=0)
    basis, lengths, across = np.linalg.svd(columns[:, 1:] - mean, full_matrices=False)
    real = lengths > RANK * max(float(lengths[0]), 1e-300)
    back = across.T * np.where(real, 1 / np.maximum(lengths, 1e-300), 0.0)
    size = np.sqrt(len(columns))
    return np.where(real, basis, 0.0) * size, np.vstack([-mean @ back, back]) * size


def _powers(pair: Floats) -> Floats:
    """All products of two columns up to the fourth degree, without the constant."""
    a, b = pair.T
    return np.column_stack([a**i * b**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i) if i + j])
