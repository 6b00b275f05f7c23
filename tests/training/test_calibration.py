from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.training.calibration import (
    Calibration,
    fit_calibration,
    fit_temperature,
    fit_threshold,
    probabilities,
)
from lilliput.training.metrics import calibration_error, cross_entropy

logit_arrays = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.floats(-(2.0**100), 2.0**100, width=32),
)
calibrations = st.builds(
    Calibration, st.floats(0.05, 20), st.none() | st.floats(-8, 3), st.sampled_from([0.0, 0.1]) | st.floats(0, 0.1)
)
PLAIN = Calibration()


@given(logit_arrays, calibrations)
def test_single_labels_share_a_probability_of_one(logits, calibration):
    chances = probabilities(logits, calibration, single=True)
    assert chances.dtype == np.float32
    assert chances.shape == (len(logits), max(2, logits.shape[1]))
    assert (chances >= np.float32(calibration.floor / chances.shape[1] * (1 - 1e-6))).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)


@given(logit_arrays, calibrations)
def test_a_larger_logit_never_gets_a_smaller_probability(logits, calibration):
    for single in (True, False):
        chances = probabilities(logits, calibration, single)
        if chances.shape == logits.shape:
            order = np.argsort(logits, axis=1)
            assert (np.diff(np.take_along_axis(chances, order, axis=1), axis=1) >= 0).all()


@given(logit_arrays, calibrations)
def test_several_labels_are_judged_one_by_one(logits, calibration):
    chances = probabilities(logits, calibration, single=False)
    assert chances.shape == logits.shape
    assert ((chances >= 0) & (chances <= 1)).all()
    np.testing.assert_allclose(chances[:, :1], probabilities(logits[:, :1], calibration, single=False))
    np.testing.assert_allclose(chances + probabilities(-logits, calibration, single=False), 1, atol=1e-6)
    temperature_alone = Calibration(calibration.temperature)
    np.testing.assert_array_equal(chances, probabilities(logits, temperature_alone, single=False))


@given(logit_arrays, calibrations)
def test_a_lone_output_is_the_second_of_two(logits, calibration):
    lone = logits[:, :1]
    pair = np.concatenate([np.zeros_like(lone), lone], axis=1)
    expected = probabilities(pair, replace(calibration, shift=None), single=True)  # a shift is for competitors
    np.testing.assert_array_equal(probabilities(lone, calibration, single=True), expected)
    # and by the sigmoid the same
    by_sigmoid = probabilities(lone, calibration, single=False) * (1 - calibration.floor) + calibration.floor / 2
    np.testing.assert_allclose(expected[:, 1:], by_sigmoid, atol=1e-6)


