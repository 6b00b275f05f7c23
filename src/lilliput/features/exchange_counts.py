"""The neighbours of words, counted in a stream of numbered texts.

Memory: 12 bytes for each distinct pair of word and neighbour, twice that while pairs are merged, and about 100 MB for
those that wait for it. The texts are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

WAITING = 4_000_000
"""Pairs of neighbours that are collected before they are sorted."""
_HALF = np.uint64(32)


class Bigrams(NamedTuple):
    """How often each word stands beside each of its contexts: a row a word, the last for all unknown words together.

    With n words, a context on the left is a word (its number), an unknown one (n) or the border of a text (n + 1); one
    on the right is n + 2 more. ``indptr``: int64 (n + 2,); ``contexts``: uint32, rising in each row; ``counts``:
    uint32.
    """

    indptr: NDArray[np.int64]
    contexts: NDArray[np.uint32]
    counts: NDArray[np.uint32]

    @property
    def words(self) -> int:
        """How many words are known."""
        return len(self.indptr) - 2


def count_bigrams(texts: Iterable[NDArray[np.uint32]], words: int) -> Bigrams:
    """The contexts of each of so many words in texts as `lilliput.features.exchange_words.numbered` gives them."""
    keys, counts = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint32)
    for more in _gathered((_pairs(numbers, words) for numbers in texts), WAITING):
        more.sort()
        firsts = np.flatnonzero(np.concatenate([[True], more[1:] != more[:-1]]))
        sizes = np.diff(firsts, append=len(more)).astype(np.uint32)
        keys, counts = _merged(keys, counts, more[firsts], sizes)
    indptr = np.searchsorted(keys, np.arange(words + 2, dtype=np.uint64) << _HALF)
    return Bigrams(indptr.astype(np.int64), keys.astype(np.uint32), counts)


def _pairs(numbers: NDArray[np.uint32], words: int) -> NDArray[np.uint64]:
    """A key for each word and context, the word in the high half."""
    before, after = numbers[:-1].astype(np.uint64), numbers[1:].astype(np.uint64)
    border = words + 1
    on_the_left = (after << _HALF | before)[after != border]
    on_the_right = (before << _HALF | after + np.uint64(words + 2))[before != border]
    return np.concatenate([on_the_left, on_the_right])


def _gathered(parts: Iterable[NDArray[np.uint64]], least: int) -> Iterator[NDArray[np.uint64]]:
    """The parts, joined to pieces of at least so many items, but for the last."""
    waiting: list[NDArray[np.uint64]] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= least:
            yield np.concatenate(waiting)
            waiting, size = [], 0
    if size:
        yield np.concatenate(waiting)


@njit(nogil=True, cache=True)
def _merged(keys, counts, more_keys, more_counts):
    """Two rising lists of keys as one, with the counts of equal ones added."""
    total = np.empty(len(keys) + len(more_keys), dtype=np.uint64)
    sums = np.empty(len(total), dtype=np.uint32)
    first = second = made = 0
    while first < len(keys) or second < len(more_keys):
        ours = second == len(more_keys) or (first < len(keys) and keys[first] <= more_keys[second])
        theirs = first == len(keys) or (second < len(more_keys) and more_keys[second] <= keys[first])
        total[made] = keys[first] if ours else more_keys[second]
        sums[made] = 0
        if ours:
            sums[made] += counts[first]
            first += 1
        if theirs:
            sums[made] += more_counts[second]
            second += 1
        made += 1
    return total[:made].copy(), sums[:made].copy()
