"""Numbers in eight-bit blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.compress.block_codes import BLOCK, CELLS, FIRST_CELL, SHIFT, blocks, signed_tree, unsigned_tree
from lilliput.compress.block_kernels import decode, encode_signed, encode_unsigned
from lilliput.compress.levels import nearest_codes

numbers = hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(-(2.0**100), 2.0**100, width=32))


def encoded(values, signed):
    tree, encode = (signed_tree(), encode_signed) if signed else (unsigned_tree(), encode_unsigned)
    codes = np.zeros(len(values), dtype=np.uint8)
    scale = encode(values.copy(), tree.cells, tree.middles, codes)
    back = np.empty(len(values), dtype=np.float32)
    decode(codes, scale, tree.levels, back)
    return codes, scale, back


@pytest.mark.parametrize("signed", [True, False])
@given(values=numbers)
def test_codes_are_of_the_nearest_levels_and_positive_is_not_zero(signed, values):
    values = values if signed else np.abs(values)
    codes, scale, back = encoded(values, signed)
    assert scale == np.abs(values).max()
    tree = signed_tree() if signed else unsigned_tree()
    unit = values / scale if scale else values
    expected = nearest_codes(unit, tree.levels)
    if not signed:
        expected = np.maximum(expected, unit > 0)
    # at a mid-point, which is as near to both, the signs may choose differently
    apart = np.abs(tree.levels[codes] - unit), np.abs(tree.levels[expected] - unit)
    np.testing.assert_allclose(*apart, rtol=1e-4, atol=1e-9)
    np.testing.assert_array_equal(back, tree.levels[codes] * scale)
    if not signed:
        assert ((codes == 0) == (unit == 0)).all()


@pytest.mark.parametrize("tree", [signed_tree(), unsigned_tree()])
def test_no_cell_has_two_mid_points(tree):
    starts = (np.arange(FIRST_CELL, FIRST_CELL + CELLS, dtype=np.int32) << SHIFT).view(np.float32)
    assert starts[-1] == 1
    inside = np.histogram(tree.middles[:-1], starts)[0]
    assert inside.max() == 1
    assert tree.middles[0] > starts[0]


@pytest.mark.parametrize("signed", [True, False])
def test_every_level_is_its_own_code(signed):
    tree = signed_tree() if signed else unsigned_tree()
    codes, scale, back = encoded(tree.levels.copy(), signed)
    np.testing.assert_array_equal(codes, np.arange(len(tree.levels)))
    assert scale == 1
    np.testing.assert_array_equal(back, tree.levels)


@pytest.mark.parametrize("signed", [True, False])
def test_not_a_number_and_infinity_are_seen_in_the_scale(signed):
    values = np.ones(5, dtype=np.float32)
    for bad in (np.nan, np.inf):
        values[2] = bad
        _, scale, back = encoded(values, signed)
        np.testing.assert_equal(scale, np.float32(bad))
        assert not np.isfinite(back[2])


@pytest.mark.parametrize("signed", [True, False])
def test_zeros_and_the_smallest_numbers(signed):
    for value in (0.0, 1e-45, 1e-38):
        _, scale, back = encoded(np.array([0, value], dtype=np.float32), signed)
        assert scale == np.float32(value)
        np.testing.assert_array_equal(back, np.array([0, value], dtype=np.float32))


def test_blocks_are_counted_up():
    assert [blocks(count) for count in (0, 1, BLOCK, BLOCK + 1)] == [0, 1, 1, 2]
