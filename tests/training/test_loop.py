from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from lilliput.core.errors import DataError, LilliputError, ModelFileError
from lilliput.training import resume
from lilliput.training.allowance import Allowance
from lilliput.training.batches import DenseRows, bounds, order_of
from lilliput.training.checkpoint import Checkpoint
from lilliput.training.divergence import DivergedError
from lilliput.training.loop import Loop
from lilliput.training.penalties import Penalties, zeros
from lilliput.training.schedules import Cosine, DropoutDecay, Fixed, Ramp, Trapezoid
from lilliput.training.watcher import Watcher

sys.path.insert(0, str(Path(__file__).parent))
from nets_of_tests import momentum, network, problem, weights_of

sys.path.pop(0)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fitted(epochs=6, module=None, rows=None, **settings):
    """A trained network and its loop."""
    train, held_out = problem()
    module = network() if module is None else module
    optimiser = settings.pop("optimiser", momentum)(module)
    run = {name: settings.pop(name) for name in ("checkpoint", "allowance") if name in settings}
    loop = Loop(module, settings.pop("loss", cross_entropy), optimiser, batch=settings.pop("batch", 10), **settings)
    allowance = run.pop("allowance", Allowance(epochs=epochs))
    loop.run(train if rows is None else rows, allowance, held_out, progress=False, **run)
    return module, loop


class Stop(Watcher):
    """A watcher that presses Ctrl-C, or breaks a weight, before a step."""

    def __init__(self, step, what="interrupt"):
        self.step, self.what = step, what

    def watch(self, loop, loss):
        if loop.place.step == self.step:
            if self.what == "interrupt":
                signal.raise_signal(signal.SIGINT)
            else:
                with torch.no_grad():
                    loop.module[3].weight[0, 0] = math.nan
                self.step = -1


# Learning


def test_it_learns_and_records_every_pass():
    module, loop = fitted(8)
    records = loop.history.records
    assert [record.epoch for record in records] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert records[-1].loss < records[0].loss
    assert loop.history.best_score < 0.6
    assert loop.history.ended == "allowance"
    assert not module.training


def test_the_same_seed_gives_the_same_weights_and_another_seed_gives_others():
    first, again, other = fitted()[0], fitted()[0], fitted(seed=1)[0]
    assert weights_of(first) == weights_of(again) != weights_of(other)


def test_a_training_leaves_the_random_numbers_of_others_alone():
    before = torch.get_rng_state()
    fitted(1)
    assert torch.equal(before, torch.get_rng_state())


def test_one_step_on_all_rows_is_plain_gradient_descent():
    module, twin = network(dropout=0.0), network(dropout=0.0)
    rows, _ = problem()
    sgd = {"optimiser": lambda net: torch.optim.SGD(net.parameters(), lr=0.5)}
    fitted(1, module=module, batch=10**6, schedule=Fixed(), keep="last", **sgd)
    cross_entropy(twin(rows.inputs), rows.targets).backward()
    for ours, wanted in zip(module.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours.detach(), (wanted - 0.5 * wanted.grad).detach())


def test_the_best_weights_are_kept_or_the_last():
    _, held_out = problem()
    best, loop = fitted(6, schedule=Fixed(), optimiser=lambda net: momentum(net, 0.5))  # so large that it gets worse
    last, _ = fitted(6, schedule=Fixed(), optimiser=lambda net: momentum(net, 0.5), keep="last")
    scores = [record.score for record in loop.history.records]
    with torch.inference_mode():
        assert cross_entropy(best(held_out.inputs), held_out.targets).item() == pytest.approx(min(scores), rel=1e-5)
        assert cross_entropy(last(held_out.inputs), held_out.targets).item() == pytest.approx(scores[-1], rel=1e-5)
    assert min(scores) < scores[-1]


def test_patience_ends_it():
    _, loop = fitted(60, schedule=Fixed(), optimiser=lambda net: momentum(net, 0.3), patience=3)
    assert loop.history.ended == "patience"
    assert loop.history.waited() == 3
    assert loop.place.epoch < 60


def test_it_learns_without_held_out_rows():
    rows, _ = problem()
    module = network()
    history = Loop(module, cross_entropy, momentum(module)).run(rows, Allowance(epochs=3), progress=False)
    assert [math.isnan(record.score) for record in history.records] == [True] * 3


def test_without_held_out_rows_nothing_stalls():
    rows, _ = problem()
    module = network()
    schedule = DropoutDecay(patience=1, latest=0.8)
    Loop(module, cross_entropy, momentum(module), schedule=schedule).run(rows, Allowance(epochs=10), progress=False)
    assert schedule.began == 0.8


