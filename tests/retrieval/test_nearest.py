from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lilliput.retrieval import nearest as module
from lilliput.retrieval.nearest import inverse_lengths, nearest, scanned, whole

RANDOM = np.random.default_rng(0)


def codes(rows=700, dim=20):
    found = np.random.default_rng(1).integers(-127, 128, size=(rows, dim)).astype(np.int8)
    found[3] = 0
    found[[400, 90]] = found[5]
    return found


def test_the_nearest_are_those_of_floats():
    rows = codes()
    queries = RANDOM.normal(size=(9, 20))
    wide = rows.astype(float)
    with np.errstate(invalid="ignore"):
        cosines = (queries / np.linalg.norm(queries, axis=1)[:, None]) @ (
            wide / np.linalg.norm(wide, axis=1)[:, None]
        ).T
    cosines[:, 3] = 0
    found = nearest(rows, inverse_lengths(rows), queries, 12)
    for row, ranked, given in zip(cosines, found.rows, found.cosines, strict=True):
        assert np.allclose(row[ranked], given, atol=2e-4)
        assert np.allclose(np.sort(row)[::-1][:12], given, atol=2e-4)


@pytest.mark.parametrize("k", [1, 5, 700, 1000])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_kernels_give_what_numpy_gives(k, threads, monkeypatch):
    rows = codes()
    inverse = inverse_lengths(rows)
    queries = np.concatenate([RANDOM.normal(size=(70, 20)), rows[[5, 3]].astype(float)])
    cold = [nearest(rows, inverse, query[None], k) for query in queries]
    monkeypatch.setattr(module, "COLD", 0)
    together = nearest(rows, inverse, queries, k, threads)
    alone = [nearest(rows, inverse, query[None], k, threads) for query in queries[-4:]]
    assert np.array_equal(np.concatenate([one.rows for one in cold]), together.rows)
    assert np.array_equal(np.concatenate([one.cosines for one in cold]), together.cosines)
    assert np.array_equal(np.concatenate([one.rows for one in alone]), together.rows[-4:])
    assert together.rows.shape == (72, min(k, 700))


def test_of_equal_rows_the_first_comes_first():
    rows = codes()
    found = nearest(rows, inverse_lengths(rows), rows[5:6].astype(float), 4)
    assert found.rows[0, :3].tolist() == [5, 90, 400]
    assert found.cosines[0, 0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("dim", [1, 3, 100, 516, 517, 4096])
def test_sums_fit_into_32_bits(dim):
    rows = np.full((2, dim), 127, np.int8)
    query = whole(np.full((1, dim), 5.0))
    assert 127 * int(query.max()) * dim < 2**31
    assert int(query.max()) > 4000
    _, scores = scanned(rows, inverse_lengths(rows), query, 1, threads=1)
    assert scores[0, 0] > 0


@pytest.mark.parametrize("size", [5e-324, 1e-30, 1.0, 1e300])
def test_the_length_of_a_query_does_not_matter(size):
    rows = codes()
    query = np.sign(rows[8:9].astype(float)) * size
    found = nearest(rows, inverse_lengths(rows), query, 3)
    assert found.rows.tolist() == nearest(rows, inverse_lengths(rows), np.sign(query), 3).rows.tolist()
    assert found.cosines[0, 0] > 0.8


def test_nothing_is_near_nothing():
    rows = codes()
    found = nearest(rows, inverse_lengths(rows), np.zeros((1, 20)), 3)
    assert found.rows.tolist() == [[0, 1, 2]]
    assert found.cosines.tolist() == [[0, 0, 0]]
    none = nearest(rows[:0], inverse_lengths(rows[:0]), np.ones((2, 20)), 3)
    assert none.rows.shape == none.cosines.shape == (2, 0)


def test_one_question_takes_numpy_alone():
    program = (
        "import sys, numpy as np\n"
        "from lilliput.retrieval.nearest import nearest, inverse_lengths\n"
        "rows = np.ones((5000, 50), np.int8)\n"
        "nearest(rows, inverse_lengths(rows), np.ones((1, 50)), 3)\n"
        "print('numba' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
    )
