from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.data.packed import pack
from lilliput.features.bags import SEGMENTS
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams, bag_buckets, buckets
from lilliput.nets.kernels import SOFTMAX, Targets
from lilliput.training import examples
from lilliput.training.examples import BagSource, FirstShards, TextSet, count_texts, dense_targets, gather, targets_of
from lilliput.training.passes import Passes, Schedule

GROUPS = (NGrams("word", 1, 2, 12), NGrams("char", 2, 3, 11))
every_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.unit)


@pytest.fixture
def texts(toy):
    return [*toy(40)[0], "", "漢字 😀", "x" * 300, "", "nur nun nur", "ein einiger einiger"]


def parts_of(corpus):
    return (corpus.shard(number) for number in range(corpus.shards))


def some_targets(counts, seed=0):
    """Targets with as many labels a text as `counts` says."""
    generator = np.random.default_rng(seed)
    total = sum(counts)
    labels = np.concatenate([generator.permutation(5)[:count] for count in counts] or [[]]).astype(np.int32)
    values, weights = generator.random(total, dtype=np.float32), generator.random(len(counts), dtype=np.float32)
    return Targets(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), labels, values, weights)


@every_group
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("parts", [1, 4])
@pytest.mark.parametrize("piece", [1, 50, 1 << 20])
def test_texts_are_counted_alike_by_any_threads_in_any_parts(
    texts, make_corpus, monkeypatch, group, threads, parts, piece
):
    monkeypatch.setattr(examples, "PIECE", piece)
    counts = count_texts(parts_of(make_corpus(texts, parts)), group, threads)
    expected = Counter(bucket for text in texts for bucket in {bucket for bucket, _ in buckets(text, group)})
    assert counts.dtype == np.int32
    assert counts.shape == (1 << group.bits,)
    assert {bucket: count for bucket, count in enumerate(counts.tolist()) if count} == expected


@every_group
def test_nothing_to_count(make_corpus, group):
    assert not count_texts(iter([]), group, 2).any()
    assert not count_texts(parts_of(make_corpus([], 2)), group, 2).any()


def maps_of(texts):
    """Maps with every second bucket of the texts."""
    found = [sorted({bucket for text in texts for bucket, _ in buckets(text, group)}) for group in GROUPS]
    return [
        BucketMap.of(np.array(kept[::2], dtype=np.int64), group.bits) for kept, group in zip(found, GROUPS, strict=True)
    ]


def test_gathered_bags_are_the_rows_of_each_text(texts):
    maps = maps_of(texts)
    bags = gather(pack(texts), GROUPS, maps, 1)
    assert (bags.bounds.shape, bags.bounds.dtype) == ((2, len(texts), SEGMENTS + 1), np.int64)
    assert bags.rows.dtype == np.int32
    for group, bucket_map in enumerate(maps):
        for text, edges in zip(texts, bags.bounds[group], strict=True):
            rows = [bucket_map.row(bucket) for bucket, _ in bag_buckets(text, GROUPS[group])]
            wanted = Counter(row for row in (set(rows) if GROUPS[group].unit == "word" else rows) if row >= 0)
            assert Counter(bags.rows[edges[0] : edges[-1]].tolist()) == wanted


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("piece", [1, 64, 500])
def test_many_pieces_gather_to_the_same_bags_as_one(texts, monkeypatch, threads, piece):
    maps = maps_of(texts)
    whole = gather(pack(texts), GROUPS, maps, 1)
    monkeypatch.setattr(examples, "PIECE", piece)
    pieces = gather(pack(texts), GROUPS, maps, threads)
    np.testing.assert_array_equal(whole.bounds, pieces.bounds)
    np.testing.assert_array_equal(whole.rows, pieces.rows)


def test_no_texts_no_bags(texts):
    bags = gather(pack([]), GROUPS, maps_of(texts), 2)
    assert bags.bounds.shape[:2] == (2, 0)
    assert len(bags.rows) == 0


counts_and_rows = st.lists(st.integers(0, 5), max_size=8).flatmap(
    lambda counts: st.tuples(
        st.just(counts), st.lists(st.integers(0, len(counts) - 1), max_size=8) if counts else st.just([])
    )
)


