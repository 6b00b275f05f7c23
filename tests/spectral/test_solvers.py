from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from lilliput.spectral.basis import orthonormal
from lilliput.spectral.gradient import gradient
from lilliput.spectral.gram import Gram
from lilliput.spectral.krylov import krylov
from lilliput.spectral.merging import Merged
from lilliput.spectral.moments import Moments, moments_of
from lilliput.spectral.oja import Oja
from lilliput.spectral.rows import DenseRows, SparseRows, as_sparse
from lilliput.spectral.scatter import ColumnScatter, DenseScatter, RowScatter

RANDOM = np.random.default_rng(0)


def sparse_rows(rows, columns, density=0.1, dtype=np.float64):
    """A random sparse matrix, dense and as rows; some rows and columns are empty."""
    matrix = RANDOM.standard_normal((rows, columns)) * (RANDOM.random((rows, columns)) < density)
    return matrix, SparseRows(as_sparse(scipy.sparse.csr_array(matrix), np.dtype(dtype)), columns)


def covariance(values, size):
    """A symmetric matrix with these eigenvalues, and zeros."""
    vectors = np.linalg.qr(RANDOM.standard_normal((size, len(values))))[0]
    return (vectors * values) @ vectors.T


def check_pairs(pairs, matrix, tolerance):
    """Vectors are orthonormal, values are right, and the residuals are what they say."""
    most = len(pairs.values)
    exact = np.linalg.eigvalsh(matrix)[::-1][:most]
    np.testing.assert_allclose(pairs.values, exact, atol=tolerance * exact[0])
    np.testing.assert_allclose(pairs.vectors.T @ pairs.vectors, np.eye(most), atol=1e-5)
    rest = matrix @ pairs.vectors - pairs.vectors * pairs.values
    np.testing.assert_allclose(np.linalg.norm(rest, axis=0), pairs.residuals, atol=1e-6 * exact[0])


def test_a_narrow_block_looks_again_for_values_that_are_there_several_times():
    exact = np.repeat(1 / np.arange(1, 31.0), 3)
    matrix = covariance(exact, 240)
    pairs = krylov(DenseScatter(matrix), 7, 1e-9, seed=0, passes=500, memory=10**8, width=1)
    check_pairs(pairs, matrix, 1e-8)
    assert pairs.passes < 150


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(40, 90), (90, 40), (5, 5), (1, 7)])
def test_products_are_those_of_the_scatter_matrix(shape, dtype):
    matrix, rows = sparse_rows(*shape, dtype=dtype)
    centred = matrix - matrix.mean(axis=0)
    moments = moments_of(rows)
    vectors = RANDOM.standard_normal((shape[1], 3)).astype(dtype)
    for found in (rows, DenseRows(matrix.astype(dtype))):
        product = ColumnScatter(found, moments.mean, moments.weight, 2).product(vectors)
        np.testing.assert_allclose(product, centred.T @ (centred @ vectors), atol=1e-4)
    few = RowScatter(rows.block, shape[1], moments.mean, 2)
    vectors = RANDOM.standard_normal((shape[0], 3)).astype(dtype)
    np.testing.assert_allclose(few.product(vectors), centred @ (centred.T @ vectors), atol=1e-4)
    directions = few.directions(vectors, np.array([1.0, 4.0, 9.0]))
    np.testing.assert_allclose(directions, centred.T @ (vectors / [1, 2, 3]), atol=1e-4)


def test_a_large_product_is_shared_by_column_and_the_same(monkeypatch):
    _, rows = sparse_rows(50, 70)
    moments = moments_of(rows)
    vectors = RANDOM.standard_normal((70, 4))
    fused = ColumnScatter(rows, moments.mean, moments.weight, 2).product(vectors)
    monkeypatch.setattr("lilliput.spectral.scatter.FUSED_BYTES", 0)
    shared = ColumnScatter(rows, moments.mean, moments.weight, 2).product(vectors)
    np.testing.assert_allclose(shared, fused, rtol=1e-12)


@pytest.mark.parametrize("values", [[9, 5, 3, 1], [4, 4, 4, 4, 1, 1], [1], np.linspace(2, 1, 40)])
def test_krylov_finds_the_leading_pairs(values):
    matrix = covariance(np.array(values, dtype=float), 60)
    most = min(4, len(values))
    for width in (None, 2, 5):
        pairs = krylov(DenseScatter(matrix), most, 1e-9, seed=1, passes=300, memory=10**6, width=width)
        check_pairs(pairs, matrix, 1e-8)


