from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.exchange_counts import count_bigrams
from lilliput.features.exchange_perplexity import ClusterBigrams

WORDS = 5
contexts = pytest.mark.parametrize("words_as_contexts", [False, True])


def numbers(*texts):
    border = [WORDS + 1]
    return np.array(border + [number for text in texts for number in [*text, *border]], dtype=np.uint32)


@contexts
@given(
    st.lists(st.lists(st.integers(0, WORDS), max_size=9), max_size=6),
    st.lists(st.integers(0, 2), min_size=WORDS, max_size=WORDS),
)
def test_chances_of_all_words_after_a_context_sum_to_one(words_as_contexts, texts, clusters):
    bigrams = count_bigrams([numbers(*texts, range(WORDS))], WORDS)
    model = ClusterBigrams(bigrams, np.array(clusters, dtype=np.int32), words_as_contexts)
    for context in range(WORDS + 1):
        told = [model.log_likelihoods(numbers([context, word]))[1] for word in range(WORDS + 1)]
        assert np.exp(told).sum() == pytest.approx(1)
    first = [model.log_likelihoods(numbers([word]))[0] for word in range(WORDS + 1)]
    assert np.exp(first).sum() == pytest.approx(1)


@contexts
def test_a_text_like_those_learned_from_is_likelier(words_as_contexts):
    bigrams = count_bigrams([numbers(*[[0, 1, 2, 3, 4]] * 20)], WORDS)
    model = ClusterBigrams(bigrams, np.arange(WORDS, dtype=np.int32), words_as_contexts)
    like, unlike = (model.log_likelihoods(numbers(text)) for text in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0]))
    assert (like > -0.1).all()
    assert (unlike < -1.5).all()


def test_a_context_that_was_never_met_says_nothing():
    bigrams = count_bigrams([numbers([0, 0, 1], [2, 3, 4])], WORDS)
    model = ClusterBigrams(bigrams, np.arange(WORDS, dtype=np.int32), words_as_contexts=True)
    assert np.exp(model.log_likelihoods(numbers([4, 0])))[1] == pytest.approx(2 / 7)  # one unknown word is thought in
    assert len(model.log_likelihoods(numbers([], []))) == 0
