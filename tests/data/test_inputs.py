from __future__ import annotations

from collections import UserDict

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lilliput.core.errors import DataError
from lilliput.data.inputs import targets_of, texts_of

TEXTS = ["a", "b", "ü"]
LABELS = ["x", "y", "x"]
FRAME = {"text": TEXTS, "label": LABELS, "n": [1, 2, 3]}


@pytest.mark.parametrize(
    "X",
    [
        TEXTS,
        tuple(TEXTS),
        iter(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS).reshape(-1, 1),
        [np.str_(text) for text in TEXTS],
        pd.Series(TEXTS, index=[7, 7, 9]),
        pd.Series(TEXTS, dtype="category"),
        pl.Series(TEXTS),
        pd.DataFrame(FRAME),
        pl.DataFrame(FRAME),
        pd.DataFrame({"other": TEXTS}),
        FRAME,
        UserDict(FRAME),
        [{"text": text, "more": 1} for text in TEXTS],
    ],
    ids=lambda X: type(X).__name__,
)
def test_texts_come_from_what_people_have(X):
    texts = texts_of(X)
    assert texts == TEXTS
    assert set(map(type, texts)) == {str}


@pytest.mark.parametrize(
    "X", [FRAME, pd.DataFrame(FRAME), pl.DataFrame(FRAME), [{"text": 0, "label": x} for x in LABELS]]
)
def test_texts_of_a_named_column(X):
    assert texts_of(X, "label") == LABELS


def test_lists_of_words_are_joined_and_nothing_is_fine():
    assert texts_of([["salt", "egg"], "x"]) == ["salt, egg", "x"]
    assert texts_of([]) == []
    assert targets_of([]) == []


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a text", r"X is one str; give a list of texts, \[text\] for one"),
        (b"a text", "X is bytes"),
        (5, "X is of type int; give a list"),
        ({"a", "b"}, "X is of type set; give a list"),
        (["a", None], r"X\[1\]: there is no text"),
        (["a", float("nan")], r"X\[1\]: there is no text"),
        (pd.Series(["a", pd.NA]), r"X\[1\]: there is no text"),
        (pl.Series(["a", None]), r"X\[1\]: there is no text"),
        (["a", 3], r"X\[1\]: 3 is a number, where a text was expected"),
        (np.arange(3), r"X\[0\]: 0 is a number"),
        (["a", b"b"], r"X\[1\]: b'b' is bytes"),
        (np.zeros((2, 3)), r"X is an array of shape \(2, 3\)"),
        ({"a": [1], "b": [2]}, "X has the columns 'a', 'b'; say which one holds the texts"),
        ([{"text": "a"}, {"txt": "b"}], r"X\[1\] is {'txt': 'b'} and has no 'text'"),
    ],
)
def test_what_is_no_list_of_texts(X, message):
    with pytest.raises(DataError, match=message):
        texts_of(X)


def test_a_column_that_is_not_there():
    with pytest.raises(DataError, match=r"X has no column 'txt' \(nearest: 'text'\)"):
        texts_of(pd.DataFrame(FRAME), "txt")
    with pytest.raises(DataError, match="no columns, so there is no column 'text'; leave it out"):
        texts_of(TEXTS, "text")


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (LABELS, LABELS),
        (np.array(LABELS), LABELS),
        (pd.Series([1, 2]), [1, 2]),
        (np.array([0.5, 1.0], dtype=np.float32), [0.5, 1.0]),
        ([np.int64(3), np.bool_(True)], [3, True]),
        ([("b", "a"), {"d", "c"}, [np.int8(1)], []], [["b", "a"], ["c", "d"], [1], []]),
        (np.array([["a"], ["b"]]), ["a", "b"]),
        (np.array([[1, 0], [0, 1]]), [{"0": 1, "1": 0}, {"0": 0, "1": 1}]),
        (pd.DataFrame({"p": [0.5], "q": [1.0]}), [{"p": 0.5, "q": 1.0}]),
        (pl.DataFrame({"p": [0.5], "q": [1.0]}), [{"p": 0.5, "q": 1.0}]),
        ({"p": [0.5], "q": np.array([1.0])}, [{"p": 0.5, "q": 1.0}]),
        (pd.DataFrame({"p": ["a", "b"]}), ["a", "b"]),
        ([{"p": 1}, {"q": np.float64(0.5)}], [{"p": 1}, {"q": 0.5}]),
        (pl.Series([["a"], ["b", "c"]]), [["a"], ["b", "c"]]),
    ],
)
def test_targets_come_from_what_people_have(y, expected):
    targets = targets_of(y)
    assert targets == expected
    assert not any(isinstance(target, np.generic) for target in targets)


def test_targets_of_a_column():
    assert targets_of(None, pd.DataFrame(FRAME)) == LABELS
    assert targets_of(None, FRAME, "n") == [1, 2, 3]
    assert targets_of(FRAME, TEXTS, "label") == LABELS


@pytest.mark.parametrize(
    ("y", "X", "message"),
    [
        (None, None, "y is None; give a list of targets"),
        ("label", None, "y is one str; give a list of targets"),
        (["a", None], None, r"y\[1\]: there is no label"),
        (["a", ["b", None]], None, r"y\[1\]: None is no label"),
        ([1.0, float("nan")], None, r"y\[1\]: there is no label"),
        ([{"a": "x"}], None, r"y\[0\]: the value of 'a' is 'x', no number"),
        (LABELS, TEXTS[:2], "X has 2 rows and y has 3; give one target for each text"),
        (LABELS, {"text": TEXTS[:2]}, "X has 2 rows and y has 3"),
        ({"p": [1], "q": [1, 2]}, None, "the columns of y have different lengths: 'p' 1, 'q' 2"),
        ([object()], None, r"y\[0\]: .* is a object, no label"),
    ],
)
def test_what_is_no_list_of_targets(y, X, message):
    with pytest.raises(DataError, match=message):
        targets_of(y, X)