def test_a_schedule_begins_anew_with_each_training():
    schedule = DropoutDecay(trigger=0.3, tail=0.5)
    (first, once), (second, again) = (fitted(4, schedule=schedule) for _ in range(2))
    assert schedule.began == 0.3
    assert [record.rate for record in once.history.records] == [record.rate for record in again.history.records]
    assert weights_of(first) == weights_of(second)


def test_a_score_of_ones_own_is_what_is_best():
    def errors(outputs, targets):
        return (outputs.argmax(dim=1) != targets).double().mean().item()

    _, loop = fitted(5, score=errors)
    assert loop.history.best_score == min(record.score for record in loop.history.records) < 0.5


def test_dropout_follows_the_schedule_and_is_as_before_in_the_end():
    seen = []

    class Look(Stop):
        def watch(self, loop, loss):
            seen.append((loop.module[2].p, loop.optimiser.param_groups[0]["momentum"]))

    ramp = Ramp(0.5, 0.9, span=0.25)
    module, _ = fitted(4, schedule=DropoutDecay(trigger=0.5, ramp=ramp), watchers=[Look(-1)])
    assert seen[0] == (0.2, 0.5)
    assert seen[59] == (0.2, pytest.approx(0.9))
    assert seen[61] == (0.1, 0.5)
    assert module[2].p == 0.2


# Penalties


def test_l1_gives_true_zeros_and_more_of_them_for_more():
    counts = [zeros(fitted(6, penalties=Penalties(l1=l1), keep="last")[0])[0] for l1 in (0.0, 0.01, 0.05)]
    assert counts[0] == 0 < counts[1] < counts[2]


def test_max_norm_bounds_the_weights_into_each_unit():
    module, _ = fitted(4, penalties=Penalties(max_norm=0.5), keep="last")
    for layer in (module[0], module[3]):
        assert layer.weight.norm(dim=1).max() <= 0.5 + 1e-5


def test_l2_shrinks_weights():
    free, held = fitted(keep="last")[0], fitted(penalties=Penalties(l2=0.1), keep="last")[0]
    assert held[0].weight.norm() < 0.8 * free[0].weight.norm()


def test_gradients_are_clipped():
    norms = []

    class Look(Stop):
        def watch(self, loop, loss):
            norms.append(math.sqrt(sum(p.grad.square().sum().item() for p in loop.module.parameters())))

    fitted(1, clip=0.05, watchers=[Look(-1)])
    assert max(norms) <= 0.05 + 1e-6


# Budgets


@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_a_time_budget_is_used_and_kept_and_ends_at_rate_zero(seconds):
    began = time.monotonic()
    _, loop = fitted(allowance=Allowance(seconds=seconds), schedule=Trapezoid())
    spent = time.monotonic() - began
    assert 0.85 * seconds < spent < seconds + 0.15
    assert loop.history.records[-1].rate < 0.01 * 0.1


def test_passes_end_at_rate_zero():
    for schedule in (Trapezoid(), Cosine(), DropoutDecay(trigger=0.5)):
        _, loop = fitted(4, schedule=schedule)
        assert loop.optimiser.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-9)


def test_whichever_is_over_first_ends_it():
    _, loop = fitted(allowance=Allowance(epochs=2, seconds=60))
    assert loop.place.epoch == 2
    began = time.monotonic()
    fitted(allowance=Allowance(epochs=10**9, seconds=0.3))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(("given", "message"), [({}, "needs an end"), ({"epochs": 0}, "more than 0")])
def test_an_allowance_that_never_ends_is_refused(given, message):
    with pytest.raises(LilliputError, match=message):
        Allowance(**given)


# Stopping and going on


def test_ctrl_c_keeps_the_best_so_far_and_the_checkpoint_goes_on_to_the_same_bits(tmp_path):
    whole, _ = fitted(6)
    path = tmp_path / "half.safetensors"
    _, loop = fitted(6, watchers=[Stop(101)], checkpoint=Checkpoint(path))
    assert loop.history.ended == "interrupted"
    assert loop.place.step == 102  # the step is finished first
    again, loop = fitted(6, checkpoint=Checkpoint(path))
    assert weights_of(again) == weights_of(whole)
    assert loop.resumed == 102
    assert not loop.history.notes  # it is the same training, and so is its history
    assert [record.epoch for record in loop.history.records] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("optimiser", ["Adam", "RMSprop", "Adagrad", "SGD"])
def test_every_optimiser_goes_on_to_the_same_bits(tmp_path, optimiser):
    def make(module):
        return getattr(torch.optim, optimiser)(module.parameters(), lr=0.01)

    whole, _ = fitted(3, optimiser=make)
    fitted(3, optimiser=make, watchers=[Stop(44)], checkpoint=Checkpoint(tmp_path / "c"))
    again, _ = fitted(3, optimiser=make, checkpoint=Checkpoint(tmp_path / "c"))
    assert weights_of(again) == weights_of(whole)


