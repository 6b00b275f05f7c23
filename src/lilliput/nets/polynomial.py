"""Networks of quadratic units of two inputs, grown layer by layer: the group method of data handling.

Ivakhnenko and Lapa 1965, "Cybernetic predicting devices"; Ivakhnenko 1971, "Polynomial theory of complex systems", IEEE
Transactions on Systems, Man, and Cybernetics 1. A unit is

    c0 + c1 a + c2 b + c3 ab + c4 a^2 + c5 b^2

fitted by least squares to the target itself. Every pair of a layer's inputs makes a unit, and those survive that are
best on rows that were not fitted. The normal equations of all pairs are moments of at most fourth order, so they come
from a few products of matrices, for the rows to fit and for those to select by alike: no unit is ever evaluated to be
rejected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TERMS = 6
RANK = 1e-10
"""Eigenvalues of normal equations, scaled to a diagonal of ones, that count as zero: their terms say nothing new."""
ALIKE = 1 - 1e-7
"""Correlation of outputs beyond which a unit is one that was chosen already."""
MARGIN = 2.0
"""How far, in ranges of what it gave for the rows learned from, a unit may go beyond that range."""
PAIRS = 20_000
"""Fitted at a time."""


@dataclass
class Network:
    """Units over standardised columns: `left` and `right` (units,) number inputs, the columns first, then the units.

    The last unit is the output; `weights` (units, TERMS). `bounds` (units, 2), where they are known, hold each unit.
    """

    columns: int
    left: Ints
    right: Ints
    weights: Floats
    bounds: Floats | None = None

    def run(self, inputs: Floats) -> Floats:
        """Outputs (n,) of inputs (n, columns)."""
        return self.values(inputs)[-1]

    def values(self, inputs: Floats) -> list[Floats]:
        """Every input and every unit's output, each (n,)."""
        found = list(inputs.T)
        for unit, (left, right, weights) in enumerate(zip(self.left, self.right, self.weights, strict=True)):
            output = terms(found[left], found[right]) @ weights
            found.append(output if self.bounds is None else np.clip(output, *self.bounds[unit]))
        return found

    def bounded(self, inputs: Floats) -> Network:
        """The network whose units go beyond the range that they have for `inputs` by no more than `MARGIN` of it.

        Quadratics of quadratics multiply what is only a little outside, to numbers without any sense.
        """
        outputs = np.array(replace(self, bounds=None).values(inputs)[self.columns :])
        low, high = outputs.min(axis=1), outputs.max(axis=1)
        more = MARGIN * (high - low)
        return replace(self, bounds=np.column_stack([low - more, high + more]))

    def part(self, unit: int) -> Network:
        """What the unit `unit` needs, with it as the output."""
        needed, stack = set(), [unit]
        while stack:
            number = stack.pop()
            if number not in needed:
                needed.add(number)
                sources = (self.left[number], self.right[number])
                stack += [int(source) - self.columns for source in sources if source >= self.columns]
        kept = np.array(sorted(needed), dtype=np.int64)
        place = np.arange(self.columns + len(self.left))
        place[self.columns + kept] = self.columns + np.arange(len(kept))
        return Network(self.columns, place[self.left[kept]], place[self.right[kept]], self.weights[kept])


def terms(a: Floats, b: Floats) -> Floats:
    """The terms of a unit, (n, TERMS)."""
    return np.column_stack([np.ones(len(a)), a, b, a * b, a * a, b * b])


class Moments(NamedTuple):
    """Sums over rows of products of powers of inputs, matrices (inputs, inputs): `m12` is that of a and b squared."""

    rows: float
    m10: Floats
    m20: Floats
    m30: Floats
    m40: Floats
    m11: Floats
    m12: Floats
    m13: Floats
    m22: Floats
    y0: float
    y1: Floats
    y11: Floats
    y2: Floats
    yy: float


def moments(inputs: Floats, target: Floats) -> Moments:
    """The moments of inputs (n, k) and a target (n,)."""
    squares = inputs * inputs
    return Moments(
        float(len(inputs)),
        inputs.sum(axis=0),
        squares.sum(axis=0),
        (squares * inputs).sum(axis=0),
        (squares * squares).sum(axis=0),
        inputs.T @ inputs,
        inputs.T @ squares,
        inputs.T @ (squares * inputs),
        squares.T @ squares,
        float(target.sum()),
        inputs.T @ target,
        (inputs * target[:, None]).T @ inputs,
        squares.T @ target,
        float(target @ target),
    )