def test_krylov_restarts_where_memory_is_short():
    matrix = covariance(np.linspace(3, 1, 200) ** 3, 300)
    roomy = krylov(DenseScatter(matrix), 5, 1e-8, seed=0, passes=400, memory=10**8)
    short = krylov(DenseScatter(matrix), 5, 1e-8, seed=0, passes=400, memory=0)
    check_pairs(short, matrix, 1e-7)
    assert short.passes > roomy.passes


def test_krylov_tells_of_passes_and_can_be_stopped():
    matrix = covariance(np.linspace(3, 1, 200), 300)
    told = []
    pairs = krylov(
        DenseScatter(matrix),
        5,
        1e-12,
        seed=0,
        passes=400,
        memory=10**8,
        told=lambda *now: told.append(now) or len(told) > 3,
    )
    assert [passes for passes, _ in told] == [1, 2, 3, 4]
    assert pairs.passes == 5  # one measured
    assert pairs.residuals.max() > 0


def test_gradient_climbs_to_the_same():
    matrix = covariance(np.array([9.0, 5.0, 5.0, 3.0, 1.0]), 30)
    check_pairs(gradient(DenseScatter(matrix), 4, 1e-7, seed=0, passes=300), matrix, 1e-6)


def test_gradient_keeps_to_its_passes():
    matrix = covariance(np.linspace(3, 1, 50), 60)
    pairs = gradient(DenseScatter(matrix), 4, 1e-12, seed=0, passes=21)
    assert pairs.passes <= 21
    np.testing.assert_allclose(pairs.vectors.T @ pairs.vectors, np.eye(4), atol=1e-10)


def cut(matrix, at):
    return np.split(matrix, sorted(set(at)))


@given(st.lists(st.integers(0, 40), max_size=6), st.sampled_from([None, 5.0, 100.0]), st.booleans())
def test_sums_do_not_depend_on_how_rows_are_cut(at, half_life, sparse):
    matrix = np.random.default_rng(1).standard_normal((40, 6)) + 100
    weights = np.ones(40) if half_life is None else 0.5 ** (np.arange(39, -1, -1) / half_life)
    gram, moments = Gram(6, half_life), Moments(6, half_life)
    for part in cut(matrix, at):
        block = as_sparse(scipy.sparse.csr_array(part), np.dtype(float)) if sparse else part
        gram.add(block)
        moments.add(block)
    mean = np.average(matrix, axis=0, weights=weights)
    exact = np.cov(matrix.T, aweights=weights)
    np.testing.assert_allclose(moments.mean, mean)
    np.testing.assert_allclose(gram.scatter() / moments.freedom, exact, atol=1e-8)
    np.testing.assert_allclose(moments.total_variance, np.trace(exact), rtol=1e-7)
    np.testing.assert_allclose(gram.moments.total_variance, np.trace(exact), rtol=1e-7)


@pytest.mark.parametrize("sparse", [False, True])
def test_merging_is_exact_where_nothing_is_left_out(sparse):
    matrix = RANDOM.standard_normal((500, 4)) @ RANDOM.standard_normal((4, 30)) + 3
    merged = Merged.empty(30, 6, np.dtype(float), None)
    for part in cut(matrix, [1, 2, 300]):
        merged.add(as_sparse(scipy.sparse.csr_array(part), np.dtype(float)) if sparse else part, threads=2)
    exact = np.linalg.eigvalsh(np.cov(matrix.T) * 499)[::-1][:4]
    np.testing.assert_allclose(merged.values[:4], exact, rtol=1e-8)
    np.testing.assert_allclose(merged.vectors.T @ merged.vectors, np.eye(merged.vectors.shape[1]), atol=1e-8)


@pytest.mark.parametrize("sparse", [False, True])
def test_oja_follows_the_leading_directions(sparse):
    scales = np.array([5.0, 4, 3] + [0.3] * 17)
    matrix = RANDOM.standard_normal((20_000, 20)) * scales + 2
    oja = Oja(20, 5, np.dtype(float), 0, None)
    for part in np.split(matrix, 10):
        oja.add(as_sparse(scipy.sparse.csr_array(part), np.dtype(float)) if sparse else part, threads=1)
    values, vectors = oja.pairs()
    assert (np.linalg.norm(vectors[:3, :3], axis=0) > 0.999).all()
    np.testing.assert_allclose(values[:3], scales[:3] ** 2, rtol=0.1)


def test_orthonormal_drops_what_is_only_rounding():
    one = RANDOM.standard_normal((50, 1))
    basis = orthonormal(np.hstack([one, 2 * one, np.zeros((50, 1))]))
    assert basis.shape == (50, 1)
    assert orthonormal(one, basis).shape[1] == 0