def test_a_schedule_that_learned_from_validation_goes_on_too(tmp_path):
    settings = {"schedule": DropoutDecay(patience=1, tail=1.0), "optimiser": lambda net: momentum(net, 0.3)}
    whole, loop = fitted(12, **settings)
    assert loop.history.ended == "schedule"
    began = loop.schedule.began
    for step in (40, 150):
        settings["schedule"] = DropoutDecay(patience=1, tail=1.0)
        fitted(12, **settings, watchers=[Stop(step)], checkpoint=Checkpoint(tmp_path / "c"))
    settings["schedule"] = DropoutDecay(patience=1, tail=1.0)
    again, loop = fitted(12, **settings, checkpoint=Checkpoint(tmp_path / "c"))
    assert loop.schedule.began == began
    assert weights_of(again) == weights_of(whole)


def test_killed_at_any_moment_it_goes_on_to_the_same_bits(tmp_path):
    program, path = Path(__file__).with_name("killed_training.py"), tmp_path / "c.safetensors"
    train, held_out = problem()
    whole, again = network(), network()
    allowance = Allowance(epochs=10)
    Loop(whole, cross_entropy, momentum(whole), batch=10).run(train, allowance, held_out, progress=False)
    with subprocess.Popen([sys.executable, program, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.15)
        process.kill()
    loop = Loop(again, cross_entropy, momentum(again), batch=10)
    loop.run(train, allowance, held_out, checkpoint=Checkpoint(path, steps=1), progress=False)
    assert weights_of(again) == weights_of(whole)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "c.safetensors"
    fitted(2, watchers=[Stop(31)], checkpoint=Checkpoint(path))
    with pytest.raises(ModelFileError, match=r"another network: it holds shape \(16, 6\) for 0.weight"):
        fitted(2, module=network(hidden=8), checkpoint=Checkpoint(path))
    with pytest.raises(ModelFileError, match="another training: its seed is 0, here it is 1"):
        fitted(2, seed=1, checkpoint=Checkpoint(path))
    with pytest.raises(ModelFileError, match="its rows is"):
        fitted(2, rows=problem(seed=3)[0], checkpoint=Checkpoint(path))
    changed = {
        "its rates is": {"optimiser": lambda net: momentum(net, 0.01)},
        "its schedule_kind is Trapezoid, here it is DropoutDecay": {"schedule": DropoutDecay()},
        "its clip is None": {"clip": 1.0},
        "its penalties is": {"penalties": Penalties(l2=0.1)},
        "its dropout is": {"module": network(dropout=0.4)},
    }
    for message, settings in changed.items():
        with pytest.raises(ModelFileError, match=message):
            fitted(2, **settings, checkpoint=Checkpoint(path))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelFileError, match="damaged"):
        fitted(2, checkpoint=Checkpoint(path))


def test_a_checkpoint_without_a_folder_is_said_at_the_start(tmp_path):
    with pytest.raises(ModelFileError, match=r"there is no folder .*gone for the checkpoint; make it"):
        fitted(2, checkpoint=Checkpoint(tmp_path / "gone" / "c"))


def test_a_disk_that_is_full_does_not_cost_the_training(monkeypatch, tmp_path):
    def full(*given):
        raise LilliputError("c could not be written (No space left on device); nothing was written")

    whole, _ = fitted(2)
    monkeypatch.setattr(resume.Checkpoint, "save", full)
    again, loop = fitted(2, checkpoint=Checkpoint(tmp_path / "c", steps=10))
    assert weights_of(again) == weights_of(whole)
    assert len(loop.history.notes) == 1
    assert "No space left on device" in loop.history.notes[0]


def test_a_rate_that_never_falls():
    schedule = Trapezoid(warmup=0.0, fall=1.0)
    assert [schedule.at(fraction).rate for fraction in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]
    _, loop = fitted(1, schedule=schedule)
    assert loop.history.ended == "allowance"


@pytest.mark.parametrize(
    "make", [lambda: Ramp(0.5, 1.0), lambda: Ramp(-1), lambda: Penalties(l1=-1), lambda: Penalties(math.nan)]
)
def test_schedules_and_penalties_that_make_no_sense_say_why(make):
    with pytest.raises(LilliputError, match="0"):
        make()


