from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numba import njit

from lilliput.data.packed import pack
from lilliput.features.bags import SEGMENTS, document_frequencies, gather_bags, row_of
from lilliput.features.buckets import BucketMap
from lilliput.features.ngrams import CHAR, WORD
from lilliput.features.plain import NGrams, buckets
from lilliput.features.unicode import tables

GROUPS = [NGrams("word", 1, 2, 12), NGrams("char", 2, 4, 12)]
texts_of = st.one_of(
    st.text(max_size=30),
    st.text(st.sampled_from("aB1 ß\u0390é!?漢ไ\u200d👩\U00020000\0"), max_size=30),
    st.lists(st.sampled_from(["the", "fox", "ran", "over", "漢字", "straße", "!?"]), max_size=12).map(" ".join),
)
every_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.unit)


def seen(text, group):
    return {bucket for bucket, _ in buckets(text, group)}


def hashing(packed, group):
    """What the kernels of this module take first."""
    lookup = tables(packed.ascii)
    unit = WORD if group.unit == "word" else CHAR
    return packed.buffer, packed.offsets, lookup.entries, lookup.expansions, unit, group.low, group.high, group.bits


def gathered(texts, group, bucket_map):
    return gather_bags(*hashing(pack(texts), group), bucket_map.words, bucket_map.ranks, bucket_map.rows)


def some_of(texts, group, generator):
    """A map with about half the buckets that occur in `texts`, and some that do not."""
    occurring = np.array(sorted(set().union(*(seen(text, group) for text in texts))), dtype=np.int64)
    chosen = occurring[generator.random(len(occurring)) < 0.5]
    return BucketMap.of(np.concatenate([chosen, generator.integers(0, 1 << group.bits, size=20)]), group.bits)


@njit
def all_rows(words, ranks, count):
    rows = np.empty(count, dtype=np.int64)
    for bucket in range(count):
        rows[bucket] = row_of(np.uint32(bucket), words, ranks)
    return rows


@pytest.mark.parametrize("share", [0.0, 0.003, 0.5, 1.0])
def test_rows_are_those_of_the_bucket_map(share):
    chosen = np.flatnonzero(np.random.default_rng(1).random(1 << 12) < share)
    bucket_map = BucketMap.of(chosen, 12)
    plain = [bucket_map.row(bucket) for bucket in range(1 << 12)]
    assert all_rows(bucket_map.words, bucket_map.ranks, 1 << 12).tolist() == plain


@every_group
@given(st.lists(texts_of, max_size=5))
def test_document_frequencies_count_a_text_once(group, texts):
    frequencies = np.zeros(1 << group.bits, dtype=np.int32)
    document_frequencies(*hashing(pack(texts), group), frequencies)
    expected = Counter(bucket for text in texts for bucket in seen(text, group))
    assert {bucket: count for bucket, count in enumerate(frequencies.tolist()) if count} == expected


@every_group
def test_document_frequencies_add_to_what_is_there(group):
    once, twice = (np.zeros(1 << group.bits, dtype=np.int32) for _ in range(2))
    arguments = hashing(pack(["a rose is a rose", "", "rose"]), group)
    document_frequencies(*arguments, once)
    for _ in range(2):
        document_frequencies(*arguments, twice)
    np.testing.assert_array_equal(twice, 2 * once)


@every_group
@given(st.lists(texts_of, max_size=5), st.integers(0, 99))
@example(["", "none of it", "", "the fox " * 400, ""], 0)
@example(["a!" * 99, "a!b?" * 99, "a!"], 0)  # a run for every byte, and the same runs again
def test_a_bag_holds_every_row_once_sorted_by_segment(group, texts, seed):
    bucket_map = some_of(texts, group, np.random.default_rng(seed))
    bounds, rows = gathered(texts, group, bucket_map)
    assert (bounds.shape, bounds.dtype, rows.dtype) == ((len(texts), SEGMENTS + 1), np.int64, np.int32)
    end = 0
    for text, edges in zip(texts, bounds.tolist(), strict=True):
        assert edges[0] == end
        assert edges == sorted(edges)
        end = edges[-1]
        bag = rows[edges[0] : end].tolist()
        wanted = {bucket_map.row(bucket) for bucket in seen(text, group)} - {-1}
        assert sorted(bag) == sorted(wanted)
        for segment in range(SEGMENTS):
            part = rows[edges[segment] : edges[segment + 1]]
            assert all(int(row) * SEGMENTS // bucket_map.rows == segment for row in part)
    assert end == len(rows)


@every_group
def test_without_any_row_every_bag_is_empty(group):
    bounds, rows = gathered(["one text", "another"], group, BucketMap.of(np.zeros(0, np.int64), group.bits))
    assert (len(rows), bounds.any()) == (0, False)


@every_group
def test_long_texts_outgrow_every_buffer(group):
    generator = np.random.default_rng(3)
    long = " ".join("".join(map(chr, generator.integers(97, 123, size=5))) for _ in range(900))
    bucket_map = BucketMap.of(np.arange(1 << group.bits), group.bits)
    bounds, rows = gathered(["a", long, "a"], group, bucket_map)
    for at, text in enumerate(["a", long, "a"]):
        assert set(rows[bounds[at, 0] : bounds[at, -1]].tolist()) == seen(text, group)
