"""Codes of few bits: sets of levels in [-1, 1], and the nearest level to a value.

A code is an index into a sorted table of levels; a value is ``levels[code] * scale``. Two kinds of levels:

* linear: equal steps, for rows that carry their own scale;
* dynamic tree: Dettmers 2016, "8-Bit Approximations for Parallelism in Deep Learning" (arXiv:1511.04561), section 2:
  leading zeros count the decimal exponent, the bits after the first one are a linear fraction, so that small and large
  values are met with a similar relative error under one scale.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]


@cache
def linear_levels(bits: int) -> Floats:
    """``2 ** bits - 1`` equal steps over [-1, 1] with an exact zero in the middle; float32, sorted."""
    half = 2 ** (bits - 1) - 1
    return _constant(np.arange(-half, half + 1) / half)


@cache
def tree_levels(bits: int) -> Floats:
    """The dynamic tree of `bits` bits (2 to 8): one for the sign, then zeros, a one, and a linear fraction.

    Returns ``2 ** bits - 1`` sorted float32 levels, symmetric about an exact zero, the outermost 1 and -1.
    """
    half = _tree_magnitudes(bits - 1)
    return _constant(np.concatenate([-half[::-1], [0.0], half]))


@cache
def unsigned_tree_levels(bits: int) -> Floats:
    """The dynamic tree without a bit for the sign: ``2 ** bits`` sorted float32 levels from an exact 0 to 1."""
    return _constant(np.concatenate([[0.0], _tree_magnitudes(bits)]))


def _tree_magnitudes(bits: int) -> NDArray[np.float64]:
    """``2 ** bits - 1`` sorted values up to 1: leading zeros, a one, and the middle of a linear cell in [0.1, 1]."""
    magnitudes: list[float] = []
    for exponent in range(bits):
        edges = np.linspace(0.1, 1.0, 2 ** (bits - 1 - exponent) + 1)
        magnitudes.extend((edges[:-1] + edges[1:]) / 2 * 10.0**-exponent)
    found = np.sort(np.array(magnitudes))
    return found / found[-1]


def _constant(levels: NDArray[np.float64]) -> Floats:
    """Levels that are computed once and that nobody may write to."""
    constant = levels.astype(np.float32)
    constant.flags.writeable = False
    return constant


def nearest_codes(values: Floats, levels: Floats) -> Codes:
    """Index of the level nearest to each value (values in [-1, 1], any shape); uint8 of the same shape."""
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, values).astype(np.uint8)


def pack_codes(codes: Codes, bits: int) -> Codes:
    """Flat bytes of `codes`: as they are in 8 bits; two a byte, low half first, in 4."""
    flat = codes.ravel()
    if bits == 8:
        return flat
    padded = np.zeros(len(flat) + len(flat) % 2, dtype=np.uint8)
    padded[: len(flat)] = flat
    return padded[::2] | padded[1::2] << np.uint8(4)


def unpack_codes(packed: Codes, bits: int, count: int) -> Codes:
    """The first `count` codes of what `pack_codes` made; uint8 (count,)."""
    if bits == 8:
        return packed[:count]
    codes = np.empty(2 * len(packed), dtype=np.uint8)
    codes[::2] = packed & 15
    codes[1::2] = packed >> 4
    return codes[:count]
