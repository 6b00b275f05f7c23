"""Planted ailments are found and named, sound runs are left in peace, and a watch changes nothing unasked."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from lilliput.training.allowance import Allowance
from lilliput.training.batches import DenseRows
from lilliput.training.checkpoint import Checkpoint
from lilliput.training.divergence import DivergedError
from lilliput.training.health import HealthWatch
from lilliput.training.health_findings import KINDS, sentence
from lilliput.training.history import History
from lilliput.training.loop import Loop
from lilliput.training.schedules import Cosine, Fixed


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Data, split into rows to learn from and held-out rows


def split(inputs, targets, learn, seed=0):
    order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed))
    inputs, targets = inputs[order], targets[order]
    return DenseRows(inputs[:learn], targets[:learn]), DenseRows(inputs[learn:], targets[learn:])


def digits(pictures=False):
    from sklearn.datasets import load_digits

    inputs, targets = load_digits(return_X_y=True)
    inputs = torch.tensor(inputs / 16, dtype=torch.float32)
    return split(inputs.reshape(-1, 1, 8, 8) if pictures else inputs, torch.tensor(targets), 1400)


def diabetes(scaled=True):
    from sklearn.datasets import load_diabetes

    inputs, targets = load_diabetes(return_X_y=True)
    inputs = (inputs - inputs.mean(0)) / inputs.std(0)
    if scaled:
        targets = (targets - targets.mean()) / targets.std()
    return split(torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets[:, None], dtype=torch.float32), 350)


def waves(extra=None, rows=800, seed=1):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(rows, 4, generator=generator)
    targets = torch.sin(2 * inputs[:, :1]) + inputs[:, 1:2] * inputs[:, 2:3]
    targets = targets + 0.1 * torch.randn(rows, 1, generator=generator)
    targets = targets / targets.std()
    if extra is not None:
        inputs = torch.cat([inputs, extra(inputs, targets)], 1)
    return split(inputs, targets, rows * 3 // 4)


def rings(rows=800):
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(rows, 3, generator=generator)
    radius = inputs.norm(dim=1) + 0.1 * torch.randn(rows, generator=generator)
    return split(inputs, (radius > 1.5).long(), rows * 3 // 4)


def network(*widths, between=nn.ReLU, dropout=0.0, seed=0):
    torch.manual_seed(seed)
    layers = []
    for width, following in pairwise(widths):
        layers += [nn.Linear(width, following), between()] + ([nn.Dropout(dropout)] if dropout else [])
    return nn.Sequential(*layers[: -2 if dropout else -1])


def adam(module, rate):
    return torch.optim.Adam(module.parameters(), rate)


def descent(module, rate, **more):
    return torch.optim.SGD(module.parameters(), rate, **more)


def train(module, optimiser, loss, data, epochs, watch=None, checkpoint=None, **more):
    watch = HealthWatch(interval=20) if watch is None else watch
    loop = Loop(module, loss, optimiser, watchers=[watch], **more)
    loop.run(data[0], Allowance(epochs=epochs), data[1], progress=False, checkpoint=checkpoint)
    return loop


# Sound runs


def sound_digits():
    module = network(64, 32, 32, 10)
    return train(module, adam(module, 3e-3), functional.cross_entropy, digits(), 12)


def sound_diabetes():
    module = network(10, 16, 1, dropout=0.2)
    return train(module, descent(module, 0.02, momentum=0.9), functional.mse_loss, diabetes(), 15)


def sound_waves():
    module = network(4, 32, 32, 1)
    return train(module, adam(module, 5e-3), functional.mse_loss, waves(), 30)


def sound_rings():
    module = network(3, 16, 2, between=nn.Tanh)
    optimiser = torch.optim.RMSprop(module.parameters(), 5e-3)
    return train(module, optimiser, functional.cross_entropy, rings(), 25, schedule=Cosine())


def sound_pictures():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10)
    )
    optimiser = descent(module, 0.1, momentum=0.9, nesterov=True)
    return train(module, optimiser, functional.cross_entropy, digits(pictures=True), 6)


@pytest.mark.parametrize("run", [sound_digits, sound_diabetes, sound_waves, sound_rings, sound_pictures])
def test_sound_runs_have_no_findings(run):
    loop = run()
    assert [finding.sentence for finding in loop.history.findings] == []
    assert loop.history.notes == []


# Planted ailments: each gives a loop, and the layer that the finding must name


def dead():
    module = network(64, 32, 32, 10)
    with torch.no_grad():
        module[0].bias.fill_(-20.0)
    return train(module, adam(module, 3e-3), functional.cross_entropy, digits(), 3), "0"


def exploding():
    module = network(64, 32, 32, 32, 32, 10)
    with torch.no_grad():
        for layer in module[::2]:
            layer.weight.mul_(12)
    return train(module, descent(module, 1e-4), functional.cross_entropy, digits(), 3), "8"


def vanishing():
    module = network(64, *[32] * 8, 10, between=nn.Sigmoid)
    return train(module, descent(module, 0.1), functional.cross_entropy, digits(), 3), "0"


def standing():
    """One softmax output saturated: a squared error has no gradient there."""
    module = network(64, 32, 10)
    with torch.no_grad():
        module[2].weight.zero_()
        module[2].bias[0] = 30.0
    return train(module, descent(module, 0.1), squared_probabilities, digits(), 10), None


def squared_probabilities(outputs, targets):
    return functional.mse_loss(outputs.softmax(1), functional.one_hot(targets, 10).float())


def saddle():
    """Two linear layers that begin next to zero, where their product has a saddle."""
    module = nn.Sequential(nn.Linear(10, 8, bias=False), nn.Linear(8, 1, bias=False))
    torch.manual_seed(0)
    with torch.no_grad():
        for layer in module:
            nn.init.normal_(layer.weight, std=1e-7)
    return train(module, descent(module, 0.01), functional.mse_loss, diabetes(), 25, schedule=Fixed()), None


def leaking():
    module = network(5, 16, 1)
    data = waves(lambda inputs, targets: targets.exp())
    return train(module, adam(module, 3e-3), functional.mse_loss, data, 2), "column 4"


def overfitting():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(300, 30, generator=generator)
    targets = (inputs[:, 0] + torch.randn(300, generator=generator) > 0).long()
    module = network(30, 128, 2)
    return train(module, adam(module, 5e-3), functional.cross_entropy, split(inputs, targets, 150), 30), None


def underfitting():
    module = network(64, 2, 10, between=nn.Tanh)
    return train(module, adam(module, 3e-3), functional.cross_entropy, digits(), 3), None


def unseparable():
    """No linear output tells XOR, and no linear baseline does; its neighbours do."""
    inputs = torch.randn(800, 2, generator=torch.Generator().manual_seed(0))
    module = network(2, 2)
    data = split(inputs, (inputs[:, 0] * inputs[:, 1] > 0).long(), 600)
    return train(module, adam(module, 1e-2), functional.cross_entropy, data, 6), None


def too_large():
    module = network(64, 32, 10)
    return train(module, descent(module, 8.0), functional.cross_entropy, digits(), 3), None


def too_small():
    module = network(64, 32, 10)
    return train(module, descent(module, 1e-6), functional.cross_entropy, digits(), 4), None


def shuffled():
    learned, held_out = digits()
    order = torch.randperm(len(learned), generator=torch.Generator().manual_seed(1))
    module = network(64, 32, 10)
    data = DenseRows(learned.inputs, learned.targets[order]), held_out
    return train(module, adam(module, 3e-3), functional.cross_entropy, data, 5), None


def unscaled():
    module = network(10, 16, 1)
    return train(module, adam(module, 5e-3), functional.mse_loss, diabetes(scaled=False), 2), None


def shared():
    learned, _ = digits()
    module = network(64, 32, 10)
    data = learned, DenseRows(learned.inputs[:300], learned.targets[:300])
    return train(module, adam(module, 5e-3), functional.cross_entropy, data, 1), None


def imbalanced():
    learned, held_out = digits()
    module = network(64, 32, 2)
    data = (DenseRows(rows.inputs, (rows.targets == 3).long()) for rows in (learned, held_out))
    learned, held_out = data
    kept = (learned.targets == 0) | (torch.arange(len(learned)) % 5 == 0)
    data = DenseRows(learned.inputs[kept], learned.targets[kept]), held_out
    return train(module, adam(module, 5e-3), functional.cross_entropy, data, 1), None


def constant():
    module = network(5, 16, 1)
    data = waves(lambda inputs, targets: torch.full_like(targets, 7.0))
    return train(module, adam(module, 5e-3), functional.mse_loss, data, 1), "column 4"


def duplicate():
    module = network(5, 16, 1)
    data = waves(lambda inputs, targets: inputs[:, 1:2])
    return train(module, adam(module, 5e-3), functional.mse_loss, data, 1), "column 4"


def given_away():
    """Each class far away from the other: real data is never that easy."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, 2, (4000,), generator=generator)
    inputs = torch.randn(4000, 6, generator=generator) + 4.0 * targets[:, None]
    module = network(6, 16, 2)
    return train(
        module, adam(module, 2e-2), functional.cross_entropy, split(inputs, targets, 3000), 1, schedule=Fixed()
    ), None


