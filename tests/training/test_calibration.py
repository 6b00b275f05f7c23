from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.training.calibration import fit_temperature, fit_threshold, probabilities
from lilliput.training.metrics import calibration_error, cross_entropy

logit_arrays = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.floats(-(2.0**100), 2.0**100, width=32),
)
temperatures = st.floats(0.05, 20)


@given(logit_arrays, temperatures)
def test_single_labels_share_a_probability_of_one(logits, temperature):
    chances = probabilities(logits, temperature, single=True)
    assert chances.dtype == np.float32
    assert chances.shape == (len(logits), max(2, logits.shape[1]))
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)


@given(logit_arrays, temperatures)
def test_several_labels_are_judged_one_by_one(logits, temperature):
    chances = probabilities(logits, temperature, single=False)
    assert chances.shape == logits.shape
    assert ((chances >= 0) & (chances <= 1)).all()
    np.testing.assert_allclose(chances[:, :1], probabilities(logits[:, :1], temperature, single=False))
    np.testing.assert_allclose(chances + probabilities(-logits, temperature, single=False), 1, atol=1e-6)


@given(logit_arrays, temperatures)
def test_a_lone_output_is_the_second_of_two(logits, temperature):
    lone = logits[:, :1]
    pair = np.concatenate([np.zeros_like(lone), lone], axis=1)
    expected = probabilities(pair, temperature, single=True)
    np.testing.assert_array_equal(probabilities(lone, temperature, single=True), expected)
    # and by the sigmoid the same
    np.testing.assert_allclose(expected[:, 1:], probabilities(lone, temperature, single=False), atol=1e-6)


def test_probabilities_by_hand():
    logits = np.log(np.float32([[1, 3]]))
    np.testing.assert_allclose(probabilities(logits, 1, single=True), [[0.25, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(probabilities(logits, 0.5, single=True), [[0.1, 0.9]], rtol=1e-6)
    np.testing.assert_allclose(probabilities(logits, 1, single=False), [[0.5, 0.75]], rtol=1e-6)


@pytest.mark.parametrize("single", [True, False])
def test_probabilities_of_no_texts(single):
    assert probabilities(np.zeros((0, 3), np.float32), 2, single).shape == (0, 3)


def drawn(chances, single, generator):
    """Wanted outputs drawn from probabilities, float32."""
    if not single:
        return (generator.random(chances.shape) < chances).astype(np.float32)
    labels = (generator.random((len(chances), 1)) > np.cumsum(chances, axis=1)).sum(axis=1)
    return np.eye(chances.shape[1], dtype=np.float32)[np.minimum(labels, chances.shape[1] - 1)]


@pytest.mark.parametrize("planted", [0.3, 1.0, 4.0])
@pytest.mark.parametrize(("outputs", "single"), [(4, True), (1, True), (3, False)])
def test_a_planted_temperature_is_found(planted, outputs, single):
    generator = np.random.default_rng(0)
    honest = generator.normal(scale=1.5, size=(20_000, outputs)).astype(np.float32)
    wanted = drawn(probabilities(honest, 1, single), single, generator)
    logits = (honest * planted).astype(np.float32)
    found = fit_temperature(logits, wanted, single)
    assert found == pytest.approx(planted, rel=0.05)
    if single:
        chances = probabilities(logits, found, single)
        assert calibration_error(chances.max(axis=1), chances.argmax(axis=1) == wanted.argmax(axis=1)) < 0.01


@pytest.mark.parametrize("single", [True, False])
def test_the_temperature_is_the_best_of_many(single):
    generator = np.random.default_rng(1)
    logits = generator.normal(scale=3, size=(200, 3)).astype(np.float32)
    wanted = drawn(probabilities(generator.normal(size=(200, 3)).astype(np.float32), 1, single), single, generator)
    found = cross_entropy(wanted, probabilities(logits, fit_temperature(logits, wanted, single), single), single)
    costs = [cross_entropy(wanted, probabilities(logits, t, single), single) for t in np.geomspace(0.05, 20, 200)]
    assert found <= min(costs) + 1e-6


def test_the_temperature_stays_in_its_range():
    right, wrong = np.eye(2, dtype=np.float32), 1 - np.eye(2, dtype=np.float32)
    assert fit_temperature(right, right, True) == pytest.approx(1 / 20, rel=0.3)  # the colder the better
    assert fit_temperature(right, wrong, True) == pytest.approx(20, rel=1e-3)


@pytest.mark.parametrize("planted", [0.1, 0.35, 0.8])
def test_a_planted_threshold_is_found(planted):
    chances = np.random.default_rng(0).random((4000, 3), dtype=np.float32)
    assert fit_threshold(chances, (chances >= planted).astype(np.float32)) == pytest.approx(planted, abs=0.011)


def test_soft_targets_count_from_one_half_on():
    chances = np.float32([[0.3], [0.4], [0.6]])
    assert fit_threshold(chances, np.float32([[0.1], [0.5], [0.9]])) == pytest.approx(0.31, abs=0.011)
