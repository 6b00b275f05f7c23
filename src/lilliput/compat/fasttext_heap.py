"""A heap of the k best scores that breaks ties as fastText does, that is, as the C++ library under it does.

Plain loops over anything indexable: lists here, arrays in the kernels, which compile these very functions. The heap
keeps its worst entry first; positions 2i + 1 and 2i + 2 stand under position i.
"""

from __future__ import annotations

from typing import Any


def push(scores: Any, ids: Any, size: int, score: Any, identity: Any) -> int:
    """Add an entry to a heap of `size` entries and return the new size. An equal entry does not rise above another."""
    hole = size
    while hole > 0:
        above = (hole - 1) // 2
        if not scores[above] > score:
            break
        scores[hole] = scores[above]
        ids[hole] = ids[above]
        hole = above
    scores[hole] = score
    ids[hole] = identity
    return size + 1


def pop(scores: Any, ids: Any, size: int) -> int:
    """Move the worst entry behind the others and return the new size.

    The hole it leaves sinks to the bottom along the worse of each two entries, then takes the last entry, which rises
    to its place: the way of libstdc++, and it decides which of two equal entries goes first.
    """
    size -= 1
    score, identity = scores[size], ids[size]
    scores[size], ids[size] = scores[0], ids[0]
    hole = 0
    below = 1
    while below < size:
        if below + 1 < size and not scores[below + 1] > scores[below]:
            below += 1
        scores[hole], ids[hole] = scores[below], ids[below]
        hole = below
        below = 2 * hole + 1
    while hole > 0:
        above = (hole - 1) // 2
        if not scores[above] > score:
            break
        scores[hole], ids[hole] = scores[above], ids[above]
        hole = above
    scores[hole], ids[hole] = score, identity
    return size
