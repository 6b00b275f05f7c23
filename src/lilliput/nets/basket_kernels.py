"""Kernels of the basket network: hide items of baskets, score candidates, and move the weights; forward and backward.

Shapes: a batch has B baskets, C candidates and vectors of d numbers. The network is told in `lilliput.nets.baskets`.
Every sum has a fixed order and every weight one writer, so results do not depend on how the work is dealt out.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TINY = np.float32(1e-8)


@njit(nogil=True, cache=True, inline="always")
def mixed(value):
    """A hash of 64 bits: the finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(nogil=True, cache=True)
def hide(rows, offsets, items, keep, seed, shown, shown_offsets, hidden, hidden_offsets):
    """Deal the items of baskets `rows` to `shown` and `hidden`: each is shown with chance `keep`, and at least one is
    on either side. All baskets have two items or more. Offsets are (B + 1,).
    """
    limit = np.uint64(keep * 18446744073709549568.0)
    a = b = 0
    shown_offsets[0] = hidden_offsets[0] = 0
    for r in range(rows.size):
        first, last = offsets[rows[r]], offsets[rows[r] + 1]
        state = mixed(seed + np.uint64(rows[r]) * np.uint64(0x9E3779B97F4A7C15))
        forced = first + np.int64(mixed(state) % np.uint64(last - first))  # this one is hidden, the next is shown
        safe = forced + 1 if forced + 1 < last else first
        for k in range(first, last):
            chance = mixed(state + np.uint64(k - first + 1) * np.uint64(0xD1B54A32D192ED03))
            if k == safe or (k != forced and chance < limit):
                shown[a] = items[k]
                a += 1
            else:
                hidden[b] = items[k]
                b += 1
        shown_offsets[r + 1], hidden_offsets[r + 1] = a, b


@njit(nogil=True, cache=True, fastmath=True)
def forward(  # noqa: C901 (one pass over a basket, in one piece for the compiler)
    first, last, shown, shown_offsets, hidden, hidden_offsets, scales, candidates, place, shift,
    inputs, outputs, bias, row_offsets, row_items, row_values, state, errors, back,
):  # fmt: skip
    """Scores of baskets `first` to `last` of a batch, and their gradients; returns the sum of cross-entropies.

    `state` float32 (B, d): the weighted sum of the vectors of the items shown; `errors` float32 (B, C): softmax minus
    target; `back` float32 (B, d): the gradient of `state`. `shift` (C,) is taken off each score: the logarithm of how
    often a candidate was drawn (Bengio, Senecal 2003).
    """
    loss = 0.0
    d, count = outputs.shape[1], candidates.size
    for b in range(first, last):
        scale = scales[b]
        h = state[b]
        h[:] = 0
        for k in range(shown_offsets[b], shown_offsets[b + 1]):
            vector = inputs[shown[k]]
            for t in range(d):
                h[t] += scale * vector[t]
        scores = errors[b]
        for c in range(count):
            vector = outputs[candidates[c]]
            total = np.float32(0)
            for t in range(d):
                total += h[t] * vector[t]
            scores[c] = total + bias[candidates[c]] - shift[c]
        for k in range(shown_offsets[b], shown_offsets[b + 1]):
            j = shown[k]
            for e in range(row_offsets[j], row_offsets[j + 1]):
                c = place[row_items[e]]
                if c >= 0:
                    scores[c] += scale * row_values[e]
            c = place[j]
            if c >= 0:
                scores[c] = np.float32(-1e30)  # what is in the basket already is no answer
        most = np.float32(-1e30)
        for c in range(count):
            most = max(most, scores[c])
        total = np.float32(0)
        targets = hidden_offsets[b + 1] - hidden_offsets[b]
        for k in range(hidden_offsets[b], hidden_offsets[b + 1]):
            loss -= (scores[place[hidden[k]]] - most) / targets
        for c in range(count):
            scores[c] = np.exp(scores[c] - most)
            total += scores[c]
        loss += np.log(total)
        part = np.float32(1) / total
        for c in range(count):
            scores[c] *= part
        for k in range(hidden_offsets[b], hidden_offsets[b + 1]):
            scores[place[hidden[k]]] -= np.float32(1.0 / targets)
        g = back[b]
        g[:] = 0
        for c in range(count):
            vector = outputs[candidates[c]]
            error = scores[c]
            for t in range(d):
                g[t] += error * vector[t]
    return loss


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def moved(weight, gradient, squares, rate, decay):
    """A step of Adagrad (Duchi et al. 2011): the new weight and the new sum of squares."""
    squares += gradient * gradient
    return weight - rate * (gradient / np.sqrt(squares + TINY) + decay * weight), squares


@njit(nogil=True, cache=True, fastmath=True)
def move_outputs(first, last, state, errors, candidates, outputs, bias, squares, bias_squares, rate, decay):
    """Move the vectors and biases of candidates `first` to `last`."""
    d, rows = outputs.shape[1], state.shape[0]
    part = np.float32(1.0 / rows)
    gradient = np.empty(d, np.float32)
    for c in range(first, last):
        i = candidates[c]
        gradient[:] = 0
        total = np.float32(0)
        for b in range(rows):
            error = errors[b, c] * part
            total += error
            h = state[b]
            for t in range(d):
                gradient[t] += error * h[t]
        for t in range(d):
            outputs[i, t], squares[i, t] = moved(outputs[i, t], gradient[t], squares[i, t], rate, decay)
        bias[i], bias_squares[i] = moved(bias[i], total, bias_squares[i], rate, np.float32(0))


@njit(nogil=True, cache=True, fastmath=True)
def move_inputs(
    first, last, used, used_offsets, used_rows, scales, back, errors, place, inputs, squares,
    row_offsets, row_items, row_values, row_squares, rate, decay, row_rate, row_decay,
):  # fmt: skip
    """Move the vectors and the rows of the items `used[first:last]`; item k was shown in `used_rows` of its offsets."""
    d = inputs.shape[1]
    part = np.float32(1.0 / back.shape[0])
    gradient = np.empty(d, np.float32)
    for u in range(first, last):
        j = used[u]
        gradient[:] = 0
        for k in range(used_offsets[u], used_offsets[u + 1]):
            b = used_rows[k]
            scale = scales[b] * part
            for t in range(d):
                gradient[t] += scale * back[b, t]
        for t in range(d):
            inputs[j, t], squares[j, t] = moved(inputs[j, t], gradient[t], squares[j, t], rate, decay)
        for e in range(row_offsets[j], row_offsets[j + 1]):
            c = place[row_items[e]]
            if c < 0:
                continue
            total = np.float32(0)
            for k in range(used_offsets[u], used_offsets[u + 1]):
                b = used_rows[k]
                total += scales[b] * part * errors[b, c]
            row_values[e], row_squares[e] = moved(row_values[e], total, row_squares[e], row_rate, row_decay)
