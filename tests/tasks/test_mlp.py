from __future__ import annotations

import signal
import subprocess
import sys
import time
import unittest
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.utils.estimator_checks import parametrize_with_checks

from lilliput.core import registry
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.nets.dense import DenseNet
from lilliput.tasks import array_fit
from lilliput.tasks.mlp import MLPClassifier, MLPRegressor
from lilliput.training import devices
from lilliput.training.loop import Loop

DIGITS = load_digits()
X, Y = DIGITS.data[:600].astype(np.uint8), DIGITS.target[:600]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def model(kind=MLPClassifier, **more):
    return kind(**{"hidden": (32,), "epochs": 10, "threads": 1, "progress": False, **more})


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that they do not inherit from BaseEstimator
    conforms = parametrize_with_checks([model(rate=0.05, epochs=12), model(MLPRegressor, rate=0.05, epochs=12)])


@conforms
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except unittest.SkipTest:  # some check only what is installed or switched on here
            return


@pytest.fixture(scope="module")
def digits():
    return model(hidden=(64, 32), epochs=20).fit(X, Y)


def test_it_learns_digits_and_says_what_it_measured(digits):
    assert digits.score(DIGITS.data[600:], DIGITS.target[600:]) > 0.88
    report = digits.report_
    assert report.quality["accuracy"].n == 60
    assert report.plan["passes"] == 20
    assert "hidden" in str(report)
    probabilities = digits.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (digits.classes_[probabilities.argmax(axis=1)] == digits.predict(X)).all()


def test_it_learns_numbers_one_and_several():
    rows, y = load_diabetes(return_X_y=True)
    one = model(MLPRegressor, epochs=40).fit(rows, y)
    assert one.score(rows, y) > 0.4
    assert one.predict(rows).shape == (442,)
    assert {"r2", "rmse"} <= one.report_.quality.keys()
    several = model(MLPRegressor, epochs=40).fit(rows, np.column_stack([y, -y, y + 1000]))
    assert several.predict(rows).shape == (442, 3)
    assert several.n_outputs_ == 3
    assert several.score(rows, np.column_stack([y, -y, y + 1000])) > 0.4


@pytest.mark.parametrize(
    "settings",
    [
        {"optimiser": "nesterov", "momentum": (0.5, 0.95), "schedule": "decay"},
        {"optimiser": "rmsprop", "schedule": "cosine", "bits": 8},
        {"optimiser": "nesterov-rmsprop", "schedule": "growing", "max_norm": 2.0},
        {"optimiser": "momentum", "schedule": "linear", "normalise": True, "clip": 1.0},
        {"optimiser": "adagrad", "schedule": "fixed", "l2": 0.01, "input_dropout": 0.1},
        {"dropout": 0.0, "input_noise": 0.3, "noise": 0.2, "normalise": True, "rate": 0.005},
    ],
)
def test_every_recipe_learns(settings):
    assert model(**settings).fit(X, Y).score(DIGITS.data[600:], DIGITS.target[600:]) > 0.8


def test_batch_normalisation_is_folded_away(digits):
    found = model(normalise=True, hidden=(16, 8)).fit(X, Y)
    assert found.net_.widths == [16, 8]
    assert len(found.to_bytes()) < len(digits.to_bytes())


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("settings", [{"input_noise": 1.0}, {"noise": 1.0, "normalise": True}], ids=str)
def test_noise_is_on_rows_that_are_learned_from_and_not_on_those_predicted(kind, settings, tmp_path):
    """A network cannot learn by heart what never comes twice."""
    targets = np.random.default_rng(0).integers(0, 2, 200)  # chance: there is nothing else to learn
    learning = {"dropout": 0.0, "epochs": 40, "rate": 0.01, "held_out": 0}
    still = model(kind, normalise="normalise" in settings, **learning).fit(X[:200], targets)
    noisy = model(kind, **settings, **learning).fit(X[:200], targets)
    assert noisy.history_["records"][-1]["loss"] > 2 * still.history_["records"][-1]["loss"]
    np.testing.assert_array_equal(noisy.predict(X), noisy.predict(X))
    assert noisy.to_bytes() == model(kind, **settings, **learning).fit(X[:200], targets).to_bytes()
    noisy.save(tmp_path / "m")
    again = registry.load(tmp_path / "m")
    assert again.get_params().items() >= settings.items()
    np.testing.assert_array_equal(again.predict(X), noisy.predict(X))


@pytest.mark.parametrize("optimiser", ["sgd", "nesterov"])
def test_l1_zeros_are_counted_in_the_report_and_are_true(optimiser):
    found = model(l1=0.01, optimiser=optimiser, rate=0.05).fit(X, Y)
    none = sum(int((weight == 0).sum()) for weight in found.net_.weights)
    assert none > 100
    assert found.report_.plan["zero weights"].startswith(f"{none:,} of")


