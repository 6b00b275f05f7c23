from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.tasks.labels import LabelReader, Labels


@pytest.fixture
def read():
    """Labels and targets of rows that come in batches."""

    def make(rows, mode=None, known=(), balanced=False, batch=3):
        reader = LabelReader(mode, known)
        for start in range(0, len(rows), batch):
            reader.add(rows[start : start + batch])
        return reader.finish(balanced)

    return make


def rows_of(labels, targets):
    """What the targets say, row by row: label -> value."""
    spans = zip(targets.indptr[:-1].tolist(), targets.indptr[1:].tolist(), strict=True)
    pairs = list(zip(targets.labels.tolist(), targets.values.tolist(), strict=True))
    return [{labels.names[label]: value for label, value in pairs[first:last]} for first, last in spans]


# Modes


def test_one_label_a_row(read):
    labels, targets = read(["b", "c", "a", "b"])
    assert (labels.names, labels.mode, labels.outputs) == (("a", "b", "c"), "single", 3)
    assert rows_of(labels, targets) == [{"b": 1}, {"c": 1}, {"a": 1}, {"b": 1}]
    assert targets.weights.tolist() == [1, 1, 1, 1]
    assert [array.dtype for array in targets] == [np.int64, np.int32, np.float32, np.float32]


def test_two_labels_are_one_output(read):
    labels, targets = read(["b", "a", "b"])
    assert (labels.names, labels.outputs) == (("a", "b"), 1)
    assert targets.labels.tolist() == [0, 0, 0]
    assert targets.values.tolist() == [1, 0, 1]
    assert targets.indptr.tolist() == [0, 1, 2, 3]


def test_several_labels_a_row(read):
    labels, targets = read([["b", "a", "b"], [], ("c",), {"a"}, "c"])
    assert (labels.names, labels.mode, labels.outputs) == (("a", "b", "c"), "multi", 3)
    assert rows_of(labels, targets) == [{"a": 1, "b": 1}, {}, {"c": 1}, {"a": 1}, {"c": 1}]
    assert targets.indptr.tolist() == [0, 2, 2, 3, 4, 5]  # a label given twice counts once


def test_two_labels_of_which_both_may_hold_are_two_outputs(read):
    assert read([["a"], ["b"], ["a", "b"]])[0].outputs == 2
    assert read([["a"], ["b"]], mode="multi")[0].outputs == 2
    assert read([["a"], []])[0].outputs == 1


def test_soft_targets(read):
    labels, targets = read([{"b": 0.25, "a": 1}, {}, {"b": 0}])
    assert (labels.names, labels.mode, labels.outputs) == (("a", "b"), "soft", 2)
    assert rows_of(labels, targets) == [{"b": 0.25, "a": 1}, {}, {"b": 0}]


def test_lists_of_one_label_each_are_single_labels(read):
    assert read([["b"], ["a"], ["b"]])[0] == Labels(("a", "b"), "single")
    assert read([["b"], ["a"], ["b"]], mode="multi")[0] == Labels(("a", "b"), "multi")
    assert read([["b"], ["a"], []])[0] == Labels(("a", "b"), "multi")


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
@pytest.mark.parametrize("late", [["a", "c"], []])
@pytest.mark.parametrize("early", [["a", "b", "a", "b"], [["a"], ["b"], ["a"], ["b"]], [["a"], "b", ("a",), {"b"}]])
def test_a_late_row_of_several_labels_or_none_makes_all_rows_so(read, early, late, batch):
    labels, targets = read([*early, late, "b"], batch=batch)
    assert labels == Labels(("a", "b", "c")[: 3 if late else 2], "multi")
    assert labels.outputs == len(labels.names)
    assert rows_of(labels, targets) == [{"a": 1}, {"b": 1}, {"a": 1}, {"b": 1}, dict.fromkeys(late, 1), {"b": 1}]


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=2, unique=True), min_size=1, max_size=9), st.integers(1, 4))
def test_the_mode_does_not_depend_on_batches(rows, batch):
    whole, cut = LabelReader(), LabelReader()
    whole.add(rows)
    for start in range(0, len(rows), batch):
        cut.add(rows[start : start + batch])
    assert whole.mode == cut.mode == ("single" if all(len(row) == 1 for row in rows) else "multi")
    assert (whole.labels, whole.sizes) == (cut.labels, cut.sizes)


def test_lists_of_one_are_labels_where_one_is_wanted(read):
    labels, targets = read([["a"], "b", ("c",)], mode="single")
    assert labels.mode == "single"
    assert rows_of(labels, targets) == [{"a": 1}, {"b": 1}, {"c": 1}]


