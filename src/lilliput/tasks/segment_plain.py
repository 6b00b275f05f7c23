"""Cutting a few texts by plain Python and NumPy, for a cold process; see `lilliput.tasks.segment_bulk`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lilliput.features.clusters import head_hash
from lilliput.features.lexicon import Classes, Hashes, known, whole_stretches, word_keys
from lilliput.features.marks import grapheme_marks, token_marks
from lilliput.features.pieces import Pieces, strings
from lilliput.features.windows import WORD, Atoms, atoms
from lilliput.nets.sequence import best_path, sentence_chances, sentence_logits
from lilliput.tasks.segment_texts import Answer, begins, is_begin

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segmenter


def answers(model: Segmenter, texts: Sequence[str], found: Sequence[Pieces]) -> list[Answer]:
    """Where the segments of each text begin."""
    transitions = model.transitions_.astype(np.float32)
    made = []
    for text, one in zip(texts, found, strict=True):
        logits = sentence_logits(model.net_, _atoms(model, strings(text, one.spans), one.kinds))
        chances = begins(sentence_chances(logits, transitions, model.temperature_))
        made.append(Answer(is_begin(best_path(logits, transitions)), chances))
    return made


def _atoms(model: Segmenter, words: list[str], kinds: list[int]) -> list[Atoms]:
    if model.unit == "sentence":
        marks = token_marks(kinds)
    else:
        characters = np.array([atoms(word).hashes[WORD] for word in words], dtype=np.uint64)
        sentences = np.array([0, len(words)], dtype=np.int64)
        stretches = known(word_keys(characters), whole_stretches(sentences), lambda keys: _look_up(model, keys))
        marks = grapheme_marks(kinds, characters, sentences, stretches)
    clusters = model.net_.clusters
    found = [-1] * len(words) if clusters is None else [clusters.look_up_one(head_hash(word)) for word in words]
    return [atoms(word, *more) for word, *more in zip(words, found, marks.tolist(), strict=True)]


def _look_up(model: Segmenter, keys: Hashes) -> Classes:
    if model.lexicon_ is None:
        return np.full(len(keys), -1, dtype=np.int64)
    return np.array([model.lexicon_.look_up_one(key) for key in keys.tolist()], dtype=np.int64)
