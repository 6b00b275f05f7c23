from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.compat.fasttext_text import Hashing, character_ngrams
from lilliput.features.subwords import Subwords, ngram_hashes


@given(st.text(max_size=12), st.integers(1, 4), st.integers(0, 4))
def test_hashes_are_those_of_fasttext(word, shortest, more):
    data = word.encode("utf-8", "replace")
    expected = [value for _, value in character_ngrams(data, Hashing(1, shortest, shortest + more, 1))]
    assert ngram_hashes(data, shortest, shortest + more) == expected


@pytest.mark.parametrize("buckets", [1, 7, 2_000_000])
def test_hashes_fall_into_buckets(buckets):
    found = Subwords(2, 3, buckets).of("größe".encode())
    assert found.tolist() == [value % buckets for value in ngram_hashes("größe".encode(), 2, 3)]
    assert len(found) == 6 + 5
