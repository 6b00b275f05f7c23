"""Numbers in eight-bit blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.compress.block_codes import BLOCK, blocks, middles, signed_tree, unsigned_tree
from lilliput.compress.block_kernels import decode_signed, decode_unsigned, encode_signed, encode_unsigned
from lilliput.compress.levels import nearest_codes

numbers = hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(-(2.0**100), 2.0**100, width=32))


def encoded(values, signed):
    decode, encode = (decode_signed, encode_signed) if signed else (decode_unsigned, encode_unsigned)
    codes = np.zeros(len(values), dtype=np.uint8)
    scale = encode(values.copy(), codes)
    back = np.empty(len(values), dtype=np.float32)
    decode(codes, scale, back)
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


@pytest.mark.parametrize("signed", [True, False])
def test_codes_change_at_the_mid_points(signed):
    levels = signed_tree().levels if signed else unsigned_tree().levels
    above, below = (middles(levels) * np.float32(1 + sign * 1e-5) for sign in (1, -1))
    place = np.arange(len(levels) - 1)
    up, down = (encoded(np.append(values, np.float32(1)), signed)[0][:-1] for values in (above, below))
    negative = levels[1:] <= 0
    np.testing.assert_array_equal(up, np.where(negative, place, place + 1))
    if signed:
        np.testing.assert_array_equal(down, np.where(negative, place + 1, place))
    else:
        np.testing.assert_array_equal(down, np.maximum(place, 1))


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
