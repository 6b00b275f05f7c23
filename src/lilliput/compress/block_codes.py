"""Blocks of numbers in eight bits: each block has the size of its largest number, and codes of a dynamic tree.

Dettmers, Lewis, Shleifer and Zettlemoyer 2022, "8-bit Optimizers via Block-wise Quantization" (arXiv:2110.02861),
section 2: with a scale for each 2,048 numbers an outlier costs precision in its own block only. A positive number never
gets the code of zero, as it may stand under a root in a denominator (Li, Chen and Zhu 2023, "Memory Efficient
Optimizers with 4-bit States", arXiv:2309.01507, section 3.2); a signed one may.

Within a decade the levels are the middles of equal cells: which decade a number is in, by comparisons, says which
linear function gives its code.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import tree_levels, unsigned_tree_levels

BLOCK = 2048
"""Numbers that share a scale."""
ZERO_CODE = 127
"""The code of zero among signed levels; among the others it is 0."""

DECADES = 8
"""Of a tree without a sign; the kernels count on it."""

Decades = tuple[np.float32, ...]


class Tree(NamedTuple):
    """A tree of eight bits: its levels, and how the place of a magnitude among them is found, zero being at 0.

    In the last decade whose `border` is below a magnitude x, its place is ``slope * x + offset`` rounded down, at least
    `first` and below twice that. Decades begin with the smallest.
    """

    levels: NDArray[np.float32]
    """By code; sorted."""
    borders: Decades
    slopes: Decades
    offsets: Decades
    firsts: Decades


@cache
def signed_tree() -> Tree:
    """For numbers of either sign; 255 levels."""
    levels = tree_levels(8)
    return Tree(levels, *_decades(levels[ZERO_CODE:]))


@cache
def unsigned_tree() -> Tree:
    """For numbers that are never negative; 256 levels."""
    levels = unsigned_tree_levels(8)
    return Tree(levels, *_decades(levels))


def blocks(count: int) -> int:
    """Scales of so many numbers."""
    return -(-count // BLOCK)


def middles(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mid-points between sorted levels."""
    found: NDArray[np.float32] = (levels[1:] + levels[:-1]) / np.float32(2)
    return found


def _decades(magnitudes: NDArray[np.float32]) -> tuple[Decades, ...]:
    """Borders, slopes, offsets and firsts. The decade that begins at place f has f levels, and the last ends with 1."""
    firsts = len(magnitudes) >> np.arange(len(magnitudes).bit_length() - 1, 0, -1)
    ends = 10.0 ** np.arange(1 - len(firsts), 1) / (1 - 0.45 / firsts[-1])
    slopes = firsts / (0.9 * ends)
    borders = middles(magnitudes)[firsts - 1]
    found = (borders, slopes, firsts - 0.1 * ends * slopes, firsts)
    missing = DECADES - len(firsts)  # a tree with a sign has a decade less: its first one stands twice
    return tuple(tuple(np.pad(column, (missing, 0), "edge").astype(np.float32)) for column in found)
