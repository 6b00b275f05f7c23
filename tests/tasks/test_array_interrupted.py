"""Ctrl-C while a model of arrays learns: what was learned so far is kept, whole and usable."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("torch")

from lilliput.core import registry
from lilliput.core.progress import Progress
from lilliput.tasks import (
    array_fit,
    array_report,
    mlp_fit,
    pca_fit,
    pca_stream,
    perceptron_fit,
    polynomial_fit,
    rbm_fit,
)
from lilliput.tasks import text_regressor_fit as text_fit
from lilliput.tasks import text_regressor_parts as text_parts
from lilliput.tasks.mlp import MLPClassifier
from lilliput.tasks.pca import StreamingPCA
from lilliput.tasks.perceptron import Perceptron
from lilliput.tasks.polynomial import PolynomialNetwork
from lilliput.tasks.rbm import RestrictedBoltzmannMachine
from lilliput.tasks.text_regressor import MODELS, TextRegressor
from lilliput.training.interrupts import deferred_interrupt
from lilliput.training.loop import Loop

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((300, 6))
Y = X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] - X[:, 4] ** 2
CLASSES = (X[:, 0] + 0.5 * RANDOM.standard_normal(300) > 0).astype(int)
WORDS = np.array(["sun", "rain", "snow", "wind", "cold", "warm"])
TEXTS = [" ".join(WORDS[np.argsort(row)[:3]]) for row in X]
SHARES = np.array([[0.9 * ("sun" in text), 0.5 * ("rain" in text)] for text in TEXTS])
ENDED = "ended early by Ctrl-C"
ALL = {
    "perceptron": (Perceptron, CLASSES, {}, perceptron_fit),
    "polynomial": (PolynomialNetwork, Y, {}, polynomial_fit),
    "rbm": (RestrictedBoltzmannMachine, None, {"n_components": 20, "anneal": 30}, rbm_fit),
    "mlp": (MLPClassifier, CLASSES, {"hidden": (8,), "epochs": 3}, mlp_fit),
    "pca": (StreamingPCA, None, {"n_components": 2}, pca_fit),
    "text": (TextRegressor, SHARES, {"hidden": (8,), "epochs": 3, "folds": 2}, text_fit),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's jobs in the background lack
    monkeypatch.setattr(perceptron_fit, "ready", lambda budget, progress: 0.0)
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)
    yield
    signal.signal(signal.SIGINT, before)


def made(name, **more):
    kind, y, settings, _ = ALL[name]
    return kind(**{"threads": 1, "progress": False, **settings, **more}), y


def rows(model):
    return TEXTS if isinstance(model, TextRegressor) else X


def used(model):
    return model.transform(X) if hasattr(model, "transform") else model.predict(rows(model))


@pytest.fixture
def press(monkeypatch):
    """Press Ctrl-C, truly, when the progress moves for the n-th time; gives how often it moved."""

    def at(number):
        calls = []

        def moved(self, *given):
            calls.append(given)
            if len(calls) == number:
                signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(Progress, "advance", moved)
        monkeypatch.setattr(Progress, "update", moved)
        return calls

    return at


def interrupted(name, tmp_path, **more):
    """A model whose fit was interrupted; it is whole, and comes back from its file."""
    model, y = made(name, **more)
    with pytest.raises(KeyboardInterrupt):
        model.fit(rows(model), y)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    model.save(tmp_path / "m.safetensors")
    again = registry.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(used(again), used(model))
    assert again.interrupted_ == model.interrupted_
    assert again.to_bytes() == model.to_bytes()
    return model


@pytest.mark.parametrize("when", ["at once", "halfway", "at the end"])
@pytest.mark.parametrize("name", ["perceptron", "polynomial", "rbm"])
def test_what_was_learned_so_far_is_kept(name, when, press, tmp_path):
    calls = press(None)
    model, y = made(name)
    assert not model.fit(X, y).interrupted_
    assert ENDED not in model.report_.notes
    whole = len(calls)
    calls = press({"at once": 1, "halfway": whole // 2, "at the end": whole}[when])
    found = interrupted(name, tmp_path)
    assert len(calls) <= whole
    assert found.interrupted_
    assert ENDED in found.report_.notes
    assert found.report_.held_out.endswith("rows at random, not learned from") or when == "at the end"
    measured = {"rbm": {"reconstruction_rmse"}, "perceptron": {"accuracy"}, "polynomial": {"r2"}}
    assert found.report_.quality.keys() >= measured[name]
    press(None)
    assert not model.fit(X, y).interrupted_
    assert ENDED not in model.report_.notes


def test_a_perceptron_keeps_the_planes_that_were_measured(press, tmp_path):
    calls = press(None)
    model, y = made("perceptron", passes=5)
    model.fit(X, y)
    assert len(calls) == 10
    press(7)
    found = interrupted("perceptron", tmp_path, passes=5)
    assert found.passes_ == 5
    assert found.separable_ == [None]
    learned, kept = array_report.held_out(len(X), 0)
    assert found.score(X[kept], CLASSES[kept]) == found.report_.quality["accuracy"].value
    assert found.mistakes_[0] == (found.predict(X[learned]) != CLASSES[learned]).sum()
    assert f"of {len(learned)} rows" in found.report_.notes[0]


def test_few_rows_learn_what_they_can(press):
    press(2)
    model, _ = made("perceptron")
    with pytest.raises(KeyboardInterrupt):
        model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    assert (model.passes_, model.separable_) == (2, [None])


def test_a_polynomial_network_of_the_first_layer_is_its_best_pair(press, tmp_path):
    press(1)
    found = interrupted("polynomial", tmp_path)
    whole = made("polynomial", layers=1)[0].fit(X, Y)
    assert found.n_layers_ == found.n_units_ == 1
    assert found.used_ == whole.used_
    assert found.score(X, Y) > whole.score(X, Y) - 0.05  # whose weights were fitted to all rows in the end


def test_a_machine_whose_partition_function_was_not_reached_says_so(press, tmp_path):
    press(3)
    found = interrupted("rbm", tmp_path)
    assert found.log_partition_ is None
    assert rbm_fit.NO_LIKELIHOODS in found.report_.notes
    assert np.isfinite(found.reconstruct(X)).all()


def test_annealing_ends_too(monkeypatch, tmp_path):
    from lilliput.nets import rbm_partition

    calls, drawn = [], rbm_partition.drawn

    def drawing(*given):
        calls.append(given)
        if len(calls) == 5:
            signal.raise_signal(signal.SIGINT)
        return drawn(*given)

    monkeypatch.setattr(rbm_partition, "drawn", drawing)
    assert interrupted("rbm", tmp_path, passes=1).log_partition_ is None
    assert len(calls) == 5


@pytest.mark.parametrize("name", ALL)
def test_while_measuring_the_model_is_finished(name, monkeypatch, tmp_path):
    expected, y = made(name)
    expected.fit(rows(expected), y)
    close = ALL[name][3].close

    def pressed(*given, **more):
        signal.raise_signal(signal.SIGINT)
        close(*given, **more)

    monkeypatch.setattr(ALL[name][3], "close", pressed)
    found = interrupted(name, tmp_path)
    assert not found.interrupted_
    assert found.to_bytes() == expected.to_bytes()


@pytest.mark.parametrize("kind", MODELS)
def test_a_text_regressor_is_whole_whenever_it_is_told_to_end(kind, monkeypatch, tmp_path):
    steps, fit_ridge, step, when = [], text_parts.fit_ridge, Loop._step, [0]

    def counted(then):
        def counting(*given):
            steps.append(then)
            if len(steps) == when[0]:
                signal.raise_signal(signal.SIGINT)
            return then(*given)

        return counting

    monkeypatch.setattr(text_parts, "fit_ridge", counted(fit_ridge))
    monkeypatch.setattr(Loop, "_step", counted(step))
    made("text", model=kind)[0].fit(TEXTS, SHARES)
    whole = len(steps)
    for when[0] in (1, whole // 2, whole):
        steps.clear()
        found = interrupted("text", tmp_path, model=kind)
        assert found.interrupted_
        assert ENDED in found.report_.notes
        assert found.report_.quality["rmse"].value > 0
        assert len(steps) <= whole


def test_components_of_more_rows_are_learned_from_whole_batches(monkeypatch):
    expected, found = (StreamingPCA(2, progress=False).partial_fit(X[:200]) for _ in range(2))
    expected.partial_fit(X[200:])
    finish = pca_stream.finish
    monkeypatch.setattr(
        pca_stream, "finish", lambda *given, **more: signal.raise_signal(signal.SIGINT) or finish(*given, **more)
    )
    with pytest.raises(KeyboardInterrupt):
        found.partial_fit(X[200:])
    assert found.n_samples_seen_ == 300
    assert found.to_bytes() == expected.to_bytes()


def test_a_block_within_a_block_tells_of_both():
    with deferred_interrupt() as outer:
        with deferred_interrupt() as inner:
            assert not inner()
            signal.raise_signal(signal.SIGINT)
            assert inner()
        assert outer()
        with pytest.raises(KeyboardInterrupt), deferred_interrupt():
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("name", ["perceptron", "rbm"])
def test_the_second_press_ends_at_once_and_changes_nothing(name, press, monkeypatch):
    calls = press(1)
    model, y = made(name)
    close = ALL[name][3].close
    monkeypatch.setattr(ALL[name][3], "close", lambda *given: signal.raise_signal(signal.SIGINT) or close(*given))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert len(calls) == 1
    assert not model.__sklearn_is_fitted__()


def test_a_process_that_is_told_to_stop_saves_what_it_has(tmp_path):
    program = (
        "import signal, sys, numpy as np\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from lilliput.tasks.perceptron import Perceptron\n"
        "X = np.random.default_rng(0).standard_normal((300, 6))\n"
        "model = Perceptron(passes=10**9, progress=True)\n"
        "try:\n"
        "    model.fit(X, X[:, 0] * X[:, 1] > 0)\n"
        "except KeyboardInterrupt:\n"
        "    model.save(sys.argv[1])\n"
        "    print(model.passes_, model.interrupted_)\n"
    )
    path = tmp_path / "m.safetensors"
    run = subprocess.Popen(
        [sys.executable, "-c", program, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert "perceptron:" in run.stderr.readline() + run.stderr.readline()  # the first may tell of machine code
        time.sleep(0.2)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 0, err
    passes, ended = out.split()
    assert int(passes) > 10
    assert ended == "True"
    assert registry.load(path).passes_ == int(passes)
