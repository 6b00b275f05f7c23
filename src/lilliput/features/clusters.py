"""Words as their clusters, in plain Python: how a word finds its cluster in a `ValueMap`.

`lilliput.features.cluster_kernels` must agree with this for many words at a time. A token of a tagger, which may be
more than a word of running text ("don't"), goes by its last run of letters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap
from lilliput.features.plain import stream, token_hash, tokens
from lilliput.features.unicode import KIND_SHIFT, LETTER

ERROR = 1 / 64
"""The share of words without a cluster that get one all the same; each halving of it costs a bit a word."""


def cluster_map(words: Sequence[str], clusters: NDArray[np.int32], error: float = ERROR) -> ValueMap:
    """The map from words to clusters (int32, (words,), from 0). Of words that are folded to one the first counts."""
    numbers: dict[int, int] = {}
    for word, cluster in zip(words, clusters.tolist(), strict=True):
        numbers.setdefault(head_hash(word), cluster)
    return ValueMap.build(np.array(list(numbers), dtype=np.uint64), np.array(list(numbers.values())), error)


def head_hash(word: str) -> int:
    """64-bit hash of the last run of letters in a word, of its last symbol where there is none; 0 for neither."""
    parts = tokens(stream(word))
    letters = [part for part in parts if part[0] >> KIND_SHIFT == LETTER]
    return token_hash((letters or parts)[-1]) if parts else 0
