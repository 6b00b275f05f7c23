from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.graphemes import shape

WHOLE = [
    "e\u0301\u0323",
    "👩‍👩‍👧‍👦",
    "👍🏽",
    "🏳️‍🌈",
    "🙂‍↔️",
    "🇩🇪",
    "1️⃣",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "क्षि",
    "กำ",
    "က္က",
    "ខ្មា",
    "ｶﾞ",
    "\u1112\u1161\u11ab",
    "\u06001",
    "漢\U000e0100",
]

# Characters that join, so that chance makes clusters of them
pieces = st.sampled_from(
    ["\u0301", "\u200d", "\ufe0f", "🏽", "👩", "🇩", "\u0600", "က", "္", "a", "漢", "ำ", ".", " ", "\n"]
)
texts = st.lists(pieces | st.characters(), max_size=12).map("".join)


def graphemes(text):
    return [text[start:end] for start, end in pairwise(shape(text).starts)]


@pytest.mark.parametrize("whole", WHOLE)
def test_what_readers_see_as_one_character_is_whole(whole):
    assert graphemes(f"漢{whole}漢 {whole}") == ["漢", whole, "漢", " ", whole]


def test_flags_are_pairs():
    assert graphemes("🇩🇪🇫🇷🇮") == ["🇩🇪", "🇫🇷", "🇮"]


def test_a_mark_stands_on_no_space():
    assert graphemes("a \u0301b\u200b\u200dc") == ["a", " ", "\u0301", "b", "\u200b", "\u200d", "c"]


def test_letters_say_what_a_grapheme_is():
    assert shape("aÉ²ßש 7٣漢ไ😀🇩🇪≠_.’‑\t").letters == "aAoao 00iieee_.'- "
    assert shape("e\u0301!\u0301 \u0301").letters == "a! o"


@given(texts)
def test_graphemes_make_up_the_text_and_spaces_stand_alone(text):
    found = graphemes(text)
    assert "".join(found) == text
    assert len(shape(text).letters) == len(found)
    assert all(len(grapheme) == 1 for grapheme in found if any(c.isspace() for c in grapheme))


@given(texts, texts)
def test_a_space_parts_graphemes(left, right):
    assert graphemes(f"{left} {right}") == [*graphemes(left), " ", *graphemes(right)]


def test_long_clusters_take_linear_time():
    for text in ("a" + "\u0301" * 100_000, "क्" * 50_000, "👩\u200d" * 50_000, "\u0600" * 100_000):
        assert len(graphemes(text)) == 1
