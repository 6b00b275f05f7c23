from __future__ import annotations

import heapq

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lilliput.compress.valuemap import GAMMA, mixed
from lilliput.compress.valuemap_kernels import best_lengths, equations

counts = st.lists(st.integers(0, 10_000), min_size=1, max_size=60).filter(any).map(np.array)


def huffman_bits(numbers):
    """Bits of all codewords of an optimal code, each used as often as its number says."""
    heap = sorted(int(number) for number in numbers if number)
    total = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        total += both
        heapq.heappush(heap, both)
    return total


@given(counts)
def test_lengths_are_nearly_those_of_huffman(numbers):
    lengths = best_lengths(numbers, 1 / 256)
    assert ((lengths > 0) == (numbers > 0)).all()
    optimum = huffman_bits(numbers) + 8 * numbers.sum()
    assert optimum <= numbers @ lengths <= 1.03 * optimum


@given(counts, st.floats(2.0**-32, 0.5))
def test_lengths_keep_to_any_share_and_waste_less_than_a_bit(numbers, share):
    lengths = best_lengths(numbers, share)
    used = numbers[numbers > 0] / numbers.sum()
    assert (2.0 ** -lengths[numbers > 0]).sum() <= share
    entropy = -(used * np.log2(used)).sum() - np.log2(share)
    assert entropy - 1e-9 <= numbers @ lengths / numbers.sum() < entropy + 1


def test_frequent_symbols_have_the_shorter_codewords():
    lengths = best_lengths(np.array([1000, 0, 10, 100, 1]), 1 / 16)
    assert lengths.tolist() == [5, 0, 7, 6, 7]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.integers(0, 2**64 - 1))
def test_equations_are_those_of_splitmix(keys, salt):
    places, low, high, masks = equations(np.array(keys, dtype=np.uint64), np.uint64(salt)).tolist()
    hashed = [mixed(key ^ salt) for key in keys]
    assert places == [value >> 32 for value in hashed]
    assert low == [mixed((value + GAMMA) % 2**64) | 1 for value in hashed]
    assert high == [mixed((value + 2 * GAMMA) % 2**64) for value in hashed]
    assert masks == [mixed((value + 3 * GAMMA) % 2**64) for value in hashed]
