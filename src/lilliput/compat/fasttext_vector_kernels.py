"""The vectors of the words of a fastText model, each the mean of its row and those of its n-grams: a numba kernel."""

from __future__ import annotations

import numpy as np
from numba import njit

from lilliput.compat.fasttext_kernel_words import START, fnv


@njit(nogil=True, cache=True)
def mean_rows(text, offsets, matrix, words, buckets, shortest, longest, first, found):
    """Write the vectors of the words from number `first` on to `found`, float32 (words, dim).

    `text`, `offsets`: the dictionary; `matrix`: float32, a row a word, then `buckets` rows of n-grams of `shortest` to
    `longest` characters (none for a `longest` of 0). Sums are in the order and the precision of fastText.
    """
    dim = matrix.shape[1]
    for item in range(len(found)):
        start, end = offsets[first + item], offsets[first + item + 1]
        marked = np.empty(end - start + 2, dtype=np.uint8)
        marked[0], marked[end - start + 1] = 60, 62  # < and >
        marked[1 : end - start + 1] = text[start:end]
        row = matrix[first + item]
        for place in range(dim):
            found[item, place] = row[place]
        count = 1
        size = len(marked)
        ends_line = size == 6 and marked[1] == 60 and marked[2] == 47 and marked[3] == 115 and marked[4] == 62
        at = size if longest < 1 or ends_line else 0  # "</s>" has no n-grams
        while at < size:
            if marked[at] & 0xC0 == 0x80:
                at += 1
                continue
            value = START
            stop, length = at, 0
            while length < longest and stop < size:
                begin = stop
                stop += 1
                while stop < size and marked[stop] & 0xC0 == 0x80:
                    stop += 1
                value = fnv(marked, begin, stop, value)
                length += 1
                alone = length == 1 and (at == 0 or stop == size)
                if length >= shortest and not alone:
                    row = matrix[words + np.int64(value % np.uint64(buckets))]
                    for place in range(dim):
                        found[item, place] += row[place]
                    count += 1
            at += 1
        scale = np.float32(1.0 / count)
        for place in range(dim):
            found[item, place] *= scale
