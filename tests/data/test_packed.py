from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.data.packed import Packed, concatenate, normalise, pack, subset

# Any code point, lone surrogates too, with those that matter here often
characters = st.one_of(st.characters(), st.sampled_from("\0\ud800\udfffe\u0301\u00e9\u212a\u2126가\u1100\u1161"))
lists = st.lists(st.text(characters, max_size=12), max_size=6)


def unpack(packed):
    data = packed.buffer.tobytes()
    pairs = zip(packed.offsets[:-1], packed.offsets[1:], strict=True)
    return [data[start:end].decode("utf-8") for start, end in pairs]


def expected(text):
    """Said in one breath for one text: NUL to space, NFC, lone surrogates to question marks, a NUL at the end."""
    composed = unicodedata.normalize("NFC", text.replace("\0", " "))
    return "".join("?" if 0xD800 <= ord(character) < 0xE000 else character for character in composed) + "\0"


@given(lists)
def test_every_text_comes_back_composed_and_closed_by_a_nul(texts):
    packed = pack(texts)
    assert len(packed) == len(texts)
    assert packed.buffer.dtype == np.uint8
    assert packed.offsets.dtype == np.int64
    assert unpack(packed) == [expected(text) for text in texts]


@given(lists)
def test_ascii_is_never_said_of_other_bytes(texts):
    packed = pack(texts)
    assert not packed.ascii or (packed.buffer < 128).all()


@pytest.mark.parametrize(
    ("texts", "told"),
    [([], True), ([""], True), (["a"], True), (["a", "é"], False), (["\u212a"], True), (["\ud800"], True)],
)
def test_ascii_is_told_after_composition(texts, told):
    assert pack(texts).ascii is told  # the Kelvin sign composes to a plain K, a lone surrogate becomes "?"


def test_no_texts():
    packed = pack([])
    assert (len(packed), packed.buffer.size, packed.offsets.tolist()) == (0, 0, [0])


def test_empty_texts_are_a_nul_each():
    assert unpack(pack(["", "", ""])) == ["\0"] * 3


@pytest.mark.parametrize(
    ("text", "composed"),
    [
        ("e\u0301", "é"),
        ("\u1112\u1161\u11ab", "한"),
        ("\u212b", "å".upper()),
        ("a\0b\0", "a b "),
        ("a\ud800b", "a?b"),
        ("\0", " "),
        ("😀", "😀"),
    ],
)
def test_one_text(text, composed):
    assert unpack(pack([text])) == [composed + "\0"]


def test_texts_do_not_compose_with_their_neighbours():
    assert unpack(pack(["e", "\u0301"])) == ["e\0", "\u0301\0"]


def test_nuls_inside_do_not_part_texts():
    assert unpack(pack(["a\0b", "c"])) == ["a b\0", "c\0"]


@given(st.text())
def test_normalise_is_nfc(text):
    assert normalise(text) == unicodedata.normalize("NFC", text)


@given(lists, st.data())
def test_a_subset_holds_the_texts_asked_for_in_that_order(texts, data):
    wanted = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=8)) if texts else []
    part = subset(pack(texts), np.array(wanted, dtype=np.int64))
    assert unpack(part) == [expected(texts[at]) for at in wanted]
    assert part.offsets.dtype == np.int64


@given(st.lists(lists, max_size=4))
def test_parts_concatenate_to_what_packs_in_one_go(parts):
    joined = concatenate([pack(part) for part in parts])
    whole = pack([text for part in parts for text in part])
    assert unpack(joined) == unpack(whole)
    assert joined.ascii == whole.ascii
    np.testing.assert_array_equal(joined.offsets, whole.offsets)


@given(lists, st.data())
def test_a_slice_of_the_offsets_concatenates_too(texts, data):
    packed = pack(texts)
    cut = data.draw(st.integers(0, len(texts)))
    parts = [Packed(packed.buffer, edges, packed.ascii) for edges in (packed.offsets[: cut + 1], packed.offsets[cut:])]
    assert unpack(concatenate(parts)) == unpack(packed)