@pytest.mark.parametrize(
    ("rows", "mode", "message"),
    [
        (["a", "b", "c", ["a"] * 2], "single", r"row 4: found \['a', 'a'\], expected one label as in the rows before"),
        ([["a"], ["b"], {"a": 1}], None, r"row 3: found {'a': 1}, expected one label"),
        ([["a", "b"], {"a": 1}], None, r"row 2: found {'a': 1}, expected a list of labels"),
        ([{"a": 1}, "b"], None, "row 2: found 'b', expected a mapping of label to value"),
        (["a"], "soft", "row 1: found 'a', expected a mapping of label to value"),
        ([["a", "b"]], "single", "row 1: found .* expected one label"),
        ([["a"], [], ["b"], ["c", 5]], None, "row 4: the label 5 is a whole number, but 'a' before it is text"),
        ([1, 2, 1.5], None, r"row 3: the label 1\.5 is a number, but 1 before it is a whole number"),
        ([1, 0, 1, True], None, "row 4: the label True is true or false, but 1 before it is a whole number"),
        ([1, 0, 1.0], None, r"row 3: the label 1\.0 is a number, but 1 .* give all labels as text, or all as numbers"),
        ([Decimal(1)], None, r"row 1: Decimal\('1'\) cannot be a label; use text or numbers"),
        (["a", "\ud800"], None, r"row 2: the label '\\ud800' holds half a character"),
        ([{"a": 1}, {"b": 1.5}], None, r"row 2: the target of 'b' is 1\.5, expected a value between 0 and 1"),
        ([{"a": -0.1}], None, r"row 1: the target of 'a' is -0\.1"),
        ([{"a": float("nan")}], None, "row 1: the target of 'a' is nan, expected a value between 0 and 1"),
        (["a", "a"], None, "every row has the same label, 'a'; .* give rows of at least two labels"),
        ([[], []], None, "there are no labels; every row is without one"),
        ([], None, "there are no labels"),
        (["a"], "sngle", 'targets=\'sngle\': expected "single", "multi" or "soft"'),
    ],
)
def test_what_does_not_fit_is_refused_with_its_row(read, rows, mode, message):
    with pytest.raises(DataError, match=message):
        read(rows, mode)


def test_new_labels_stand_behind_known_ones(read):
    labels, targets = read(["z", "c", "b", "y"], known=("c", "a"))
    assert labels.names == ("c", "a", "b", "y", "z")
    assert rows_of(labels, targets) == [{"z": 1}, {"c": 1}, {"b": 1}, {"y": 1}]
    assert read(["c"], known=("c", "a"))[0].outputs == 1  # one label will do if more are known


def test_labels_of_another_type_than_the_known_ones_are_refused(read):
    with pytest.raises(DataError, match="row 1: the label '1' is text, but 1 before it is a whole number"):
        read(["1"], known=(1, 2))


# Weights


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60).filter(lambda labels: len(set(labels)) > 1))
def test_balanced_weights_are_those_of_scikit_learn(labels):
    weights = pytest.importorskip("sklearn.utils").class_weight.compute_class_weight
    reader = LabelReader()
    reader.add(labels)
    found, targets = reader.finish(balanced=True)
    expected = dict(zip(found.names, weights("balanced", classes=np.array(found.names), y=labels), strict=True))
    np.testing.assert_allclose(targets.weights, [expected[label] for label in labels], rtol=1e-5)


@pytest.mark.parametrize(
    "rows",
    [
        [["a", "b"], [], ["a"], ["c"]],
        [["a"], []],
        [{"a": 0.5, "b": 0.0}, {"a": 0.0, "b": 0.0}, {}],
        [{"a": 0.0}, {"a": 0.0}],
    ],
)
def test_balanced_weights_are_one_on_average(read, rows):
    _, targets = read(rows, balanced=True)
    assert targets.weights.dtype == np.float32
    assert (targets.weights > 0).all()
    assert targets.weights.mean() == pytest.approx(1)


def test_rows_of_rare_labels_weigh_more(read):
    _, targets = read([["a"]] * 8 + [["b"]] * 2 + [["a", "b"]] + [[]], mode="multi", balanced=True)
    often, rare, both, none = targets.weights[[0, 8, 10, 11]]
    assert often < both < rare
    assert rare / often == pytest.approx(9 / 3)
    assert often < none < rare


# Model files


names = st.one_of(
    st.lists(st.text(), min_size=1, unique=True),
    st.lists(st.integers(-(10**20), 10**20), min_size=1, unique=True),
    st.lists(st.floats(allow_nan=False), min_size=1, unique=True),
    st.sampled_from([[False, True], [True], [False]]),
)


@given(names, st.sampled_from(["single", "multi", "soft"]))
def test_labels_come_back_from_arrays_as_they_were(found, mode):
    labels = Labels(tuple(found), mode)
    arrays = labels.arrays()
    assert [array.dtype for array in arrays.values()] == [np.uint8, np.int64]
    restored = Labels.restored(arrays, labels.type_name, mode)
    assert restored == labels
    assert [type(name) for name in restored.names] == [type(name) for name in found]
