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

SHORTEST_WORD, LONGEST_WORD = 2, 10
"""Graphemes of a word that a lexicon holds."""
SIZES = range(SHORTEST_WORD, LONGEST_WORD + 1)
FOLDS = 10
CLASSES = 6
MOSTLY, NEARLY_ALWAYS, FREQUENT = 0.5, 0.95, 4
"""Where `classes_of` parts words: shares of the times that their graphemes are seen, and a count."""
_SEED = np.uint64(0x9FB21C651E98DF25)
_GRAM, _MIX, _HALF = np.uint64(GRAM_MULTIPLIER), np.uint64(MIX_MULTIPLIER), np.uint64(32)


class Words(NamedTuple):
    """Keys of words, uint64 (words,), and their classes, int64 (words,), see `classes_of`."""

    keys: Hashes
    classes: Classes


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


def known(keys: Hashes, whole: NDArray[np.bool_], look_up: Callable[[Hashes], Classes]) -> Classes:
    """The class of each stretch by a `look_up`, -1 where it is no word; int64 (graphemes, sizes)."""
    found = np.full(keys.shape, -1, dtype=np.int64)
    found[whole] = look_up(keys[whole])
    return found


def cross_fitted(
    keys: Hashes, whole: NDArray[np.bool_], words: NDArray[np.int64], folds: NDArray[np.int64], least: int = 1
) -> tuple[Classes, Words]:
    """The classes of stretches, as `known` gives them, by the sentences of other folds; and the words of all sentences.

    `words`: graphemes of the word that begins at a grapheme, 0 where none does; `folds`: the fold of each, below
    `FOLDS`. `least`: how often a word must occur to be one.
    """
    starts = np.flatnonzero((words >= SHORTEST_WORD) & (words <= LONGEST_WORD))
    known_keys, place = np.unique(keys[starts, words[starts] - SHORTEST_WORD], return_inverse=True)
    found = np.full(keys.shape, -1, dtype=np.int64)
    if not len(known_keys):
        return found, Words(known_keys, np.zeros(0, dtype=np.int64))
    at = np.minimum(np.searchsorted(known_keys, keys), len(known_keys) - 1)
    there = whole & (known_keys[at] == keys)
    fold = np.broadcast_to(folds[:, None], at.shape)
    counts = _per_fold(place, folds[starts], len(known_keys))
    seen = _per_fold(at[there], fold[there], len(known_keys))
    total, seen_total = counts.sum(axis=1), seen.sum(axis=1)
    elsewhere = classes_of(total[:, None] - counts, seen_total[:, None] - seen, least)
    found[there] = elsewhere[at[there], fold[there]]
    classes = classes_of(total, seen_total, least)
    return found, Words(known_keys[classes >= 0], classes[classes >= 0])


def _per_fold(words: NDArray[np.int64], folds: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.bincount(words * FOLDS + folds, minlength=count * FOLDS).reshape(count, FOLDS)


def classes_of(counts: NDArray[np.int64], seen: NDArray[np.int64], least: int = 1) -> Classes:
    """How far to trust words by how often they occur, of the times that their graphemes are `seen`; -1 below `least`.

    0: once, and sometimes the graphemes are no word; 1: once, of once; 2: seldom more often than not no word; 3: mostly
    a word; 4: nearly always a word; 5: so, and from `FREQUENT` times on.
    """
    share = counts / np.maximum(seen, 1)
    often = 2 + (share >= MOSTLY).astype(np.int64) + (share >= NEARLY_ALWAYS) * (1 + (counts >= FREQUENT))
    once = (seen <= counts).astype(np.int64)
    return np.where(counts < max(1, least), -1, np.where(counts > 1, often, once))


def stretch_marks(found: Classes) -> NDArray[np.int32]:
    """The longest words that begin at, end at, and go on before and after each grapheme, int32 (graphemes, 6).

    First their sizes (0: none), then `CLASSES` times their sizes and their classes. `found`: of `known`.
    """
    marks = np.zeros((6, len(found)), dtype=np.int32)
    for size, column in zip(SIZES, found.T, strict=True):
        places = np.flatnonzero(column >= 0)
        classed = size * CLASSES + column[places]
        inside = np.concatenate([places + ahead for ahead in range(1, size - 1)] or [places[:0]])
        for row, reached in enumerate((places, places + size - 1, inside)):
            marks[row, reached] = size
            marks[row + 3, reached] = np.tile(classed, len(reached) // max(1, len(places)))
    return np.ascontiguousarray(marks.T)
