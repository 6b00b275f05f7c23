"""Surfaces, and the race over them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from lilliput.training.surface_race import TOLERANCE, race
from lilliput.training.surfaces import SURFACES

every_surface = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
LEAST = {"saddle": (-0.6, 0.8), "ravine": (0, 0), "Beale": (3, 0.5), "Rosenbrock": (1, 1)}


@every_surface
def test_gradients_are_those_of_the_values(surface):
    for place in np.random.default_rng(0).uniform(-2, 2, (20, 2)):
        near = [[place + h * axis for h in (1e-6, -1e-6)] for axis in np.eye(2)]
        slopes = [(surface.value(*high) - surface.value(*low)) / 2e-6 for high, low in near]
        np.testing.assert_allclose(surface.gradient(*place), slopes, rtol=1e-4, atol=1e-4)


@every_surface
def test_the_least_value_is_where_it_is_said_to_be(surface):
    assert surface.value(*LEAST[surface.name]) == pytest.approx(surface.least)
    assert surface.gradient(*LEAST[surface.name]) == pytest.approx((0, 0))
    assert surface.gap(*surface.start) == 1


def test_runs_end_where_the_tolerance_is_reached_with_the_best_rate():
    runs = race(["momentum", "nesterov"], rates=[0.001, 0.003, 0.01, 0.03, 3.0], most=600)
    assert len(runs) == 2 * len(SURFACES)
    for run in runs:
        assert tuple(run.path[0]) == run.surface.start
        gaps = run.surface.gap(*run.path.T)
        assert run.steps == len(run.path) - 1
        assert gaps[-1] <= TOLERANCE < gaps[:-1].min()
    steps = {(run.optimiser, run.surface.name): run.steps for run in runs}
    alone = {
        rate: race(["momentum"], SURFACES[1:2], rates=[rate], most=600)[0].steps or 1000 for rate in (0.003, 0.01, 0.03)
    }
    assert steps["momentum", "ravine"] == min(alone.values())


def test_the_plain_descent_follows_its_definition():
    (run,) = race(["sgd"], SURFACES[3:], rates=[0.001], most=50)
    place = np.array(run.surface.start)
    for found in run.path:
        np.testing.assert_allclose(found, place, rtol=1e-10)
        place = place - 0.001 * np.array(run.surface.gradient(*place))
    assert run.steps is None
    assert len(run.path) == 51


def test_a_rate_that_is_too_large_everywhere_is_given_up():
    runs = race(["sgd"], rates=[1e4], most=1000)
    assert all(run.steps is None and len(run.path) < 10 for run in runs)
