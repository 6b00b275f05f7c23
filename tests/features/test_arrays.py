"""N-grams of many texts by NumPy against the plain definition."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lilliput.features.arrays import find_ngrams, letters_alone
from lilliput.features.plain import NGrams, buckets

texts_of = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.text(st.sampled_from("aB1 ß\u0390é!?漢ไ\u200d\u200b👩\U00020000\U000e0001\0\ud800"), max_size=20),
    ),
    max_size=6,
)


@pytest.mark.parametrize("group", [NGrams("char", 1, 4, 22), NGrams("char", 2, 3, 10), NGrams("char", 3, 3, 12)])
@given(texts=texts_of)
@example(texts=["", "Straße ﬁ", "!!a b!?", "狗在 abc狗", "e\u0301\u200d a\u00adb", "\u0301", "x"])
def test_the_same_buckets_as_the_plain_definition(group, texts):
    found = find_ngrams(texts, group)
    for number, text in enumerate(texts):
        here = sorted(found.buckets[found.texts == number].tolist())
        assert here == sorted(bucket for bucket, _ in buckets(letters_alone(text), group))
    assert len(found.buckets) == len(found.texts)
