from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.linear_model import Ridge as Reference

from lilliput.data.matrix import Compressed
from lilliput.training.outputs import held, onto_simplex
from lilliput.training.ridge import fit_ridge


@pytest.mark.parametrize("alpha", [0.1, 3.0])
def test_ridge_agrees_with_scikit_learn(alpha):
    generator = np.random.default_rng(0)
    X = scipy.sparse.random_array((200, 50), density=0.1, rng=generator, dtype=np.float32, format="csr")
    Y = generator.random((200, 3), dtype=np.float32)
    rows = Compressed(X.data, X.indices, X.indptr, X.shape)
    reference = Reference(alpha).fit(X.toarray(), Y)
    np.testing.assert_allclose(fit_ridge(rows, Y, alpha).predict(rows), reference.predict(X.toarray()), atol=2e-3)


def test_ridge_of_rows_without_entries_is_the_mean():
    rows = Compressed(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(4, np.int64), (3, 5))
    found = fit_ridge(rows, np.array([[0.0], [0.5], [1.0]], dtype=np.float32), 1.0)
    np.testing.assert_allclose(found.predict(rows), 0.5)


matrices = hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-3, 3, width=32))


@given(matrices)
def test_points_on_the_simplex_are_points_of_it_and_the_nearest(rows):
    found = onto_simplex(rows)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    # No step towards a corner comes nearer: the variational inequality of a projection on a convex set.
    for corner in np.eye(rows.shape[1]):
        assert ((rows - found) * (corner - found)).sum(axis=1).max() <= 1e-4


def test_outputs_are_held_to_shares_and_to_their_groups():
    found = held(np.array([[0.7, 0.7, -0.2, 1.4]], dtype=np.float32), [np.array([0, 1])])
    np.testing.assert_allclose(found, [[0.5, 0.5, 0.0, 1.0]])
