from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lilliput.data.packed import pack
from lilliput.features.bags import SEGMENTS, document_frequencies, gather_bags, keep_rows, lookup_of
from lilliput.features.buckets import BucketMap
from lilliput.features.clusters import cluster_map
from lilliput.features.ngrams import UNITS
from lilliput.features.plain import NGrams, bag_buckets, buckets
from lilliput.features.unicode import tables

CLUSTERS = cluster_map(["the", "fox", "ran", "dog", "漢", "x", "aaaa", "!"], np.arange(8, dtype=np.int32) // 2)
GROUPS = [NGrams("word", 1, 2, 12), NGrams("char", 2, 4, 12), NGrams("cluster", 1, 2, 12, CLUSTERS)]
texts_of = st.one_of(
    st.text(max_size=30),
    st.text(st.sampled_from("aB1 ß\u0390é!?漢ไ\u200d👩\U00020000\0"), max_size=30),
    st.lists(st.sampled_from(["the", "fox", "ran", "over", "aaaa", "漢字", "straße", "!?"]), max_size=12).map(" ".join),
)
every_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.unit)


def seen(text, group):
    return {bucket for bucket, _ in buckets(text, group)}


def bag_of(text, group, bucket_map):
    """What the bag of `text` holds, by the plain definition: a count a row, those of words once."""
    rows = Counter(row for bucket, _ in bag_buckets(text, group) if (row := bucket_map.row(bucket)) >= 0)
    return Counter(set(rows)) if group.once else rows


def hashing(packed, group):
    """What the kernels of this module take first."""
    lookup = tables(packed.ascii)
    shape = (UNITS[group.unit], group.low, group.high, group.bits)
    return packed.buffer, packed.offsets, lookup.entries, lookup.expansions, *shape, lookup_of(group)


def gathered(texts, group, bucket_map):
    return gather_bags(*hashing(pack(texts), group), bucket_map.words, bucket_map.ranks, bucket_map.rows)


def some_of(texts, group, generator):
    """A map with about half the buckets that occur in `texts`, and some that do not."""
    occurring = np.array(sorted(set().union(*(seen(text, group) for text in texts))), dtype=np.int64)
    chosen = occurring[generator.random(len(occurring)) < 0.5]
    return BucketMap.of(np.concatenate([chosen, generator.integers(0, 1 << group.bits, size=20)]), group.bits)


def kept(bucket_map, buckets, count):
    """`keep_rows` of the first `count` of `buckets`: the rows, and what stands behind them afterwards."""
    array = np.array(buckets, dtype=np.uint32)
    size = keep_rows(array, count, bucket_map.words, bucket_map.ranks)
    return array[:size].tolist(), array[count:].tolist()


@pytest.mark.parametrize("share", [0.0, 0.003, 0.5, 1.0])
def test_buckets_become_the_rows_of_the_map(share):
    generator = np.random.default_rng(1)
    bucket_map = BucketMap.of(np.flatnonzero(generator.random(1 << 12) < share), 12)
    for asked in (range(1 << 12), generator.integers(0, 1 << 12, size=5000).tolist()):
        rows = [bucket_map.row(bucket) for bucket in asked]
        assert kept(bucket_map, asked, len(asked)) == ([row for row in rows if row >= 0], [])


@given(st.sets(st.integers(0, 511)), st.lists(st.integers(0, 511), max_size=80), st.data())
@example({0, 63, 64, 127, 511}, [511, 0, 62, 63, 64, 65, 127, 128, 511, 511], None)
def test_rows_are_kept_in_order_with_their_repeats_and_no_further_than_asked(chosen, asked, data):
    bucket_map = BucketMap.of(np.array(sorted(chosen), dtype=np.int64), 9)
    count = data.draw(st.integers(0, len(asked))) if data else len(asked) - 1
    numbers = {bucket: row for row, bucket in enumerate(sorted(chosen))}
    rows = [numbers[bucket] for bucket in asked[:count] if bucket in numbers]
    assert kept(bucket_map, asked, count) == (rows, asked[count:])


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
@example([" ".join(f"{number:x}" for number in range(700)), "1 2 3"], 0)  # many distinct runs
def test_a_bag_holds_the_rows_of_the_plain_one_sorted_by_segment(group, texts, seed):
    bucket_map = some_of(texts, group, np.random.default_rng(seed))
    bounds, rows = gathered(texts, group, bucket_map)
    assert (bounds.shape, bounds.dtype, rows.dtype) == ((len(texts), SEGMENTS + 1), np.int64, np.int32)
    end = 0
    for text, edges in zip(texts, bounds.tolist(), strict=True):
        assert edges[0] == end
        assert edges == sorted(edges)
        end = edges[-1]
        bag = rows[edges[0] : end].tolist()
        assert Counter(bag) == bag_of(text, group, bucket_map)
        for segment in range(SEGMENTS):
            part = rows[edges[segment] : edges[segment + 1]]
            assert all(int(row) * SEGMENTS // bucket_map.rows == segment for row in part)
    assert end == len(rows)


def test_words_count_once_and_characters_once_in_each_distinct_run():
    everything = BucketMap.of(np.arange(1 << 12), 12)
    sizes = {}
    for text in ("anna", "anna anna", "anna hanna", "Anna, anna!"):
        for group in (NGrams("word", 1, 1, 12), NGrams("char", 2, 2, 12)):
            bounds, rows = gathered([text], group, everything)
            sizes[text, group.unit] = (len(rows), len(set(rows.tolist())))
            assert bounds[0, -1] == len(rows)
    assert sizes == {
        ("anna", "word"): (1, 1),
        ("anna", "char"): (5, 5),  # _a an nn na a_
        ("anna anna", "word"): (1, 1),
        ("anna anna", "char"): (5, 5),
        ("anna hanna", "word"): (2, 2),
        ("anna hanna", "char"): (11, 7),  # and _h ha an nn na a_
        ("Anna, anna!", "word"): (3, 3),
        ("Anna, anna!", "char"): (9, 9),  # and _, ,_ _! !_
    }


@every_group
def test_the_order_and_company_of_texts_do_not_change_their_bags(group):
    texts = ["the fox the fox", "fox", "", "a!a!a!", "the fox the fox", "over the fox!"]
    bucket_map = some_of(texts, group, np.random.default_rng(0))
    alone = [gathered([text], group, bucket_map)[1].tolist() for text in texts]
    bounds, rows = gathered(texts, group, bucket_map)
    assert [rows[edges[0] : edges[-1]].tolist() for edges in bounds] == alone


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
        assert Counter(rows[bounds[at, 0] : bounds[at, -1]].tolist()) == bag_of(text, group, bucket_map)
