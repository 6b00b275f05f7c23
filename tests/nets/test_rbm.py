from __future__ import annotations

import itertools
import math

import pytest
import torch

from lilliput.nets import rbm_partition
from lilliput.nets.rbm import BoltzmannMachine
from lilliput.nets.rbm_partition import annealed, exact, log_partition


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def machine(visible, hidden, gaussian=False, size=1.0):
    draw = random(3)
    parts = (torch.randn(shape, generator=draw) * size for shape in ((visible, hidden), (visible,), (hidden,)))
    return BoltzmannMachine(*parts, gaussian)


def test_probabilities_of_all_states_add_up_to_one():
    small = machine(5, 4)
    states = torch.tensor(list(itertools.product([0.0, 1.0], repeat=5)), dtype=torch.float64)
    assert math.isclose(float(torch.exp(-small.free_energy(states) - exact(small)).sum()), 1, rel_tol=1e-6)


def test_a_gaussian_density_adds_up_to_one():
    small = machine(1, 3, gaussian=True)
    grid = torch.linspace(-15, 15, 20001, dtype=torch.float64)[:, None]
    density = torch.exp(-small.free_energy(grid) - exact(small))
    assert math.isclose(float(torch.trapezoid(density, grid[:, 0])), 1, rel_tol=1e-6)


@pytest.mark.parametrize("gaussian", [False, True])
def test_annealing_is_near_the_exact_value(gaussian):
    small = machine(12, 9, gaussian, 0.4)
    found = annealed(small, 1000, 200, random())
    assert abs(found.value - exact(small)) < 4 * found.error + 0.02
    assert 0 < found.error < 0.2


def test_the_smaller_side_decides(monkeypatch):
    wide = machine(6, 40, size=0.3)
    assert log_partition(wide, 10, 5, random()).error == 0
    monkeypatch.setattr(rbm_partition, "EXACT", 2)
    found = log_partition(wide, 500, 100, random())
    monkeypatch.undo()
    assert abs(found.value - log_partition(wide, 10, 5, random()).value) < 4 * found.error + 0.02


def test_conditional_probabilities_are_those_of_the_energy():
    small = machine(3, 2)

    def energy(v, h):
        return -(small.visible @ v + small.hidden @ h + v @ small.weights @ h)

    v = torch.tensor([1.0, 0.0, 1.0])
    weights = {h: math.exp(-energy(v, torch.tensor(h))) for h in itertools.product([0.0, 1.0], repeat=2)}
    expected = sum(weight for h, weight in weights.items() if h[0]) / sum(weights.values())
    assert math.isclose(float(small.hidden_chances(v[None])[0, 0]), expected, rel_tol=1e-5)
    total = math.log(sum(weights.values()))
    assert math.isclose(float(-small.free_energy(v[None])[0]), total, rel_tol=1e-5)
