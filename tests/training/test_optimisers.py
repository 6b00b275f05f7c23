"""Optimisers by name, and Nesterov's that jumps first."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from lilliput.core.errors import LilliputError

torch = pytest.importorskip("torch")

from lilliput.training.devices import torch_threads  # noqa: E402
from lilliput.training.optimiser_nesterov import Nesterov  # noqa: E402
from lilliput.training.optimiser_nesterov_rmsprop import NesterovRMSProp  # noqa: E402
from lilliput.training.optimisers import OPTIMISERS, WITH_MOMENTUM, jump, land, landed, make_optimiser  # noqa: E402

LOOK_AHEAD = ("nesterov", "nesterov-rmsprop")
CURVATURE = np.diag([1.0, 30.0, 4.0]) + 0.5
START = np.array([1.0, -2.0, 3.0])


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


def schedule(step):
    """Momentum ramps up and the rate falls."""
    return min(0.99, 0.5 + step / 50), 0.02 / (1 + step / 20)


def gradient(parameter):
    return torch.from_numpy(CURVATURE) @ parameter.detach()


def transcription(steps, scaled, decay=0.99, eps=1e-10):
    """The iterates of the algorithm as it is written down, in numpy."""
    w, v, r = START.copy(), np.zeros(3), np.zeros(3)
    iterates = []
    for step in range(steps):
        momentum, rate = schedule(step)
        u = w + momentum * v
        g = CURVATURE @ u
        if scaled:
            r = decay * r + (1 - decay) * g**2
            g = g / np.sqrt(r / (1 - decay ** (step + 1)) + eps)
        v = momentum * v - rate * g
        w = w + v
        iterates.append(w)
    return np.array(iterates)


def run(optimiser, parameter, steps, look=lambda step: True):
    """Iterates, read at the steps that `look` picks."""
    iterates = []
    for step in range(steps):
        optimiser.param_groups[0]["momentum"], optimiser.param_groups[0]["lr"] = schedule(step)
        optimiser.jump()
        parameter.grad = gradient(parameter)
        optimiser.step()
        if look(step):
            optimiser.land()
            iterates.append(parameter.detach().numpy().copy())
            optimiser.jump()
    return np.array(iterates)


@pytest.mark.parametrize("name", LOOK_AHEAD)
def test_the_iterates_are_those_of_a_transcription_though_momentum_and_rate_change(name):
    parameter = torch.tensor(START, requires_grad=True)
    found = run(make_optimiser(name, [parameter], 0.02, momentum=0.5), parameter, 80)
    np.testing.assert_allclose(found, transcription(80, name != "nesterov"), rtol=1e-9, atol=1e-12)


def test_at_constant_momentum_the_look_ahead_points_are_torchs_iterates():
    # torch holds u - r m v, in which v is its velocity over the rate: the look-ahead point
    ours, theirs = (torch.tensor(START, requires_grad=True) for _ in range(2))
    optimiser = Nesterov([ours], 0.01, momentum=0.9)
    peer = torch.optim.SGD([theirs], lr=0.01, momentum=0.9, nesterov=True)
    for _ in range(60):
        ours.grad, theirs.grad = gradient(ours), gradient(theirs)
        optimiser.step()
        peer.step()
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-10, atol=1e-13)


def test_without_momentum_the_scaled_correction_is_rmsprops():
    ours, theirs = (torch.tensor(START, requires_grad=True) for _ in range(2))
    optimiser = NesterovRMSProp([ours], 0.01, momentum=0.0, eps=0.0)
    peer = torch.optim.Adam([theirs], lr=0.01, betas=(0.0, 0.99), eps=0.0)  # RMSProp with weighed mean squares
    for _ in range(40):
        ours.grad, theirs.grad = gradient(ours), gradient(theirs)
        optimiser.step()
        peer.step()
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("name", LOOK_AHEAD)
def test_a_momentum_set_without_a_jump_holds_from_the_next_step_on(name):
    once, twice = (torch.tensor(START, requires_grad=True) for _ in range(2))
    for parameter, late in ((once, False), (twice, True)):
        optimiser = make_optimiser(name, [parameter], 0.01, momentum=0.5)
        for step in range(30):
            momentum = min(0.9, 0.5 + 0.02 * (step + late))
            if late:  # set for the jump at the end of this step
                optimiser.param_groups[0]["momentum"] = momentum
            else:
                optimiser.param_groups[0]["momentum"] = momentum
                optimiser.jump()
            parameter.grad = gradient(parameter)
            optimiser.step()
        optimiser.land()
    np.testing.assert_allclose(once.detach().numpy(), twice.detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("name", LOOK_AHEAD)
def test_landing_and_jumping_are_idempotent_and_change_no_bit_of_what_follows(name):
    looked, left = (torch.tensor(START, dtype=torch.float32, requires_grad=True) for _ in range(2))
    CURVED = torch.from_numpy(CURVATURE).float()
    ends = []
    for parameter, often in ((looked, True), (left, False)):
        optimiser = make_optimiser(name, [parameter], 0.003)
        for _ in range(50):
            parameter.grad = CURVED @ parameter.detach()
            optimiser.step()
            if often:
                ahead = parameter.detach().clone()
                optimiser.land()
                at = parameter.detach().clone()
                optimiser.land()
                assert torch.equal(at, parameter)
                assert not torch.equal(at, ahead)
                optimiser.jump()
                optimiser.jump()
                assert torch.equal(ahead, parameter)
        ends.append(parameter.detach().clone())
    assert torch.equal(*ends)


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("way", ["landed", "jumped"])
def test_a_checkpoint_goes_on_to_the_same_bits(name, way):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 1))
    x, y = torch.randn(20, 5), torch.randn(20, 1)

    def train(net, optimiser, steps):
        jump(optimiser)
        for _ in range(steps):
            optimiser.zero_grad()
            torch.nn.functional.mse_loss(net(x), y).backward()
            optimiser.step()

    optimiser = make_optimiser(name, net.parameters(), 0.01)
    train(net, optimiser, 10)
    if way == "landed":
        land(optimiser)
    other = copy.deepcopy(net)
    restored = make_optimiser(name, other.parameters(), 0.5)
    restored.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    for one, its in ((net, optimiser), (other, restored)):
        train(one, its, 10)
        land(its)
    for a, b in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
    assert all(isinstance(value, torch.Tensor) for state in restored.state.values() for value in state.values())


@pytest.mark.parametrize("name", OPTIMISERS)
def test_each_goes_down_and_takes_weight_decay_and_groups(name):
    parameters = [torch.full((3,), 2.0, requires_grad=True), torch.ones(2, 2, requires_grad=True)]
    groups = [{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.001}]
    optimiser = make_optimiser(name, groups, 0.05, weight_decay=0.1)

    def loss():
        return sum((parameter**2).sum() for parameter in parameters)

    before = loss().item()
    for _ in range(30):
        optimiser.zero_grad()
        optimiser.step(lambda: (found := loss()).backward() or found)
    with landed(optimiser):
        assert loss().item() < before
    assert (parameters[0] < 1.9).all()


def test_parameters_without_a_gradient_rest_at_the_look_ahead_point_of_the_momentum():
    moving, resting = (torch.tensor(START, requires_grad=True) for _ in range(2))
    optimiser = Nesterov([moving, resting], 0.01, momentum=0.5)
    moving.grad, resting.grad = gradient(moving), gradient(resting)
    optimiser.step()
    optimiser.land()
    iterate = resting.detach().clone()
    optimiser.jump()
    moving.grad, resting.grad = gradient(moving), None
    optimiser.param_groups[0]["momentum"] = 0.9
    optimiser.step()
    optimiser.land()
    np.testing.assert_allclose(resting.detach().numpy(), iterate.numpy(), rtol=1e-12)


def test_a_step_after_landing_is_refused():
    parameter = torch.tensor(START, requires_grad=True)
    optimiser = Nesterov([parameter], 0.01)
    parameter.grad = gradient(parameter)
    optimiser.step()
    optimiser.land()
    with pytest.raises(RuntimeError, match="call jump"):
        optimiser.step()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "adamm"}, "'adamm': did you mean 'adam'"),
        ({"name": "Nesterov"}, "did you mean 'nesterov'"),
        ({"name": "zzz"}, "there are sgd, momentum"),
        ({"rate": 0.0}, "rate=0.0 of optimiser 'momentum' must be above 0"),
        ({"rate": float("nan")}, "rate=nan"),
        ({"momentum": 1.0}, "momentum=1.0 .* below 1"),
        ({"name": "sgd", "momentum": 0.5}, "'sgd' has no momentum"),
        ({"name": "rmsprop", "decay": -0.1}, "decay=-0.1"),
        ({"weight_decay": -1.0}, "weight_decay=-1.0"),
        ({"bits": 16}, "bits=16 .* 32 bits, or 8"),
        ({"parameters": []}, "no parameters to optimise"),
    ],
)
def test_bad_input_is_told(change, message):
    given = {"name": "momentum", "parameters": [torch.ones(2, requires_grad=True)], "rate": 0.1, **change}
    with pytest.raises(LilliputError, match=message):
        make_optimiser(given.pop("name"), given.pop("parameters"), given.pop("rate"), **given)


def test_all_with_momentum_are_optimisers():
    assert set(WITH_MOMENTUM) <= set(OPTIMISERS)