def equations(m: Moments, a: Ints, b: Ints) -> tuple[Floats, Floats]:
    """Normal equations of the units of pairs: matrices (pairs, TERMS, TERMS) and right-hand sides (pairs, TERMS)."""
    count = np.full(len(a), m.rows)
    upper = [
        [count, m.m10[a], m.m10[b], m.m11[a, b], m.m20[a], m.m20[b]],
        [m.m20[a], m.m11[a, b], m.m12[b, a], m.m30[a], m.m12[a, b]],
        [m.m20[b], m.m12[a, b], m.m12[b, a], m.m30[b]],
        [m.m22[a, b], m.m13[b, a], m.m13[a, b]],
        [m.m40[a], m.m22[a, b]],
        [m.m40[b]],
    ]
    matrices = np.empty((len(a), TERMS, TERMS))
    for row, entries in enumerate(upper):
        for column, values in enumerate(entries, row):
            matrices[:, row, column] = matrices[:, column, row] = values
    right = np.column_stack([np.full(len(a), m.y0), m.y1[a], m.y1[b], m.y11[a, b], m.y2[a], m.y2[b]])
    return matrices, right


def solve(matrices: Floats, right: Floats) -> Floats:
    """Least-squares weights (pairs, TERMS), the shortest where terms depend on one another."""
    scale = np.sqrt(np.maximum(np.einsum("pii->pi", matrices), 1e-300))
    values, vectors = np.linalg.eigh(matrices / (scale[:, :, None] * scale[:, None, :]))
    inverse = np.where(values > RANK * values[:, -1:], 1 / np.maximum(values, 1e-300), 0.0)
    along = np.einsum("pij,pi->pj", vectors, right / scale) * inverse
    found: Floats = np.einsum("pij,pj->pi", vectors, along) / scale
    return found


class Layer(NamedTuple):
    """The units that survived, best first: their inputs, weights, and mean squared errors on the rows to select by."""

    left: Ints
    right: Ints
    weights: Floats
    errors: Floats


def grow(inputs: Floats, target: Floats, kept: Floats, kept_target: Floats, width: int) -> Layer:
    """The best `width` units over all pairs of inputs (n, k), fitted to `target`, selected by the kept rows."""
    count = inputs.shape[1]
    a, b = np.triu_indices(count, 1) if count > 1 else (np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
    fitted, selecting = moments(inputs, target), moments(kept, kept_target)
    weights, errors = np.empty((len(a), TERMS)), np.empty(len(a))
    for first in range(0, len(a), PAIRS):
        part = slice(first, first + PAIRS)
        found = weights[part] = solve(*equations(fitted, a[part], b[part]))
        matrices, right = equations(selecting, a[part], b[part])
        inside = np.einsum("pi,pij,pj->p", found, matrices, found) - 2 * (found * right).sum(axis=1)
        errors[part] = (inside + selecting.yy) / selecting.rows
    order = np.argsort(errors, kind="stable")[: 4 * width]
    chosen = order[_different(kept, a[order], b[order], weights[order], width)]
    return Layer(a[chosen], b[chosen], weights[chosen], errors[chosen])


def _different(inputs: Floats, a: Ints, b: Ints, weights: Floats, width: int) -> list[int]:
    """The first `width` units none of which gives what one before it gives."""
    chosen: list[int] = []
    outputs = np.empty((0, len(inputs)))
    for number in range(len(a)):
        output = terms(inputs[:, a[number]], inputs[:, b[number]]) @ weights[number]
        output = output - output.mean()
        output /= max(float(np.linalg.norm(output)), 1e-300)
        if len(outputs) and float((outputs @ output).max()) > ALIKE:
            continue
        chosen.append(number)
        outputs = np.vstack([outputs, output])
        if len(chosen) == width:
            break
    return chosen


def screen(inputs: Floats, target: Floats, most: int) -> Ints:
    """The numbers, in order, of the `most` columns that say most of the target, alone, squared, or times another.

    The columns and the target are standardised. Squares and products are looked at without what their factors say.
    """
    columns = inputs.shape[1]
    if columns <= most:
        return np.arange(columns)
    alone = np.linalg.lstsq(inputs, target, rcond=None)[0] if columns < len(inputs) // 4 else None
    rest = target if alone is None else target - inputs @ alone
    rest = rest - rest.mean()
    direct = np.abs(inputs.T @ target)
    squares = inputs * inputs
    spread = np.sqrt(np.maximum(squares.var(axis=0), 1e-300))
    square = np.abs((squares - squares.mean(axis=0)).T @ rest) / spread
    product = np.abs((inputs * rest[:, None]).T @ inputs) / np.sqrt(
        np.maximum(squares.T @ squares, 1e-300) / len(inputs)
    )
    np.fill_diagonal(product, 0.0)
    told = np.maximum(np.maximum(direct, square), product.max(axis=1))
    return np.sort(np.argsort(-told, kind="stable")[:most])
