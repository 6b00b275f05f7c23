from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.compat.fasttext_text import Hashing, character_ngrams, fnv1a, lines, tokens


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"a b\n", [b"a", b"b", b"</s>"]),
        (b"a b", [b"a", b"b"]),
        (b" a\t\tb\r\n", [b"a", b"b", b"</s>"]),
        (b"a\0b\x0bc\x0cd\n", [b"a", b"b", b"c", b"d", b"</s>"]),
        (b"a </s> b\n", [b"a", b"</s>"]),
        ("a\u00a0b\u2003c\u0085\n".encode(), ["a\u00a0b\u2003c\u0085".encode(), b"</s>"]),
        (b"\n", [b"</s>"]),
        (b"", []),
    ],
)
def test_tokens(line, expected):
    assert tokens(line) == expected


def test_a_sentence_end_within_a_line_ends_it():
    stream = [b"__label__a x </s> y\n", b"last"]
    assert [tokens(line) for line in lines(stream)] == [[b"__label__a", b"x", b"</s>"], [b"y", b"</s>"], [b"last"]]


def test_hash_is_fnv1a_for_ascii_and_sign_extended_above():
    assert fnv1a(b"") == 0x811C9DC5
    assert fnv1a(b"a") == 0xE40C292C
    assert fnv1a(b"foobar") == 0xBF9CF968
    assert fnv1a(b"\xff") == ((0x811C9DC5 ^ 0xFFFFFFFF) * 16777619) & 0xFFFFFFFF


def test_ngrams_are_of_characters_with_word_borders():
    found = [name.decode() for name, _ in character_ngrams("né".encode(), Hashing(10, 1, 3, 1))]
    assert found == ["<n", "<né", "n", "né", "né>", "é", "é>"]
    assert list(character_ngrams(b"word", Hashing(10, 0, 0, 1))) == []


@given(st.text(max_size=12), st.integers(-1, 4), st.integers(0, 5))
def test_ngrams_are_hashed_as_they_stand(word, minn, maxn):
    found = list(character_ngrams(word.encode(), Hashing(10, minn, maxn, 1)))
    assert all(value == fnv1a(name) for name, value in found)
    assert all(minn <= len(name.decode()) <= maxn for name, _ in found)
    size = len(word) + 2
    wanted = sum(size - n + 1 for n in range(max(minn, 1), min(maxn, size) + 1))
    assert len(found) == wanted - (2 if minn <= 1 <= maxn else 0)