@pytest.mark.parametrize(
    ("kind", "run"),
    [
        ("dead units", dead),
        ("exploding gradients", exploding),
        ("vanishing gradients", vanishing),
        ("plateau", standing),
        ("saddle", saddle),
        ("leaking labels", leaking),
        ("overfitting", overfitting),
        ("underfitting", underfitting),
        ("underfitting", unseparable),
        ("steps too large", too_large),
        ("steps too small", too_small),
        ("no signal", shuffled),
        ("targets unscaled", unscaled),
        ("shared rows", shared),
        ("imbalanced labels", imbalanced),
        ("constant column", constant),
        ("duplicate column", duplicate),
        ("early perfection", given_away),
    ],
)
def test_planted_ailments_are_found(kind, run):
    loop, layer = run()
    found = {finding.kind: finding for finding in loop.history.findings}
    assert kind in found, [finding.sentence for finding in loop.history.findings]
    assert layer in [finding.layer for finding in loop.history.findings if finding.kind == kind]
    assert found[kind].last >= found[kind].step
    assert len({(finding.kind, finding.layer) for finding in loop.history.findings}) == len(loop.history.findings)
    assert set(found) <= set(KINDS)


def test_sentences_for_estimators_name_no_parts_of_a_loop():
    for kind in KINDS:
        words = dict.fromkeys(("where", "found", "mean", "deviation", "advice", "most", "least", "what", "rival"), "x")
        numbers = dict.fromkeys(("measure", "step", "clip", "steps", "travel", "level", "since", "passes"), 1)
        told = sentence(kind, estimator=True, **words, **numbers, then=1, now=1, loss=1, fitted="x")
        assert not any(name in told for name in ("HealthWatch", "keep=", "LeakyReLU")), told


