"""Pieces of texts: no grapheme is cut, nothing but spaces is left out, and segments make up the text again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.graphemes import shape
from lilliput.features.joining import join, takes_spaces
from lilliput.features.pieces import EMPTY_LINE, pieces, strings

FAMILY = "👩\u200d👩\u200d👧"
texts = st.text(st.sampled_from("aB1é e\u0301漢字カひกำ三。,.\n\t\u3000👩\u200d👧🇫🇷\u0600م"), max_size=20)


@pytest.mark.parametrize("unit", ["word", "sentence"])
@given(text=texts)
def test_pieces_hold_all_but_spaces_and_cut_no_grapheme(unit, text):
    spans, kinds = pieces(text, unit)
    assert len(spans) == len(kinds)
    left, at = [], 0
    for start, end in spans:
        left.append(text[at:start])
        assert start < end
        at = end
    assert not "".join([*left, text[at:]]).strip().strip("\u200b")
    starts = set(shape(text).starts)
    assert {place for span in spans for place in span} <= starts


def test_a_run_of_spaces_is_one_piece():
    spans, kinds = pieces("  今 \t 天\n", "word")
    assert strings("  今 \t 天\n", spans) == ["今", " ", "天"]
    assert kinds == [ord("i"), ord(" "), ord("i")]


def test_kinds_tell_numerals_and_kana_from_other_ideographs():
    assert "".join(map(chr, pieces("三漢ひカa1。", "word").kinds)) == "niaka0。".replace("iak", "igk", 1)


def test_an_emoji_of_several_parts_and_a_letter_with_its_marks_are_one_piece():
    text = f"x{FAMILY}e\u0301"
    assert strings(text, pieces(text, "word").spans) == ["x", FAMILY, "e\u0301"]


def test_tokens_know_what_stands_before_them():
    assert pieces("One.  Two\n\n3", "sentence").kinds == [0, 0, 1, EMPTY_LINE]


def test_joined_segments_stand_where_they_are_said_to():
    text, spans = join(["今天", "U.S.", "ok"], [False, True, True])
    assert text == "今天U.S. ok"
    assert [text[start:end] for start, end in spans] == ["今天", "U.S.", "ok"]
    assert join([], []) == ("", [])


@pytest.mark.parametrize(
    ("text", "spaced"), [("今天 o", False), ("a day 今", True), ("", True), ("สวัสดี", False), ("한국", True)]
)
def test_the_script_says_whether_there_are_spaces(text, spaced):
    assert takes_spaces([text]) is spaced
