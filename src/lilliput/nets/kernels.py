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

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.features.bags import SEGMENTS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

SOFTMAX, SIGMOID = 0, 1

_EPSILON = np.float32(1e-8)


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
    """How the last phase stores weights.

    ``levels``: sorted, ``2 ** n - 1`` of them, none: not at all; ``middles``: the points between them, then infinity;
    ``scale``: of the whole table, 0 for linear levels with a scale a row.
    """

    levels: Floats
    middles: Floats
    scale: np.float32


class Scratch(NamedTuple):
    """One row a text of the batch: pooled, hidden, logits, and the gradients of logits, hidden, and pooled."""

    pooled: Floats
    hidden: Floats
    logits: Floats
    d_logits: Floats
    d_hidden: Floats
    d_pooled: Floats


@njit(nogil=True, cache=True, error_model="numpy")
def forward(texts, begin, end, bags, tables, weights, head, scratch):
    """Fill pooled, hidden and logits for ``texts[begin:end]`` (slot i: ``texts[i]``) from `weights` (rows, dim)."""
    dim = weights.shape[1]
    for slot in range(begin, end):
        pooled = scratch.pooled[slot]
        pooled[:] = 0
        for group in range(len(tables.first)):
            bounds = bags.bounds[group, texts[slot]]
            if bounds[SEGMENTS] == bounds[0]:
                continue
            scale = np.float32(1 / np.sqrt(bounds[SEGMENTS] - bounds[0]))
            part = pooled[tables.columns[group] : tables.columns[group] + dim]
            for place in range(bounds[0], bounds[SEGMENTS]):
                row = tables.first[group] + bags.rows[place]
                for k in range(dim):
                    part[k] += scale * weights[row, k]
        _forward_head(pooled, head, scratch.hidden[slot], scratch.logits[slot])


@njit(nogil=True, cache=True, error_model="numpy")
def step_tables(texts, bags, tables, coding, rate, first_segment, last_segment, scratch):
    """Adagrad steps for the rows in segments [first, last) from the gradients of pooled; the backward of `forward`."""
    weights, sums = tables.weights, tables.sums
    dim = weights.shape[1]
    for slot in range(len(texts)):
        for group in range(len(tables.first)):
            bounds = bags.bounds[group, texts[slot]]
            if bounds[last_segment] == bounds[first_segment]:
                continue
            scale = np.float32(1 / np.sqrt(bounds[SEGMENTS] - bounds[0]))
            gradient = scratch.d_pooled[slot, tables.columns[group] : tables.columns[group] + dim] * scale
            squares = gradient * gradient
            for place in range(bounds[first_segment], bounds[last_segment]):
                row = tables.first[group] + bags.rows[place]
                row_rate = rate * tables.rates[row]
                for k in range(dim):
                    total = sums[row, k] + squares[k]
                    sums[row, k] = total
                    weights[row, k] -= row_rate * gradient[k] / np.sqrt(total + _EPSILON)
                if len(coding.levels) > 0:
                    store_row(weights[row], tables.stored[row], coding)


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
def _backward_head(pooled, head, hidden, d_logits, d_hidden, d_pooled):
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
    _step(head.bias, head.bias_sums, scratch.d_logits[:count].sum(axis=0), rate)
    if len(head.output) > 0:
        _step_layer(head.output, head.output_sums, scratch.hidden, scratch.d_logits, count, rate)
    if len(head.hidden) > 0:
        _step(head.hidden_bias, head.hidden_bias_sums, scratch.d_hidden[:count].sum(axis=0), rate)
        _step_layer(head.hidden, head.hidden_sums, scratch.pooled, scratch.d_hidden, count, rate)


@njit(nogil=True, cache=True)
def _step_layer(weights, sums, inputs, d_outputs, count, rate):
    gradient = np.empty(weights.shape[1], dtype=np.float32)
    for i in range(len(weights)):
        gradient[:] = 0
        for slot in range(count):
            for k in range(len(gradient)):
                gradient[k] += inputs[slot, i] * d_outputs[slot, k]
        _step(weights[i], sums[i], gradient, rate)


@njit(nogil=True, cache=True)
def _step(weights, sums, gradient, rate):
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
                text_loss += max(logits[k], 0.0) + np.log1p(np.exp(-abs(logits[k])))
                slope[k] = 1 / (1 + np.exp(-logits[k]))
        for place in range(first, last):
            label = targets.labels[place]
            text_loss -= targets.values[place] * logits[label]
            slope[label] -= targets.values[place]
        for k in range(len(slope)):
            slope[k] *= weight
        total += weight * text_loss
        _backward_head(
            scratch.pooled[slot], head, scratch.hidden[slot], slope, scratch.d_hidden[slot], scratch.d_pooled[slot]
        )
    return total


@njit(nogil=True, cache=True)
def train_texts(texts, batch, bags, tables, weights, head, targets, loss, coding, rates, scratch):
    """A pass over `texts` in batches by one thread, ``rates[i]`` the learning rate of batch i; the summed loss."""
    total = 0.0
    for number in range(len(rates)):
        chunk = texts[number * batch : (number + 1) * batch]
        forward(chunk, 0, len(chunk), bags, tables, weights, head, scratch)
        total += losses(chunk, 0, len(chunk), targets, loss, head, scratch)
        step_tables(chunk, bags, tables, coding, rates[number], 0, SEGMENTS, scratch)
        step_head(chunk, head, rates[number], scratch)
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def store_row(weights, stored, coding):
    """Write the weights of one row as they will be read back from the file: nearest level times scale."""
    count = len(coding.levels)
    if coding.scale == 0:
        half = np.float32(count // 2)
        step = row_scale(weights) / half
        for k in range(len(weights)):
            stored[k] = np.rint(weights[k] / step) * step
        return
    for k in range(len(weights)):
        value = weights[k] / coding.scale
        code = 0
        step = (count + 1) // 2
        while step > 0:  # binary search without branches
            code += step * (coding.middles[code + step - 1] < value)
            step //= 2
        stored[k] = coding.levels[code] * coding.scale


@njit(nogil=True, cache=True, error_model="numpy")
def row_scale(weights):
    """The largest magnitude of a row, rounded up to 8 bits of mantissa (exact in float16); at least 2 ** -14."""
    largest = np.float32(2.0**-14)
    for k in range(len(weights)):
        largest = max(largest, abs(weights[k]))
    mantissa, exponent = math.frexp(largest)
    return np.float32(math.ldexp(math.ceil(mantissa * 256) / 256, exponent))


@njit(nogil=True, cache=True)
def row_scales(weights):
    """`row_scale` of each row; float32 (rows,)."""
    scales = np.empty(len(weights), dtype=np.float32)
    for row in range(len(weights)):
        scales[row] = row_scale(weights[row])
    return scales


@njit(nogil=True, cache=True)
def store_all(weights, stored, coding):
    """`store_row` for every row."""
    for row in range(len(weights)):
        store_row(weights[row], stored[row], coding)
