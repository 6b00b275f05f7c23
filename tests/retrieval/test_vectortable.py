from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.core.errors import DataError, ModelFileError
from lilliput.retrieval.vectortable import BLOCK, Codes, VectorTable

WORDS = ["the", "cat", "dog", "été"]


def table(grams=True, dim=6, seed=0):
    draw = np.random.default_rng(seed).normal
    more = (draw(size=(50, dim)), (2, 4)) if grams else ()
    return VectorTable.from_float(WORDS, [9, 5, 5, 1], draw(size=(4, dim)), *more)


FINITE = st.floats(-1e6, 1e6, width=32).filter(lambda value: value == 0 or abs(value) > 1e-20)


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 20)), elements=FINITE))
def test_codes_are_the_nearest(matrix):
    coded = Codes.of(matrix)
    largest = np.abs(matrix).max(axis=1)
    assert np.all(np.abs(coded.floats(slice(None)) - matrix).max(axis=1) <= largest / 254 * (1 + 1e-4))
    assert np.array_equal(np.abs(coded.codes).max(axis=1), np.where(largest > 0, 127, 0))
    again = Codes.of(coded.floats(slice(None)))
    assert np.array_equal(again.codes, coded.codes)


def test_many_rows_are_coded_in_blocks():
    matrix = np.random.default_rng(0).normal(size=(BLOCK + 7, 3)).astype(np.float32)
    coded = Codes.of(matrix)
    assert np.abs(coded.floats(slice(None)) - matrix).max() < 0.03
    parts = list(coded.blocks(len(matrix)))
    assert [part.stop - part.start for part, _ in parts] == [BLOCK, 7]


def test_directions_are_kept_to_about_half_a_degree():
    matrix = np.random.default_rng(0).normal(size=(500, 100))
    coded = Codes.of(matrix).floats(slice(None))
    cosines = (matrix * coded).sum(axis=1) / np.linalg.norm(matrix, axis=1) / np.linalg.norm(coded, axis=1)
    assert np.degrees(np.arccos(cosines)).max() < 0.6


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(bad):
    matrix = np.zeros((BLOCK + 2, 2))
    matrix[BLOCK + 1, 0] = bad
    with pytest.raises(DataError, match=f"vector {BLOCK + 2:,} is not made of finite numbers"):
        Codes.of(matrix)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="for 1 words"):
        VectorTable.from_float(["a"], None, np.zeros((2, 3)))
    with pytest.raises(DataError, match="n-grams of shape"):
        VectorTable.from_float(["a"], None, np.zeros((1, 3)), np.zeros((5, 2)), (1, 2))


def test_an_unknown_word_is_the_mean_of_its_ngrams():
    found = table()
    assert np.array_equal(found.vector("cat"), found.rows.floats(1))
    buckets = found.subwords.of(b"hens")
    assert np.allclose(found.vector("hens"), found.grams.floats(buckets).mean(axis=0))
    assert found.vector("") is None or len(found.subwords.of(b""))
    assert table(grams=False).vector("hens") is None


@pytest.mark.parametrize("grams", [True, False])
def test_a_table_goes_through_a_file(grams):
    first = table(grams)
    second = VectorTable.from_arrays(first.arrays())
    assert second.words.all() == WORDS
    assert second.counts.tolist() == [9, 5, 5, 1]
    assert np.array_equal(second.rows.codes, first.rows.codes)
    assert np.array_equal(second.vector("dog"), first.vector("dog"))
    assert (second.subwords, second.grams is None) == (first.subwords, not grams)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("codes", np.zeros((3, 6), np.int8), "shape"),
        ("codes", np.zeros((4, 0), np.int8), "dimension 0"),
        ("codes", np.zeros((4, 6), np.uint8), "expected int8"),
        ("scales", np.full(4, np.nan, np.float32), "not finite"),
        ("scales", np.full(4, -1, np.float32), "below 0"),
        ("scales", np.zeros(5, np.float32), "shape"),
        ("counts", np.array([-1, 5, 1]), "damaged"),
        ("counts", np.array([9, 5]), "damaged"),
        ("count_runs", np.array([1, 2, 2]), "5 counts for 4 words"),
        ("count_runs", np.array([1, 2, 2**62]), "counts for 4 words"),
        ("count_runs", np.array([1, 0, 3]), "damaged"),
        ("gram_codes", np.zeros((50, 5), np.int8), "shape"),
        ("gram_codes", np.zeros((0, 6), np.int8), "shape|n-grams"),
        ("gram_lengths", np.array([0, 4], np.uint8), "n-grams of 0 to 4"),
        ("gram_lengths", np.array([5, 4], np.uint8), "n-grams of 5 to 4"),
        ("gram_lengths", np.array([5, 200], np.uint8), "n-grams of 5 to 200"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, value, message):
    with pytest.raises(ModelFileError, match=message):
        VectorTable.from_arrays({**table().arrays(), name: value})


@pytest.mark.parametrize("name", sorted(table().arrays()))
def test_missing_arrays_are_refused(name):
    arrays = {key: value for key, value in table().arrays().items() if key != name}
    if name == "gram_codes":
        assert VectorTable.from_arrays(arrays).grams is None
        return
    with pytest.raises(ModelFileError, match="missing"):
        VectorTable.from_arrays(arrays)
