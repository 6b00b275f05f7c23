from __future__ import annotations

import pytest
import torch

from lilliput.nets.rbm import BoltzmannMachine, drawn
from lilliput.nets.rbm_partition import exact
from lilliput.training.contrastive import Contrastive, Settings, learn


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def patterns(rows=600):
    """Two patterns of eight units with a tenth of them turned over."""
    draw = random(1)
    base = torch.tensor([[1.0] * 4 + [0.0] * 4, [0.0] * 4 + [1.0] * 4])
    chosen = base[torch.randint(2, (rows,), generator=draw)]
    return (chosen - drawn(torch.full_like(chosen, 0.1), draw)).abs()


def likelihood(machine, rows):
    return -float(machine.free_energy(rows.double()).mean()) - exact(machine)


@pytest.mark.parametrize("chains", [0, 32])
def test_it_learns_the_patterns(chains):
    rows = patterns()
    machine = learn(rows, 4, False, Settings(rate=0.02, batch=20, passes=60, chains=chains), random())
    mean = rows.mean(dim=0).double()
    alone = float((mean * mean.log() + (1 - mean) * (1 - mean).log()).sum())
    assert likelihood(machine, rows) > alone + 0.9  # log 2 is known of which pattern; 8 H(0.1) - log 2 is the best
    assert likelihood(machine, rows) > -8 * 0.3251 - 0.6931 - 0.35


def test_a_step_climbs_the_likelihood_when_chains_are_long():
    rows = patterns(200)
    machine = BoltzmannMachine.begun(rows.mean(dim=0), 3, False, random())
    before = likelihood(machine, rows)
    with torch.no_grad():
        training = Contrastive(machine, Settings(rate=0.5, chains=300, gibbs=5, momentum=0.0), random())
        for _ in range(100):
            training.step(rows, 0.0)
    assert likelihood(machine, rows) > before


def test_gaussian_units_find_two_clusters():
    draw = random(2)
    centres = torch.tensor([[2.0, 2.0], [-2.0, -2.0]])[torch.randint(2, (800,), generator=draw)]
    rows = centres + torch.randn(800, 2, generator=draw)
    machine = learn(rows, 2, True, Settings(rate=0.02, batch=20, passes=30), random())
    wide = torch.distributions.MultivariateNormal(rows.mean(dim=0), torch.cov(rows.T))
    assert likelihood(machine, rows) > float(wide.log_prob(rows).mean()) + 0.05


def test_decay_keeps_weights_small_and_a_seed_gives_the_same():
    rows = patterns()
    plain, held, again = (learn(rows, 4, False, Settings(passes=5, decay=decay), random()) for decay in (0.0, 0.1, 0.1))
    assert float(held.weights.norm()) < float(plain.weights.norm())
    assert torch.equal(held.weights, again.weights)


def test_it_stops_when_told():
    heard = []
    learn(patterns(), 4, False, Settings(), random(), lambda part: heard.append(part) or True)
    assert len(heard) == 1