def test_probabilities_by_hand():
    logits = np.log(np.float32([[1, 3]]))
    cold, floored = Calibration(0.5), Calibration(floor=0.1)
    np.testing.assert_allclose(probabilities(logits, PLAIN, single=True), [[0.25, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(probabilities(logits, cold, single=True), [[0.1, 0.9]], rtol=1e-6)
    np.testing.assert_allclose(probabilities(logits, floored, single=True), [[0.275, 0.725]], rtol=1e-6)
    np.testing.assert_allclose(probabilities(logits, PLAIN, single=False), [[0.5, 0.75]], rtol=1e-6)
    # with a shift the sigmoids 1/2 and 3/4 are normalised, or those of twice the log-odds, 1/2 and 9/10
    normalised = ((Calibration(shift=0.0), [[0.4, 0.6]]), (Calibration(0.5, 0.0), [[5 / 14, 9 / 14]]))
    for calibration, expected in (*normalised, (Calibration(shift=np.log(2)), [[14 / 32, 18 / 32]])):
        np.testing.assert_allclose(probabilities(logits, calibration, single=True), expected, rtol=1e-6)


@given(hnp.arrays(np.float32, (3, 4), elements=st.floats(-20, 20, width=32)), st.floats(0.2, 5))
def test_a_shift_far_below_zero_gives_the_softmax(logits, temperature):
    softmax, far = (probabilities(logits, Calibration(temperature, shift), True) for shift in (None, -300.0))
    np.testing.assert_allclose(far, softmax, atol=1e-6)


@pytest.mark.parametrize("shift", [None, -8.0, 0.0, 3.0])
def test_extreme_logits_give_certain_labels_without_a_warning(shift):
    size = np.float32(1e38)
    logits = np.float32([[size, -size, 0], [-size, -size, -size], [size, size, size], [-size, 0, -size]])
    chances = probabilities(logits, Calibration(0.05, shift, 0.03), single=True)
    assert np.isfinite(chances).all()
    np.testing.assert_allclose(chances[[1, 2]], 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(chances[3], [0.01, 0.98, 0.01], rtol=1e-5)
    if shift is None:
        np.testing.assert_allclose(chances[0], [0.98, 0.01, 0.01], rtol=1e-5)


@pytest.mark.parametrize("single", [True, False])
def test_probabilities_of_no_texts(single):
    assert probabilities(np.zeros((0, 3), np.float32), Calibration(2.0, -1.0, 0.1), single).shape == (0, 3)


def cost(logits, wanted, calibration, single):
    return cross_entropy(wanted, probabilities(logits, calibration, single), single)


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
    wanted = drawn(probabilities(honest, PLAIN, single), single, generator)
    logits = (honest * planted).astype(np.float32)
    found = fit_temperature(logits, wanted, single)
    assert found == Calibration(found.temperature)
    assert found.temperature == pytest.approx(planted, rel=0.05)
    if single:
        chances = probabilities(logits, found, single)
        assert calibration_error(chances.max(axis=1), chances.argmax(axis=1) == wanted.argmax(axis=1)) < 0.01


@pytest.mark.parametrize("single", [True, False])
def test_the_temperature_is_the_best_of_many(single):
    generator = np.random.default_rng(1)
    logits = generator.normal(scale=3, size=(200, 3)).astype(np.float32)
    wanted = drawn(probabilities(generator.normal(size=(200, 3)).astype(np.float32), PLAIN, single), single, generator)
    found = cost(logits, wanted, fit_temperature(logits, wanted, single), single)
    costs = [cost(logits, wanted, Calibration(temperature), single) for temperature in np.geomspace(0.05, 20, 200)]
    assert found <= min(costs) + 1e-6


def test_the_temperature_stays_in_its_range():
    right, wrong = np.eye(2, dtype=np.float32), 1 - np.eye(2, dtype=np.float32)
    assert fit_temperature(right, right, True).temperature == pytest.approx(1 / 20, rel=0.3)  # the colder the better
    assert fit_temperature(right, wrong, True).temperature == pytest.approx(20, rel=1e-3)


PLANTED = {
    "the softmax and a floor": Calibration(1.5, None, 0.03),
    "a cold softmax": Calibration(0.4, None, 0.06),
    "far too certain": Calibration(9.0, None, 0.0),
    "normalised chances": Calibration(1.0, -1.0, 0.0),
    "warm, shifted, floored": Calibration(1.5, -2.0, 0.03),
    "nearly the softmax": Calibration(3.0, -6.0, 0.01),
}


@pytest.mark.parametrize("outputs", [2, 6])
@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_calibration_is_matched_in_likelihood_on_other_texts(planted, outputs):
    generator = np.random.default_rng(0)
    logits = generator.normal(-4, 4, size=(6000, outputs)).astype(np.float32)
    wanted = drawn(probabilities(logits, planted, True), True, generator)
    found = fit_calibration(logits[::2], wanted[::2], True, binary=planted.shift is not None)
    assert cost(logits[::2], wanted[::2], found, True) <= cost(logits[::2], wanted[::2], planted, True) + 2e-3
    assert cost(logits[1::2], wanted[1::2], found, True) <= cost(logits[1::2], wanted[1::2], planted, True) + 4e-3


@pytest.mark.parametrize("planted", [Calibration(0.7, None, 0.06), Calibration(1.0, -1.0, 0.0)], ids=["floor", "shift"])
def test_a_floor_and_a_shift_are_found_where_a_temperature_alone_is_wrong(planted):
    generator = np.random.default_rng(0)
    logits = generator.normal(-4, 4, size=(6000, 6)).astype(np.float32)
    wanted = drawn(probabilities(logits, planted, True), True, generator)
    found = fit_calibration(logits, wanted, True, binary=planted.shift is not None)
    assert cost(logits, wanted, fit_temperature(logits, wanted, True), True) > cost(logits, wanted, found, True) + 0.02
    if planted.shift is None:
        assert found.floor == pytest.approx(planted.floor, abs=0.015)
    else:
        assert found.shift == pytest.approx(planted.shift, abs=0.5)


@st.composite
def fitting_data(draw):
    """Logits of any scale about any mean, and labels that they tell of, or do not."""
    outputs, texts = draw(st.integers(1, 5)), draw(st.integers(1, 40))
    generator = np.random.default_rng(draw(st.integers(0, 9999)))
    scale, mean = 10.0 ** draw(st.floats(-2, 3)), draw(st.floats(-30, 30))
    logits = (generator.normal(size=(texts, outputs)) * scale + mean).astype(np.float32)
    labels = generator.integers(0, max(2, outputs), size=texts)
    if outputs > 1 and draw(st.booleans()):
        labels = np.where(generator.random(texts) < 0.8, logits.argmax(axis=1), labels)
    return logits, np.eye(max(2, outputs), dtype=np.float32)[labels]


@settings(max_examples=40)
@given(fitting_data(), st.booleans())
def test_a_calibration_stays_in_its_ranges_and_is_never_worse_than_the_temperature_alone(data, binary):
    logits, wanted = data
    found = fit_calibration(logits, wanted, True, binary)
    assert 1 / 20 <= found.temperature <= 20
    doubt = min(0.1, 0.5 / len(wanted))
    assert doubt <= found.floor <= 0.1
    assert found.shift is None or (binary and logits.shape[1] > 1 and -8 <= found.shift <= 3)
    assert np.isfinite(probabilities(logits, found, True)).all()
    temperature = replace(fit_temperature(logits, wanted, True), floor=doubt)
    assert cost(logits, wanted, found, True) <= cost(logits, wanted, temperature, True)


@pytest.mark.parametrize("texts", [10, 50, 1000])
@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_no_error_among_some_texts_leaves_half_an_error_of_doubt(texts, outputs):
    labels = np.arange(texts) % max(2, outputs)
    wanted = np.eye(max(2, outputs), dtype=np.float32)[labels]
    logits = 20 * wanted[:, -outputs:] - 10
    found = fit_calibration(logits, wanted, True, binary=True)
    assert found.floor == pytest.approx(0.5 / texts, rel=0.02)
    certain = probabilities(logits, found, True).max(axis=1)
    np.testing.assert_allclose(certain, 1 - 0.5 / texts * (1 - 1 / max(2, outputs)), atol=1e-3)


@pytest.mark.parametrize("binary", [True, False])
def test_outputs_that_do_not_compete_get_a_temperature_alone(binary):
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(200, 3)).astype(np.float32)
    wanted = drawn(probabilities(logits, Calibration(0.5), False), False, generator)
    assert fit_calibration(logits, wanted, False, binary) == fit_temperature(logits, wanted, False)


@pytest.mark.parametrize("planted", [0.1, 0.35, 0.8])
def test_a_planted_threshold_is_found(planted):
    chances = np.random.default_rng(0).random((4000, 3), dtype=np.float32)
    assert fit_threshold(chances, (chances >= planted).astype(np.float32)) == pytest.approx(planted, abs=0.011)


def test_soft_targets_count_from_one_half_on():
    chances = np.float32([[0.3], [0.4], [0.6]])
    assert fit_threshold(chances, np.float32([[0.1], [0.5], [0.9]])) == pytest.approx(0.31, abs=0.011)
