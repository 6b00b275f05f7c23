"""Leading eigenpairs one after the other, by gradient ascent on v'Cv over unit vectors.

The classic exercise: climb along the gradient, renormalise, and take what was found out of the next search (deflation).
Each step goes to the best unit vector in the span of the present one, its gradient and the last step, which is an exact
line search with momentum and needs one pass (Knyazev 2001, "Toward the optimal preconditioned eigensolver", with no
preconditioner).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.spectral.basis import orthonormal, random_block
from lilliput.spectral.krylov import FLOOR
from lilliput.spectral.pairs import Pairs, Told, pairs_within, rayleigh_ritz
from lilliput.spectral.scatter import Scatter


def gradient(
    scatter: Scatter, most: int, tolerance: float, *, seed: int, passes: int, told: Told | None = None
) -> Pairs:
    """The `most` largest eigenpairs of a scatter, in up to `passes` products, one of them the last measurement.

    A component is done when its residual is at most ``tolerance`` times the largest value.
    """
    tolerance = max(tolerance, FLOOR * float(np.finfo(scatter.dtype).eps))
    starts = random_block(scatter.size, most, scatter.dtype, seed)
    found = np.zeros((scatter.size, 0), dtype=scatter.dtype)
    largest, done = 0.0, 0
    for number in range(most):
        allowed = (passes - 1 - done) // (most - number)
        vector, value, used = _climbed(scatter, starts[:, number : number + 1], found, largest, tolerance, allowed)
        largest, done = max(largest, value), done + used
        found = np.hstack([found, vector])
        if told is not None and told(done, tolerance):
            break
    if found.shape[1] < most:
        found = np.hstack([found, orthonormal(starts[:, found.shape[1] :], found)])
    return pairs_within(scatter, orthonormal(found), most, done)


def _climbed(
    scatter: Scatter, start: NDArray[Any], found: NDArray[Any], largest: float, tolerance: float, passes: int
) -> tuple[NDArray[Any], float, int]:
    """A unit vector orthogonal to `found` at which the gradient vanishes, its value, and the passes it took."""
    vector = orthonormal(start, found)
    image = scatter.product(vector)
    step = vector[:, :0]
    done = 1
    while True:
        value = float((vector * image).sum(dtype=np.float64))
        slope = image - vector * vector.dtype.type(value)
        slope -= found @ (found.T @ slope)
        scale = max(largest, value, float(np.finfo(np.float64).tiny))
        if done >= passes or np.linalg.norm(slope) <= tolerance * scale:
            return vector, value, done
        new = orthonormal(np.hstack([slope, step]), np.hstack([found, vector]))
        if not new.shape[1]:
            return vector, value, done
        span, images = np.hstack([vector, new]), np.hstack([image, scatter.product(new)])
        mixed = rayleigh_ritz(span, images, 1)[1].astype(span.dtype)
        vector, image, step = span @ mixed, images @ mixed, new @ mixed[1:]
        done += 1