def test_what_no_training_can_go_by_is_said():
    rows, held_out = problem()
    for message, settings in {
        "batch=0; give 1 or more": {"batch": 0},
        "patience=-1; give 0 or more": {"patience": -1},
        "clip=0; give a number above 0": {"clip": 0},
        "evaluate_every=0": {"evaluate_every": 0},
        'keep=\'all\'; give "best" or "last"': {"keep": "all"},
        "LBFGS asks for the loss several times": {"optimiser": lambda net: torch.optim.LBFGS(net.parameters())},
    }.items():
        with pytest.raises(LilliputError, match=message):
            fitted(1, **settings)
    with pytest.raises(DataError, match="inputs are ndarray; give a tensor"):
        DenseRows(rows.inputs.numpy(), rows.targets)
    with pytest.raises(DataError, match="240 rows of inputs and 100 of targets"):
        DenseRows(rows.inputs[:240], rows.targets[:100])
    loop = Loop(network(), cross_entropy, momentum(network()))
    with pytest.raises(DataError, match="no held-out rows"):
        loop.run(rows, Allowance(epochs=1), held_out.part(torch.arange(0)))
    _, loop = fitted(1)
    with pytest.raises(LilliputError, match="has run to its end; make another"):
        loop.run(rows, Allowance(epochs=2))


def test_outputs_that_have_grown_beyond_the_loss_are_the_steps_fault():
    rows, _ = problem()
    module = nn.Linear(6, 1)
    loop = Loop(module, mse_loss, torch.optim.SGD(module.parameters(), 10.0), schedule=Fixed())
    with pytest.raises(DivergedError, match=r"the outputs have grown to .*; use a smaller learning rate"):
        loop.run(DenseRows(rows.inputs, rows.inputs[:, :1]), Allowance(epochs=20), progress=False)


# Numbers that break, memory that is short


def test_nan_in_a_weight_names_the_layer_and_the_step():
    with pytest.raises(DivergedError, match=r"at step 38 \(pass 2\).*weights of 3\.weight.*after step 37"):
        fitted(3, watchers=[Stop(37, "nan")])


def test_nan_in_the_data_and_in_the_targets_are_told_apart():
    rows, _ = problem()
    rows.inputs[7, 2] = math.nan
    with pytest.raises(DivergedError, match="row 7 of the inputs holds what is no finite number"):
        fitted(1, rows=rows)
    targets = DenseRows(rows.inputs.nan_to_num(), torch.full((300, 3), math.inf))
    with pytest.raises(DivergedError, match=r"row \d+ of the targets holds what is no finite number"):
        fitted(1, rows=targets, loss=mse_loss)


def test_an_output_that_is_too_large_names_the_layer():
    class Power(nn.Module):
        def forward(self, x):
            return (x + 1000).pow(20)

    module = nn.Sequential(nn.Linear(6, 3), Power(), nn.Linear(3, 3))
    with pytest.raises(DivergedError, match=r"output of 1 \(Power\) was the first"):
        fitted(1, module=module)


def test_with_restarts_it_goes_back_to_the_best_weights_with_a_smaller_step():
    _, loop = fitted(6, watchers=[Stop(70, "nan")], restarts=1)
    assert loop.history.best_score < 0.6
    assert loop.place.rate_factor == pytest.approx(0.3)
    assert "restarted from the best weights with 0.3" in loop.history.notes[0]


def test_memory_that_is_short_only_cuts_batches_into_pieces():
    class Small(nn.Module):
        def forward(self, x):
            if len(x) > 3 and self.training:
                raise torch.OutOfMemoryError("no room")
            return x

    plain = nn.Sequential(nn.Identity(), nn.Linear(6, 3))
    short = nn.Sequential(Small(), nn.Linear(6, 3))
    short.load_state_dict(plain.state_dict())
    fitted(2, module=plain)
    _, loop = fitted(2, module=short)
    assert "computed in 4 pieces" in loop.history.notes[-1]
    torch.testing.assert_close(short[1].weight, plain[1].weight)


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="no rows to learn from"):
        fitted(rows=DenseRows(torch.zeros(0, 6), torch.zeros(0, dtype=torch.int64)))


# Order of rows


def test_orders_are_permutations_that_differ_by_pass_and_seed():
    orders = [order_of(50, seed, epoch) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    assert all(sorted(order.tolist()) == list(range(50)) for order in orders)
    assert len({tuple(order.tolist()) for order in orders}) == 3
    assert torch.equal(orders[1], order_of(50, 0, 1))


@pytest.mark.parametrize(("rows", "batch", "sizes"), [(10, 3, {2, 3}), (4, 64, {4}), (9, 3, {3}), (65, 64, {32, 33})])
def test_batches_are_of_nearly_one_size(rows, batch, sizes):
    edges = bounds(rows, batch)
    assert edges[0] == 0
    assert edges[-1] == rows
    assert {last - first for first, last in pairwise(edges)} == sizes
