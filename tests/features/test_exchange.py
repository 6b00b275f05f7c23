from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features import exchange as exchange_module
from lilliput.features.exchange import Exchange
from lilliput.features.exchange_counts import count_bigrams

both_models = pytest.mark.parametrize("refined", [False, True], ids=["predictive", "class bigrams"])


def corpus(texts, words):
    """Bigrams and counts of lists of numbers of words (`words` itself is an unknown one)."""
    border = [words + 1]
    numbers = np.array(border + [number for text in texts for number in [*text, *border]], dtype=np.uint32)
    return count_bigrams([numbers], words), np.bincount(numbers, minlength=words + 2)[:words].astype(np.int64)


def random_corpus(words=40, texts=60, seed=0):
    """Texts in which frequent words repeat themselves, and some words are unknown."""
    generator = np.random.default_rng(seed)
    chances = 1 / np.arange(1, words + 2)
    drawn = [generator.choice(words + 1, generator.integers(0, 30), p=chances / chances.sum()) for _ in range(texts)]
    return corpus(
        [[*np.repeat(text, generator.integers(1, 3, len(text)))] for text in drawn] + [[*range(words)]], words
    )


def f(counts):
    return float((counts * np.log(np.maximum(counts, 1))).sum())


def likelihood(bigrams, cluster_of, refined):
    """Log likelihood, but for a constant, from all counts anew."""
    words, clusters = bigrams.words, cluster_of.max() + 1
    side = np.append(cluster_of, [clusters, clusters + 1])
    after = np.repeat(np.arange(words + 1), np.diff(bigrams.indptr))
    known = after < words
    totals = np.bincount(cluster_of, [bigrams.counts[after == word].sum() / 2 for word in range(words)])
    if not refined:
        pairs = np.zeros((2 * (words + 2), clusters))
        np.add.at(pairs, (bigrams.contexts[known], side[after[known]]), bigrams.counts[known])
        return f(pairs) - 2 * f(totals)
    left = bigrams.contexts < words + 2
    pairs = np.zeros((clusters + 2, clusters + 2))
    np.add.at(pairs, (side[bigrams.contexts[left]], side[after[left]]), bigrams.counts[left])
    ends = bigrams.contexts == 2 * (words + 2) - 1
    np.add.at(pairs, (side[after[ends]], clusters + 1), bigrams.counts[ends])
    return f(pairs) - 2 * f(totals)


def begun(bigrams, counts, clusters, refined, threads=1):
    exchange = Exchange(bigrams, counts, clusters, threads)
    if refined:
        exchange.refine()
    return exchange


@both_models
@pytest.mark.parametrize("clusters", [1, 2, 7, 40])
def test_gains_are_those_of_the_likelihood(refined, clusters):
    bigrams, counts = random_corpus()
    exchange = begun(bigrams, counts, clusters, refined)
    before = likelihood(bigrams, exchange.cluster_of, refined)
    for _ in range(4):
        sweep = exchange.sweep()
        after = likelihood(bigrams, exchange.cluster_of, refined)
        assert sweep.words == 40
        assert sweep.gain >= 0
        assert after - before == pytest.approx(sweep.gain, abs=1e-6)
        before = after
    assert set(exchange.cluster_of.tolist()) <= set(range(clusters))


@both_models
@given(seed=st.integers(0, 30))
def test_each_word_alone_goes_where_it_is_best(refined, seed):
    bigrams, counts = random_corpus(12, 8, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange_module, "SHARD", 1)  # a piece is a word here
        exchange = begun(bigrams, counts, 4, refined)
        expected = exchange.cluster_of.copy()
        exchange.sweep()
    for word in range(12):
        tried = []
        for cluster in range(4):
            expected[word] = cluster
            tried.append(likelihood(bigrams, expected, refined))
        expected[word] = exchange.cluster_of[word]
        assert tried[expected[word]] == pytest.approx(max(tried), abs=1e-3)


@both_models
@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same(refined, threads):
    bigrams, counts = random_corpus()
    one, several = (begun(bigrams, counts, 7, refined, number) for number in (1, threads))
    for _ in range(3):
        assert one.sweep() == several.sweep()
    assert (one.cluster_of == several.cluster_of).all()


@pytest.mark.parametrize("seed", range(3))
def test_words_with_the_same_neighbours_come_together(seed):
    generator = np.random.default_rng(seed)
    kinds = (generator.integers(0, 5, (400, 1)) + np.arange(9)) % 5  # each kind is followed by the next
    texts = 8 * kinds + generator.integers(0, 8, kinds.shape)
    exchange = Exchange(*corpus(texts.tolist(), 40), clusters=5, threads=1)
    for _ in range(4):
        exchange.sweep()
    found = [set((np.flatnonzero(exchange.cluster_of == cluster) // 8).tolist()) for cluster in range(5)]
    assert sorted(map(sorted, found)) == [[0], [1], [2], [3], [4]]
    exchange.refine()
    assert exchange.sweep().moved == 0


def test_counts_beyond_the_table_of_logarithms_are_as_good(monkeypatch):
    bigrams, counts = random_corpus(12, 8)
    many = bigrams._replace(counts=(bigrams.counts * 30_000).astype(np.uint32))
    for refined in (False, True):
        few, more = begun(bigrams, counts, 4, refined), begun(many, counts * 30_000, 4, refined)
        assert more.sweep().gain == pytest.approx(30_000 * few.sweep().gain, rel=1e-6)
        assert (few.cluster_of == more.cluster_of).all()


@pytest.mark.parametrize("pieces", [1, 5, 1024])
def test_every_word_is_in_one_piece(monkeypatch, pieces):
    monkeypatch.setattr(exchange_module, "PIECES", pieces)
    bigrams, _ = random_corpus()
    cuts = exchange_module._cuts(bigrams)
    assert (cuts[0], cuts[-1], len(cuts)) == (0, 40, min(pieces, 40) + 1)
    assert sorted(set(cuts)) == cuts


@both_models
def test_a_deadline_ends_a_sweep_and_progress_is_told(refined):
    bigrams, counts = random_corpus()
    exchange = begun(bigrams, counts, 7, refined)
    told = []
    assert exchange.sweep(time.monotonic() - 1, told.append) == (0, 0, 0.0)
    assert exchange.sweep(time.monotonic() + 100, told.append).words == sum(told) == 40
    assert exchange.passes == ([0, 2] if refined else [2])


@both_models
def test_a_vocabulary_of_one_word_is_one_cluster(refined):
    exchange = begun(*corpus([[0, 0, 0], [0]], 1), 1, refined)
    assert exchange.sweep() == (1, 0, 0.0)
    assert exchange.cluster_of.tolist() == [0]