def test_the_same_threads_save_the_same_bytes_and_others_nearly_the_same():
    first, again, other = (model(threads=count, epochs=3).fit(X, Y) for count in (2, 2, 1))
    assert first.to_bytes() == again.to_bytes()
    np.testing.assert_allclose(other.predict_proba(X), first.predict_proba(X), atol=1e-4)  # PyTorch sums otherwise


def test_a_small_network_takes_one_thread_unless_more_are_asked_for(monkeypatch):
    import torch

    seen = []
    monkeypatch.setattr(torch, "set_num_threads", seen.append)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    monkeypatch.setattr(devices, "resolve_threads", lambda threads: threads or 5)
    for threads, worth in ((None, devices.WORTH), (3, devices.WORTH), (None, 1000)):
        monkeypatch.setattr(devices, "WORTH", worth)
        model(threads=threads, epochs=1).fit(X[:200], Y[:200])
    assert seen == [1, 7, 3, 7, 5, 7]


def test_a_saved_model_comes_back(digits, tmp_path):
    path = tmp_path / "digits.safetensors"
    digits.save(path)
    again = registry.load(path)
    assert isinstance(again, MLPClassifier)
    assert (again.predict_proba(X) == digits.predict_proba(X)).all()
    assert again.to_bytes() == digits.to_bytes()
    assert again.get_params()["hidden"] == (64, 32)
    regressor = model(MLPRegressor, momentum=(0.5, 0.9), optimiser="nesterov").fit(X, Y.astype(float))
    regressor.save(path)
    np.testing.assert_array_equal(registry.load(path).predict(X), regressor.predict(X))


def test_texts_are_classes_too(tmp_path):
    names = np.array(["even", "odd"])[Y % 2]
    found = model().fit(X, names)
    assert set(found.predict(X)) == {"even", "odd"}
    found.save(tmp_path / "m")
    assert (registry.load(tmp_path / "m").predict(X) == found.predict(X)).all()


def test_prediction_takes_no_torch(digits, tmp_path):
    digits.save(tmp_path / "m.safetensors")
    program = (
        "import sys, numpy as np, lilliput; m = lilliput.load(sys.argv[1]); m.predict(np.zeros((2, 64)));"
        "print(*({'torch', 'numba', 'sklearn'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "m.safetensors"], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []


@pytest.mark.parametrize(("share", "bits"), [(1.1, 32), (0.7, 16), (0.5, 8)])
def test_a_small_file_has_fewer_bits_a_weight(share, bits):
    memory = round(share * model(hidden=(64,), epochs=15).fit(X, Y).file_size())
    found = model(hidden=(64,), budget={"memory": f"{memory}B"}, epochs=15).fit(X, Y)
    assert found.bits_ == bits
    assert found.file_size() <= memory
    assert found.score(DIGITS.data[600:], DIGITS.target[600:]) > 0.8
    again = DenseNet.restored(found.net_.arrays(bits), "x")
    np.testing.assert_array_equal(again.forward(X.astype(np.float32)), found.net_.forward(X.astype(np.float32)))


def test_time_is_used_and_kept():
    began = time.monotonic()
    found = model(budget="1.5s", epochs=None).fit(X, Y)
    assert 1.2 < time.monotonic() - began < 1.55
    assert found.history_["records"][-1]["rate"] < 1e-4


def test_budgets_that_cannot_be_kept_name_one_that_can():
    with pytest.raises(BudgetError, match="smallest memory that would do is 10KB") as raised:
        model(hidden=(64,), budget="2KB", epochs=1_000_000).fit(X, Y)  # said before the training
    found = model(hidden=(64,), budget=raised.value.smallest, epochs=1).fit(X, Y)
    assert found.bits_ == 8
    size = found.file_size()
    with pytest.raises(BudgetError, match="larger than allowed") as raised:
        model(hidden=(64,), budget={"memory": size - 100}, epochs=1).fit(X, Y)
    model(hidden=(64,), budget=raised.value.smallest, epochs=1).fit(X, Y)


def test_the_report_has_room_in_the_file_too():
    for size in range(21_000, 23_000, 250):  # weights of 32 bits have room at first, and none beside the report
        found = model(hidden=(64,), budget={"memory": size}, epochs=1).fit(X, Y)
        assert found.file_size() <= size
    with pytest.raises(BudgetError, match="smallest latency"):
        model(budget="1us", epochs=1).fit(X, Y)


def test_a_fit_that_is_stopped_goes_on_to_the_same_bytes(tmp_path):
    whole = model(epochs=6).fit(X, Y).to_bytes()
    path = tmp_path / "fit.checkpoint"
    stopped = model(epochs=6, checkpoint=path)

    def press(number, frame):
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, 0.25)
    try:
        with pytest.raises(KeyboardInterrupt):
            stopped.set_params(epochs=100_000).fit(X, Y)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert stopped.interrupted_
    assert "ended early" in " ".join(stopped.report_.notes)
    with pytest.raises(ModelFileError, match="another training: its epochs is 100000"):
        model(epochs=6, checkpoint=path).fit(X, Y)
    path.unlink()
    assert model(epochs=6, checkpoint=path).fit(X, Y).to_bytes() == whole
    assert not path.exists()


