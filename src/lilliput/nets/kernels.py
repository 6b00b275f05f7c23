"""The feed-forward network on bags of rows: forward, losses, gradients and Adagrad steps as numba kernels.

For text t with bags B_g in groups g::

    pooled   = concatenation over g (or sum, if the groups share their columns) of |B_g|^-1/2 sum_{r in B_g} table_g[r]
    hidden   = relu(pooled W + c)        (or pooled, if there is no hidden layer)
    logits   = hidden V + b              (or hidden + b, if there is no output layer: the linear model)

after Botha et al. 2017, "Natural Language Processing with Small Feed-Forward Networks" (EMNLP). Steps are Adagrad's
(Duchi et al. 2011) in mini-batches: all gradients of a batch are taken at the weights from before it, then every row is
stepped once for each time it occurs, in the order of the texts. A row's steps touch that row alone, so threads that own
different segments of the rows give the same result as one thread.

Every row has a learning rate of its own (its inverse document frequency). In the last phase of training the forward
pass reads `stored`, the weights as they will be in the file, while the steps go on with the float weights beneath.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.features.bags import SEGMENTS
from lilliput.nets.barrier import meet
from lilliput.nets.lanes import adagrad_row, add_row, bits_of, float_of, largest_bits, round_row

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

SOFTMAX, SIGMOID = 0, 1

_EPSILON = np.float32(1e-8)
_CELL = 17
"""Bits of a float32 that `Coding.below` does not look at: so many that no two middles share the others."""


class Bags(NamedTuple):
    """Bags of texts: ``rows[bounds[g, t, s]:bounds[g, t, s + 1]]`` are those of group g, text t, segment s."""

    bounds: Ints
    rows: NDArray[np.int32]


class Tables(NamedTuple):
    """The tables of all groups, one below the other, float32 (rows, dim), and where each group's begin.

    ``sums``: Adagrad's sums of squares; ``stored``: see the module, no rows before the last phase; ``rates``: float32
    (rows,); ``first``, ``columns``: int64 (groups,): first row, first column of the pooled vector.
    """

    weights: Floats
    sums: Floats
    stored: Floats
    rates: Floats
    first: Ints
    columns: Ints


class Head(NamedTuple):
    """Dense layers; a layer that is not there has no rows. ``*_sums`` are Adagrad's sums of squares."""

    hidden: Floats
    hidden_bias: Floats
    output: Floats
    bias: Floats
    hidden_sums: Floats
    hidden_bias_sums: Floats
    output_sums: Floats
    bias_sums: Floats


class Targets(NamedTuple):
    """Wanted outputs as sparse rows (indptr, labels, values in [0, 1]) and a weight a text."""

    indptr: Ints
    labels: NDArray[np.int32]
    values: Floats
    weights: Floats


class Coding(NamedTuple):
    """How the last phase stores weights; made by `coding_of`.

    ``levels``: sorted, ``2 ** n - 1`` of them, none: not at all; ``middles``: the points between them, then infinity;
    ``below``: the number of middles below any float32 with the same sign, exponent and first bits of the mantissa;
    ``scale``: of the whole table, 0 for linear levels with a scale a row.
    """

    levels: Floats
    middles: Floats
    below: NDArray[np.uint8]
    scale: np.float32


def coding_of(levels: Floats, scale: float) -> Coding:
    """Codes for `levels` (none: no coding); all read-only, so that the kernels are compiled once for every phase."""
    middles = np.append((levels[1:] + levels[:-1]) / 2, np.inf).astype(np.float32)
    below = np.zeros(1, dtype=np.uint8)
    if len(levels) and scale:
        cells = np.arange(1 << (32 - _CELL), dtype=np.uint32) << np.uint32(_CELL)
        nearest, farthest = cells.view(np.float32), (cells + np.uint32((1 << _CELL) - 1)).view(np.float32)
        below = np.searchsorted(middles[:-1], np.fmin(nearest, farthest)).astype(np.uint8)
    for array in (levels, middles, below):
        array.flags.writeable = False
    return Coding(levels, middles, below, np.float32(scale))


class Scratch(NamedTuple):
    """One row a text of the batch: pooled, hidden, logits, and the gradients of logits, hidden, and pooled.

    ``parts``: what each segment brings to pooled; (texts, SEGMENTS, columns).
    """

    parts: Floats
    pooled: Floats
    hidden: Floats
    logits: Floats
    d_logits: Floats
    d_hidden: Floats
    d_pooled: Floats


@njit(nogil=True, cache=True)
def forward(texts, bags, tables, weights, head, scratch):
    """Fill pooled, hidden and logits for `texts` (slot i: ``texts[i]``) from `weights` (rows, dim)."""
    sum_segments(texts, bags, tables, weights, 0, SEGMENTS, scratch)
    forward_texts(0, len(texts), head, scratch)


