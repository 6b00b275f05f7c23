"""What a segmenter learns from: texts as tagged pieces, and the words that they teach."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap
from lilliput.core.errors import DataError
from lilliput.features.joining import Joined
from lilliput.features.lexicon import FOLDS, cross_fitted, whole_stretches, word_keys
from lilliput.features.marks import grapheme_marks, token_marks
from lilliput.features.pieces import Pieces, pieces
from lilliput.features.window_kernels import tokens_of
from lilliput.features.windows import WORD
from lilliput.tasks.segment_bulk import Laid, lay_out
from lilliput.tasks.segment_texts import joined_texts, tags_of
from lilliput.training.sentences import Tagged

LEXICON_SHARE = 0.3
"""Of the bytes of a model, at most so many are for its lexicon."""
MOST_LEAST = 4
"""How often a word must occur to be in the lexicon, at most, lest there be none."""
LEXICON_ERROR = 1 / 4096
"""Share of the stretches that are no words and are taken for some."""


class Read(NamedTuple):
    """Texts, their pieces, these as tagged tokens, the lexicon, and a hash of texts and borders."""

    texts: list[Joined]
    found: list[Pieces]
    tagged: Tagged
    lexicon: ValueMap | None
    lost: int
    fingerprint: str


def read_texts(items: Iterable[Any], unit: str, seed: int, memory: int | None) -> Read:
    """All texts that have segments, as tagged tokens; `DataError` if there are none."""
    texts = [joined for joined in joined_texts(items, unit) if joined.spans]
    if not texts:
        raise DataError(f"there is no text with {unit}s to learn from")
    found = [pieces(joined.text, unit) for joined in texts]
    tags = [tags_of(one, joined.spans, unit) for joined, one in zip(texts, found, strict=True)]
    numbers = np.array([tag for one in tags for tag in one.tags], dtype=np.int32)
    laid = lay_out([joined.text for joined in texts], found)
    lexicon = None
    if unit == "sentence":
        marks = token_marks(laid.kinds)
    else:
        marks, lexicon = _marked(laid, texts, found, seed, memory)
    digest = hashlib.blake2b(laid.packed.buffer.data, digest_size=8)
    digest.update(numbers.data)
    tagged = Tagged(laid.packed, laid.borders, numbers, None, marks)
    return Read(texts, found, tagged, lexicon, sum(one.lost for one in tags), digest.hexdigest())


def _marked(
    laid: Laid, texts: list[Joined], found: list[Pieces], seed: int, memory: int | None
) -> tuple[NDArray[np.int32], ValueMap | None]:
    """Marks of the graphemes, those of each text by a lexicon without it; and the lexicon of all texts.

    Where all words would take too much of the memory, the lexicon has only those that occur often enough.
    """
    characters = tokens_of(laid.packed, laid.borders).atoms[:, WORD]
    keys, whole = word_keys(characters), whole_stretches(laid.borders)
    sizes = np.concatenate([_word_sizes(joined, one) for joined, one in zip(texts, found, strict=True)])
    drawn = np.random.default_rng([seed, 3]).permutation(len(texts)) % FOLDS
    folds = np.repeat(drawn, np.diff(laid.borders))
    for least in range(1, MOST_LEAST + 1):
        stretches, words = cross_fitted(keys, whole, sizes, folds, least)
        lexicon = ValueMap.build(*words, LEXICON_ERROR) if len(words.keys) else None
        if memory is None or lexicon_bytes(lexicon) <= LEXICON_SHARE * memory:
            break
    else:
        stretches, lexicon = np.full(keys.shape, -1, dtype=np.int64), None
    return grapheme_marks(laid.kinds, characters, laid.borders, stretches), lexicon


def lexicon_bytes(lexicon: ValueMap | None) -> int:
    """Bytes of a lexicon's arrays."""
    return 0 if lexicon is None else sum(array.nbytes for array in lexicon.arrays().values())


def _word_sizes(joined: Joined, found: Pieces) -> NDArray[np.int64]:
    """Graphemes of the word that begins at each piece of a text, 0 where none does."""
    place = {span.start: at for at, span in enumerate(found.spans)}
    after = {span.end: at + 1 for at, span in enumerate(found.spans)}
    sizes = np.zeros(len(found.spans), dtype=np.int64)
    for start, end in joined.spans:
        if start in place and end in after:
            sizes[place[start]] = after[end] - place[start]
    return sizes
