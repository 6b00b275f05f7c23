from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.data.packed import pack, subset
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams, buckets, runs, stream
from lilliput.nets import pooling
from lilliput.nets.feedforward import FeedForward, Layers, Table
from lilliput.nets.pooling import SPARE, fresh_cache, kernel_groups, logits, packed_logits, pooled

FORMS = {
    "linear, 8 bits": {"dims": (3, 3), "shared": True},
    "linear, wide, 4 bits": {"dims": (9, 9), "shared": True, "bits": 4, "outputs": 9},
    "linear, one output": {"dims": (1, 1), "shared": True, "bits": 4, "outputs": 1},
    "embedding, 8 bits": {"dims": (4, 3)},
    "embedding, wide, 4 bits": {"dims": (9, 8), "bits": 4},
    "clusters of words": {"dims": (9, 9, 9), "shared": True, "outputs": 9},
    "hidden": {"dims": (4, 9), "hidden": 6},
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
FEW_SLOTS = 20
VOCABULARY = [
    f"{one}{other}" for one in ("the", "fox", "ran", "dog", "漢", "x!") for other in ("", "s", "ox", "do", "é")
]


@pytest.fixture
def many(texts):
    """Texts with more distinct runs than the smallest cache has slots, in every order and number."""
    generator = np.random.default_rng(0)
    words = " ".join([*texts, *VOCABULARY]).split()
    made = [" ".join(generator.choice(words, size=size)) for size in (1, 2, 3, 20, 500, 40, 40, 40)]
    assert len({run for text in made for run in runs(stream(text))}) > 2 * FEW_SLOTS
    return texts + made


def without_head(net):
    """The net with its pooled vector as logits, so that there is no matrix product."""
    none = np.zeros((0, 0), np.float32)
    return replace(net, layers=Layers(none, none.ravel(), none, np.zeros(net.width, np.float32)))


def alone(net, texts):
    """Pooled vectors of texts, each with a fresh cache."""
    groups = kernel_groups(net)
    vectors = [pooled(net, groups, pack([text]), fresh_cache(net)) for text in texts]
    return np.concatenate(vectors)


def two_groups_of_characters(texts):
    """A net whose groups find the same runs."""
    generator = np.random.default_rng(0)
    groups = (NGrams("char", 2, 3, 10), NGrams("char", 1, 4, 10))
    found = [sorted({bucket for text in texts for bucket, _ in buckets(text, group)}) for group in groups]
    maps = tuple(BucketMap.of(np.array(one), 10) for one in found)
    tables = tuple(
        Table(generator.integers(0, 255, one.rows * 4).astype(np.uint8), np.float16([1]), 4, 8) for one in maps
    )
    none = np.zeros((0, 0), np.float32)
    return FeedForward(groups, maps, tables, Layers(none, none.ravel(), none, np.zeros(8, np.float32)), shared=False)


@every_form
def test_kernels_say_what_the_plain_net_says(make_stored, many, form):
    net = make_stored(**form)
    found = logits(net, many, 1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, net.logits(many), atol=1e-5)
    vectors = pooled(net, kernel_groups(net), pack(many), fresh_cache(net))
    assert (vectors.shape, vectors.dtype) == ((len(many), net.width), np.float32)
    np.testing.assert_allclose(vectors, [net.pooled(text) for text in many], atol=1e-5)


@settings(max_examples=50)
@given(texts=st.lists(st.text(st.sampled_from("abx !?é漢ß\u200d\U000e0067😀"), max_size=30), max_size=6))
def test_kernels_say_what_the_plain_net_says_of_any_text(texts):
    net = two_groups_of_characters(["a b ab ba aab !? éa 漢 ß 😀", "x"])
    vectors = pooled(net, kernel_groups(net), pack(texts), fresh_cache(net))
    expected = np.array([net.pooled(text) for text in texts], dtype=np.float32).reshape(vectors.shape)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    np.testing.assert_array_equal(vectors, alone(net, texts) if texts else vectors)


@every_form
def test_one_text_and_no_text(make_stored, form):
    net = make_stored(**form)
    assert logits(net, [], 2).shape == packed_logits(net, pack([]), 2).shape == (0, net.outputs)
    np.testing.assert_allclose(logits(net, ["the fox"], 1), net.logits(["the fox"]), atol=1e-5)
    np.testing.assert_allclose(logits(net, [""], 1), net.logits([""]), atol=1e-5)


@every_form
@pytest.mark.parametrize("size", [100, 1000, 100_000])
def test_a_cache_changes_no_bit_new_or_used_large_or_overflowing(make_stored, many, monkeypatch, form, size):
    net = make_stored(**form)
    groups, expected = kernel_groups(net), alone(net, many)
    generator = np.random.default_rng(1)
    monkeypatch.setattr(pooling, "CACHE_BYTES", size)
    cache = fresh_cache(net)
    assert len(cache.heads) < FEW_SLOTS or size > 1000
    for order in (np.arange(len(many)), *(generator.permutation(len(many)) for _ in range(3))):
        found = pooled(net, groups, subset(pack(many), order), cache)
        np.testing.assert_array_equal(found, expected[order])
    assert (cache.heads[:, 0] > 0).mean() > 0.5 or size == 100_000


def test_two_groups_of_characters_share_a_cache_and_not_its_sums(many, monkeypatch):
    net = two_groups_of_characters(many)
    groups, expected = kernel_groups(net), alone(net, many)
    np.testing.assert_allclose(expected, [net.pooled(text) for text in many], atol=1e-5)
    for size in (100, 100_000):
        monkeypatch.setattr(pooling, "CACHE_BYTES", size)
        cache = fresh_cache(net)
        for _ in range(2):
            np.testing.assert_array_equal(pooled(net, groups, pack(many), cache), expected)
            for text, vector in zip(many, expected, strict=True):
                np.testing.assert_array_equal(pooled(net, groups, pack([text]), cache)[0], vector)


def test_words_without_a_row_are_cached_too(make_stored):
    net = make_stored((3, 3), shared=True)
    groups, cache = kernel_groups(net), fresh_cache(net)
    strange = pack(["zzqj", "zzqj zzqj"])
    for _ in range(2):
        np.testing.assert_array_equal(pooled(net, groups, strange, cache), np.zeros((2, 3), np.float32))
    assert ((cache.heads[:, 0] > 0).sum(), cache.heads[:, 2].sum()) == (1, 0)


@pytest.mark.parametrize(("dim", "width"), [(1, 1), (7, 7), (9, 16), (16, 16), (300, 304)])
def test_a_fresh_cache_is_empty_and_takes_no_more_than_it_may(make_stored, dim, width):
    cache = fresh_cache(make_stored((dim, dim), shared=True, outputs=dim))
    slots = len(cache.heads)
    assert not any(array.any() for array in cache)
    assert cache.sums.shape == (slots + SPARE, width)
    assert slots & slots - 1 == 0
    assert 0.3 * pooling.CACHE_BYTES < sum(array.nbytes for array in cache) <= 1.01 * pooling.CACHE_BYTES


def test_caches_are_kept_for_the_next_call_at_most_one_a_thread(make_stored, many, monkeypatch):
    net = make_stored((3, 3), shared=True)
    monkeypatch.setattr(pooling, "CHUNK", 2)
    for threads, most in ((1, 1), (2, 2), (1, 2)):
        logits(net, many, threads)
        assert 1 <= len(net.caches) <= most


@every_form
def test_neither_threads_nor_chunks_nor_neighbours_change_a_bit_of_the_pooled_vectors(
    make_stored, many, monkeypatch, form
):
    net = without_head(make_stored(**form))
    expected = alone(net, many)
    for chunk in (1, 3, 4096):
        monkeypatch.setattr(pooling, "CHUNK", chunk)
        for threads in (1, 2, 3):
            np.testing.assert_array_equal(logits(net, many, threads), expected)
            np.testing.assert_array_equal(packed_logits(net, pack(many), threads), expected)


@every_form
def test_threads_change_no_bit_of_the_logits_and_chunks_no_more_than_the_matrix_product_does(
    make_stored, many, monkeypatch, form
):
    net = make_stored(**form)
    expected = logits(net, many, 1)
    for chunk in (1, 3, 4096):
        monkeypatch.setattr(pooling, "CHUNK", chunk)
        one, *others = (logits(net, many, threads) for threads in (1, 2, 3))
        np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-6)
        if form.get("shared"):  # linear: no matrix product
            np.testing.assert_array_equal(one, expected)
        for other in (*others, *(packed_logits(net, pack(many), threads) for threads in (1, 2, 3))):
            np.testing.assert_array_equal(one, other)


def test_packed_texts_may_be_a_subset(make_stored, many):
    net = make_stored((4, 9))
    order = np.array([5, 0, 0, 3])
    expected = net.logits([many[at] for at in order])
    np.testing.assert_allclose(packed_logits(net, subset(pack(many), order), 1), expected, atol=1e-5)


def test_a_loaded_net_may_stand_in_memory_that_cannot_be_written(make_stored, many):
    net = make_stored((4, 3))
    arrays = {
        name: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape) for name, array in net.arrays().items()
    }
    loaded = FeedForward.build(net.shape(), arrays)
    np.testing.assert_array_equal(logits(loaded, many, 1), logits(net, many, 1))


def test_a_pickled_net_leaves_its_caches_behind(make_stored, many):
    net = make_stored((3, 3), shared=True)
    expected = logits(net, many, 1)
    copied = pickle.loads(pickle.dumps(net))
    assert (net.caches != [], copied.caches) == (True, [])
    np.testing.assert_array_equal(logits(copied, many, 1), expected)
