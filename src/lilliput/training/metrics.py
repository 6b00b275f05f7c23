"""Quality of predicted probabilities against wanted outputs, in NumPy.

Wanted outputs are a dense matrix (texts, labels): one 1 a row for single labels, several for multiple labels, values in
[0, 1] for soft targets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


def macro_f1(wanted: Flags, chosen: Flags) -> float:
    """Mean over the labels that occur of F1, from flags (texts, labels)."""
    both = (wanted & chosen).sum(axis=0)
    either = wanted.sum(axis=0) + chosen.sum(axis=0)
    seen = either > 0
    return float((2 * both[seen] / either[seen]).mean()) if seen.any() else 0.0


def micro_f1(wanted: Flags, chosen: Flags) -> float:
    """F1 over all (text, label) pairs, from flags (texts, labels)."""
    total = int(wanted.sum() + chosen.sum())
    return float(2 * (wanted & chosen).sum() / total) if total else 0.0


def cross_entropy(wanted: Floats, probabilities: Floats, single: bool) -> float:
    """Mean negative log-likelihood a text (nats): of the label if `single`, else summed over independent labels."""
    safe = np.clip(probabilities.astype(np.float64), 1e-12, 1 - 1e-12)
    likelihood = wanted * np.log(safe)
    if not single:
        likelihood += (1 - wanted) * np.log1p(-safe)
    return float(-likelihood.sum(axis=1).mean())


def calibration_error(confidences: NDArray[Any], correct: NDArray[Any], bins: int = 15) -> float:
    """Expected calibration error: the mean distance of confidence and share correct, over equal bins of confidence.

    Naeini et al. 2015; Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2. Both inputs are flat.
    """
    cells = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    sums = np.bincount(cells, confidences, minlength=bins) - np.bincount(cells, correct, minlength=bins)
    return float(np.abs(sums).sum() / max(1, len(confidences)))


def root_mean_square(wanted: Floats, probabilities: Floats) -> float:
    """Root of the mean squared error over all texts and labels."""
    return float(np.sqrt(np.mean((wanted.astype(np.float64) - probabilities) ** 2)))
