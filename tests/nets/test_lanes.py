"""Rows in vector instructions against NumPy, for every way in which a row is cut."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from lilliput.nets.lanes import adagrad_row, add_row, bits_of, float_of, largest_bits, round_row

every_width = pytest.mark.parametrize("dim", [*range(1, 18), 28])


@njit
def add(total, at, rows, start, dim):
    add_row(total, at, rows, start, dim)


@njit
def adagrad(weights, sums, start, gradient, dim, rate, least):
    adagrad_row(weights, sums, start, gradient, dim, rate, least)


@njit
def rounded(values, found, start, dim, unit):
    round_row(values, found, start, dim, unit)


@njit
def largest(values, start, dim):
    return float_of(largest_bits(values, start, dim))


@njit
def there_and_back(value):
    return float_of(bits_of(value)), bits_of(value)


@pytest.fixture
def numbers():
    return np.random.default_rng(0).normal(size=60).astype(np.float32)


@every_width
def test_a_row_is_added_and_nothing_beside_it(numbers, dim):
    total = np.arange(40, dtype=np.float32)
    expected = total.copy()
    expected[3 : 3 + dim] += numbers[5 : 5 + dim]
    add(total, 3, numbers, 5, dim)
    np.testing.assert_array_equal(total, expected)


@every_width
def test_a_row_is_stepped_to_the_last_bit_as_numpy_does(numbers, dim):
    weights, sums = numbers.copy(), np.abs(numbers)
    gradient, rate, least = numbers[::-1].copy(), np.float32(0.3), np.float32(1e-8)
    span = slice(7, 7 + dim)
    expected_sums, expected = sums.copy(), weights.copy()
    expected_sums[span] += gradient[:dim] * gradient[:dim]
    expected[span] -= rate * gradient[:dim] / np.sqrt(expected_sums[span] + least)
    adagrad(weights, sums, 7, gradient, dim, rate, least)
    np.testing.assert_array_equal(sums, expected_sums)
    np.testing.assert_array_equal(weights, expected)


@every_width
def test_a_row_is_rounded_half_to_even(numbers, dim):
    numbers[2:4] = [0.25, 0.75]
    found = np.zeros_like(numbers)
    rounded(numbers, found, 2, dim, np.float32(0.5))
    expected = np.zeros_like(numbers)
    expected[2 : 2 + dim] = np.rint(numbers[2 : 2 + dim] / np.float32(0.5)) * np.float32(0.5)
    np.testing.assert_array_equal(found, expected)


@every_width
def test_the_largest_magnitude_of_a_row(numbers, dim):
    for start in range(20):
        assert largest(numbers, start, dim) == np.abs(numbers[start : start + dim]).max()


@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, -3e38, 1e-45])
def test_bits_of_a_float(value):
    value = np.float32(value)
    back, bits = there_and_back(value)
    assert np.float32(back).tobytes() == value.tobytes()
    assert np.int32(bits) == value.view(np.int32)
