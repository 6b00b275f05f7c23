"""Skip-gram with negative sampling whose negatives a window shares, by threads that each own some of the dimensions.

Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality", with the windows of
Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed Memory". The vectors are cut into slices of their
dimensions, each in a table of its own. The words are taken in batches: every thread computes what its slices contribute
to the products of the batch, the threads add these up, each for some windows, and then each moves its own slices. So
no two threads write to one place, and sums have one order whatever the number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from lilliput.nets.barrier import meet
from lilliput.nets.window_tiles import adjust, dots

BATCH = 256
"""Words whose windows are taken with the vectors as they were before; few enough that this makes no difference."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LOW = np.uint64(0xFFFFFFFF)
KEEP, WINDOW, NEGATIVE = np.uint64(0), np.uint64(1), np.uint64(2)
"""What a random number is for; negatives take as many as they need."""
_USES = np.uint64(64)


@njit(nogil=True, cache=True)
def draw(key, place, use):
    """64 random bits, which follow from the key, the place in the corpus and the use (Steele et al. 2014, SplitMix)."""
    value = key + (np.uint64(place) * _USES + use) * _GOLDEN
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(nogil=True, cache=True)
def subsample(numbers, first, key, keep, words, places):
    """The words that are learned from, -1 at the ends of texts, with their places; returns how many.

    ``keep``: uint32, a word is kept with this chance of 2^32; `first`: the place of ``numbers[0]`` in the corpus.
    """
    filled = 0
    for at in range(len(numbers)):
        word = numbers[at]
        if word < 0 or np.uint32(draw(key, first + at, KEEP) >> np.uint64(32)) <= keep[word]:
            words[filled] = word
            places[filled] = first + at
            filled += 1
    return filled


@njit(nogil=True, cache=True)
def _look_around(words, count, places, at, key, window, chances, others, nearby, near, negatives, outputs):
    """The window of the word at `at`: its neighbours to `nearby` from `near` on, it and the negatives to `outputs`.

    Returns how many neighbours there are; none for the end of a text.
    """
    word = words[at]
    if word < 0:
        return 0
    reach = 1 + np.int64(draw(key, places[at], WINDOW) % np.uint64(window))
    found = 0
    left = at - 1
    while left >= 0 and at - left <= reach and words[left] >= 0:
        nearby[near + found] = words[left]
        found += 1
        left -= 1
    right = at + 1
    while right < count and right - at <= reach and words[right] >= 0:
        nearby[near + found] = words[right]
        found += 1
        right += 1
    if found == 0:
        return 0
    outputs[0] = word
    size = np.uint64(len(chances))
    for j in range(negatives):
        bits = draw(key, places[at], NEGATIVE + np.uint64(j))
        drawn = np.int64(((bits >> np.uint64(32)) * size) >> np.uint64(32))
        outputs[1 + j] = drawn if np.uint32(bits & _LOW) <= chances[drawn] else others[drawn]
    return found


@njit(nogil=True, cache=True)
def _expected(products, at, inputs, outputs, row_of, rate, powers, steps):
    """The steps for the products of a window, and its loss in nats; an output that is the word itself is left out.

    Both need exp(-|x|): by a table of exp(-k / 32) and a polynomial of the rest.
    """
    loss, grown = 0.0, 1.0
    for i in range(inputs):
        for j in range(outputs):
            place = at + i * outputs + j
            x = products[place]
            if j > 0 and row_of[j] == row_of[0]:
                steps[place] = 0.0
                continue
            size = min(abs(x), np.float32(15.9))
            k = np.int64(size * np.float32(32.0))
            rest = size - np.float32(k) * np.float32(0.03125)
            e = powers[k] * (
                np.float32(1) - rest * (np.float32(1) - rest * (np.float32(0.5) - rest * np.float32(1 / 6)))
            )
            share = np.float32(1) / (np.float32(1) + e)
            towards = share if x >= 0 else np.float32(1) - share  # sigmoid of x
            if j == 0:
                steps[place] = rate * (np.float32(1) - towards)
                loss += max(np.float32(0), -x)
            else:
                steps[place] = -rate * towards
                loss += max(np.float32(0), x)
            grown *= 1.0 + e
        if grown > 1e200:
            loss += np.log(grown)
            grown = 1.0
    return loss + np.log(grown)


@njit(nogil=True, cache=True)
def learn(
    worker,
    workers,
    barrier,
    meeting,
    words,
    places,
    count,
    key,
    window,
    negatives,
    rates,
    chances,
    others,
    powers,
    slices,
    inner,
    outer,
    buffers,
    losses,
    pairs,
):
    """Learn from the windows of `count` words, together with the other workers; False if one of them failed.

    ``slices``: int64 (slices, 3): where each one's table begins, the width of its rows, whose they are is by turns;
    ``rates``: at the first word and after the last; ``losses``: float64 (BATCH,), added to, like ``pairs``, int64.
    """
    nearby, row_of, amounts, places_in, places_out, products, steps = buffers
    outputs, most = 1 + negatives, 2 * window
    batches = (count + BATCH - 1) // BATCH
    for batch in range(-1, batches):
        side = batch & 1
        start, end = batch * BATCH, min(count, (batch + 1) * BATCH)
        if batch >= 0:
            for part in range(worker, len(slices), workers):
                base, width = slices[part, 0], slices[part, 1]
                for at in range(start, end):
                    item = at - start
                    found = amounts[side, item]
                    if found == 0:
                        continue
                    for i in range(found):
                        places_in[part, item * most + i] = base + np.int64(nearby[side, item * most + i]) * width
                    for j in range(outputs):
                        places_out[part, item * outputs + j] = base + np.int64(row_of[side, item, j]) * width
                    dots(
                        inner, places_in[part], item * most, found, outer, places_out[part], item * outputs, outputs,
                        width, products[part], item * most * outputs,
                    )  # fmt: skip
            meeting += 1
            if not meet(barrier, workers, meeting):
                return False
            rate = rates[0] + (rates[1] - rates[0]) * start / count
            for at in range(start + worker, end, workers):
                item = at - start
                found = amounts[side, item]
                if found:
                    first = item * most * outputs
                    for part in range(1, len(slices)):
                        for place in range(first, first + found * outputs):
                            products[0, place] += products[part, place]
                    losses[item] += _expected(
                        products[0], first, found, outputs, row_of[side, item], np.float32(rate), powers, steps
                    )
                    pairs[item] += found
        for at in range(end + worker, min(count, end + BATCH), workers):
            item = at - end
            amounts[1 - side, item] = _look_around(
                words, count, places, at, key, window, chances, others, nearby[1 - side], item * most, negatives,
                row_of[1 - side, item],
            )  # fmt: skip
        meeting += 1
        if not meet(barrier, workers, meeting):
            return False
        if batch >= 0:
            for part in range(worker, len(slices), workers):
                width = slices[part, 1]
                for item in range(end - start):
                    found = amounts[side, item]
                    if found:
                        adjust(
                            inner, places_in[part], item * most, found, outer, places_out[part], item * outputs,
                            outputs, width, steps, item * most * outputs,
                        )  # fmt: skip
    return True
