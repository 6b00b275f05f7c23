from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lilliput.data.packed import pack
from lilliput.features.exchange_words import count_words, numbered
from lilliput.features.plain import stream, tokens
from lilliput.features.unicode import CODE_MASK

SNAGS = (
    "aAbZ07_ \t\n\0\u200b\u3000éÉe\u0301ßẞﬁİΣς!?.'’–€漢字한ไทย\u0e35עת👩\u200d👧❤\ufe0f\u00ad\U00020000\U000e0001\ud800"
)
WORDS = ["a", "the", "Fox", "ﬁne", "straße", "!?", "漢字", "it's", "naïve", "NASA"]
texts_of = st.lists(
    st.one_of(st.text(st.sampled_from(SNAGS), max_size=20), st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)),
    max_size=6,
)


def plain(text):
    return ["".join(chr(item & CODE_MASK) for item in token) for token in tokens(stream(text))]


@given(texts_of, st.integers(0, 6))
@example(["a b", "", "b a a"], 1)
def test_words_are_those_of_the_plain_tokeniser_with_their_counts(texts, cut):
    lexicon = count_words(map(pack, (texts[:cut], texts[cut:])))
    expected = Counter(word for text in texts for word in plain(text))
    assert list(zip(lexicon.words, lexicon.counts.tolist(), strict=True)) == expected.most_common()


@given(texts_of)
def test_numbers_say_where_each_word_stands(texts):
    lexicon = count_words([pack(texts)]).at_least(2)
    place = {word: number for number, word in enumerate(lexicon.words)}
    expected = [len(place) + 1]
    for text in texts:
        expected += [*(place.get(word, len(place)) for word in plain(text)), len(place) + 1]
    numbers = numbered(pack(texts), lexicon)
    assert numbers.dtype == np.uint32
    assert numbers.tolist() == expected


def test_cased_words_are_as_written():
    lexicon = count_words([pack(["The Straße the STRASSE", "the Éire"])], cased=True)
    assert lexicon.words == ["the", "The", "Straße", "STRASSE", "Éire"]
    assert numbered(pack(["THE Éire"]), lexicon).tolist() == [6, 5, 4, 6]
    assert count_words([pack(["The Straße the STRASSE"])]).words == ["the", "strasse"]


def test_room_grows_with_the_words():
    words = [f"w{number}" * 5 for number in range(9000)]
    lexicon = count_words([pack([" ".join(words)]), pack(words[::2])])
    assert lexicon.words == words[::2] + words[1::2]
    assert numbered(pack(words), lexicon)[1::2].tolist() == [lexicon.words.index(word) for word in words]


@pytest.mark.parametrize(("least", "words"), [(1, ["b", "a", "c"]), (2, ["b", "a"]), (3, ["b"]), (4, [])])
def test_rare_words_can_be_left_out(least, words):
    assert count_words([pack(["b a b", "c b a"])]).at_least(least).words == words


def test_no_texts_have_no_words():
    assert len(count_words([])) == len(count_words([pack([]), pack(["", " "])])) == 0
