from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core.errors import DataError, ModelFileError
from lilliput.retrieval.wordlist import WordList, decode, encode, smallest_type

WORDS = ["the", "cat", "été", "été\udcff", "a b", "", "zebra", "cats", "ca", "漢"]


def packed(array):
    return np.frombuffer(zlib.compress(array.tobytes()), dtype=np.uint8)


@pytest.fixture
def words():
    return WordList.of(WORDS)


def test_words_are_found_and_kept_in_order(words):
    assert words.all() == list(words) == WORDS
    assert [words.row(word) for word in WORDS] == list(range(len(WORDS)))
    assert words.rows(["cat", "dog", "cat"]).tolist() == [1, -1, 1]
    assert words.row("catt") == words.row("\0") == words.row("\uffff") == -1


@given(st.lists(st.binary(max_size=9), unique=True, max_size=40), st.binary(max_size=9))
def test_any_bytes_are_words(listed, other):
    words = WordList.of(listed)
    assert [words.row(word) for word in listed] == list(range(len(listed)))
    assert words.row(other) == (listed.index(other) if other in listed else -1)
    assert [encode(word) for word in words.all()] == listed
    restored = WordList.from_arrays(words.arrays(), "m")
    assert restored.all() == words.all()
    assert [restored.row(word) for word in listed] == list(range(len(listed)))


def test_a_word_that_comes_twice_is_refused():
    with pytest.raises(DataError, match="'b' is there twice, as number 2 and number 4"):
        WordList.of(["a", "b", "c", "b"])


def test_lone_surrogates_of_others_become_question_marks():
    assert encode("a\ud800") == b"a?"
    assert decode(encode("\udcff")) == "\udcff"


def test_near_words_are_named(words):
    assert words.near("CAT")[0] == "cat"
    assert words.near("zebre") == ["zebra"]
    assert words.near("qqqqqqqqq") == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("packed_lengths", packed(np.full(10, 3, np.uint8)), "bytes by their lengths"),
        ("packed_lengths", packed(np.zeros(11, np.uint8)), "11 bytes of lengths for 10 words"),
        ("packed_lengths", packed(np.zeros(30, np.uint8)), "30 bytes of lengths for 10 words"),
        ("packed_lengths", packed(np.full(10, -1)), "a word has"),
        ("packed_words", packed(np.zeros(3, np.uint8)), "there are 3"),
        ("packed_words", np.zeros(3, np.uint8), "the words are damaged"),
        ("word_order", np.zeros(10, np.uint8), "alphabetic order"),
        ("packed_words", packed(np.arange(34, 0, -1, dtype=np.uint8)), "alphabetic order"),
        ("word_order", np.full(10, 200, np.uint8), "alphabetic order"),
        ("word_order", np.zeros(9, np.uint8), "10 bytes of lengths for 9 words"),
        ("word_order", np.zeros(10, np.int64), "expected uint32"),
        ("packed_words", np.zeros(3, np.int8), "expected uint8"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(words, name, value, message):
    with pytest.raises(ModelFileError, match=message):
        WordList.from_arrays({**words.arrays(), name: value}, "m")
    with pytest.raises(ModelFileError, match="missing"):
        WordList.from_arrays({key: array for key, array in words.arrays().items() if key != name}, "m")


def test_long_words_and_early_files():
    listed = ["x" * 70_000, "y" * 300, "z"]
    assert WordList.from_arrays(WordList.of(listed).arrays(), "m").all() == listed
    with pytest.raises(ModelFileError, match="of an early version"):
        WordList.from_arrays({"words": np.zeros(3, np.uint8)}, "m")


def test_numbers_are_no_wider_than_they_must_be():
    assert [smallest_type(n) for n in (255, 256, 65535, 65536)] == [np.uint8, np.uint16, np.uint16, np.uint32]
