from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.buckets import BucketMap

sizes = st.integers(9, 13)


@st.composite
def bucket_sets(draw):
    """(sorted buckets, bits): sparse, crowded in one place, or nearly full."""
    bits = draw(sizes)
    top = (1 << bits) - 1
    chosen = draw(st.sets(st.integers(0, top), max_size=40))
    first, length = draw(st.integers(0, top)), draw(st.integers(0, 1 << bits))
    chosen |= set(range(first, min(top + 1, first + length)))
    return np.array(sorted(chosen), dtype=np.int64), bits


@given(bucket_sets())
def test_rows_number_the_buckets_in_order(buckets_bits):
    buckets, bits = buckets_bits
    bucket_map = BucketMap.of(buckets, bits)
    assert bucket_map.words.dtype == np.uint64
    assert (bucket_map.rows, bucket_map.bits) == (len(buckets), bits)
    expected = {bucket: row for row, bucket in enumerate(buckets.tolist())}
    step = max(1, (1 << bits) // 500)
    asked = {*range(0, 1 << bits, step), *buckets[:: max(1, len(buckets) // 200)].tolist(), (1 << bits) - 1}
    assert {bucket: bucket_map.row(bucket) for bucket in asked} == {b: expected.get(b, -1) for b in asked}


@given(bucket_sets())
def test_the_buckets_come_back(buckets_bits):
    buckets, bits = buckets_bits
    np.testing.assert_array_equal(BucketMap.of(buckets, bits).buckets(), buckets)


@given(bucket_sets())
def test_ranks_count_the_rows_before_each_word_of_64(buckets_bits):
    buckets, bits = buckets_bits
    ranks = BucketMap.of(buckets, bits).ranks
    assert ranks.dtype == np.uint32
    np.testing.assert_array_equal(ranks, np.searchsorted(buckets, np.arange(0, (1 << bits) + 1, 64)))


@given(bucket_sets(), st.integers(0, 99))
def test_neither_order_nor_repeats_of_the_buckets_matter(buckets_bits, seed):
    buckets, bits = buckets_bits
    again = BucketMap.of(np.random.default_rng(seed).permutation(np.tile(buckets, 2)).astype(np.int32), bits)
    np.testing.assert_array_equal(again.words, BucketMap.of(buckets, bits).words)


@pytest.mark.parametrize("bits", [9, 12])
def test_empty_and_full_maps(bits):
    empty = BucketMap.of(np.zeros(0, dtype=np.int64), bits)
    assert (empty.rows, empty.row(0), len(empty.buckets())) == (0, -1, 0)
    full = BucketMap.of(np.arange(1 << bits), bits)
    assert (full.rows, full.row(0), full.row((1 << bits) - 1)) == (1 << bits, 0, (1 << bits) - 1)


def test_bit_b_of_word_w_stands_for_bucket_64_w_plus_b():
    words = BucketMap.of(np.array([0, 65, 511]), 9).words
    assert [(w, int(word)) for w, word in enumerate(words) if word] == [(0, 1), (1, 2), (7, 1 << 63)]
