"""Vectors of words by negative sampling, learned by threads that each own some of the dimensions.

Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality", with negatives that
a window shares as in Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed Memory", and n-grams as in
Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information". The vectors are cut into slices of their
dimensions, each in a table of its own. The words are taken in batches: every thread computes what its slices contribute
to the products of the batch; the threads add these up, each for some windows; then each moves its own slices. So no two
threads write to one place, and sums have one order whatever the number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from lilliput.nets.barrier import meet
from lilliput.nets.lanes import add_row
from lilliput.nets.softplus_kernels import softplus
from lilliput.nets.window_tiles import add_share, adjust, dots, fetch
from lilliput.nets.windows_kernels import PLAIN, look_around

BATCH = 256
"""Words whose windows are taken with the vectors as they were before."""
CURVATURE, LEAST_SIZE = 0.25, 1.6
"""The loss of a pair has at most this second derivative by its product; how large products are taken to be at least.

The vectors stand still while the terms of a batch are computed, so for a row that has many of them, such as that of a
frequent word, full steps would overshoot: its steps are made smaller such that, taken together, they are no more than
one of Newton's method for products of vectors of the size found. Rows that occur once or twice in a batch are not held
back.
"""
AHEAD = 4
"""Windows ahead whose rows are brought nearer."""
_ONE = np.float32(1)


@njit(nogil=True, cache=True)
def surprise(products, at, put, held, expected, rate, weight, steps):
    """The steps for the products of a window, rate included; negatives count `weight` times.

    Returns its loss in nats, and the root of the mean square of its products. Arrays as for `softplus`.
    """
    if weight == 1:
        loss, squares = softplus(products, at, put * held, -rate, steps)
    else:
        loss = squares = 0.0
        for start in range(at, at + put * held, held):
            near, size = softplus(products, start, expected, -rate, steps)
            far, more = softplus(products, start + expected, held - expected, -rate * weight, steps)
            loss += near + weight * far
            squares += size + more
    for start in range(at, at + put * held, held):
        for place in range(start, start + expected):
            loss -= products[place]
            steps[place] += rate
    return loss, np.sqrt(squares / (put * held))


@njit(nogil=True, cache=True)
def _approach(inner, base, width, nearby, first, put, grams, ends):
    """Have the rows of some words, and of their n-grams, brought nearer."""
    for i in range(first, first + put):
        for at in range(ends[nearby[i]], ends[nearby[i] + 1]):
            fetch(inner, base + np.int64(grams[at]) * width, width)


@njit(nogil=True, cache=True)
def _mean(inner, base, width, nearby, first, put, grams, ends, out, to):
    """The mean of the rows of some words, and of their n-grams, to `out`."""
    for d in range(width):
        out[to + d] = 0
    amount = 0
    for i in range(first, first + put):
        for at in range(ends[nearby[i]], ends[nearby[i] + 1]):
            add_row(out, to, inner, base + np.int64(grams[at]) * width, width)
            amount += 1
    share = _ONE / np.float32(amount)
    for d in range(width):
        out[to + d] *= share


@njit(nogil=True, cache=True)
def _spread(inner, base, width, nearby, first, put, grams, ends, moved, terms, caution):
    """Move the rows of some words, and of their n-grams, each as far as the mean was `moved`, or less."""
    for i in range(first, first + put):
        for at in range(ends[nearby[i]], ends[nearby[i] + 1]):
            share = np.float32(1 / max(1.0, caution * terms[grams[at]]))
            add_share(inner, base + np.int64(grams[at]) * width, moved, width, share)


@njit(nogil=True, cache=True)
def _count_terms(kind, sizes, nearby, outputs, most, longest, grams, ends, weight, terms, each):
    """Count how many terms of the gradient each row has in a batch, or with `each` = 0 set the counts back."""
    for item in range(len(sizes)):
        put, held, expected = sizes[item, 0], sizes[item, 1], sizes[item, 2]
        amount = expected + weight * (held - expected)
        for i in range(item * most, item * most + put):
            if kind == PLAIN:
                terms[0, nearby[i]] = each * (terms[0, nearby[i]] + amount)
                continue
            for at in range(ends[nearby[i]], ends[nearby[i] + 1]):
                terms[0, grams[at]] = each * (terms[0, grams[at]] + amount)
        for j in range(item * longest, item * longest + held):
            more = (put if kind == PLAIN else 1) * (1 if j < item * longest + expected else weight)
            terms[1, outputs[j]] = each * (terms[1, outputs[j]] + more)


@njit(nogil=True, cache=True)
def _multiply(kind, part, slices, sizes, nearby, outputs, most, longest, grams, ends, inner, outer, work):
    """What a slice contributes to the products of a batch."""
    places_in, places_out, products, means = work[0][part], work[1][part], work[2][part], work[3][part]
    base, width = slices[part, 0], slices[part, 1]
    base_in, room = slices[part, 2], len(products) // BATCH
    for item in range(-AHEAD, len(sizes)):
        if item + AHEAD < len(sizes):
            second = (item + AHEAD) * longest
            for j in range(second, second + sizes[item + AHEAD, 1]):
                places_out[j] = base + np.int64(outputs[j]) * width
                fetch(outer, places_out[j], width)
            first, put = (item + AHEAD) * most, sizes[item + AHEAD, 0]
            if kind == PLAIN:
                for i in range(first, first + put):
                    places_in[i] = base_in + np.int64(nearby[i]) * width
                    fetch(inner, places_in[i], width)
            else:
                _approach(inner, base_in, width, nearby, first, put, grams, ends)
        if item < 0:
            continue
        put, held = sizes[item, 0], sizes[item, 1]
        first, second = item * most, item * longest
        if put and kind == PLAIN:
            dots(inner, places_in, first, put, outer, places_out, second, held, width, products, item * room)
        elif put:
            _mean(inner, base_in, width, nearby, first, put, grams, ends, means, item * width)
            places_in[first] = item * width
            dots(means, places_in, first, 1, outer, places_out, second, held, width, products, item * room)


@njit(nogil=True, cache=True)
def _move(kind, part, slices, sizes, nearby, most, longest, grams, ends, inner, outer, work, steps, damps, terms):
    """Move the vectors of a slice by the steps of a batch."""
    places_in, places_out, means, moved = work[0][part], work[1][part], work[3][part], work[4][part]
    width, base_in, room = slices[part, 1], slices[part, 2], len(steps) // BATCH
    damp_in, damp_out, cautions = damps
    for item in range(len(sizes)):
        put, held = sizes[item, 0], sizes[item, 1]
        first, second, at = item * most, item * longest, item * room
        if item + AHEAD < len(sizes):
            for j in range((item + AHEAD) * longest, (item + AHEAD) * longest + sizes[item + AHEAD, 1]):
                fetch(outer, places_out[j], width)
            if kind != PLAIN:
                ahead = (item + AHEAD) * most
                _approach(inner, base_in, width, nearby, ahead, sizes[item + AHEAD, 0], grams, ends)
        if put and kind == PLAIN:
            adjust(
                inner, places_in, damp_in, first, put, outer, places_out, damp_out, second, held, width, steps, at
            )  # fmt: skip
        elif put:
            for d in range(width):
                moved[d] = means[item * width + d]
            adjust(
                means, places_in, damp_in, first, 1, outer, places_out, damp_out, second, held, width, steps, at
            )  # fmt: skip
            for d in range(width):
                moved[d] = means[item * width + d] - moved[d]
            _spread(inner, base_in, width, nearby, first, put, grams, ends, moved, terms[0], cautions[item])


@njit(nogil=True, cache=True)
def _weigh(kind, worker, workers, parts, sizes, nearby, outputs, most, longest, work, rate, weights, steps,
           damps, terms, losses, pairs):  # fmt: skip
    """The steps of some windows of a batch, from their products, and how much rows may move."""
    products = work[2]
    damp_in, damp_out, cautions = damps
    for item in range(worker, len(sizes), workers):
        put, held, expected = sizes[item, 0], sizes[item, 1], sizes[item, 2]
        if put == 0:
            continue
        rows = put if kind == PLAIN else 1
        at = item * (len(steps) // BATCH)
        for part in range(1, parts):
            for place in range(at, at + rows * held):
                products[0, place] += products[part, place]
        weight = np.float32(weights[expected])
        loss, size = surprise(products[0], at, rows, held, expected, np.float32(rate), weight, steps)
        caution = CURVATURE * rate * max(LEAST_SIZE, size)
        losses[item] += loss
        cautions[item] = caution
        pairs[item] += rows * expected
        for i in range(item * most, item * most + rows):
            damp_in[i] = 1 / max(1.0, caution * terms[0, nearby[i]]) if kind == PLAIN else 1.0
        for j in range(item * longest, item * longest + held):
            damp_out[j] = 1 / max(1.0, caution * terms[1, outputs[j]])


@njit(nogil=True, cache=True)
def learn(kind, worker, workers, barrier, words, places, count, key, window, negatives, rates, weights, aliases,
          grams, ends, slices, inner, outer, windows, work, steps, damps, terms, losses, pairs):  # fmt: skip
    """Learn from the windows of `count` words, together with the other workers; False if one of them failed.

    ``slices``: int64 (slices, 3): where its rows begin in the outer table, their width, where they begin in the inner
    table; ``rates``: at the first word and after the last; ``weights``: of a negative, by how many are expected;
    ``grams`` and ``ends``: word w is the mean of the inner rows ``grams[ends[w]:ends[w + 1]]``, except for PLAIN;
    ``losses`` and ``pairs`` (BATCH,) are added to. The rest is room to work in, see `WordNet`.
    """
    sizes, nearby, outputs = windows
    most, longest = nearby.shape[1] // BATCH, outputs.shape[1] // BATCH
    own = terms[worker]
    meeting = 0
    for batch in range(-1, (count + BATCH - 1) // BATCH):
        side, other = batch & 1, 1 - (batch & 1)
        start, end = batch * BATCH, min(count, (batch + 1) * BATCH)
        rate = rates[0] + (rates[1] - rates[0]) * max(0, start) / count
        if batch >= 0:
            now = sizes[side, : end - start]
            _count_terms(kind, now, nearby[side], outputs[side], most, longest, grams, ends, weights[1], own, 1)
            for part in range(worker, len(slices), workers):
                _multiply(kind, part, slices, now, nearby[side], outputs[side], most, longest, grams, ends, inner,
                          outer, work)  # fmt: skip
            meeting += 1
            if not meet(barrier, workers, meeting):
                return False
            _weigh(kind, worker, workers, len(slices), now, nearby[side], outputs[side], most, longest, work, rate,
                   weights, steps, damps, own, losses, pairs)  # fmt: skip
        for at in range(end + worker, min(count, end + BATCH), workers):
            item = at - end
            found = look_around(
                kind, words, count, places, at, key, window, negatives, aliases,
                nearby[other, item * most :], outputs[other, item * longest :],
            )  # fmt: skip
            sizes[other, item, 0], sizes[other, item, 1], sizes[other, item, 2] = found
        meeting += 1
        if not meet(barrier, workers, meeting):
            return False
        if batch >= 0:
            for part in range(worker, len(slices), workers):
                _move(kind, part, slices, now, nearby[side], most, longest, grams, ends, inner, outer, work, steps,
                      damps, own)  # fmt: skip
            _count_terms(kind, now, nearby[side], outputs[side], most, longest, grams, ends, weights[1], own, 0)
    return True
