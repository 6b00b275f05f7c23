"""Texts cut into words and pieces."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.graphemes import shape
from lilliput.tasks.language_pieces import cut_text, words

SENTENCE = "one two three four five six seven eight nine ten eleven twelve thirteen"


def shown(text):
    return [text[word.start : word.end] for word in words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Das ist gut.", ["Das", "ist", "gut."]),
        ("我是学生。Ja!", ["我是", "学生。", "Ja!"]),
        ("ฉันพูดภาษาไทย", ["ฉัน", "พูด", "ภา", "ษา", "ไท", "ย"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_words_stand_between_spaces_or_are_two_characters(text, expected):
    assert shown(text) == expected


def test_a_word_without_a_letter_is_known_as_such():
    assert [word.letters for word in words("12 % a1 — 你")] == [False, False, True, False, True]


@given(st.text(max_size=60))
def test_words_cut_no_grapheme_and_leave_nothing_but_spaces(text):
    edges = set(shape(text).starts) | {len(text)}
    found = words(text)
    assert all(word.start in edges and word.end in edges and word.start < word.end for word in found)
    rest = "".join(text[before.end : after.start] for before, after in pairwise(found))
    assert all(kind == " " for kind in shape(rest).letters)


def test_pieces_of_a_text_are_disjoint_and_in_order():
    random = Random(0)
    for _ in range(50):
        assert " ".join(cut_text(SENTENCE, random)) == SENTENCE


def test_there_are_words_pairs_and_whole_texts_among_the_pieces():
    random = Random(0)
    sizes = {len(piece.split()) for _ in range(200) for piece in cut_text(SENTENCE, random)}
    assert {1, 2, 3, 13} <= sizes


def test_what_has_no_letter_is_no_piece():
    random = Random(0)
    assert [cut_text(text, random) for text in ("", "2019", "... !!!", "12 34")] == [[]] * 4
    for _ in range(20):
        assert all(any(map(str.isalpha, piece)) for piece in cut_text("a 1 2 3 4 5 b ! ?", random))


def test_marks_around_a_piece_are_taken_away():
    random = Random(1)
    singles = {piece for _ in range(50) for piece in cut_text('"ja", sagte er', random)}
    assert "ja" in singles


def test_another_seed_other_pieces():
    made = [[cut_text(SENTENCE, Random(seed)) for _ in range(5)] for seed in (0, 1)]
    assert made[0] != made[1]
