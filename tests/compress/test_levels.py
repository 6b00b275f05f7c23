from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.compress.levels import (
    linear_levels,
    nearest_codes,
    pack_codes,
    tree_levels,
    unpack_codes,
    unsigned_tree_levels,
)

WIDTHS = range(2, 9)
units = hnp.arrays(np.float32, st.integers(0, 60), elements=st.floats(-1, 1, width=32))
every_width = pytest.mark.parametrize("bits", WIDTHS)
both_kinds = pytest.mark.parametrize("kind", [linear_levels, tree_levels])


def tree_value(pattern, bits):
    """One magnitude of the dynamic tree, read off the bits of its code: 2 ** -leading zeros in tens, then a fraction.

    The fraction's cell in [0.1, 1] is met in its middle, as in `create_dynamic_map` of bitsandbytes.
    """
    digits = f"{pattern:0{bits - 1}b}"
    zeros = digits.index("1")
    fraction = digits[zeros + 1 :]
    return 10.0**-zeros * (0.1 + 0.9 * (int(fraction or "0", 2) + 0.5) / 2 ** len(fraction))


def tree_magnitudes(bits):
    return np.sort([tree_value(pattern, bits) for pattern in range(1, 2 ** (bits - 1))])


@every_width
@both_kinds
def test_levels_are_sorted_odd_in_number_and_symmetric_about_an_exact_zero(kind, bits):
    levels = kind(bits)
    assert levels.dtype == np.float32
    assert len(levels) == 2**bits - 1
    assert (np.diff(levels) > 0).all()
    assert levels[len(levels) // 2] == 0
    assert (levels[0], levels[-1]) == (-1, 1)
    np.testing.assert_array_equal(levels, -levels[::-1])


@every_width
def test_linear_levels_have_equal_steps(bits):
    np.testing.assert_allclose(np.diff(linear_levels(bits)), 1 / (2 ** (bits - 1) - 1), rtol=1e-5)


@every_width
def test_tree_levels_are_the_values_of_all_codes_over_the_largest(bits):
    magnitudes = tree_magnitudes(bits)
    np.testing.assert_allclose(tree_levels(bits)[2 ** (bits - 1) :], magnitudes / magnitudes[-1], rtol=1e-6)


def test_tree_of_three_bits_by_hand():
    # 01 -> 0.055, 10 -> 0.325, 11 -> 0.775, all over 0.775
    np.testing.assert_allclose(tree_levels(3)[3:], [0, 0.055 / 0.775, 0.325 / 0.775, 1], rtol=1e-6)


@both_kinds
@given(values=units, bits=st.sampled_from(WIDTHS))
def test_the_nearest_level_is_nearest(kind, values, bits):
    levels = kind(bits)
    codes = nearest_codes(values, levels)
    assert codes.dtype == np.uint8
    distances = np.abs(values[:, None].astype(np.float64) - levels)
    chosen = np.abs(values - levels[codes].astype(np.float64))
    assert (chosen <= distances.min(axis=1, initial=np.inf) + 1e-7).all()


@both_kinds
@given(bits=st.sampled_from(WIDTHS))
def test_every_level_is_its_own_nearest(kind, bits):
    levels = kind(bits)
    np.testing.assert_array_equal(nearest_codes(levels, levels), np.arange(len(levels)))


@given(values=units, bits=st.sampled_from(WIDTHS))
def test_linear_codes_are_half_a_step_off_at_most(values, bits):
    levels = linear_levels(bits)
    half_step = 0.5 / (2 ** (bits - 1) - 1)
    assert (np.abs(levels[nearest_codes(values, levels)] - values) <= half_step + 1e-7).all()


@given(values=units, bits=st.sampled_from(WIDTHS))
def test_tree_codes_keep_a_relative_error_that_grows_tenfold_where_the_fraction_loses_its_bits(values, bits):
    # In the decade (10 ** -(e + 1), 10 ** -e] stand 2 ** (bits - 2 - e) cells of equal width, met in their middle: half
    # a cell is 0.45 * 10 ** -e / 2 ** (bits - 2 - e). Below the last decade the error is at most its lowest level.
    largest = tree_magnitudes(bits)[-1]
    levels = tree_levels(bits).astype(np.float64)
    error = np.abs(levels[nearest_codes(values, levels.astype(np.float32))] - values) * largest
    magnitudes = np.abs(values.astype(np.float64)) * largest
    decades = np.floor(-np.log10(np.maximum(magnitudes, 10.0 ** -(bits - 1))) + 1e-6)
    decades = np.minimum(decades, bits - 2)
    half_cells = 0.45 * 10.0**-decades / 2.0 ** (bits - 2 - decades)
    lowest = 0.55 * 10.0 ** -(bits - 2)
    bound = np.where(magnitudes < 10.0 ** -(bits - 1), lowest, half_cells)
    assert (error <= bound + 1e-7).all()


def test_the_tree_of_eight_bits_is_7_percent_off_at_most_in_its_first_decade():
    values = np.linspace(0.11, 1, 5000, dtype=np.float32)
    levels = tree_levels(8)
    assert (np.abs(levels[nearest_codes(values, levels)] / values - 1) <= 4.5 / 64).all()


@both_kinds
@given(values=units, bits=st.sampled_from(WIDTHS))
def test_codes_keep_the_order_and_the_sign(kind, values, bits):
    levels = kind(bits)
    codes = nearest_codes(np.sort(values), levels).astype(int)
    assert (np.diff(codes) >= 0).all()
    decoded = levels[nearest_codes(values, levels)]
    assert (decoded * values >= 0).all()
    # the middle between two levels may go either way, so the mirror image is one level off at most there
    mirrored = levels[nearest_codes(-values, levels)]
    ties = np.isin(np.abs(values), np.abs((levels[1:] + levels[:-1]) / 2))
    np.testing.assert_array_equal(mirrored[~ties], -decoded[~ties])


@both_kinds
def test_zero_and_what_lies_outside(kind):
    levels = kind(4)
    assert levels[nearest_codes(np.float32([0.0, -0.0, 7.0, -7.0]), levels)].tolist() == [0, 0, 1, -1]


def test_codes_take_the_shape_of_the_values():
    levels = linear_levels(8)
    assert nearest_codes(np.zeros((2, 3, 4), np.float32), levels).shape == (2, 3, 4)
    assert nearest_codes(np.zeros((0, 3), np.float32), levels).shape == (0, 3)


@given(data=st.data(), bits=st.sampled_from([4, 8]), count=st.integers(0, 33))
def test_packed_codes_come_back(data, bits, count):
    codes = data.draw(hnp.arrays(np.uint8, count, elements=st.integers(0, 2**bits - 2)))
    packed = pack_codes(codes, bits)
    assert packed.dtype == np.uint8
    assert len(packed) == -(-count * bits // 8)
    np.testing.assert_array_equal(unpack_codes(packed, bits, count), codes)


def test_four_bits_pack_the_low_half_first():
    assert pack_codes(np.uint8([[1, 2], [3, 4], [5, 6]])[:, :1], 4).tolist() == [0x31, 0x05]


@pytest.mark.parametrize("bits", range(1, 9))
def test_unsigned_tree_levels_are_the_magnitudes_of_a_tree_of_one_bit_more(bits):
    levels = unsigned_tree_levels(bits)
    magnitudes = tree_magnitudes(bits + 1)
    assert (len(levels), levels[0], levels[-1]) == (2**bits, 0, 1)
    np.testing.assert_allclose(levels[1:], magnitudes / magnitudes[-1], rtol=1e-6)