@njit(nogil=True, cache=True, error_model="numpy")
def sum_segments(texts, bags, tables, weights, first_segment, last_segment, scratch):
    """What the rows in segments [first, last) bring to the pooled vectors, each segment by itself."""
    dim = weights.shape[1]
    flat = weights.reshape(weights.size)
    bounds, rows = bags.bounds, bags.rows
    total = np.empty(dim, dtype=np.float32)
    for slot in range(len(texts)):
        text = texts[slot]
        scratch.parts[slot, first_segment:last_segment] = 0
        for group in range(len(tables.first)):
            first, column = tables.first[group], tables.columns[group]
            size = bounds[group, text, SEGMENTS] - bounds[group, text, 0]
            scale = np.float32(1 / np.sqrt(max(1, size)))
            for segment in range(first_segment, last_segment):
                begin, end = bounds[group, text, segment], bounds[group, text, segment + 1]
                if begin == end:
                    continue
                total[:] = 0
                for place in range(begin, end):
                    add_row(total, 0, flat, (first + rows[place]) * dim, dim)
                for k in range(dim):
                    scratch.parts[slot, segment, column + k] += scale * total[k]


@njit(nogil=True, cache=True)
def forward_texts(begin, end, head, scratch):
    """From the sums of segments to the logits for slots [begin, end)."""
    for slot in range(begin, end):
        pooled = scratch.pooled[slot]
        pooled[:] = 0
        for segment in range(SEGMENTS):
            for k in range(len(pooled)):
                pooled[k] += scratch.parts[slot, segment, k]
        _forward_head(pooled, head, scratch.hidden[slot], scratch.logits[slot])


@njit(nogil=True, cache=True, error_model="numpy")
def step_tables(texts, bags, tables, coding, rate, first_segment, last_segment, scratch):
    """Adagrad steps for the rows in segments [first, last) from the gradients of pooled; the backward of `forward`."""
    dim = tables.weights.shape[1]
    weights, sums = tables.weights.reshape(tables.weights.size), tables.sums.reshape(tables.sums.size)
    stored = tables.stored.reshape(tables.stored.size)
    rows, rates = bags.rows, tables.rates
    gradient = np.empty(dim, dtype=np.float32)
    for slot in range(len(texts)):
        for group in range(len(tables.first)):
            bounds = bags.bounds[group, texts[slot]]
            begin, end = bounds[first_segment], bounds[last_segment]
            if begin == end:
                continue
            scale = np.float32(1 / np.sqrt(bounds[SEGMENTS] - bounds[0]))
            column, first = tables.columns[group], tables.first[group]
            for k in range(dim):
                gradient[k] = scale * scratch.d_pooled[slot, column + k]
            for place in range(begin, end):
                row = first + rows[place]
                adagrad_row(weights, sums, row * dim, gradient, dim, rate * rates[row], _EPSILON)
            if len(coding.levels) > 0:
                store_rows(weights, stored, rows[begin:end], first, dim, coding)


@njit(nogil=True, cache=True)
def _forward_head(pooled, head, hidden, logits):
    if len(head.hidden) == 0:
        hidden[:] = pooled
    else:
        hidden[:] = head.hidden_bias
        for i in range(len(pooled)):
            for j in range(len(hidden)):
                hidden[j] += pooled[i] * head.hidden[i, j]
        for j in range(len(hidden)):
            hidden[j] = max(hidden[j], np.float32(0))
    logits[:] = head.bias
    if len(head.output) == 0:
        for k in range(len(logits)):
            logits[k] += hidden[k]
    else:
        for j in range(len(hidden)):
            for k in range(len(logits)):
                logits[k] += hidden[j] * head.output[j, k]


@njit(nogil=True, cache=True)
def backward_head(pooled, head, hidden, d_logits, d_hidden, d_pooled):
    """From the gradient of a text's logits to those of its hidden units and of its pooled vector."""
    if len(head.output) == 0:
        d_hidden[:] = d_logits
    else:
        for j in range(len(hidden)):
            total = np.float32(0)
            for k in range(len(d_logits)):
                total += d_logits[k] * head.output[j, k]
            d_hidden[j] = total
    if len(head.hidden) == 0:
        d_pooled[:] = d_hidden
        return
    for j in range(len(hidden)):
        if hidden[j] <= 0:
            d_hidden[j] = 0
    for i in range(len(pooled)):
        total = np.float32(0)
        for j in range(len(hidden)):
            total += d_hidden[j] * head.hidden[i, j]
        d_pooled[i] = total


@njit(nogil=True, cache=True)
def step_head(texts, head, rate, scratch):
    """One Adagrad step of the dense layers from the summed gradients of a batch."""
    count = len(texts)
    step(head.bias, head.bias_sums, scratch.d_logits[:count].sum(axis=0), rate)
    if len(head.output) > 0:
        _step_layer(head.output, head.output_sums, scratch.hidden, scratch.d_logits, count, rate)
    if len(head.hidden) > 0:
        step(head.hidden_bias, head.hidden_bias_sums, scratch.d_hidden[:count].sum(axis=0), rate)
        _step_layer(head.hidden, head.hidden_sums, scratch.pooled, scratch.d_hidden, count, rate)


