"""The windows of a text that vectors are learned from: which words are kept, how far each looks, what it is held to.

All of it follows from a key and the place of a word in the corpus, so that any thread finds the same.
"""

from __future__ import annotations

import numpy as np
from numba import njit

PLAIN, CBOW, SUBWORDS = 0, 1, 2
"""Skip-gram: each neighbour with the word; CBOW: the neighbours' mean with the word; skip-gram with n-grams: the word's
mean with each neighbour."""
SHARED = 2
"""Negatives of a window of skip-gram with n-grams, in times of those for a pair; each stands for several."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_KEEP, _REACH, _NEGATIVE = np.uint64(0), np.uint64(1), np.uint64(2)
_USES = np.uint64(4096)


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
        if word < 0 or np.uint32(draw(key, first + at, _KEEP) >> _HALF) <= keep[word]:
            words[filled] = word
            places[filled] = first + at
            filled += 1
    return filled


@njit(nogil=True, cache=True)
def neighbours(words, count, at, reach, found):
    """The words up to `reach` places from the one at `at` in its text, into `found`; returns how many."""
    amount = 0
    left = at - 1
    while left >= 0 and at - left <= reach and words[left] >= 0:
        found[amount] = words[left]
        amount += 1
        left -= 1
    right = at + 1
    while right < count and right - at <= reach and words[right] >= 0:
        found[amount] = words[right]
        amount += 1
        right += 1
    return amount


@njit(nogil=True, cache=True)
def look_around(kind, words, count, places, at, key, window, negatives, aliases, nearby, outputs):
    """What the word at `at` is learned from: rows that are put in, to `nearby`, and rows held to, to `outputs`.

    Returns how many are put in, how many held to, and how many of these, the first, are to be expected; the others are
    negatives, drawn with `aliases` as of `alias_table`, but for those that are to be expected. Nothing is
    put in at the end of a text, and where a word has no neighbours.
    """
    word = words[at]
    if word < 0:
        return 0, 0, 0
    reach = 1 + np.int64(draw(key, places[at], _REACH) % np.uint64(window))
    if kind == SUBWORDS:
        expected = neighbours(words, count, at, reach, outputs)
        nearby[0] = word
        put = 1 if expected else 0
        negatives = negatives * SHARED
    else:
        put = neighbours(words, count, at, reach, nearby)
        outputs[0] = word
        expected = 1
    if put == 0:
        return 0, 0, 0
    size, held = np.uint64(len(aliases)), expected
    for j in range(negatives):
        bits = draw(key, places[at], _NEGATIVE + np.uint64(j))
        at_first = np.int64(((bits >> _HALF) * size) >> _HALF)
        alias = aliases[at_first]
        drawn = at_first if (bits & _LOW) <= (alias >> _HALF) else np.int64(alias & _LOW)  # without a branch
        fresh = True
        for i in range(held):  # no negative twice either, for both would move it
            fresh = fresh and outputs[i] != drawn
        if fresh:
            outputs[held] = drawn
            held += 1
    return put, held, expected
