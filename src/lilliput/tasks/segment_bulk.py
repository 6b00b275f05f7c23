"""Cutting many texts by compiled code; `lilliput.tasks.segment_plain` does the same for a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import resolve_threads
from lilliput.data.packed import Packed, pack
from lilliput.features.cluster_kernels import clusters_of
from lilliput.features.lexicon import known, whole_stretches, word_keys
from lilliput.features.marks import grapheme_marks, token_marks
from lilliput.features.pieces import Pieces, strings
from lilliput.features.window_kernels import Tokens, set_marks, tokens_of
from lilliput.features.windows import WORD
from lilliput.nets.tagging import best_paths, tag_chances, token_logits
from lilliput.tasks.machine_code import drop_stale
from lilliput.tasks.segment_texts import Answer, begins, is_begin

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segmenter


class Laid(NamedTuple):
    """The pieces of all texts in one row; ``borders``: int64 (texts + 1,), where each text begins, and the total."""

    packed: Packed
    borders: NDArray[np.int64]
    kinds: NDArray[np.int32]


def lay_out(texts: Sequence[str], found: Sequence[Pieces]) -> Laid:
    """The pieces of texts, packed."""
    sizes = [len(one.spans) for one in found]
    words = [word for text, one in zip(texts, found, strict=True) for word in strings(text, one.spans)]
    kinds = np.array([kind for one in found for kind in one.kinds], dtype=np.int32)
    return Laid(pack(words), np.cumsum([0, *sizes]).astype(np.int64), kinds)


def answers(model: Segmenter, texts: Sequence[str], found: Sequence[Pieces]) -> list[Answer]:
    """Where the segments of each text begin."""
    drop_stale()
    laid = lay_out(texts, found)
    threads = resolve_threads(model.threads)
    logits, transitions = token_logits(model.net_, _marked(model, laid), threads), model.transitions_.astype(np.float32)
    chances = begins(tag_chances(logits, transitions, laid.borders, model.temperature_, threads))
    begun = is_begin(best_paths(logits, transitions, laid.borders, threads))
    edges = laid.borders[1:-1]
    return [Answer(*both) for both in zip(np.split(begun, edges), np.split(chances, edges), strict=True)]


def _marked(model: Segmenter, laid: Laid) -> Tokens:
    """The pieces with their atoms and marks."""
    clusters = model.net_.clusters
    tokens = tokens_of(laid.packed, laid.borders, None if clusters is None else clusters_of(laid.packed, clusters))
    if model.unit == "sentence":
        marks = token_marks(laid.kinds)
    else:
        characters = tokens.atoms[:, WORD]
        keys, whole = word_keys(characters), whole_stretches(laid.borders)
        lexicon = model.lexicon_
        stretches = np.full(keys.shape, -1) if lexicon is None else known(keys, whole, lexicon.look_up)
        marks = grapheme_marks(laid.kinds, characters, laid.borders, stretches)
    set_marks(tokens.atoms, marks)
    return tokens
