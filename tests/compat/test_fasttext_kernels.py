from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.compat.fasttext_file import read_fasttext
from lilliput.compat.fasttext_predict import Predictor

WORDS = st.sampled_from(["fast", "東京", "w1", "w3", "__label__0", "__label__none", "</s>", "🙂", "<", "\u0301", ""])
TEXT = st.lists(
    st.one_of(
        WORDS,
        st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=6),
        st.sampled_from(list(" \t\r\0\x0b\x0c")),
    ),
    max_size=12,
).map(" ".join)


@pytest.mark.parametrize("name", ["trigrams_characters", "hs", "quantised_cutoff_ova", "quantised_output_norm"])
@settings(max_examples=30)
@given(texts=st.lists(TEXT, min_size=1, max_size=5), k=st.integers(1, 7), threshold=st.sampled_from([0.0, 0.2, 0.9]))
def test_kernels_do_what_the_plain_implementation_does(predictors, name, texts, k, threshold):
    predictor = predictors[name]
    lines = [(text + end).encode() for text, end in zip(texts, "\n" * 4 + " ", strict=False)]
    plain = predictor.predict_plain(lines, k, threshold)
    compiled = predictor.predict_compiled(lines, k, threshold)
    np.testing.assert_array_equal(plain.number, compiled.number)
    found = np.arange(min(k, plain.labels.shape[1])) < plain.number[:, None]
    np.testing.assert_array_equal(plain.labels[found], compiled.labels[found])
    np.testing.assert_allclose(plain.probabilities[found], compiled.probabilities[found], atol=1e-6)


@pytest.fixture(scope="module")
def predictors(models):
    names = ("trigrams_characters", "hs", "quantised_cutoff_ova", "quantised_output_norm")
    return {name: Predictor(read_fasttext(models / f"{name}.bin")) for name in names}
