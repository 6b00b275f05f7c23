from __future__ import annotations

import numpy as np
import pytest

from lilliput.core.errors import DataError
from lilliput.retrieval.neighbours import Neighbourhood, UnknownWordError
from lilliput.retrieval.vectortable import VectorTable

WORDS = ["king", "queen", "man", "woman", "Rome", "zero"]
ROWS = np.array([[1, 1, 0, 0.1], [1, -1, 0, 0.1], [0, 1, 0.2, 0], [0, -1, 0.2, 0], [0, 0.1, 1, 0], [0, 0, 0, 0]])


@pytest.fixture
def near():
    return Neighbourhood(VectorTable.from_float(WORDS, None, ROWS))


@pytest.fixture
def with_ngrams():
    grams = np.random.default_rng(0).normal(size=(40, 4))
    return Neighbourhood(VectorTable.from_float(WORDS, None, ROWS, grams, (2, 3)), lowercase=True)


def test_king_less_man_and_woman_is_queen(near):
    assert near.combined(["king", "woman"], ["man"], 1)[0].word == "queen"


def test_what_was_asked_is_no_answer(near):
    assert "king" not in [word for word, _ in near.most_similar("king", 9)]
    assert {"king", "man"}.isdisjoint(word for word, _ in near.most_similar(["king", "man"], 9))
    assert [word for word, _ in near.most_similar("king", 9, exclude=["queen", "zero"])] == ["man", "Rome", "woman"]


def test_a_vector_may_ask(near):
    found = near.most_similar(ROWS[0], 2)
    assert found[0].word == "king"
    assert found[0].similarity == pytest.approx(1, abs=1e-4)
    with pytest.raises(DataError, match="expected 4 finite numbers"):
        near.most_similar(np.ones(3), 2)
    with pytest.raises(DataError, match="expected 4 finite numbers"):
        near.most_similar(np.full(4, np.nan), 2)


def test_many_ask_as_one_does(near):
    for word, found in zip(WORDS, near.many(WORDS, 3), strict=True):
        assert found == near.most_similar(word, 3)
    assert near.many([], 3) == []


def test_similarity_is_the_cosine(near):
    assert near.similarity("king", "king") == pytest.approx(1)
    assert near.similarity("king", "queen") == pytest.approx(0.01 / 2.01, abs=0.02)
    assert near.similarity("king", "zero") == 0


def test_an_unknown_word_names_words_like_it(near):
    with pytest.raises(KeyError, match=r"^the word 'quen' is not among the words; did you mean 'queen'\?"):
        near.vector("quen")
    with pytest.raises(UnknownWordError, match="'qqq' is not among the words of 6"):
        near.most_similar("qqq", 3)
    assert near.find("quen") is None


def test_words_are_folded_where_the_texts_were(near, with_ngrams):
    assert near.row("KING") == -1
    assert with_ngrams.row("KING") == 0
    assert with_ngrams.row("Rome") == 4
    assert np.array_equal(with_ngrams.vector("KINGS"), with_ngrams.vector("kings"))


def test_ngrams_answer_for_unknown_words(with_ngrams):
    assert len(with_ngrams.most_similar("kingdom", 3)) == 3
    assert len(with_ngrams.combined(["kingdom"], ["man"], 9)) == 5
    with pytest.raises(UnknownWordError, match="it has no n-gram"):
        Neighbourhood(VectorTable.from_float(["a"], None, np.ones((1, 2)), np.ones((3, 2)), (3, 4))).vector("")


@pytest.mark.parametrize("k", [0, -1, 1.5, True, None])
def test_k_is_checked(near, k):
    with pytest.raises(DataError, match="expected how many neighbours"):
        near.most_similar("king", k)


def test_nothing_asked_is_refused(near):
    with pytest.raises(DataError, match="for no word"):
        near.most_similar([], 3)
