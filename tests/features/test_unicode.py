from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.unicode import (
    CODE_MASK,
    EXPANDS,
    IDEOGRAPH,
    IGNORED,
    KIND_SHIFT,
    LETTER,
    SEPARATOR,
    SYMBOL,
    TABLE_SIZE,
    TAGS,
    fold,
    kind_of,
    tables,
)

KINDS = {
    SEPARATOR: " \t\n\r\0\u00a0\u2003\u3000\u200b\u2028\ue000\uffff",  # private use and unassigned ones too
    LETTER: "aZß7é\u0301_\u203fжΣאع१각²Ⅷ\u064b\u05b0",
    IDEOGRAPH: "漢字々かカｶไ\u0e35໑ကក豈\U00020000\U0002f800\U0003134a",
    SYMBOL: "!?.,'\"’…-–€$+=<>©😀🏽🇩→\u0e3f、。「」",
    IGNORED: "\u00ad\u200c\u200d\ufe0f\ufe0e\u2060\ufeff\u061c\u202e",
}
every_kind = pytest.mark.parametrize(("kind", "characters"), KINDS.items())
FOLDS = {"A": "a", "É": "é", "ß": "ss", "ẞ": "ss", "ﬃ": "ffi", "İ": "i\u0307", "Σ": "σ", "ς": "σ", "ſ": "s", "ı": "ı"}
FOLDS |= {"漢": "漢", "7": "7", "Ⅷ": "ⅷ", "\u0390": "\u0390", "Ж": "ж", "!": "!", "\u2126": "ω"}


def looked_up(character, lookup):
    """(kind, folded) of a character as the kernels read them from the tables."""
    entry = int(lookup.entries[ord(character)])
    pieces = lookup.expansions[entry & CODE_MASK].tolist() if entry & EXPANDS else [entry & CODE_MASK]
    kind = entry >> KIND_SHIFT & 7
    # NUL pads the expansions; as a character of its own it is a plain entry
    return kind, "".join(chr(piece) for piece in pieces if piece or not entry & EXPANDS)


@every_kind
def test_kinds(kind, characters):
    assert {character: kind_of(character) for character in characters} == dict.fromkeys(characters, kind)


@pytest.mark.parametrize(("character", "folded"), FOLDS.items())
def test_folds(character, folded):
    assert fold(character) == folded


def test_the_tables_say_of_every_code_point_what_the_functions_say():
    lookup = tables()
    assert lookup.entries.shape == (TABLE_SIZE,)
    assert (lookup.entries.dtype, lookup.expansions.dtype) == (np.uint32, np.uint32)
    wrong = []
    for code in range(TABLE_SIZE):
        character = chr(code)
        composed = unicodedata.is_normalized("NFC", character)  # others never come here
        if composed and looked_up(character, lookup) != (kind_of(character), fold(character)):
            wrong.append(hex(code))
    assert wrong == []


def test_the_ascii_tables_are_the_head_of_the_full_ones():
    np.testing.assert_array_equal(tables(ascii_only=True).entries, tables().entries[:128])


def test_tables_are_made_once():
    assert tables() is tables()
    assert tables(ascii_only=True) is tables(ascii_only=True)


def test_tags_and_variation_selectors_are_as_if_not_there():
    assert {kind_of(chr(code)) for code in (TAGS, 0xE0067, 0xE0100, 0x10FFFF)} == {IGNORED}


@given(st.characters(min_codepoint=TABLE_SIZE, max_codepoint=TAGS - 1))
def test_beyond_the_table_every_composed_character_is_an_ideograph_folded_to_itself(character):
    assert kind_of(character) == IDEOGRAPH
    if unicodedata.is_normalized("NFC", character):
        assert fold(character) == character


@given(st.characters())
def test_no_fold_is_longer_than_an_expansion_or_holds_a_space_or_nul(character):
    folded = fold(character)
    assert 1 <= len(folded) <= 3
    assert len(folded) == 1 or not set(folded) & {" ", "\0"}


@given(st.characters())
def test_folding_is_done_once(character):
    assert "".join(map(fold, fold(character))) == fold(character)
