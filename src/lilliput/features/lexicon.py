"""Words that a segmenter knows: which stretches of a sentence are words seen in training, and how they became so.

A lexicon that was made of a sentence knows all its words, and what is learned from such a sentence does not hold for a
new one. So `cross_fitted` parts the sentences into folds and looks each up in a lexicon of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.features.plain import GRAM_MULTIPLIER, MIX_MULTIPLIER

Hashes = NDArray[np.uint64]
Classes = NDArray[np.int64]

SHORTEST_WORD, LONGEST_WORD = 2, 6
"""Graphemes of a word that a lexicon holds."""
SIZES = range(SHORTEST_WORD, LONGEST_WORD + 1)
FOLDS = 10
_SEED = np.uint64(0x9FB21C651E98DF25)
_GRAM, _MIX, _HALF = np.uint64(GRAM_MULTIPLIER), np.uint64(MIX_MULTIPLIER), np.uint64(32)


class Words(NamedTuple):
    """Keys of words, uint64 (words,), and how often each occurs, int64 (words,)."""

    keys: Hashes
    counts: NDArray[np.int64]


def word_keys(characters: Hashes) -> Hashes:
    """Keys of the stretches of 2, 3, ... graphemes that begin at each; uint64 (graphemes, sizes).

    `characters`: a hash a grapheme. The keys of stretches that go past the last are without meaning.
    """
    keys = np.zeros((len(characters), len(SIZES)), dtype=np.uint64)
    value = np.full(len(characters), _SEED)
    for size in range(1, LONGEST_WORD + 1):
        reach = max(0, len(characters) - size + 1)
        value[:reach] = (value[:reach] ^ characters[size - 1 :][:reach]) * _GRAM
        value[:reach] ^= value[:reach] >> _HALF
        if size >= SHORTEST_WORD:
            keys[:, size - SHORTEST_WORD] = value * _MIX
    return keys


def whole_stretches(sentences: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which stretches of `word_keys` stay within a sentence; bool (graphemes, sizes)."""
    ends = np.repeat(sentences[1:], np.diff(sentences))
    left = ends - np.arange(len(ends))
    return left[:, None] >= np.array(SIZES)


def known(keys: Hashes, whole: NDArray[np.bool_], look_up: Callable[[Hashes], Classes]) -> NDArray[np.bool_]:
    """Which stretches are words for a `look_up`, which gives -1 for those that are not."""
    found = np.zeros(keys.shape, dtype=bool)
    found[whole] = look_up(keys[whole]) >= 0
    return found


def cross_fitted(
    keys: Hashes, whole: NDArray[np.bool_], words: NDArray[np.int64], folds: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], Words]:
    """Which stretches are words in the sentences of other folds, and the words of all.

    `words`: graphemes of the word that begins at a grapheme, 0 where none does; `folds`: the fold of each, below
    `FOLDS`.
    """
    starts = np.flatnonzero((words >= SHORTEST_WORD) & (words <= LONGEST_WORD))
    known_keys, place = np.unique(keys[starts, words[starts] - SHORTEST_WORD], return_inverse=True)
    counts = np.zeros((len(known_keys), FOLDS), dtype=np.int64)
    np.add.at(counts, (place, folds[starts]), 1)
    total = counts.sum(axis=1)
    found = np.zeros(keys.shape, dtype=bool)
    if len(known_keys):
        at = np.minimum(np.searchsorted(known_keys, keys), len(known_keys) - 1)
        elsewhere = total[at] - counts[at, np.broadcast_to(folds[:, None], at.shape)]
        found = whole & (known_keys[at] == keys) & (elsewhere > 0)
    return found, Words(known_keys, total)


def stretch_marks(found: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Sizes of the longest word that begins at, ends at, and goes on before and after each grapheme; 0: none.

    int32 (graphemes, 3); `found`: of `known`.
    """
    begins, ends, covers = marks = np.zeros((3, len(found)), dtype=np.int32)
    for size, column in zip(SIZES, found.T, strict=True):
        places = np.flatnonzero(column)
        begins[places] = size
        ends[places + size - 1] = size
        for inside in range(1, size - 1):
            covers[places + inside] = size
    return np.ascontiguousarray(marks.T)
