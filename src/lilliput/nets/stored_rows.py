"""Rows of a stored table, decoded and added up, by a numba kernel."""

from __future__ import annotations

import numpy as np
from numba import njit

from lilliput.nets.lanes import add_8_bytes, add_8_nibbles


@njit(cache=True)
def padded(dim):
    """The next multiple of 8."""
    return (dim + 7) // 8 * 8


@njit(nogil=True, cache=True, error_model="numpy")
def add_rows(codes, code_bits, levels, scales, rows, count, dim, total):
    """Add ``rows[:count]``, decoded, to `total`; of wide rows its length is a multiple of 8, and the rest undefined.

    One loop for each kind of table, without a branch inside, which would cost more than the sums.
    """
    if len(scales) == 1:
        _add_narrow(codes, code_bits, levels, scales[0], rows, count, dim, total)
        return
    reach = dim * code_bits // 8 + 8  # bytes from the start of a row up to where the vector instructions read
    half = np.float32(127) if code_bits == 8 else np.float32(7)
    for item in range(count):
        row = np.int64(rows[item])
        unit = scales[row] / half
        first = row * dim
        if first * code_bits // 8 + reach > len(codes):
            for k in range(dim):
                total[k] += (_code(codes, code_bits, first + k) - half) * unit
        elif code_bits == 8:
            for k in range(0, dim, 8):
                add_8_bytes(total, k, codes, first + k, unit)
        else:
            for k in range(0, dim, 8):
                add_8_nibbles(total, k, codes, first + k, unit)


@njit(nogil=True, cache=True, error_model="numpy")
def _add_narrow(codes, code_bits, levels, scale, rows, count, dim, total):
    if code_bits == 8:
        for item in range(count):
            first = np.int64(rows[item]) * dim
            for k in range(dim):
                total[k] += levels[codes[first + k]] * scale
    else:
        for item in range(count):
            first = np.int64(rows[item]) * dim
            for k in range(dim):
                total[k] += levels[_code(codes, 4, first + k)] * scale


@njit(inline="always")
def _code(codes, code_bits, at):
    """The code at place `at`."""
    return codes[at] if code_bits == 8 else codes[at >> 1] >> np.uint8((at & 1) << 2) & np.uint8(15)
