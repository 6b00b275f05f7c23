from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features import counts as counts_module
from lilliput.features.counts import hashed_counts
from lilliput.features.plain import NGrams, buckets

GROUPS = [NGrams("word", 1, 2, 12), NGrams("char", 2, 4, 12)]
TEXTS = ["the fox", "", "the fox and the fox", "Straße 漢字 😀 STRASSE", "aaaa!", "\ud800", "fox " * 300, ""]
every_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.unit)


def rows(counts):
    """(bucket, count) pairs of each text, in their order."""
    pairs = list(zip(counts.indices.tolist(), counts.data.tolist(), strict=True))
    return [pairs[start:end] for start, end in pairwise(counts.indptr.tolist())]


def plain(texts, group):
    return [list(Counter(bucket for bucket, _ in buckets(text, group)).items()) for text in texts]


@every_group
@given(st.lists(st.one_of(st.text(max_size=20), st.text(st.sampled_from("ab !漢ß"), max_size=30)), max_size=6))
def test_counts_are_those_of_the_plain_ngrams_in_the_order_of_the_text(group, texts):
    counts = hashed_counts(texts, group, threads=1)
    assert [array.dtype for array in counts] == [np.float32, np.int32, np.int64]
    assert rows(counts) == plain(texts, group)


@every_group
@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_neither_threads_nor_chunks_change_a_byte(monkeypatch, group, chunk):
    expected = [array.tobytes() for array in hashed_counts(TEXTS * 3, group, threads=1)]
    monkeypatch.setattr(counts_module, "CHUNK", chunk)
    for threads in (1, 2, 3, None):
        counts = hashed_counts(TEXTS * 3, group, threads)
        assert [array.tobytes() for array in counts] == expected
    assert rows(counts) == plain(TEXTS * 3, group)


@pytest.mark.parametrize("bits", [1, 4, 9, 20])
@pytest.mark.parametrize("unit", ["word", "char"])
def test_counts_are_right_however_full_the_buckets_are(unit, bits):
    texts = ["a", " ".join(map(str, range(800))), "a b a", " ".join(map(str, range(900))), ""]
    group = NGrams(unit, 1, 2, bits)
    assert rows(hashed_counts(texts, group, threads=1)) == plain(texts, group)


@every_group
def test_no_texts(group):
    counts = hashed_counts([], group)
    assert [array.dtype for array in counts] == [np.float32, np.int32, np.int64]
    assert ([len(array) for array in counts], counts.indptr[0]) == ([0, 0, 1], 0)


@every_group
def test_scipy_takes_them_as_a_matrix_whose_rows_sum_to_the_number_of_ngrams(group):
    sparse = pytest.importorskip("scipy.sparse")
    for texts in (TEXTS, []):
        counts = hashed_counts(texts, group)
        matrix = sparse.csr_array(tuple(counts), shape=(len(texts), 1 << group.bits))
        matrix.check_format(full_check=True)
        assert matrix.sum(axis=1).tolist() == [len(buckets(text, group)) for text in texts]
