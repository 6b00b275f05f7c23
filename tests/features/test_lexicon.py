"""Known words of a text: keys, stretches, and what a text's own words may not tell of it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.lexicon import (
    FOLDS,
    LONGEST_WORD,
    SHORTEST_WORD,
    SIZES,
    classes_of,
    cross_fitted,
    known,
    stretch_marks,
    whole_stretches,
    word_keys,
)
from lilliput.features.marks import grapheme_marks
from lilliput.features.windows import MARKS

words = st.lists(st.lists(st.text(st.sampled_from("abc"), min_size=1, max_size=8), min_size=1, max_size=5), max_size=6)


def hashes(text):
    return np.array([hash(("seed", character)) & (1 << 64) - 1 for character in text], dtype=np.uint64)


def laid_out(sentences):
    text = "".join(word for sentence in sentences for word in sentence)
    borders = np.cumsum([0, *(len("".join(sentence)) for sentence in sentences)]).astype(np.int64)
    sizes = [size for sentence in sentences for word in sentence for size in [len(word), *[0] * (len(word) - 1)]]
    return text, borders, np.array(sizes, dtype=np.int64)


def stretches(text):
    return [(at, size) for at in range(len(text)) for size in SIZES if at + size <= len(text)]


def plain_class(count, seen):
    if count < 2:
        return -1 if not count else int(count == seen)
    share = count / seen
    return 2 if share < 0.5 else 3 if share < 0.95 else 4 if count < 4 else 5


def test_a_key_is_that_of_a_stretch_wherever_it_stands():
    keys = word_keys(hashes("abcab"))
    assert keys[0, 0] == keys[3, 0]
    assert len({int(key) for key in keys[:4, 0]}) == 3
    assert keys[0, 0] != keys[0, 1]


@given(sentences=words)
def test_a_text_knows_the_words_of_other_folds_alone(sentences):
    text, borders, sizes = laid_out(sentences)
    folds = np.repeat(np.arange(len(sentences)) % 3, np.diff(borders))
    found, lexicon = cross_fitted(word_keys(hashes(text)), whole_stretches(borders), sizes, folds)
    fits = range(SHORTEST_WORD, LONGEST_WORD + 1)
    expected = np.full(found.shape, -1)
    for number, sentence in enumerate(sentences):
        others = [s for at, s in enumerate(sentences) if at % 3 != number % 3]
        other = Counter(w for s in others for w in s if len(w) in fits)
        seen = Counter(text[at : at + size] for text in map("".join, others) for at, size in stretches(text))
        whole = "".join(sentence)
        for at, size in stretches(whole):
            word = whole[at : at + size]
            expected[borders[number] + at, size - SHORTEST_WORD] = plain_class(other[word], seen[word])
    np.testing.assert_array_equal(found, expected)
    counted = Counter(word for sentence in sentences for word in sentence if len(word) in fits)
    assert len(lexicon.keys) == len(lexicon.classes) == len(counted)
    assert FOLDS > 3
    found, lexicon = cross_fitted(word_keys(hashes(text)), whole_stretches(borders), sizes, folds, least=2)
    assert ((found == -1) | (found >= 2)).all()
    assert len(lexicon.keys) == sum(count > 1 for count in counted.values())


def test_marks_are_of_the_longest_word():
    text = "abcde"
    classes = {"ab": 1, "abcd": 5, "cd": 0}
    found = np.array([[classes.get(text[at : at + size], -1) for size in SIZES] for at in range(len(text))])
    assert stretch_marks(found).T.tolist() == [
        [4, 0, 2, 0, 0],
        [0, 2, 0, 4, 0],
        [0, 4, 4, 0, 0],
        [29, 0, 12, 0, 0],
        [0, 13, 0, 29, 0],
        [0, 29, 29, 0, 0],
    ]


@pytest.mark.parametrize(
    ("counts", "seen", "expected"),
    [(0, 9, -1), (1, 1, 1), (1, 2, 0), (2, 5, 2), (2, 4, 3), (2, 2, 4), (4, 4, 5), (9, 40, 2), (39, 40, 5)],
)
def test_a_class_says_how_far_to_trust_a_word(counts, seen, expected):
    assert classes_of(np.array(counts), np.array(seen)) == expected == plain_class(counts, seen)


def test_stretches_past_the_end_are_never_looked_up():
    keys, whole = word_keys(hashes("abab")), whole_stretches(np.array([0, 2, 4]))
    asked = []
    known(keys, whole, lambda some: asked.append(len(some)) or np.zeros(len(some), dtype=np.int64))
    assert asked == [2]
    assert whole[:, 0].tolist() == [True, False, True, False]


def test_an_echo_stays_within_its_sentence():
    characters = hashes("aabab")
    found = np.full((5, len(SIZES)), -1)
    marks = grapheme_marks([0] * 5, characters, np.array([0, 3, 5]), found)
    assert marks[:, MARKS.index("echo")].tolist() == [0, 1, 0, 0, 0]
    assert grapheme_marks([0] * 3, hashes("aaa"), np.array([0, 3]), found[:3])[2, MARKS.index("echo")] == 3