@pytest.mark.parametrize("step", [1, 60, 130])
def test_a_fit_that_goes_on_gives_the_same_file(step, monkeypatch, tmp_path):
    settings = {"epochs": 4, "dropout": 0.2, "schedule": "decay", "checkpoint": tmp_path / "fit.checkpoint"}
    whole = model(**{**settings, "checkpoint": None}).fit(X, Y).to_bytes()
    steps, step_of = [], Loop._step

    def counted(loop, chosen):
        steps.append(chosen)
        if len(steps) == step:
            signal.raise_signal(signal.SIGINT)
        step_of(loop, chosen)

    monkeypatch.setattr(Loop, "_step", counted)
    with pytest.raises(KeyboardInterrupt):
        model(**settings).fit(X, Y)
    assert model(**settings).fit(X, Y).to_bytes() == whole


def test_a_budget_that_was_not_kept_does_not_cost_the_training(tmp_path):
    path = tmp_path / "fit.checkpoint"

    def press(number, frame):
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, 0.25)
    try:
        with pytest.raises(BudgetError):  # after Ctrl-C a prediction still takes too long
            model(hidden=(64,), epochs=100_000, checkpoint=path, budget="1us").fit(X, Y)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert path.exists()


# What cannot be used


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": (0,)}, "widths of the hidden layers"),
        ({"dropout": 1.0}, "dropout=1.0; give a share"),
        ({"rate": -1}, "rate=-1; give a number above 0"),
        ({"l1": -0.1}, "l1=-0.1; give 0 or more"),
        ({"input_noise": -1}, "input_noise=-1; give 0 or more"),
        ({"noise": float("nan"), "normalise": True}, "noise=nan; give 0 or more"),
        ({"noise": 0.3}, "noise=0.3 takes normalise=True"),
        ({"batch": 0}, "batch=0; give a whole number"),
        ({"momentum": (0.5,)}, "momentum"),
        ({"l1": 0.1, "optimiser": "nesterov-rmsprop"}, "l1 makes no zeros"),
        ({"scale": "some"}, "scale='some'; known are auto"),
        ({"held_out": 1}, "held_out=1"),
        ({"optimiser": "adamm"}, "did you mean 'adam'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"optimiser": "sgd", "bits": 8}, "bits=8"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(LilliputError, match=message):
        model(**settings).fit(X, Y)


def test_data_that_cannot_be_used_is_named():
    broken = X.astype(float)
    broken[3, 7] = np.nan
    with pytest.raises(DataError, match="row 3, column 7 is NaN"):
        model().fit(broken, Y)
    wrong = Y.astype(float)
    wrong[5] = np.inf
    with pytest.raises(DataError, match="y: row 5 is infinity"):
        model(MLPRegressor).fit(X, wrong)
    with pytest.raises(DataError, match="600 rows and y has 599"):
        model(MLPRegressor).fit(X, wrong[1:])


def test_constant_columns_do_no_harm():
    assert (X[0] == X).all(axis=0).any()
    found = model(scale="columns").fit(X, Y)
    assert np.isfinite(found.net_.weights[0]).all()
    shifted = X.astype(float)
    shifted[:, (X[0] == X).all(axis=0)] = 5.0  # what never varied cannot matter
    assert found.score(shifted, Y) == found.score(X, Y)


def test_few_rows_are_all_learned_from():
    found = model(epochs=50, batch=64).fit([[0.0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    assert found.predict([[0, 1], [1, 1]]).tolist() == [1, 0]
    assert found.report_.held_out.startswith("nothing")


def test_a_gpu_that_is_not_there_is_an_error():
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="PyTorch finds no GPU here"):
            model(device="cuda").fit(X, Y)
    with pytest.raises(DeviceError, match="'tpu' is unknown"):
        model(device="tpu").fit(X, Y)


def test_a_failed_fit_changes_nothing(digits):
    kept = clone(digits).fit(X, Y)
    before = kept.to_bytes()
    with pytest.raises(DataError):
        kept.fit(X, None)
    assert kept.to_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest, arrays: manifest.pop("bits"), "does not describe a network"),
        (lambda manifest, arrays: manifest.update(bits=7), "weights of 7 bits"),
        (lambda manifest, arrays: arrays.pop("layer1.bias"), "'layer1.bias' is missing"),
        (lambda manifest, arrays: arrays.pop("layer0.weight"), "no layers"),
        (lambda manifest, arrays: arrays.pop("layer1.weight"), "10 classes do not fit 64 outputs"),
        (lambda manifest, arrays: arrays.update({"layer1.weight": np.zeros((7, 10), "f4")}), "shape"),
        (lambda manifest, arrays: arrays.update({"shift": np.zeros(3, "f4")}), "'shift' is float32 of shape"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(digits, tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    digits.save(path)
    manifest, arrays = read_model(path)
    arrays = {name: array.copy() for name, array in arrays.items()}
    change(manifest, arrays)
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=message):
        registry.load(path)
