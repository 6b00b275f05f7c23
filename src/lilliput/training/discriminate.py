"""Adjusting the weights of naive Bayes so that they tell the classes apart, without unlearning what is rare.

Naive Bayes describes each class by itself. One pass of stochastic descent on the cross-entropy of texts that it has
counted makes it discriminate. To a class with little text its own texts look all too easy, since their n-grams were
counted from them; so the weights for the true class are taken as if the text had been left out of the counts. Without
that, classes with little text lose more than the others gain.

Steps are Adagrad's (Duchi et al. 2011) in mini-batches; all of it in NumPy, by one thread, so that the result is the
same for any number of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lilliput.nets.evidence import Evidence
from lilliput.nets.naive_bayes import SMOOTHING, Counted

BATCH = 256
RATE, BIAS_RATE = 0.1, 0.01
WARM, BIAS_WARM = 0.1, 1.0
"""What Adagrad's sums of squares begin with, so that first steps are small."""
POWER, SCALE = 0.6, 0.42
"""Logits while it learns: the sums, times `SCALE`, divided by this power of the number of n-grams."""


def discriminating(
    counted: Counted,
    texts: Sequence[str],
    classes: NDArray[np.int64],
    seed: int,
    deadline: float | None = None,
    advance: Callable[[int], None] = lambda texts: None,
) -> Counted:
    """`counted` with weights and biases after one pass over `texts` of the given classes, in random order.

    Every class weighs the same. Ends early at the `deadline` (`time.monotonic`). ``advance`` is told of every batch.
    """
    weights, biases = counted.evidence.weights.copy(), counted.evidence.biases.copy()
    evidence = replace(counted.evidence, weights=weights, biases=biases)  # which sees every step
    without = _without_one(counted)
    balance = 1 / np.bincount(classes, minlength=len(biases))[classes]
    balance = balance / balance.mean()
    sums, bias_sums = np.full(len(weights), WARM), np.full(len(biases), BIAS_WARM)
    order = np.random.default_rng([seed, 3]).permutation(len(texts))
    for start in range(0, len(order), BATCH):
        if deadline is not None and time.monotonic() > deadline:
            break
        batch = order[start : start + BATCH]
        falling = 1 - start / len(order)
        some = [texts[text] for text in batch]
        pairs, slopes, bias_slopes = _slopes(evidence, some, classes[batch], without, balance[batch])
        sums[pairs] += slopes * slopes
        weights[pairs] -= (RATE * falling * slopes / np.sqrt(sums[pairs])).astype(np.float32)
        bias_sums += bias_slopes * bias_slopes
        biases -= BIAS_RATE * falling * bias_slopes / np.sqrt(bias_sums)
        advance(len(batch))
    return replace(counted, evidence=evidence)


def _without_one(counted: Counted) -> NDArray[np.float64]:
    """What the weight of each pair loses if it is counted one time less."""
    found = counted.evidence
    share = SMOOTHING * np.repeat(counted.means, np.diff(found.starts))
    return np.log1p(counted.counts / share) - np.log1p(np.maximum(0, counted.counts - 1) / share)


def _slopes(
    evidence: Evidence,
    texts: list[str],
    classes: NDArray[np.int64],
    without: NDArray[np.float64],
    balance: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Pairs that occur in a batch, and the derivatives of its loss by their weights and by the biases."""
    reading = evidence.read(texts)
    rows = np.arange(len(texts))
    logits = evidence.sums(reading)
    owners = evidence.classes[reading.pairs]
    own = owners == classes[reading.texts]
    logits[rows, classes] -= np.bincount(reading.texts[own], without[reading.pairs[own]], minlength=len(texts))
    scale = (SCALE / np.maximum(1, reading.sizes) ** POWER)[:, None]
    logits *= scale
    errors = np.exp(logits - logits.max(axis=1, keepdims=True))
    errors /= errors.sum(axis=1, keepdims=True)
    errors[rows, classes] -= 1
    errors *= scale * balance[:, None]
    pairs, place = np.unique(reading.pairs, return_inverse=True)
    slopes = np.bincount(place, errors[reading.texts, owners], minlength=len(pairs)).astype(np.float64, copy=False)
    return pairs, slopes, reading.sizes @ errors
