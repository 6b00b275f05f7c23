"""A linear-chain conditional random field over the logits of texts that follow one another: numba kernels.

The tags y of a chain score ``sum over t of logits[t, y[t]] + transitions[y[t - 1], y[t]]``, where ``y[-1]`` is one more
tag that stands for the beginning; their chance is the softmax of the scores over all tags of the chain (Lafferty,
McCallum and Pereira 2001). `posteriors` sums over all of them by going forward and backward along the chain, with
chances instead of logarithms, each step normalised to 1. Its arrays are float64, and what is exponentiated is kept
within `DEEPEST`, so that no sum comes out as 0 and none overflows, whatever the logits.
`lilliput.nets.sequence` is the same in plain NumPy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.features.bags import SEGMENTS
from lilliput.nets.barrier import meet
from lilliput.nets.kernels import backward_head, forward_texts, step, step_head, step_tables, sum_segments
from lilliput.nets.sequence import DEEPEST

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class Transitions(NamedTuple):
    """What one tag after another adds to the score, float32 (tags + 1, tags), the last row for the beginning.

    ``sums``: Adagrad's sums of squares.
    """

    weights: Floats
    sums: Floats


class ChainScratch(NamedTuple):
    """Working space for a batch, float64; see `posteriors`.

    ``forward``, ``after``: (texts, tags); ``norms``: (texts,).
    """

    forward: Doubles
    after: Doubles
    norms: Doubles


def fresh_transitions(tags: int) -> Transitions:
    """Transitions that say nothing."""
    return Transitions(np.zeros((tags + 1, tags), dtype=np.float32), np.zeros((tags + 1, tags), dtype=np.float32))


def chain_scratch(texts: int, tags: int) -> ChainScratch:
    """Working space for batches of up to `texts` texts."""
    return ChainScratch(np.zeros((texts, tags)), np.zeros((texts, tags)), np.zeros(texts))


@njit(nogil=True, cache=True)
def step_weights(transitions, sharpness):
    """Exponentials of `transitions` times `sharpness` over the largest of them, and the logarithm of that."""
    largest = np.float64(transitions.max()) * sharpness
    weights = np.empty(transitions.shape, dtype=np.float64)
    for i in range(len(transitions)):
        for j in range(transitions.shape[1]):
            weights[i, j] = np.exp(max(np.float64(transitions[i, j]) * sharpness - largest, DEEPEST))
    return weights, largest


@njit(nogil=True, cache=True)
def posteriors(logits, sharpness, weights, turned, begin, end, scratch):
    """Go forward and backward along the chain in the slots [begin, end); returns the logarithm of the sum of its paths.

    `logits` are multiplied by `sharpness`; `weights`: of `step_weights`, `turned`: the same without the beginning,
    transposed. Leaves the chances of each tag given what came before in ``forward``, and in ``after`` what the rest of
    the chain makes of a tag: ``forward[t - 1, i] * weights[i, j] * after[t, j]`` is the chance of i followed by j, and
    ``forward[t, i] * sum over j of weights[i, j] * after[t + 1, j]`` that of i, the sum being 1 at the end.
    """
    forward, after, norms = scratch.forward, scratch.after, scratch.norms
    tags = logits.shape[1]
    total = 0.0
    row = np.empty(tags, dtype=np.float64)
    for slot in range(begin, end):
        largest = logits[slot, 0]
        for k in range(tags):
            largest = max(largest, logits[slot, k])
        if slot == begin:
            row[:] = weights[tags]
        else:
            row[:] = 0
            for i in range(tags):
                chance = forward[slot - 1, i]
                for k in range(tags):
                    row[k] += chance * weights[i, k]
        norm = 0.0
        for k in range(tags):
            after[slot, k] = np.exp(max((np.float64(logits[slot, k]) - largest) * sharpness, DEEPEST))
            row[k] *= after[slot, k]
            norm += row[k]
        for k in range(tags):
            forward[slot, k] = row[k] / norm
        norms[slot] = norm
        total += np.log(norm) + np.float64(largest) * sharpness
    row[:] = 1
    for slot in range(end - 1, begin - 1, -1):
        for k in range(tags):
            after[slot, k] *= row[k] / norms[slot]
        row[:] = 0
        for j in range(tags):
            rest = after[slot, j]
            for k in range(tags):
                row[k] += rest * turned[j, k]
    return total


@njit(nogil=True, cache=True)
def chances_at(slot, end, turned, scratch, chances):
    """Fill `chances` (tags,) with those of a slot of a chain that goes to `end`, from what `posteriors` left."""
    chances[:] = 1
    if slot + 1 < end:
        chances[:] = 0
        for j in range(len(chances)):
            rest = scratch.after[slot + 1, j]
            for k in range(len(chances)):
                chances[k] += rest * turned[j, k]
    for k in range(len(chances)):
        chances[k] *= scratch.forward[slot, k]


@njit(nogil=True, cache=True)
def chain_losses(texts, begin, end, targets, chains, transitions, chain, head, scratch):
    """Summed loss (nats) of the chains in ``texts[begin:end]``, and the gradients of logits, hidden and pooled.

    ``chains``: the number of the chain that each text belongs to. The loss is the negative logarithm of the chance of
    the wanted tags, one a text; a chain has the weight of its first text.
    """
    weights, largest = step_weights(transitions.weights, 1.0)
    turned = weights[:-1].T.copy()
    chances = np.empty(weights.shape[1], dtype=np.float64)
    total = 0.0
    while begin < end:
        last = begin + 1
        while last < end and chains[texts[last]] == chains[texts[begin]]:
            last += 1
        loss = posteriors(scratch.logits, 1.0, weights, turned, begin, last, chain) + largest * (last - begin)
        weight = targets.weights[texts[begin]]
        before = len(weights) - 1
        for slot in range(begin, last):
            chances_at(slot, last, turned, chain, chances)
            wanted = targets.labels[targets.indptr[texts[slot]]]
            loss -= scratch.logits[slot, wanted] + transitions.weights[before, wanted]
            slope = scratch.d_logits[slot]
            for k in range(len(slope)):
                slope[k] = weight * np.float32(chances[k])
            slope[wanted] -= weight
            before = wanted
            backward_head(
                scratch.pooled[slot], head, scratch.hidden[slot], slope, scratch.d_hidden[slot], scratch.d_pooled[slot]
            )
        total += weight * loss
        begin = last
    return total


@njit(nogil=True, cache=True)
def step_transitions(texts, targets, chains, transitions, chain, rate):
    """One Adagrad step of the transitions from what `chain_losses` left of a batch."""
    weights, _ = step_weights(transitions.weights, 1.0)
    tags = weights.shape[1]
    slopes = np.zeros(weights.shape, dtype=np.float64)
    before = tags
    for slot in range(len(texts)):
        first = slot == 0 or chains[texts[slot]] != chains[texts[slot - 1]]
        if first:
            before, weight = tags, np.float64(targets.weights[texts[slot]])
            for k in range(tags):
                slopes[tags, k] += weight * chain.after[slot, k]
        else:
            for i in range(tags):
                chance = weight * chain.forward[slot - 1, i]
                for k in range(tags):
                    slopes[i, k] += chance * chain.after[slot, k]
        wanted = targets.labels[targets.indptr[texts[slot]]]
        slopes[before, wanted] -= weight / weights[before, wanted]
        before = wanted
    for i in range(tags + 1):
        step(transitions.weights[i], transitions.sums[i], (slopes[i] * weights[i]).astype(np.float32), rate)


@njit(nogil=True, cache=True)
def train_chains(
    texts,
    edges,
    bags,
    tables,
    weights,
    head,
    targets,
    chains,
    transitions,
    chain,
    coding,
    rates,
    scratch,
    worker,
    workers,
    barrier,
):
    """`lilliput.nets.kernels.train_texts` for texts in chains, none of which is cut by an edge of a batch."""
    total = 0.0
    first, last = SEGMENTS * worker // workers, SEGMENTS * (worker + 1) // workers
    for number in range(len(rates)):
        chunk = texts[edges[number] : edges[number + 1]]
        begin = _chain_from(chunk, len(chunk) * worker // workers, chains)
        end = _chain_from(chunk, len(chunk) * (worker + 1) // workers, chains)
        sum_segments(chunk, bags, tables, weights, first, last, scratch)
        if not meet(barrier, workers, 2 * number + 1):
            break
        forward_texts(begin, end, head, scratch)
        total += chain_losses(chunk, begin, end, targets, chains, transitions, chain, head, scratch)
        if not meet(barrier, workers, 2 * number + 2):
            break
        step_tables(chunk, bags, tables, coding, rates[number], first, last, scratch)
        if worker == 0:
            step_head(chunk, head, rates[number], scratch)
            step_transitions(chunk, targets, chains, transitions, chain, rates[number])
    return total


@njit(nogil=True, cache=True)
def _chain_from(texts, slot, chains):
    """The first slot from `slot` on at which a chain begins, or the end."""
    while 0 < slot < len(texts) and chains[texts[slot]] == chains[texts[slot - 1]]:
        slot += 1
    return slot