@given(counts_and_rows)
def test_targets_of_rows_are_theirs_in_the_given_order(counts_and_rows):
    counts, rows = counts_and_rows
    targets = some_targets(counts)
    found = targets_of(targets, np.array(rows, dtype=np.int64))
    assert [array.dtype for array in found] == [array.dtype for array in targets]
    assert len(found.indptr) == len(rows) + 1
    for at, row in enumerate(rows):
        ours, theirs = (slice(one.indptr[k], one.indptr[k + 1]) for one, k in ((found, at), (targets, row)))
        np.testing.assert_array_equal(found.labels[ours], targets.labels[theirs])
        np.testing.assert_array_equal(found.values[ours], targets.values[theirs])
        assert found.weights[at] == targets.weights[row]


@given(counts_and_rows)
def test_dense_targets_hold_the_values_at_their_labels(counts_and_rows):
    counts, rows = counts_and_rows
    targets = some_targets(counts)
    expected = np.zeros((len(rows), 5), dtype=np.float32)
    for at, row in enumerate(rows):
        for place in range(targets.indptr[row], targets.indptr[row + 1]):
            expected[at, targets.labels[place]] = targets.values[place]
    found = dense_targets(targets, np.array(rows, dtype=np.int64), 5)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@pytest.fixture
def source(texts, make_corpus):
    targets = some_targets([1] * len(texts))
    learn = np.arange(len(texts)) % 3 != 0
    return BagSource(TextSet(make_corpus(texts, 4), targets, learn), GROUPS, maps_of(texts), 1)


def test_a_source_gives_each_part_once_a_pass_in_random_order(source):
    generator = np.random.default_rng(0)
    firsts = {next(iter(source.parts(generator))).bags.rows.tobytes() for _ in range(20)}
    assert len(firsts) == 4
    parts = list(source.parts(generator))
    assert len(parts) == 4
    assert sum(len(part.texts) for part in parts) == len(source) == source.texts.learn.sum()


@pytest.mark.parametrize("shards", [1, 3, 4])
def test_the_first_parts_of_a_corpus_are_a_source_of_their_own(source, shards):
    first = FirstShards(source.texts.corpus, shards)
    some = BagSource(replace(source.texts, corpus=first), GROUPS, source.maps, 1)
    parts = list(some.parts(InOrder()))
    wanted = list(source.parts(InOrder()))[:shards]
    assert len(some) == sum(len(part.texts) for part in parts)
    for part, whole in zip(parts, wanted, strict=True):
        np.testing.assert_array_equal(part.texts, whole.texts)
        np.testing.assert_array_equal(part.bags.rows, whole.bags.rows)


class InOrder:
    """Stands for a random generator, and leaves the parts in their order."""

    def permutation(self, count):
        return np.arange(count)


def test_examples_pair_the_bags_of_a_text_with_its_targets(source):
    for number, part in enumerate(source.parts(InOrder())):
        packed, rows = source.texts.corpus.shard(number)
        np.testing.assert_array_equal(rows[part.texts], rows[source.texts.learn[rows]])
        np.testing.assert_array_equal(part.targets.labels, targets_of(source.texts.targets, rows).labels)
        np.testing.assert_array_equal(part.bags.rows, gather(packed, GROUPS, source.maps, 1).rows)


@pytest.mark.parametrize(("room", "kept"), [(1, True), (0, False)])
def test_all_parts_are_kept_or_none(source, monkeypatch, room, kept):
    shards = source.texts.corpus.shards
    sizes = [sum(array.nbytes for array in part.bags) for part in source.parts(InOrder())]
    again = BagSource(source.texts, source.groups, source.maps, 1)
    monkeypatch.setattr(examples, "CACHE", shards * max(sizes) if room else shards * min(sizes) - 1)
    one, other = ([part.bags for part in again.parts(InOrder())] for _ in range(2))
    assert [bags is same for bags, same in zip(one, other, strict=True)] == [kept] * shards


def test_a_source_may_go_on_with_other_rows_to_learn_from(source):
    bags = [part.bags for part in source.parts(InOrder())]
    everything = np.ones_like(source.texts.learn)
    again = source.learning_from(everything)
    parts = list(again.parts(InOrder()))
    assert len(again) == sum(len(part.texts) for part in parts) == len(everything)
    assert all(part.bags is made for part, made in zip(parts, bags, strict=True))


def test_training_is_the_same_with_and_without_a_cache(toy, make_learner, make_source, monkeypatch):
    texts, labels = toy(120)
    results = []
    for cache in (0, 3000, 10**9):
        monkeypatch.setattr(examples, "CACHE", cache)
        learner = make_learner(texts, dim=3)
        Passes(learner, SOFTMAX, 1, 0).run(make_source(learner, texts, labels, parts=3), Schedule(0.3, 3))
        results.append([array.tobytes() for array in (*learner.tables, *learner.head)])
    assert results[0] == results[1] == results[2]
