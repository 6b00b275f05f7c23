from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.data.utf8 import TABLE_SIZE, composing, encode_composed

WRITTEN = st.sampled_from("aé “–漢한😀жשع\u1100\u1161\u11a8\u0301\u0323\u05b0\u0958\u212a\u2126\u09c7\u09be\ud800\0")


@given(st.one_of(st.text(), st.text(WRITTEN, max_size=30)))
def test_what_is_encoded_is_composed(text):
    encoded = encode_composed(text)
    assert encoded in (None, unicodedata.normalize("NFC", text).encode("utf-8", "replace"))


def test_only_stops_change_or_have_a_place_among_marks():
    passed = [chr(code) for code in range(TABLE_SIZE) if not composing()[code]]
    assert len(passed) > TABLE_SIZE - 2000
    assert all(unicodedata.is_normalized("NFC", character) for character in passed)
    assert not any(unicodedata.combining(character) for character in passed)


def test_whatever_composes_with_what_is_before_it_is_a_stop():
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code < 0xE000:
            apart = unicodedata.normalize("NFD", chr(code))
            if unicodedata.normalize("NFC", apart) == chr(code):
                assert all(composing()[ord(part)] for part in apart[1:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "naïve café",
        "съешь ещё",
        "“quoted” – 20 €",
        "漢字かな",
        "한국어",
        "שלום مرحبا",
        "😀👩\u200d👧",
        "\uffff",
    ],
)
def test_usual_texts_are_encoded_at_once(text):
    assert encode_composed(text) == text.encode()


@pytest.mark.parametrize("text", ["e\u0301", "\u212b", "\u1112\u1161", "\u0958", "\u09c7\u09be", "\U00020000"])
def test_what_may_compose_or_is_rare_is_left_to_unicodedata(text):
    assert encode_composed(f"漢字 {text}") is None


@pytest.mark.parametrize("character", ["a", "é", "漢", "😀"])
def test_texts_longer_than_a_piece(character):
    text = f"{character * 40_000}ж{character}"
    assert encode_composed(text) == text.encode()
    assert encode_composed(f"{text}\u0301") is None


def test_lone_surrogates_become_question_marks():
    assert encode_composed("é\ud800\udfff!") == "é??!".encode()
