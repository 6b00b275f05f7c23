"""What a text regressor gives up for a small file, and that it keeps to its budget."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.core import registry
from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.nets.dense import FEWEST, DenseNet
from lilliput.tasks import array_fit
from lilliput.tasks.text_regressor import TextRegressor
from lilliput.tasks.text_regressor_columns import from_steps, to_steps
from lilliput.tasks.text_regressor_plan import Frame, Sizes

GENERATOR = np.random.default_rng(0)
WORDS = ["".join(GENERATOR.choice(list("abcdefgh"), 4)) for _ in range(300)]
CHOSEN = GENERATOR.choice(len(WORDS), (80, 12), p=(np.arange(300, 0, -1) / np.arange(301).sum()))
TEXTS = [" ".join(WORDS[word] for word in row) for row in CHOSEN]
VALUES = np.column_stack([np.less(CHOSEN, limit).mean(axis=1) for limit in (50, 100, 200)]).astype(np.float32)
MATRIX = scipy.sparse.csr_array(np.eye(300, dtype=np.float32)[CHOSEN].sum(axis=1))
WHOLE = Sizes(32, 20_000, 9_000, (500, 500))


@pytest.fixture(autouse=True, scope="module")
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_fit, "MEASURING", 0.0)
        yield


def model(kind, budget=None, **more):
    given = {"hidden": (40, 30), "epochs": 0.3, "alphas": (1.0,), "folds": 2, "chars": (0, 0), "threads": 1}
    return TextRegressor(kind, budget=budget, progress=False, **{**given, **more})


def frame(**more):
    given = {"outputs": 28, "ridges": 1, "network": True, "texts": True, "numbers": 1 << 21}
    return Frame(WHOLE, **{**given, **more})


@settings(max_examples=25)
@given(
    st.sampled_from(["ensemble", "network", "ridge", "stack"]),
    st.sampled_from([TEXTS, MATRIX]),
    st.integers(1_000, 60_000),
)
def test_a_file_keeps_to_any_budget_or_the_smallest_that_would_do_is_named(kind, X, memory):
    try:
        found = model(kind, {"memory": memory}).fit(X, VALUES)
    except BudgetError as error:
        memory = Budget.parse(error.smallest).memory
        found = model(kind, error.smallest).fit(X, VALUES)
    assert len(found.to_bytes()) <= memory
    assert np.isfinite(found.predict(X)).all()


@pytest.mark.parametrize("X", [TEXTS, MATRIX])
@pytest.mark.parametrize("kind", ["ensemble", "network", "stack"])
def test_a_model_with_fewer_columns_comes_back(kind, X, tmp_path):
    found = model(kind, "5.5KB").fit(X, VALUES)
    plan = found.report_.plan
    assert plan["bits a weight"] == found.bits_ < 16
    assert plan["columns"] < (MATRIX.shape[1] if X is MATRIX else model(kind).fit(X, VALUES).n_features_in_)
    assert any(note.startswith("for the budget weights have") for note in found.report_.notes)
    found.save(tmp_path / "m")
    again = registry.load(tmp_path / "m")
    np.testing.assert_array_equal(again.predict(X), found.predict(X))
    assert again.to_bytes() == found.to_bytes()
    if X is MATRIX:
        assert again.n_features_in_ == MATRIX.shape[1]
    else:
        assert again.n_features_in_ == plan["columns"]


def test_a_roomy_budget_changes_nothing():
    without, within = (model("ensemble", budget).fit(TEXTS, VALUES) for budget in (None, "10MB"))
    np.testing.assert_array_equal(without.predict(TEXTS), within.predict(TEXTS))
    assert not any("for the budget" in note for note in within.report_.notes)


def test_the_columns_of_most_worth_are_kept():
    X = scipy.sparse.random_array((120, 5000), density=0.01, rng=np.random.default_rng(0), format="csr")
    X = scipy.sparse.csr_array(scipy.sparse.hstack([X, np.tile([[0.0], [1.0]], (60, 1))]))
    found = model("ridge", "5KB").fit(X, np.tile([[0.2], [0.9]], (60, 1)))
    assert found.kept_ is not None
    assert len(found.kept_) < 3000
    assert 5000 in found.kept_


@given(st.integers(3_000, 20_000_000), st.sampled_from([0, 1, 2]), st.booleans())
def test_sizes_fit_their_room_and_grow_with_it(room, ridges, texts):
    this = frame(ridges=ridges, texts=texts)
    sizes = this.fitting(room)
    if sizes is None:
        assert this.bytes_of(this.least) > room
        return
    assert this.bytes_of(sizes) <= room
    assert sizes.narrow <= sizes.columns <= WHOLE.columns
    more = this.fitting(2 * room)
    assert more is not None
    assert sizes.columns * sizes.bits <= more.columns * more.bits


@given(st.sets(st.integers(0, 1_000_000), max_size=50))
def test_numbers_come_back_from_steps(numbers):
    chosen = np.array(sorted(numbers), dtype=np.int64)
    steps = to_steps(chosen)
    np.testing.assert_array_equal(from_steps(steps, 1_000_001, ""), chosen)
    if numbers:
        with pytest.raises(ModelFileError, match="the columns are none of"):
            from_steps(steps, int(chosen[-1]), "")


def test_four_bits_are_near_and_coding_again_changes_nothing():
    weights = [GENERATOR.normal(size=shape).astype(np.float32) for shape in ((50, 7), (7, 3))]
    weights[0] *= 10.0 ** GENERATOR.uniform(-8, 2, (50, 1)).astype(np.float32)
    net = DenseNet(tuple(weights), (np.zeros(7, np.float32), np.zeros(3, np.float32)))
    found = net.coded(FEWEST)
    assert net.arrays(FEWEST)["layer0.weight"].nbytes == 50 * 4
    largest = np.abs(weights[0]).max(axis=1, keepdims=True)
    assert (np.abs(found.weights[0] - weights[0]) <= largest / 13 + 1e-4).all()
    for once, twice in zip(found.weights, found.coded(FEWEST).weights, strict=True):
        np.testing.assert_array_equal(once, twice)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest, arrays: arrays.update(columns=arrays["columns"][:-1]), "do not fit"),
        (lambda manifest, arrays: arrays.update(columns=arrays["columns"] * 0), "the columns are none of 300"),
        (lambda manifest, arrays: arrays.update(narrow=arrays["narrow"][1:]), "'narrow' is uint8 of shape"),
        (lambda manifest, arrays: arrays.update(narrow=arrays["narrow"] & 0), "do not fit each other"),
        (lambda manifest, arrays: arrays.pop("narrow"), "'narrow' is missing"),
        (lambda manifest, arrays: manifest.update(bits=5), "5 bits"),
        (lambda manifest, arrays: arrays.pop("ridge.layer0.scale"), "scale' is missing"),
        (lambda manifest, arrays: arrays.update({"layer0.weight": arrays["layer0.weight"][:, 1:]}), "layer0.weight"),
    ],
)
def test_a_damaged_small_file_is_refused(tmp_path, change, message):
    path = tmp_path / "m"
    model("ensemble", "5.5KB").fit(MATRIX, VALUES).save(path)
    manifest, arrays = read_model(path)
    arrays = {name: array.copy() for name, array in arrays.items()}
    change(manifest, arrays)
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=re.escape(message)):
        registry.load(path)
