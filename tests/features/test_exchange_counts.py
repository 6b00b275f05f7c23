from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features import exchange_counts
from lilliput.features.exchange_counts import count_bigrams

WORDS = 4
texts_of = st.lists(st.lists(st.integers(0, WORDS), max_size=9), max_size=6)


def numbers(texts):
    border = [WORDS + 1]
    return np.array(border + [number for text in texts for number in [*text, *border]], dtype=np.uint32)


def expected(texts):
    """Counts of (word, context) with a loop."""
    pairs = Counter()
    for text in texts:
        for before, after in pairwise([WORDS + 1, *text, WORDS + 1]):
            if after <= WORDS:
                pairs[after, before] += 1
            if before <= WORDS:
                pairs[before, after + WORDS + 2] += 1
    return pairs


def found(bigrams):
    assert [array.dtype for array in bigrams] == [np.int64, np.uint32, np.uint32]
    assert bigrams.words == WORDS
    word = np.repeat(np.arange(WORDS + 1), np.diff(bigrams.indptr)).tolist()
    keys = list(zip(word, bigrams.contexts.tolist(), strict=True))
    assert keys == sorted(set(keys))
    return dict(zip(keys, bigrams.counts.tolist(), strict=True))


@given(texts_of, texts_of)
def test_both_neighbours_of_every_word_are_counted(first, second):
    bigrams = count_bigrams([numbers(first), numbers(second)], WORDS)
    assert found(bigrams) == expected(first + second)


@pytest.mark.parametrize("waiting", [1, 7, 100])
def test_how_many_pairs_wait_changes_nothing(monkeypatch, waiting):
    parts = [numbers([[0, 1, 2, 0, 4], [3]]), numbers([]), numbers([[0, 0, 0], [], [2, 1]])] * 3
    whole = count_bigrams(parts, WORDS)
    monkeypatch.setattr(exchange_counts, "WAITING", waiting)
    assert all((one == other).all() for one, other in zip(count_bigrams(iter(parts), WORDS), whole, strict=True))


def test_no_text_has_no_pairs():
    assert found(count_bigrams([], WORDS)) == found(count_bigrams([numbers([])], WORDS)) == {}
