"""How large a recommender may be: vectors and pairs within the bytes of a budget."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.data.basket_table import BasketTable

VECTORS = ((64, 8), (64, 4), (48, 4), (32, 4), (24, 4), (16, 4), (8, 4), (4, 4))
"""Lengths of vectors and bits of their numbers, the best first; 4 bits in place of 8 cost less than half the length."""
SHARE = 0.55
"""The share of the room beside names and counts that vectors may take."""
ITEM = 12
"""Bytes of an item beside its name and its vectors: two scales and a bias in 16 bits, two counts."""
MANIFEST = 4500
"""Bytes of the manifest and the header."""
MOST_PAIRS = 20_000_000
"""Pairs that are kept when there is no budget."""
SURE, LEARNED = 0.5, 4
"""The share of the pairs that is kept for being the most frequent; weights are learned of so many times as many as
there is room for, and the largest have the rest of it."""


class Size(NamedTuple):
    """How large a recommender is.

    dim, bits : length of the vectors, bits of their numbers. pairs : how many are kept: those in `least` baskets or
    more for sure, of those in `least_learned` the ones whose weights are largest. least_in_context : in how many
    baskets items of contexts must be.
    """

    dim: int
    bits: int
    pairs: int
    least: int
    least_learned: int
    least_in_context: int


def number_type(count: int) -> np.dtype[np.unsignedinteger]:
    """The smallest numbers for so many items."""
    return np.dtype(np.uint16 if count <= 1 << 16 else np.uint32)


def smallest(table: BasketTable) -> int:
    """Bytes of a model with the shortest vectors and no pairs."""
    return _fixed(table) + vector_bytes(*VECTORS[-1]) * len(table.names)


def fit_size(
    table: BasketTable,
    counts: NDArray[np.int64],
    context_counts: NDArray[np.int64],
    allowed: int | None,
    dim: int | None,
) -> Size:
    """The size for so many bytes; `counts` of the pairs and of the items of contexts. `smallest` must fit."""
    if allowed is None:
        least = _least(counts, MOST_PAIRS)
        return Size(dim or VECTORS[0][0], VECTORS[0][1], int((counts >= least).sum()), least, least, 1)
    items = len(table.names)
    room = allowed - _fixed(table)
    choices = [(dim, bits) for bits in (8, 4)] if dim else list(VECTORS)
    fitting = [choice for choice in choices if vector_bytes(*choice) * items <= SHARE * room]
    taken, bits = fitting[0] if fitting else choices[-1]
    room = max(0, room - vector_bytes(taken, bits) * items)
    of_context = number_type(items).itemsize + 2
    least_in_context = _least(context_counts, int(0.15 * room) // of_context)
    room -= of_context * int((context_counts >= least_in_context).sum())
    pairs = min(len(counts), room // (number_type(items).itemsize + 3))
    least = 1 if pairs == len(counts) else _least(counts, int(SURE * pairs))
    return Size(taken, bits, pairs, least, _least(counts, LEARNED * pairs), least_in_context)


def vector_bytes(dim: int, bits: int) -> int:
    """Bytes of both vectors of an item."""
    return 2 * (dim if bits == 8 else -(-dim // 2))


def _fixed(table: BasketTable) -> int:
    names = sum(len(name.encode("utf-8", "replace")) + 1 for name in table.names)
    contexts = sum(len(name.encode("utf-8", "replace")) + 17 for name in table.contexts)
    return MANIFEST + names + contexts + ITEM * len(table.names)


def _least(counts: NDArray[np.int64], most: int) -> int:
    """The least count that no more than `most` reach."""
    if len(counts) <= most:
        return 1
    return int(np.partition(counts, len(counts) - most - 1)[len(counts) - most - 1]) + 1
