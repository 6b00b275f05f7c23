"""How many words the file of a budget has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lilliput.core.errors import BudgetError
from lilliput.features.vocabulary import Vocabulary
from lilliput.retrieval.vectortable import Codes, VectorTable
from lilliput.retrieval.wordlist import WordList, smallest_type
from lilliput.tasks.promise import Promise, round_memory

if TYPE_CHECKING:
    from lilliput.tasks.vectors import WordVectors

OVERHEAD = 4000
"""Bytes of a file's manifest, about."""
FEWEST = 2
"""Words that vectors are learned of at least."""
BUCKETS = 1 << 18
"""Of n-grams, where there is room for them."""
GRAM_SHARE = 0.5
"""Of a budget of bytes, what n-grams may take."""
_SCALE, _RUN = 2, 16
_LETTER, _LENGTH = 0.5, 0.5
"""Bytes of a word's letter and of its length, deflated; where that is not enough, `shortened` takes words out."""


def buckets_for(model: WordVectors, promise: Promise) -> int:
    """How many buckets n-grams are hashed to."""
    allowed = promise.budget.memory
    if allowed is None:
        return BUCKETS
    return max(1, min(BUCKETS, int(GRAM_SHARE * allowed) // (int(model.dim) + _SCALE)))


def fitting(vocabulary: Vocabulary, model: WordVectors, promise: Promise) -> Vocabulary:
    """The most frequent words, as many as the file has room for; `BudgetError` if there is none for two."""
    allowed = promise.budget.memory
    if allowed is None:
        return vocabulary
    grams = 0 if model.subwords is None else buckets_for(model, promise) * (int(model.dim) + _SCALE)
    each = int(model.dim) + _SCALE + _LENGTH + smallest_type(len(vocabulary)).itemsize
    letters = _LETTER * np.cumsum([len(word) for word in vocabulary.words])
    runs = np.cumsum(np.diff(vocabulary.counts, prepend=0) != 0)
    sizes = OVERHEAD + grams + letters + runs * _RUN + each * np.arange(1, len(vocabulary) + 1)
    kept = int(np.searchsorted(sizes, allowed, side="right"))
    if kept < min(FEWEST, len(vocabulary)):
        smallest = round_memory(int(np.ceil(sizes[min(FEWEST, len(sizes)) - 1])))
        raise BudgetError(
            f"vectors of dimension {model.dim} of not even {FEWEST} words fit into {allowed:,} bytes; "
            f"the smallest memory that would do is {smallest}",
            smallest,
        )
    return vocabulary.first(kept)


def shortened(draft: WordVectors, promise: Promise) -> None:
    """Take the rarest words out of the table until the file is no larger than allowed."""
    while promise.excess(size := draft.file_size()) > 0 and len(draft.table_) > FEWEST:
        excess, table = promise.excess(size), draft.table_
        kept = max(FEWEST, min(len(table) - 1, len(table) - excess // (2 * table.dim)))
        draft.table_ = VectorTable(
            WordList.of([table.words.encoded(row) for row in range(kept)]),
            table.counts[:kept],
            Codes(table.rows.codes[:kept], table.rows.scales[:kept]),
            table.grams,
            table.subwords,
        )
        draft.report_.data["vocabulary"] = kept
