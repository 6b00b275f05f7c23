from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.spelling import edits, near_words


@pytest.mark.parametrize(
    ("one", "other", "many"),
    [("tumeric", "turmeric", 1), ("chili", "chile", 1), ("abcd", "acbd", 1), ("abc", "abc", 0), ("", "ab", 2)],
)
def test_edits_are_counted(one, other, many):
    assert edits(one, other, 3) == edits(other, one, 3) == many


def plain(one, other):
    """The distance by its definition, without memory."""
    if not one or not other:
        return len(one) + len(other)
    ways = [plain(one[1:], other) + 1, plain(one, other[1:]) + 1, plain(one[1:], other[1:]) + (one[0] != other[0])]
    if len(one) > 1 and len(other) > 1 and one[0] == other[1] and one[1] == other[0]:
        ways.append(plain(one[2:], other[2:]) + 1)
    return min(ways)


@given(st.text("ab", max_size=4), st.text("abc", max_size=4), st.integers(0, 3))
def test_up_to_the_most_that_is_asked(one, other, most):
    assert edits(one, other, most) == min(plain(one, other), most + 1)


@given(st.sets(st.text("abc", min_size=5, max_size=9), max_size=12))
def test_near_words_are_all_found(words):
    def most(one, other):
        return 1 if min(len(one), len(other)) < 8 else 2

    wanted = {
        word: sorted(
            other
            for other in words
            if other != word and other[0] == word[0] and edits(word, other, most(word, other)) <= most(word, other)
        )
        for word in words
    }
    assert near_words(words) == {word: others for word, others in wanted.items() if others}