def test_sparse_rows_are_watched_too():
    from scipy.sparse import csr_matrix

    from lilliput.data.matrix import Compressed
    from lilliput.nets.sparse_linear import SparseLinear
    from lilliput.training.sparse_rows import SparseRows

    learned, held_out = digits()
    made = []
    for rows in (learned, held_out):
        table = csr_matrix(rows.inputs.numpy())
        made.append(SparseRows(Compressed(table.data, table.indices, table.indptr, table.shape), rows.targets))
    torch.manual_seed(0)
    module = nn.Sequential(SparseLinear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    with torch.no_grad():
        module[0].bias.fill_(-20.0)
    loop = train(module, descent(module, 0.1), functional.cross_entropy, made, 1)
    assert [(finding.kind, finding.layer) for finding in loop.history.findings] == [("dead units", "0")]


# Numbers that break


class Breaking(nn.Module):
    """A network whose second layer gives infinity in the call with this number, while it learns."""

    def __init__(self, call):
        super().__init__()
        self.first, self.second, self.third = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 1)
        self.left = call

    def forward(self, inputs):
        hidden = self.second(self.first(inputs).relu())
        return self.third(hidden.relu())


def test_a_layer_that_breaks_is_named_with_the_step():
    torch.manual_seed(0)
    module = Breaking(13)
    calls = 0

    def broken(layer, given, output):
        nonlocal calls
        calls += layer.training
        return output * math.inf if calls > 13 and layer.training else output

    module.second.register_forward_hook(broken)
    loop = Loop(module, functional.mse_loss, adam(module, 1e-3), watchers=[HealthWatch()])
    with pytest.raises(DivergedError, match=r"at step 13 \(pass 2\): the output of second \(Linear\) was the first"):
        loop.run(waves()[0], Allowance(epochs=5), progress=False)
    (finding,) = loop.history.findings
    assert (finding.kind, finding.step, finding.layer) == ("not finite", 13, "second")
    assert History.from_dict(loop.history.to_dict()).findings[0].sentence == finding.sentence


