from __future__ import annotations

import unittest
import warnings

import numpy as np
import pytest

pytest.importorskip("torch")

from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import parametrize_with_checks

from lilliput.core import registry
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks import array_fit
from lilliput.tasks.rbm import RestrictedBoltzmannMachine

DIGITS = (load_digits().data / 16).astype(np.float32)
RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def model(**more):
    return RestrictedBoltzmannMachine(**{"n_components": 10, "passes": 3, "threads": 1, "progress": False, **more})


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it does not inherit from BaseEstimator
    conforms = parametrize_with_checks([model(passes=1)])


@conforms
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except unittest.SkipTest:  # some check only what is installed or switched on here
            return


def test_digits_are_learned():
    found = model(passes=10).fit(DIGITS)
    assert found.units_ == "bernoulli"
    assert found.log_partition_error_ == 0
    assert found.report_.quality["log_likelihood"].value > -26
    rest = DIGITS - found.reconstruct(DIGITS)
    assert np.sqrt((rest**2).mean()) < 0.9 * np.sqrt(((DIGITS - DIGITS.mean(axis=0)) ** 2).mean())
    assert found.transform(DIGITS).shape == (1797, 10)
    assert found.score(DIGITS) > found.score(DIGITS[:, ::-1]) + 1


def test_gaussian_densities_are_in_the_datas_units():
    rows = RANDOM.standard_normal((500, 3)) * [1, 10, 100] + [0, 5, 1000]
    found = model(n_components=2, decay=0.0).fit(rows)
    assert found.units_ == "gaussian"
    expected = -np.log([1, 10, 100]).sum() - 1.5 * (1 + np.log(2 * np.pi))
    assert abs(found.score(rows) - expected) < 0.1
    sample = found.sample(400, steps=5)
    np.testing.assert_allclose(sample.mean(axis=0), rows.mean(axis=0), atol=60)


def test_samples_are_those_of_their_seed():
    found = model().fit(DIGITS)
    np.testing.assert_array_equal(found.sample(3, 5), found.sample(3, 5))
    assert (found.sample(3, 5) != found.sample(3, 5, seed=1)).any()
    assert found.sample(2, 1, start=DIGITS[:1]).shape == (2, 64)
    with pytest.raises(LilliputError, match="give 1 or more"):
        found.sample(0)


def test_saved_and_loaded(tmp_path):
    found = model().fit(DIGITS)
    found.save(tmp_path / "m.safetensors")
    loaded = registry.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.transform(DIGITS), found.transform(DIGITS))
    np.testing.assert_array_equal(loaded.score_samples(DIGITS), found.score_samples(DIGITS))
    assert loaded.to_bytes() == found.to_bytes()


def test_the_same_bytes_for_any_number_of_threads():
    assert len({model(n_components=40, threads=threads).fit(DIGITS).to_bytes() for threads in (1, 2, 3)}) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest, arrays: arrays.pop("centre"), "'centre' is missing"),
        (lambda manifest, arrays: manifest.update(units="poisson"), "does not describe a Boltzmann machine"),
    ],
)
def test_a_file_that_does_not_fit(tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    model(passes=1).fit(DIGITS[:100]).save(path)
    manifest, arrays = read_model(path)
    change(manifest, arrays := dict(arrays))
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=message):
        registry.load(path)


def test_bad_input():
    with pytest.raises(DataError, match="row 1, column 0 is NaN"):
        model().fit([[0, 1], [np.nan, 0]])
    with pytest.raises(DataError, match=r"row 1, column 0 is 2; binary units take numbers within \[0, 1\]"):
        model(units="bernoulli").fit([[0, 1], [2, 0]])
    with pytest.raises(NotFittedError, match="fit first"):
        model().sample()
    with pytest.raises(DeviceError, match="on the processor"):
        model(device="cuda").fit(DIGITS)
    with pytest.raises(BudgetError, match="bytes larger"):
        model(budget="1KB").fit(DIGITS)
    with pytest.raises(LilliputError, match="fit with anneal=1000"):
        model(anneal=0).fit(DIGITS[:50]).score(DIGITS)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"units": "poisson"}, "known are auto, bernoulli, gaussian"),
        ({"gibbs": 0}, "gibbs=0; give 1 or more"),
        ({"momentum": 1}, r"give a number in \[0, 1\)"),
        ({"rate": 0}, "above 0, or None"),
        ({"passes": 0}, "more than 0"),
        ({"units": "gaussian", "rate": 1e6}, "weights are no finite numbers"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(LilliputError, match=message):
        model(**parameters).fit(DIGITS)
