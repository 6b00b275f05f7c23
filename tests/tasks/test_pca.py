from __future__ import annotations

import json
import re
import time
import unittest
import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.utils.estimator_checks import parametrize_with_checks

from lilliput.cli.main import main
from lilliput.core import registry
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.data.matrix import MatrixSource
from lilliput.data.source import Source
from lilliput.features.plain import NGrams
from lilliput.spectral.scatter import ColumnScatter
from lilliput.tasks import array_fit, pca_fit, pca_text
from lilliput.tasks.pca import StreamingPCA

DIGITS = load_digits().data
EXACT = PCA(10, svd_solver="full").fit(DIGITS)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(pca_fit, "ready", lambda budget, progress: 0.0)
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def model(**more):
    return StreamingPCA(**{"n_components": 10, "threads": 1, "progress": False, **more})


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it does not inherit from BaseEstimator
    conforms = parametrize_with_checks([StreamingPCA(progress=False), StreamingPCA(solver="krylov", progress=False)])


@conforms
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except unittest.SkipTest:  # some check only what is installed or switched on here
            return


@pytest.mark.parametrize("kind", [np.array, scipy.sparse.csr_array, scipy.sparse.csc_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("solver", ["auto", "gram", "krylov", "gradient"])
def test_agrees_with_scikit_learn(solver, dtype, kind):
    rows = kind(DIGITS.astype(dtype))
    found = model(solver=solver).fit(rows)
    np.testing.assert_allclose(found.explained_variance_, EXACT.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(found.components_, EXACT.components_, atol=1e-3)  # with the same signs
    np.testing.assert_allclose(found.explained_variance_ratio_, EXACT.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(found.singular_values_, EXACT.singular_values_, rtol=1e-5)
    np.testing.assert_allclose(found.noise_variance_, EXACT.noise_variance_, rtol=1e-4)
    np.testing.assert_allclose(found.transform(rows), EXACT.transform(DIGITS), atol=0.05)
    assert found.transform(rows).dtype == (np.float64 if dtype == np.float64 else np.float32)
    assert found.n_samples_seen_ == 1797
    again = found.inverse_transform(found.transform(rows))
    np.testing.assert_allclose(again, EXACT.inverse_transform(EXACT.transform(DIGITS)), atol=0.05)


def test_oja_comes_near_in_some_passes():
    found = model(solver="oja").fit(DIGITS)
    assert found.explained_variance_.sum() > 0.995 * EXACT.explained_variance_.sum()
    assert found.residuals_.max() > 0


def test_residuals_are_what_they_say():
    found = model(solver="krylov", tolerance=1e-2).fit(DIGITS)
    covariance = np.cov(DIGITS.T)
    rest = covariance @ found.components_.T - found.components_.T * found.explained_variance_
    np.testing.assert_allclose(np.linalg.norm(rest, axis=0), found.residuals_, rtol=1e-3, atol=1e-9)
    assert found.residuals_.max() <= 1e-2 * found.explained_variance_[0]


def test_large_means_cost_no_digits():
    found = model().fit((DIGITS + 1e4).astype(np.float32))
    np.testing.assert_allclose(found.explained_variance_, EXACT.explained_variance_, rtol=1e-3)


@pytest.mark.parametrize("kind", [np.array, scipy.sparse.csr_array])
def test_batches_of_any_size_are_as_all_at_once(kind):
    found = model()
    for batch in np.split(DIGITS, [1, 3, 50, 400, 401, 1796]):
        found.partial_fit(kind(batch))
    np.testing.assert_allclose(found.explained_variance_, EXACT.explained_variance_, rtol=1e-8)
    np.testing.assert_allclose(found.components_, EXACT.components_, atol=1e-6)


def test_a_fit_goes_on():
    found = model().fit(DIGITS[:1000])
    np.testing.assert_allclose(
        found.partial_fit(DIGITS[1000:]).explained_variance_, EXACT.explained_variance_, rtol=1e-8
    )


@pytest.mark.parametrize("solver", ["krylov", "oja"])
def test_streams_of_many_columns(solver):
    found = model(solver=solver)
    for batch in np.array_split(np.tile(DIGITS, (12 if solver == "oja" else 1, 1)), 10):
        found.partial_fit(batch)
    assert found.explained_variance_.sum() > 0.97 * EXACT.explained_variance_.sum()
    np.testing.assert_allclose(
        found.total_variance_, EXACT.explained_variance_.sum() / EXACT.explained_variance_ratio_.sum(), rtol=1e-3
    )
    assert np.isnan(found.residuals_).all()  # the rows are gone


def test_a_stream_that_drifts_is_followed():
    random = np.random.default_rng(0)
    before, after = random.standard_normal((2, 4000, 5)) * np.array([[[9, 1, 1, 1, 1]], [[1, 1, 9, 1, 1]]])
    for solver in ("gram", "krylov", "oja"):
        found = StreamingPCA(1, solver=solver, half_life=500, progress=False)
        for batch in np.split(np.vstack([before, after]), 80):
            found.partial_fit(batch)
        assert found.components_[0, 2] > 0.99, solver


def test_the_same_bytes_for_any_number_of_threads():
    rows = scipy.sparse.random_array((300, 5000), density=0.01, rng=0, dtype=np.float32).tocsr()
    files = {
        model(threads=threads, solver=solver).fit(rows).to_bytes() for threads in (1, 2, 3) for solver in ("krylov",)
    }
    assert len(files) == 1


@pytest.mark.parametrize("solver", ["auto", "krylov"])
def test_saved_and_loaded(tmp_path, monkeypatch, solver):
    monkeypatch.setitem(registry.TASKS, "pca", "lilliput.tasks.pca:StreamingPCA")
    found = model(solver=solver).fit(DIGITS)
    found.save(tmp_path / "p.safetensors")
    loaded = registry.load(tmp_path / "p.safetensors")
    np.testing.assert_array_equal(loaded.transform(DIGITS), found.transform(DIGITS))
    np.testing.assert_array_equal(loaded.residuals_, found.residuals_)
    assert loaded.explained_variance_ratio_.sum() == found.explained_variance_ratio_.sum()
    loaded.partial_fit(DIGITS[:100])
    assert loaded.n_samples_seen_ == 1897
    assert clone(loaded).get_params() == loaded.get_params()


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "p.safetensors"
    model().fit(DIGITS).save(path)
    manifest, arrays = read_model(path)
    bad = [
        (manifest, {**arrays, "directions": arrays["directions"][0]}),
        (manifest, {**arrays, "variance": arrays["variance"][:3]}),
        (manifest, {**arrays, "mean": np.full(64, np.nan)}),
        ({**manifest, "weights": [1]}, arrays),
        ({**manifest, "weights": [0.0, 0.0, 0.0]}, arrays),
        ({name: value for name, value in manifest.items() if name != "solver"}, arrays),
        ({**manifest, "parameters": {**manifest["parameters"], "solver": "none"}}, arrays),
    ]
    for changed, kept in bad:
        write_model(path, changed, kept)
        with pytest.raises(ModelFileError, match=re.escape(str(path))):
            registry.load(path)


def test_budgets(tmp_path):
    found = model(budget="5KB").fit(DIGITS)
    assert len(found.to_bytes()) <= 5000
    assert "16 bits" in found.report_.notes[0]
    np.testing.assert_allclose(found.explained_variance_, EXACT.explained_variance_, rtol=1e-8)
    assert (
        registry.load((found.save(tmp_path / "p.safetensors"), tmp_path / "p.safetensors")[1])
        .transform(DIGITS)
        .tobytes()
        == found.transform(DIGITS.copy()).tobytes()
    )
    with pytest.raises(BudgetError, match="the smallest memory that would do is"):
        model(budget="2KB").fit(DIGITS)
    with pytest.raises(BudgetError, match="one prediction took"):
        model(budget="0.1us").fit(DIGITS)


def test_time_ends_the_search(monkeypatch):
    product = ColumnScatter.product
    monkeypatch.setattr(ColumnScatter, "product", lambda self, vectors: (time.sleep(0.05), product(self, vectors))[1])
    rows = np.random.default_rng(0).standard_normal((2000, 1500)).astype(np.float32)  # no direction leads
    found = model(budget="1s", solver="krylov", passes=100_000).fit(rows)
    assert 0.5 < found.report_.fit_seconds <= 1
    assert "the residuals are above the tolerance" in found.report_.notes[0]


def test_ctrl_c_keeps_the_best_so_far(monkeypatch):
    product, calls = ColumnScatter.product, []

    def interrupted(self, vectors):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return product(self, vectors)

    monkeypatch.setattr(ColumnScatter, "product", interrupted)
    found = model(solver="krylov", tolerance=1e-9)
    with pytest.raises(KeyboardInterrupt):
        found.fit(DIGITS)
    assert found.interrupted_
    assert found.explained_variance_.sum() > 0.9 * EXACT.explained_variance_.sum()
    assert "ended early by Ctrl-C" in found.report_.notes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_components_tell_of_rows(tmp_path, capsys, dtype):
    rows = DIGITS.astype(dtype)
    found = model().fit(rows[:1000])
    rest = rows[1000:] - found.inverse_transform(found.transform(rows[1000:]))
    for given in (rows[1000:], scipy.sparse.csr_array(rows[1000:])):
        told = found.reconstruction(given)
        assert told.rows == 797
        np.testing.assert_allclose(told.error, np.square(rest).sum() / 797, rtol=1e-4)
        np.testing.assert_allclose(told.spread, np.square(rows[1000:] - found.mean_).sum() / 797, rtol=1e-4)
    found.save(tmp_path / "p.safetensors")
    np.save(tmp_path / "rows.npy", rows[1000:])
    given = ["score", str(tmp_path / "p.safetensors"), str(tmp_path / "rows.npy")]
    assert main(given) == 0
    assert re.match(r"explained +[67]\d\.\d+% of the spread around the mean of the fit", capsys.readouterr().out)
    assert main([*given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 797


def test_files_and_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(pca_text, "WORDS", NGrams("word", 1, 2, bits=12))
    np.save(tmp_path / "rows.npy", DIGITS)
    np.savetxt(tmp_path / "rows.csv", DIGITS, delimiter=",", fmt="%d")
    mapped = model().fit(MatrixSource(tmp_path / "rows.npy"))
    streamed = model().fit(MatrixSource(tmp_path / "rows.csv", header=False))
    np.testing.assert_allclose(mapped.components_, streamed.components_, atol=1e-8)
    (tmp_path / "texts.txt").write_text("the red cat\na red dog\n" * 50 + "blue birds sing\nmany birds sing\n" * 50)
    with Source(tmp_path / "texts.txt", labelled=False) as source:
        words = model(n_components=2).fit(source)
        assert words.n_features_in_ == 1 << 12
        first = words.transform(source)[:, 0]
    assert (np.sign(first[:100]) == np.sign(first[0])).all()
    assert (np.sign(first[100:]) == -np.sign(first[0])).all()


@pytest.mark.parametrize(
    ("X", "more", "message"),
    [
        (DIGITS[:5], {}, "n_components=10, but there are 5 rows and 64 columns; ask for 5 at most"),
        (DIGITS[:1], {"n_components": 1}, "there is 1 row (n_samples=1); variance needs at least two"),
        ([[1.0, 2.0], [np.nan, 1.0]], {"n_components": 1}, "row 1, column 0 is NaN"),
        (scipy.sparse.csr_array([[1.0, 0], [0, np.inf]]), {"n_components": 1}, "row 1, column 1 is infinity"),
        ([[1.0, 2.0], [1.0]], {}, "inhomogeneous"),
        (np.array([["a", "b"]]), {}, "give rows of numbers"),
        (DIGITS[0], {}, "expected rows and columns, 2-D"),
        (np.zeros((5, 0)), {}, "0 feature(s)"),
        (DIGITS, {"solver": "svd"}, "solver='svd'; known are auto, gram, krylov, gradient, oja"),
        (DIGITS, {"n_components": 0}, "n_components=0; give 1 or more"),
        (DIGITS, {"tolerance": 0}, "tolerance=0"),
        (DIGITS, {"passes": 1}, "passes=1"),
        (DIGITS, {"half_life": -1}, "half_life=-1"),
        (DIGITS, {"working_memory": "1s"}, "working_memory='1s'"),
    ],
)
def test_bad_input(X, more, message):
    with pytest.raises(LilliputError, match=re.escape(message)):
        model(**more).fit(X)


def test_what_does_not_fit():
    with pytest.raises(NotFittedError):
        model().transform(DIGITS)
    with pytest.raises(DeviceError, match="device='tpu'"):
        model(device="tpu").fit(DIGITS)
    found = model().fit(DIGITS)
    with pytest.raises(DataError, match="X has 3 features, but StreamingPCA is expecting 64"):
        found.transform(DIGITS[:, :3])
    with pytest.raises(DataError, match="do not fit 10 components"):
        found.inverse_transform(DIGITS)
    bad = DIGITS.copy()
    bad[0, 3] = np.nan
    with pytest.raises(DataError, match="row 1797, column 3 is NaN"):
        found.partial_fit(bad)


def test_constant_columns_have_no_variance():
    found = StreamingPCA(3, progress=False).fit(np.ones((10, 4)))
    assert found.explained_variance_.tolist() == [0, 0, 0]
    assert found.explained_variance_ratio_.tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.components_ @ found.components_.T, np.eye(3), atol=1e-12)
    sparse = StreamingPCA(3, solver="krylov", progress=False).fit(scipy.sparse.csr_array(np.ones((4, 10))))
    np.testing.assert_allclose(sparse.explained_variance_, 0, atol=1e-12)
