"""Blocks of numbers in eight bits: each block has the size of its largest number, and codes of a dynamic tree.

Dettmers, Lewis, Shleifer and Zettlemoyer 2022, "8-bit Optimizers via Block-wise Quantization" (arXiv:2110.02861),
section 2: with a scale for each 2,048 numbers an outlier costs precision in its own block only. A positive number never
gets the code of zero, as it may stand under a root in a denominator (Li, Chen and Zhu 2023, "Memory Efficient
Optimizers with 4-bit States", arXiv:2309.01507, section 3.2); a signed one may.

A code is found in two look-ups: the number's exponent and the first bits of its fraction pick a cell of a table, which
holds the least level whose numbers are in the cell, and one comparison with the mid-point above that level decides.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import tree_levels, unsigned_tree_levels

BLOCK = 2048
"""Numbers that share a scale."""
SHIFT = 16
"""Bits of a float32 that do not pick a cell: 7 bits of the fraction do, and in no cell is more than one mid-point."""
FIRST_CELL = 100 << 7
"""The cell of 2 ** -27, which is below the first mid-point of either tree; smaller numbers are in it too."""
CELLS = (127 << 7) + 1 - FIRST_CELL
"""Cells from there to that of 1."""
ZERO_CODE = 127
"""The code of zero among signed levels; among the others it is 0."""


class Tree(NamedTuple):
    """The tables of a tree of eight bits."""

    levels: NDArray[np.float32]
    """By code; sorted."""
    cells: NDArray[np.int32]
    """(CELLS,): the least magnitude, counted from 0 for zero, to which numbers of a cell round."""
    middles: NDArray[np.float32]
    """The mid-point above each magnitude; infinity above the last."""


@cache
def signed_tree() -> Tree:
    """For numbers of either sign; 255 levels."""
    levels = tree_levels(8)
    return Tree(levels, *_tables(levels[ZERO_CODE:]))


@cache
def unsigned_tree() -> Tree:
    """For numbers that are never negative; 256 levels."""
    levels = unsigned_tree_levels(8)
    return Tree(levels, *_tables(levels))


def blocks(count: int) -> int:
    """Scales of so many numbers."""
    return -(-count // BLOCK)


def _tables(magnitudes: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    middles = (magnitudes[1:] + magnitudes[:-1]) / 2
    starts = (np.arange(FIRST_CELL, FIRST_CELL + CELLS, dtype=np.int32) << SHIFT).view(np.float32)
    cells = np.searchsorted(middles, starts, side="left").astype(np.int32)
    return cells, np.append(middles, np.float32(np.inf))
