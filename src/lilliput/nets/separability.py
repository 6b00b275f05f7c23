"""Whether a hyperplane can part two classes, with a proof either way.

Give every row a sign and an entry of one for the bias: a hyperplane parts the classes if its product with every signed
row z is positive. By Gordan's theorem (1873) either there is one, or some convex combination of the z is zero. So the
point of their convex hull that is nearest to the origin decides: if it is the origin, no hyperplane parts them; if not,
it is one itself. It is found by Wolfe 1976, "Finding the nearest point in a polytope", Mathematical Programming 11.
Rows are scaled to length one, which changes no sign; the distance of any point of the hull from the origin then bounds
the margin (the sine of the smallest angle between a row and the plane) of every hyperplane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ZERO = 1e-9
"""A margin that is none."""
WORK = 1e9
"""Multiplications after which the question stays open."""
HARD = 4
"""Rows looked at first for each column: those on the wrong side, or nearest to it, of the hyperplane given."""
ROUNDS = 20
"""Times that rows are added."""
_NEGLIGIBLE = 1e-12
"""A weight in a convex combination that is none."""


class Verdict(NamedTuple):
    """What is known of two classes.

    ``separable``: True and False are proved, the latter up to a margin of `ZERO`; None is open. ``margin``: none is
    larger. ``weights`` (columns + 1,), bias last, part the classes where they can be parted.
    """

    separable: bool | None
    margin: float
    weights: Floats | None


def separability(rows: Floats, signs: Floats, guess: Floats) -> Verdict:
    """Whether the `rows` (n, columns) with sign 1 can be parted from those with -1; `guess`: weights that nearly do."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows) + 1.0)

    def scores(weights: Floats) -> Floats:
        found: Floats = (rows @ weights[:-1] + weights[-1]) * signs / lengths
        return found

    ahead = scores(guess)
    if ahead.min() > 0:
        return Verdict(True, 1.0, guess)
    most = min(len(rows), HARD * (rows.shape[1] + 1))
    chosen = np.sort(np.argpartition(ahead, most - 1)[:most])
    hull, bound = _Hull(), 1.0
    for _ in range(ROUNDS):
        points = np.column_stack([rows[chosen], np.ones(len(chosen))]) * (signs[chosen] / lengths[chosen])[:, None]
        decided = hull.approach(points)
        bound = min(bound, hull.distance)
        if not decided or hull.distance <= ZERO:
            return Verdict(False if decided else None, bound, None)
        ahead = scores(hull.point)
        if ahead.min() > 0:
            return Verdict(True, bound, hull.point)
        worst = np.argpartition(ahead, most - 1)[:most]
        chosen = np.concatenate([chosen, np.setdiff1d(worst[ahead[worst] <= 0], chosen)])
    return Verdict(None, bound, None)


class _Hull:
    """A point of the convex hull on its way to the origin, as a combination of few points, the corral."""

    point: Floats

    def __init__(self) -> None:
        self._points = np.zeros((0, 0))
        self._corral, self._weights, self._gram, self._work = [0], np.ones(1), np.ones((1, 1)), 0.0

    @property
    def distance(self) -> float:
        """Of the point from the origin."""
        return float(np.linalg.norm(self.point))

    def approach(self, points: Floats) -> bool:
        """Come nearer until the point is the origin or parts all `points`, the earlier ones first; False: too far."""
        self._points = points
        self._settle(self._weights)
        while self._work < WORK:
            if self.distance <= ZERO:
                return True
            scores = points @ self.point
            nearest = int(scores.argmin())
            if scores[nearest] > 0:
                return True
            self._work += points.size
            if not self._take(nearest):
                return False
        return False

    def _take(self, number: int) -> bool:
        """Let a point into the corral and go to the point of the corral's hull that is nearest; False if stuck."""
        if number in self._corral:
            return False
        new = self._points[number]
        edge = self._points[self._corral] @ new
        self._gram = np.block([[self._gram, edge[:, None]], [edge[None, :], np.ones((1, 1))]])
        self._corral.append(number)
        self._weights = np.append(self._weights, 0.0)
        while True:
            aim = self._affine()
            self._work += len(aim) ** 3 / 3 + 4 * len(aim) * len(new)
            if (aim > _NEGLIGIBLE).all():
                self._settle(aim)
                return True
            falling = aim <= _NEGLIGIBLE
            away = self._weights[falling] - aim[falling]
            part = min(1.0, float((self._weights[falling] / np.maximum(away, 1e-300)).min()))
            moved = part * aim + (1 - part) * self._weights
            kept = moved > _NEGLIGIBLE
            if kept.all() or not kept.any():
                return False
            self._corral = [member for member, stays in zip(self._corral, kept, strict=True) if stays]
            self._gram = self._gram[np.ix_(kept, kept)]
            self._settle(moved[kept])

    def _settle(self, weights: Floats) -> None:
        self._weights = weights / weights.sum()
        self.point = self._weights @ self._points[self._corral]

    def _affine(self) -> Floats:
        """Weights, of sum one, of the point nearest to the origin in the plane through the corral."""
        members = self._points[self._corral]
        try:
            raw = np.linalg.solve(self._gram + 1.0, np.ones(len(members)))
            weights: Floats = raw / raw.sum()
            if np.linalg.norm(weights @ members) > 1e-5 and np.isfinite(weights).all():
                return weights
        except np.linalg.LinAlgError:
            pass
        rest, *_ = np.linalg.lstsq((members[1:] - members[0]).T, -members[0], rcond=None)  # to the last digits
        return np.append(1 - rest.sum(), rest)
