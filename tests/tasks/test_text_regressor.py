from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse

from lilliput.core import registry
from lilliput.core.errors import BudgetError, DataError, LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks import array_fit
from lilliput.tasks.text_regressor import MODELS, TextRegressor

WORDS = ["sun", "rain", "snow", "wind", "cold", "warm", "today", "morning", "night", "the", "a", "very"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(array_fit, "MEASURING", 0.0)


def problem(rows=240, seed=0):
    """Texts, and three shares that add up to one beside one that stands alone."""
    generator = np.random.default_rng(seed)
    texts = [" ".join(generator.choice(WORDS, 6)) for _ in range(rows)]
    counts = np.array([[text.split().count(word) for word in WORDS] for text in texts], dtype=float)
    scores = np.exp(counts[:, :3] * 2)
    shares = scores / scores.sum(axis=1, keepdims=True)
    alone = 1 / (1 + np.exp(-(2 * counts[:, 5] - 2 * counts[:, 4])))
    return texts, np.column_stack([shares, alone]).astype(np.float32)


TEXTS, VALUES = problem()


def model(kind="ensemble", **more):
    given = {"hidden": (16,), "epochs": 20, "batch": 16, "rate": 0.01, "chars": (0, 0), "groups": [[0, 1, 2]]}
    return TextRegressor(kind, **{**given, "folds": 2, "threads": 1, "progress": False, **more})


@pytest.fixture(scope="module")
def fitted():
    return {kind: model(kind).fit(TEXTS[:200], VALUES[:200]) for kind in MODELS}


@pytest.mark.parametrize("kind", MODELS)
def test_it_learns_shares(fitted, kind):
    plain = float(np.sqrt(np.mean((VALUES[200:] - VALUES[:200].mean(axis=0)) ** 2)))
    found = fitted[kind].predict(TEXTS[200:])
    assert -fitted[kind].score(TEXTS[200:], VALUES[200:]) < (0.85 if kind == "ridge" else 0.75) * plain
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_allclose(found[:, :3].sum(axis=1), 1, atol=1e-5)


def test_the_report_says_what_was_chosen(fitted):
    report = fitted["stack"].report_
    assert {"rmse", "rmse of network", "rmse of ridge"} == report.quality.keys()
    assert {"alpha", "weight of the network", "alpha of the stack", "passes"} <= report.plan.keys()
    assert "20 rows at random, which also chose" in report.held_out
    assert 0 <= fitted["ensemble"].blend_ <= 1


@pytest.mark.parametrize("kind", MODELS)
def test_a_saved_model_comes_back(fitted, kind, tmp_path):
    path = tmp_path / "m.safetensors"
    fitted[kind].save(path)
    again = registry.load(path)
    np.testing.assert_array_equal(again.predict(TEXTS), fitted[kind].predict(TEXTS))
    assert again.to_bytes() == fitted[kind].to_bytes()


def test_the_same_seed_gives_the_same_bytes():
    first, second = (model("stack", epochs=3).fit(TEXTS, VALUES).to_bytes() for _ in range(2))
    assert first == second


def test_a_sparse_matrix_is_taken_as_it_is(tmp_path):
    X = scipy.sparse.random_array((120, 40), density=0.2, rng=np.random.default_rng(0), format="csr")
    rule = np.random.default_rng(1).random((40, 2))
    y = np.clip(X @ rule / 2, 0, 1)
    found = model(groups=(), epochs=10).fit(X, y)
    found.save(tmp_path / "m")
    np.testing.assert_array_equal(registry.load(tmp_path / "m").predict(X), found.predict(X))
    np.testing.assert_array_equal(found.predict(scipy.sparse.csc_array(X)), found.predict(X))
    with pytest.raises(DataError, match="is expecting 40 features"):
        found.predict(X[:, :39])
    with pytest.raises(DataError, match="learned from a sparse matrix"):
        found.predict(TEXTS)


def test_texts_that_hold_nothing_known_get_the_mean(fitted):
    found = fitted["ensemble"].predict(["", "xyzzy"])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[0], VALUES.mean(axis=0), atol=0.2)


def test_prediction_takes_no_torch(fitted, tmp_path):
    fitted["network"].save(tmp_path / "m.safetensors")
    program = (
        "import sys, lilliput; m = lilliput.load(sys.argv[1]); m.predict(['sun and rain']);"
        "print(*({'torch', 'sklearn'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "m.safetensors"], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []


def test_a_small_file_has_fewer_bits_a_weight():
    whole = model().fit(TEXTS, VALUES).file_size()
    found = model(budget={"memory": f"{round(0.6 * whole)}B"}).fit(TEXTS, VALUES)
    assert found.bits_ < 32
    assert found.file_size() < whole
    with pytest.raises(BudgetError, match="smallest memory that would do"):
        model(budget="2KB", epochs=1).fit(TEXTS, VALUES)


# What cannot be used


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (TEXTS, VALUES[1:], "240 rows and y has 239"),
        (TEXTS, VALUES + 1, r"y: row 0, column \d is 1.*give values in \[0, 1\]"),
        (TEXTS, np.where(np.arange(960).reshape(240, 4) == 9, np.nan, VALUES), "y: row 2, column 1 is nan"),
        (TEXTS, None, "requires y"),
        ([*TEXTS[:-1], 7], VALUES, "row 239 is int, not a text"),
        ("one text", VALUES, "X is one text"),
        (TEXTS, VALUES * 0.5, r"row 0 adds up to 0.500 over \[0, 1, 2\], not to 1"),
        (scipy.sparse.csr_array(np.array([[1.0, np.inf]])), [[0.5, 0.2, 0.3, 0]], "row 0 holds what is no finite"),
    ],
)
def test_data_that_cannot_be_used_is_named(X, y, message):
    with pytest.raises(DataError, match=message):
        model(epochs=1).fit(X, y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "tree"}, "model='tree'; known are ensemble"),
        ({"hidden": ()}, "widths of one or more hidden layers"),
        ({"alphas": (0,)}, "penalties above 0"),
        ({"folds": 1}, "folds=1"),
        ({"groups": [[0, 9]]}, "there are 0, 1, 2, 3"),
        ({"groups": [[0, 1, 2], [2, 3]]}, "each in one of them at most"),
        ({"columns": 0}, "columns=0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(LilliputError, match=message):
        model(**settings).fit(TEXTS, VALUES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest, arrays: manifest.pop("blend"), "does not describe a text regressor"),
        (lambda manifest, arrays: manifest.update(blend=2.0), "do not fit each other"),
        (lambda manifest, arrays: manifest["parameters"].update(alphas=3.5), "the parameters are none of"),
        (lambda manifest, arrays: manifest["parameters"].update(groups=[3.5]), "the parameters are none of"),
        (lambda manifest, arrays: arrays.pop("ridge.layer0.bias"), "'layer0.bias' is missing"),
        (lambda manifest, arrays: arrays.update(idf=arrays["idf"][1:]), "'idf' is float32 of shape"),
        (lambda manifest, arrays: arrays.update(idf=arrays["idf"] * np.nan), "no finite numbers"),
        (lambda manifest, arrays: arrays.update(columns0=arrays["columns0"][:-1]), "n-grams are columns"),
        (lambda manifest, arrays: manifest["features"][0].update(bits=30), "the n-grams are none of"),
        (lambda manifest, arrays: arrays.update(narrow=arrays["narrow"] & 0), "do not fit each other"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(fitted, tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    fitted["ensemble"].save(path)
    manifest, arrays = read_model(path)
    arrays = {name: array.copy() for name, array in arrays.items()}
    change(manifest, arrays)
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=message):
        registry.load(path)
