from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.training.metrics import calibration_error, cross_entropy, macro_f1, micro_f1, root_mean_square

flag_pairs = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(
    lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape))
)


@pytest.fixture(scope="module")
def peer():
    return pytest.importorskip("sklearn.metrics")


@given(flag_pairs)
def test_f1_is_that_of_scikit_learn(peer, flags):
    wanted, chosen = flags
    if wanted.shape[1] == 1:  # scikit-learn reads a lone column as two classes
        wanted, chosen = np.pad(wanted, ((0, 0), (0, 1))), np.pad(chosen, ((0, 0), (0, 1)))
    expected = peer.f1_score(wanted, chosen, average="micro", zero_division=0)
    assert micro_f1(wanted, chosen) == pytest.approx(expected)
    occur = np.flatnonzero(wanted.any(axis=0) | chosen.any(axis=0))
    if len(occur):
        expected = peer.f1_score(wanted, chosen, labels=occur, average="macro", zero_division=0)
        assert macro_f1(wanted, chosen) == pytest.approx(expected)


def test_f1_by_hand():
    wanted = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)
    chosen = np.array([[1, 1, 0], [0, 1, 0]], dtype=bool)
    assert micro_f1(wanted, chosen) == pytest.approx(2 * 2 / (3 + 3))
    assert macro_f1(wanted, chosen) == pytest.approx((2 / 3 + 2 / 3) / 2)  # the third label does not occur


@pytest.mark.parametrize("shape", [(0, 3), (3, 2), (2, 0)])
def test_f1_of_nothing_is_zero(shape):
    nothing = np.zeros(shape, dtype=bool)
    assert micro_f1(nothing, nothing) == macro_f1(nothing, nothing) == 0


def test_cross_entropy_of_single_labels_is_the_log_loss_of_scikit_learn(peer):
    generator = np.random.default_rng(0)
    chances = generator.dirichlet(np.ones(4), size=50)
    labels = generator.integers(0, 4, size=50)
    found = cross_entropy(np.eye(4, dtype=np.float32)[labels], chances.astype(np.float32), single=True)
    assert found == pytest.approx(peer.log_loss(labels, chances, labels=range(4)), rel=1e-5)


def test_cross_entropy_of_several_labels_is_the_sum_of_their_log_losses(peer):
    generator = np.random.default_rng(0)
    chances = generator.random((50, 4), dtype=np.float32)
    wanted = (generator.random((50, 4)) < 0.3).astype(np.float32)
    expected = sum(peer.log_loss(wanted[:, k], chances[:, k].astype(np.float64), labels=[0, 1]) for k in range(4))
    assert cross_entropy(wanted, chances, single=False) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_of_soft_targets_is_least_at_the_targets():
    wanted = np.float32([[0.2, 0.9]])
    costs = [cross_entropy(wanted, np.clip(wanted + shift, 0, 1), single=False) for shift in (-0.1, 0, 0.1)]
    assert costs[1] == min(costs)


@pytest.mark.parametrize("single", [True, False])
def test_certain_and_wrong_costs_much_but_not_the_world(single):
    wanted, chances = np.float32([[1, 0]]), np.float32([[0, 1]])
    assert 20 < cross_entropy(wanted, chances, single) < 100
    assert cross_entropy(wanted, wanted, single) == pytest.approx(0, abs=1e-9)


def test_root_mean_square_is_that_of_scikit_learn(peer):
    generator = np.random.default_rng(0)
    wanted, chances = generator.random((2, 30, 3), dtype=np.float32)
    expected = np.sqrt(peer.mean_squared_error(wanted.ravel(), chances.ravel()))
    assert root_mean_square(wanted, chances) == pytest.approx(expected, rel=1e-6)


def test_calibration_error_by_hand():
    # cell 0.5 to 0.6: 0.55 said, 1 of 2 right; cell 0.9 to 1: 0.9 and 1 said, 1 of 2 right
    confidences = np.array([0.55, 0.55, 0.9, 1.0])
    correct = np.array([1, 0, 1, 0])
    expected = (2 * abs(0.55 - 0.5) + 2 * abs(0.95 - 0.5)) / 4
    assert calibration_error(confidences, correct, bins=10) == pytest.approx(expected)


def test_calibration_error_of_the_honest_is_small_and_of_the_boastful_large():
    generator = np.random.default_rng(0)
    confidences = generator.uniform(0.5, 1, size=20_000)
    correct = generator.random(20_000) < confidences
    assert calibration_error(confidences, correct) < 0.01
    assert calibration_error(np.ones(20_000), correct) == pytest.approx(1 - correct.mean())


def test_calibration_error_of_nothing_and_of_one():
    assert calibration_error(np.zeros(0), np.zeros(0)) == 0
    assert calibration_error(np.array([1.0]), np.array([True])) == 0
    assert calibration_error(np.array([0.0]), np.array([False])) == 0