@njit(nogil=True, cache=True)
def _step_layer(weights, sums, inputs, d_outputs, count, rate):
    gradient = np.empty(weights.shape[1], dtype=np.float32)
    for i in range(len(weights)):
        gradient[:] = 0
        for slot in range(count):
            for k in range(len(gradient)):
                gradient[k] += inputs[slot, i] * d_outputs[slot, k]
        step(weights[i], sums[i], gradient, rate)


@njit(nogil=True, cache=True)
def step(weights, sums, gradient, rate):
    """One step of Adagrad for a vector of weights."""
    for k in range(len(weights)):
        sums[k] += gradient[k] * gradient[k]
        weights[k] -= rate * gradient[k] / np.sqrt(sums[k] + _EPSILON)


@njit(nogil=True, cache=True)
def losses(texts, begin, end, targets, loss, head, scratch):
    """Summed loss of ``texts[begin:end]`` (nats), and the gradients of logits, hidden and pooled, all weighted.

    SOFTMAX: cross-entropy with the normalised outputs; SIGMOID: the sum over labels of the binary cross-entropies.
    """
    total = 0.0
    for slot in range(begin, end):
        logits, slope = scratch.logits[slot], scratch.d_logits[slot]
        first, last = targets.indptr[texts[slot]], targets.indptr[texts[slot] + 1]
        weight = targets.weights[texts[slot]]
        if loss == SOFTMAX:
            largest = logits.max()
            for k in range(len(logits)):
                slope[k] = np.exp(logits[k] - largest)
            norm = slope.sum()
            text_loss = np.log(norm) + largest
            for k in range(len(logits)):
                slope[k] /= norm
        else:
            text_loss = 0.0
            for k in range(len(logits)):
                rest = np.exp(-abs(logits[k]))
                text_loss += max(logits[k], 0.0) + np.log1p(rest)
                slope[k] = (np.float32(1) if logits[k] >= 0 else rest) / (1 + rest)
        for place in range(first, last):
            label = targets.labels[place]
            text_loss -= targets.values[place] * logits[label]
            slope[label] -= targets.values[place]
        for k in range(len(slope)):
            slope[k] *= weight
        total += weight * text_loss
        backward_head(
            scratch.pooled[slot], head, scratch.hidden[slot], slope, scratch.d_hidden[slot], scratch.d_pooled[slot]
        )
    return total


@njit(nogil=True, cache=True)
def train_texts(
    texts, edges, bags, tables, weights, head, targets, loss, coding, rates, scratch, worker, workers, barrier
):
    """A worker's share of training on `texts`; its summed loss.

    Batch i is ``texts[edges[i]:edges[i + 1]]``, its learning rate ``rates[i]``.

    Every worker owns the rows in some segments: it sums them and steps them, so that they stay in its processor's
    cache. In between, when all have met, it works on some of the texts.
    """
    total = 0.0
    first, last = SEGMENTS * worker // workers, SEGMENTS * (worker + 1) // workers
    for number in range(len(rates)):
        chunk = texts[edges[number] : edges[number + 1]]
        begin, end = len(chunk) * worker // workers, len(chunk) * (worker + 1) // workers
        sum_segments(chunk, bags, tables, weights, first, last, scratch)
        if not meet(barrier, workers, 2 * number + 1):
            break
        forward_texts(begin, end, head, scratch)
        total += losses(chunk, begin, end, targets, loss, head, scratch)
        if not meet(barrier, workers, 2 * number + 2):
            break
        step_tables(chunk, bags, tables, coding, rates[number], first, last, scratch)
        if worker == 0:
            step_head(chunk, head, rates[number], scratch)
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def store_rows(weights, stored, rows, first, dim, coding):
    """Write rows of flat `weights`, counted from `first`, as they will be read back from the file."""
    levels, middles, below, scale = coding.levels, coding.middles, coding.below, coding.scale
    if scale == 0:
        half = np.float32(len(levels) // 2)
        for item in range(len(rows)):
            start = (first + rows[item]) * dim
            round_row(weights, stored, start, dim, row_scale(weights, start, dim) / half)
        return
    inverse = np.float32(1) / scale
    for item in range(len(rows)):
        start = (first + rows[item]) * dim
        for k in range(start, start + dim):
            value = weights[k] * inverse
            code = np.int64(below[np.uint32(bits_of(value)) >> np.uint32(_CELL)])
            code += np.int64(middles[code] < value)
            stored[k] = levels[code] * scale


@njit(inline="always")
def row_scale(weights, start, dim):
    """The largest magnitude in a row, rounded up to 8 bits of mantissa (exact in float16); at least 2 ** -14."""
    dropped = np.int32(0xFFFF)
    scale = float_of((largest_bits(weights, start, dim) + dropped) & ~dropped)
    return max(scale, np.float32(2.0**-14))


@njit(nogil=True, cache=True)
def row_scales(weights):
    """`row_scale` of each row; float32 (rows,)."""
    dim = weights.shape[1]
    flat = weights.reshape(weights.size)
    scales = np.empty(len(weights), dtype=np.float32)
    for row in range(len(weights)):
        scales[row] = row_scale(flat, row * dim, dim)
    return scales
