"""The loop with each of our optimisers: checkpoints, and schedules of momentum."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from torch.nn.functional import cross_entropy

from lilliput.training.allowance import Allowance
from lilliput.training.checkpoint import Checkpoint
from lilliput.training.devices import torch_threads
from lilliput.training.loop import Loop
from lilliput.training.optimisers import make_optimiser
from lilliput.training.schedules import DropoutDecay, Ramp, Trapezoid

sys.path.insert(0, str(Path(__file__).parent))
from nets_of_tests import network, problem, weights_of

sys.path.pop(0)


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


def trained(name, bits=32, schedule=None, checkpoint=None, stop=None):
    train, held_out = problem(200)
    module = network(hidden=800)
    optimiser = make_optimiser(name, module.parameters(), 0.003, bits=bits)
    loop = Loop(module, cross_entropy, optimiser, schedule=schedule, batch=20)
    if stop is not None:
        step = loop._step

        def once(chosen):
            step(chosen)
            if loop.place.step == stop:
                loop.history.ended = "interrupted"

        loop._step = once
    loop.run(train, Allowance(epochs=3), held_out, checkpoint=checkpoint, progress=False)
    return module, loop


@pytest.mark.parametrize(("name", "bits"), [("nesterov", 32), ("nesterov-rmsprop", 32), ("adam", 8), ("rmsprop", 8)])
def test_a_checkpoint_goes_on_to_the_same_bits_though_momentum_ramps(tmp_path, name, bits):
    def schedule():
        return Trapezoid(momentum=Ramp(0.5, 0.9, 0.8))

    whole, loop = trained(name, bits, schedule())
    assert loop.history.records[-1].score < loop.history.records[0].score
    checkpoint = Checkpoint(tmp_path / "c.safetensors")
    trained(name, bits, schedule(), checkpoint, stop=13)
    again, loop = trained(name, bits, schedule(), checkpoint)
    assert loop.resumed
    assert weights_of(again) == weights_of(whole)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adagrad", "adam"])
def test_a_schedule_gives_no_momentum_to_an_optimiser_without(name):
    _, loop = trained(name, schedule=DropoutDecay(trigger=0.3, ramp=Ramp()))
    (group,) = loop.optimiser.param_groups
    assert group.get("momentum", 0) == 0
    assert all(
        "momentum_buffer" not in state or state["momentum_buffer"] is None for state in loop.optimiser.state.values()
    )


def test_a_schedule_may_begin_with_no_momentum_and_raise_it():
    _, loop = trained("nesterov", schedule=Trapezoid(momentum=Ramp(0.0, 0.9, 0.5)))
    assert loop.optimiser.param_groups[0]["momentum"] == pytest.approx(0.9)