@pytest.mark.parametrize("clip", [None, 1.0])
def test_a_gradient_that_breaks_is_named_with_the_step_it_broke_in(clip):
    """The square root has no slope at zero; the layers before take the infinity over, the last has it first."""
    torch.manual_seed(0)
    module = Breaking(0)
    steps = 0

    def loss(outputs, targets):
        nonlocal steps
        steps += 1
        if steps != 8:
            return functional.mse_loss(outputs, targets)
        return (outputs - outputs.detach()).square().sum().sqrt() + outputs.square().mean()

    loop = Loop(module, loss, adam(module, 1e-3), clip=clip)
    words = r"step 7 \(pass 1\): the gradient of third" if clip else r"the weights of third.* after step 7"
    with pytest.raises(DivergedError, match=words):
        loop.run(waves()[0], Allowance(epochs=2), progress=False)


def test_rows_that_are_no_numbers_are_named():
    learned, _ = waves()
    learned.targets[77] = math.nan
    module = network(4, 8, 1)
    with pytest.raises(DivergedError, match="row 77 of the targets holds what is no finite number"):
        Loop(module, functional.mse_loss, adam(module, 1e-3)).run(learned, Allowance(epochs=1), progress=False)


# Without remedies nothing changes


class Sampled(nn.Module):
    """Dropout and noise of its own, from PyTorch's global generator, in both modes."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
        self.layers[1].eval()

    def forward(self, inputs):
        return self.layers(inputs + 0.01 * torch.randn(inputs.shape))


def blurred(inputs, targets):
    """Rows that are other ones each time."""
    return inputs + 0.01 * torch.randn(inputs.shape), targets


def test_a_watch_changes_nothing():
    kept = []
    for watchers in ([], [HealthWatch(interval=3)]):
        module = Sampled()
        optimiser = descent(module, 0.05, momentum=0.9)
        loop = Loop(module, functional.mse_loss, optimiser, watchers=watchers)
        before = torch.get_rng_state()
        learned, held_out = waves()
        learned.convert = blurred
        loop.run(learned, Allowance(epochs=4), held_out, progress=False)
        assert torch.equal(before, torch.get_rng_state())
        assert not any(layer._forward_hooks for layer in module.modules())
        kept.append((module.state_dict(), [(record.loss, record.score) for record in loop.history.records]))
    assert kept[0][1] == kept[1][1]
    for name, tensor in kept[0][0].items():
        assert torch.equal(tensor, kept[1][0][name]), name


def test_findings_are_the_same_each_time():
    first, second = (too_large()[0].history.to_dict() for _ in range(2))
    assert first == second
    assert first["findings"]


def test_a_finding_is_told_once(monkeypatch):
    told = []
    monkeypatch.setattr(Loop, "tell", lambda loop, text: told.append(text))
    loop, _ = dead()
    assert told == [finding.sentence for finding in loop.history.findings]
    assert loop.history.findings[0].times > 1


# Remedies


def test_too_large_steps_become_smaller():
    module = network(64, 32, 10)
    watch = HealthWatch(interval=20, remedy=True)
    loop = train(module, descent(module, 8.0), functional.cross_entropy, digits(), 6, watch)
    assert loop.place.rate_factor < 0.31
    assert any("steps too large; restarted from the best weights with 0.3" in note for note in loop.history.notes)
    assert loop.history.best_score < 1.5
    assert too_large()[0].history.best_score > 2


def test_too_small_steps_become_larger():
    module = network(64, 32, 10)
    watch = HealthWatch(interval=10, remedy=True, remedies=5)
    loop = train(module, descent(module, 1e-5), functional.cross_entropy, digits(), 8, watch)
    assert loop.place.rate_factor == pytest.approx(1e4)
    assert loop.history.best_score < 1.5


def test_remedies_are_bounded():
    module = network(64, 32, 10)
    watch = HealthWatch(interval=10, remedy=True, remedies=2)
    loop = train(module, descent(module, 1e-12), functional.cross_entropy, digits(), 6, watch)
    assert loop.place.rate_factor == pytest.approx(1e8)
    assert len(loop.history.notes) == 2


def test_exploding_gradients_are_clipped():
    module = network(64, 32, 32, 32, 32, 10)
    with torch.no_grad():
        for layer in module[::2]:
            layer.weight.mul_(12)
    loop = train(module, descent(module, 1e-3), functional.cross_entropy, digits(), 2, HealthWatch(remedy=True))
    assert loop.clip == 1.0
    assert any("gradients are clipped to 1" in note for note in loop.history.notes)


def test_dead_units_are_revived_where_that_is_wanted():
    for wanted in (False, True):
        module = network(64, 32, 10)
        with torch.no_grad():
            module[0].bias.fill_(-20.0)
        watch = HealthWatch(interval=20, remedy=True, reinitialise=wanted)
        loop = train(module, adam(module, 3e-3), functional.cross_entropy, digits(), 5, watch)
        assert (loop.history.best_score < 1) == wanted


def test_a_saddle_is_left():
    learned, held_out = diabetes()
    scores = []
    for remedy in (False, True):
        module = nn.Sequential(nn.Linear(10, 8, bias=False), nn.Linear(8, 1, bias=False))
        torch.manual_seed(0)
        with torch.no_grad():
            for layer in module:
                nn.init.normal_(layer.weight, std=1e-4)
        watch = HealthWatch(interval=20, remedy=remedy)
        loop = train(
            module, descent(module, 0.01), functional.mse_loss, (learned, held_out), 40, watch, schedule=Fixed()
        )
        scores.append(loop.history.best_score)
    assert scores[1] < 0.8 * scores[0]


def test_numbers_that_break_are_restarted():
    module = network(4, 16, 1)
    calls = 0

    def broken(layer, given, output):
        nonlocal calls
        calls += 1
        return output * math.nan if 40 < calls < 43 else output  # of a step, and of its diagnosis

    module[0].register_forward_hook(broken)
    loop = train(module, adam(module, 1e-3), functional.mse_loss, waves(), 6, HealthWatch(remedy=True))
    assert ("not finite", "0") in [(finding.kind, finding.layer) for finding in loop.history.findings]
    assert math.isfinite(loop.history.records[-1].loss)
    assert loop.place.rate_factor == pytest.approx(0.3)


def test_a_killed_training_with_remedies_goes_on_to_the_same_bytes(tmp_path):
    class Killed(BaseException):
        pass

    class Killer(HealthWatch):
        def evaluated(self, loop, record):
            super().evaluated(loop, record)
            if self.fatal and record.epoch >= 3:
                raise Killed

    def run(path, fatal):
        module = network(64, 32, 10)
        watch = Killer(interval=10, remedy=True)
        watch.fatal = fatal
        checkpoint = Checkpoint(tmp_path / path, steps=7)
        return train(module, descent(module, 8.0), functional.cross_entropy, digits(), 6, watch, checkpoint)

    whole = run("whole", False)
    with pytest.raises(Killed):
        run("killed", True)
    resumed = run("killed", False)
    assert resumed.history.findings == whole.history.findings
    assert resumed.place.rate_factor == whole.place.rate_factor < 1
    for name, tensor in whole.module.state_dict().items():
        assert torch.equal(tensor, resumed.module.state_dict()[name]), name


def test_findings_survive_a_checkpoint():
    loop, _ = leaking()
    again = History.from_dict(loop.history.to_dict())
    assert again.findings == loop.history.findings
    assert np.isfinite(again.findings[0].measure)


class Pair(torch.nn.Module):
    """A module whose output is no tensor."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(6, 2)

    def forward(self, inputs):
        return self.linear(inputs), inputs


def test_modules_that_give_no_tensor_are_watched_too():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(200, 6, generator=generator)
    rows = DenseRows(inputs, (inputs[:, 0] > 0).long())
    module = Pair()
    adam = torch.optim.Adam(module.parameters(), 0.01)
    loop = Loop(module, lambda pair, y: functional.cross_entropy(pair[0], y), adam, watchers=[HealthWatch(remedy=True)])
    assert loop.run(rows, Allowance(epochs=3), rows, progress=False).ended == "allowance"
