from __future__ import annotations

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from lilliput.features.plain import NGrams
from lilliput.features.tfidf import TfIdf

TEXTS = ["the cat sat on the mat", "the dog sat", "a cat and a dog", "no cats here", "the mat the mat the mat"]
WORDS = NGrams("word", 1, 2, bits=16)


def test_agrees_with_scikit_learn_up_to_the_order_of_columns():
    ours = TfIdf.of(TEXTS, [WORDS], 1000, least=1)
    found = ours.rows(TEXTS)
    reference = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+").fit_transform(TEXTS)
    assert found.shape == reference.shape
    matrix = scipy.sparse.csr_array((found.data, found.indices, found.indptr), shape=found.shape)
    np.testing.assert_allclose((matrix @ matrix.T).toarray(), (reference @ reference.T).toarray(), rtol=1e-5, atol=1e-6)
    assert (np.diff(found.indices)[np.diff(np.repeat(np.arange(5), np.diff(found.indptr))) == 0] > 0).all()


def test_the_most_frequent_are_kept_and_unknown_ones_left_out():
    ours = TfIdf.of(TEXTS, [WORDS, NGrams("char", 3, 4, bits=16)], 12)
    assert ours.first[-1] == 12
    assert len(ours.first) == 3
    rows = ours.rows(["the cat", "xyzzy", ""])
    assert np.diff(rows.indptr).tolist()[1:] == [0, 0]
    np.testing.assert_allclose(np.linalg.norm(rows.data), 1, rtol=1e-6)


def test_rows_are_the_same_for_any_number_of_threads():
    texts = [f"{text} {number % 7}" for number in range(500) for text in TEXTS]
    first = TfIdf.of(texts, [WORDS], 40, threads=1)
    second = TfIdf.of(texts, [WORDS], 40, threads=3)
    for ours, theirs in zip(first.rows(texts, 1), second.rows(texts, 3), strict=True):
        assert np.array_equal(ours, theirs)
