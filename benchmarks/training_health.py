"""Health of a training: which planted ailments are found, which sound runs are suspected, and what the watch costs.

    python benchmarks/training_health.py [--seeds 3] [--parts table,cost]

table    each ailment planted with several seeds, and sound runs on ten data sets with several optimisers, schedules and
         batch sizes; a row a kind of run, a column a kind of finding, counts of runs in which it was found
cost     processor time of the loop with and without the watch at its default interval, in turns of 20 steps
Needs scikit-learn, for its built-in data. One thread.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections import Counter
from contextlib import suppress
from itertools import pairwise

import numpy as np
import torch
from sklearn import datasets
from torch import nn
from torch.nn import functional

from lilliput.training.allowance import Allowance
from lilliput.training.batches import DenseRows
from lilliput.training.divergence import DivergedError
from lilliput.training.health import HealthWatch
from lilliput.training.loop import Loop
from lilliput.training.schedules import Cosine, Fixed, Trapezoid
from lilliput.training.watcher import Watcher

SHORT = {
    "leaking labels": "leak",
    "shared rows": "shared",
    "constant column": "const",
    "duplicate column": "dupl",
    "targets unscaled": "unscal",
    "imbalanced labels": "imbal",
    "not finite": "NaN",
    "exploding gradients": "explod",
    "vanishing gradients": "vanish",
    "dead units": "dead",
    "steps too large": "large",
    "steps too small": "small",
    "plateau": "plateau",
    "saddle": "saddle",
    "overfitting": "overfit",
    "early perfection": "perfect",
    "underfitting": "underf",
    "no signal": "no sig",
}


# Data


def split(inputs, targets, seed, share=0.75, standard=True):
    inputs = np.asarray(inputs, dtype=np.float64)
    if standard:
        inputs = (inputs - inputs.mean(0)) / np.maximum(inputs.std(0), 1e-9)
    order = np.random.default_rng(seed).permutation(len(targets))
    learn = int(len(order) * share)
    whole = torch.tensor(inputs[order], dtype=torch.float32)
    targets = np.asarray(targets)[order]
    if targets.dtype.kind == "f":
        wanted = torch.tensor(targets[:, None], dtype=torch.float32)
    else:
        wanted = torch.tensor(targets.astype(np.int64))
    return DenseRows(whole[:learn], wanted[:learn]), DenseRows(whole[learn:], wanted[learn:])


def scaled(targets):
    return (targets - targets.mean()) / targets.std()


def digits(seed, pictures=False):
    inputs, targets = datasets.load_digits(return_X_y=True)
    inputs = inputs / 16
    return split(inputs.reshape(-1, 1, 8, 8) if pictures else inputs, targets, seed, standard=False)


def diabetes(seed):
    inputs, targets = datasets.load_diabetes(return_X_y=True)
    return split(inputs, scaled(targets), seed)


def cancer(seed):
    return split(*datasets.load_breast_cancer(return_X_y=True), seed)


def wine(seed):
    return split(*datasets.load_wine(return_X_y=True), seed)


def friedman(seed):
    inputs, targets = datasets.make_friedman1(800, 10, noise=1.0, random_state=seed)
    return split(inputs, scaled(targets), seed)


def moons(seed):
    return split(*datasets.make_moons(800, noise=0.25, random_state=seed), seed)


def classes(seed):
    made = datasets.make_classification(1200, 20, n_informative=6, n_redundant=4, n_classes=4, random_state=seed)
    return split(*made, seed)


def line(seed):
    inputs, targets = datasets.make_regression(800, 15, n_informative=8, noise=60.0, random_state=seed)
    return split(inputs, scaled(targets), seed)


def coins(seed):
    """A weak signal: the best possible accuracy is about 0.7."""
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(1500, 6))
    chance = 1 / (1 + np.exp(-(0.8 * inputs[:, 0] - 0.5 * inputs[:, 1] * inputs[:, 2])))
    return split(inputs, (generator.random(1500) < chance).astype(int), seed)


def counts(seed):
    """Sparse columns with many zeros, as words have."""
    generator = np.random.default_rng(seed)
    inputs = generator.poisson(0.1, size=(1200, 60)).astype(float)
    weights = generator.normal(size=60)
    return split(inputs, scaled(inputs @ weights + 0.3 * generator.normal(size=1200)), seed, standard=False)


# Networks


def network(seed, *widths, between=nn.ReLU, dropout=0.0, normed=False):
    torch.manual_seed(seed)
    layers = []
    for width, following in pairwise(widths):
        layers += [nn.Linear(width, following)] + ([nn.BatchNorm1d(following)] if normed else []) + [between()]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers[: -1 - bool(dropout) - normed])


def convolutions(seed):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(64, 10),
    )  # fmt: skip


def adam(rate):
    return lambda module: torch.optim.Adam(module.parameters(), rate)


def rms(rate):
    return lambda module: torch.optim.RMSprop(module.parameters(), rate)


def momentum(rate):
    return lambda module: torch.optim.SGD(module.parameters(), rate, momentum=0.9, nesterov=True)


def descent(rate):
    return lambda module: torch.optim.SGD(module.parameters(), rate)


def run(module, optimiser, data, epochs, seed, loss=None, interval=20, **more):
    """The loop, after a training with a watch."""
    if loss is None:
        loss = functional.mse_loss if data[0].targets.is_floating_point() else functional.cross_entropy
    loop = Loop(module, loss, optimiser(module), watchers=[HealthWatch(interval=interval)], seed=seed, **more)
    with suppress(DivergedError):
        loop.run(data[0], Allowance(epochs=epochs), data[1], progress=False)
    return loop


# Sound runs: each data set with the settings that people use


def sound(seed):
    yield "digits", network(seed, 64, 32, 32, 10), adam(3e-3), digits(seed), 15, {}
    yield "digits", network(seed, 64, 64, 10, normed=True), momentum(0.05), digits(seed), 10, {"schedule": Cosine()}
    yield "digits", network(seed, 64, 64, 64, 10, dropout=0.3), rms(2e-3), digits(seed), 20, {"batch": 128}
    yield "digits", network(seed, 64, 32, 10, between=nn.Tanh), descent(0.3), digits(seed), 15, {"batch": 32}
    yield "pictures", convolutions(seed), adam(3e-3), digits(seed, True), 12, {}
    yield "pictures", convolutions(seed), momentum(0.05), digits(seed, True), 12, {"clip": 1.0}
    yield "diabetes", network(seed, 10, 16, 1, dropout=0.2), momentum(0.02), diabetes(seed), 15, {}
    yield "diabetes", network(seed, 10, 8, 1), adam(1e-2), diabetes(seed), 15, {"batch": 32, "schedule": Cosine()}
    yield "cancer", network(seed, 30, 16, 2), adam(3e-3), cancer(seed), 15, {"batch": 32}
    yield "wine", network(seed, 13, 16, 3), rms(5e-3), wine(seed), 20, {"batch": 16}
    yield "friedman", network(seed, 10, 32, 32, 1), adam(5e-3), friedman(seed), 30, {}
    yield "friedman", network(seed, 10, 64, 1), momentum(0.02), friedman(seed), 30, {"batch": 32}
    yield "moons", network(seed, 2, 16, 16, 2), adam(1e-2), moons(seed), 20, {}
    yield "moons", network(seed, 2, 16, 2, between=nn.Tanh), momentum(0.1), moons(seed), 25, {"schedule": Cosine()}
    yield "classes", network(seed, 20, 32, 4), adam(3e-3), classes(seed), 20, {}
    yield "line", network(seed, 15, 8, 1), adam(5e-3), line(seed), 25, {"schedule": Trapezoid(0.1, 0.5)}
    yield "line", nn.Linear(15, 1), momentum(0.01), line(seed), 15, {}
    yield "coins", network(seed, 6, 16, 2), adam(3e-3), coins(seed), 15, {}
    yield "counts", network(seed, 60, 32, 1), adam(3e-3), counts(seed), 15, {}
    yield "counts", network(seed, 60, 32, 1), descent(0.05), counts(seed), 15, {"schedule": Fixed(), "batch": 32}


# Ailments


def changed(module, change):
    with torch.no_grad():
        for layer in module:
            if isinstance(layer, nn.Linear):
                change(layer)
    return module


def beside(data, extra):
    """The rows with columns more."""
    return tuple(DenseRows(torch.cat([rows.inputs, extra(rows)], 1), rows.targets) for rows in data)


def noisy(seed):
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(300, 30))
    return split(inputs, (inputs[:, 0] + generator.normal(size=300) > 0).astype(int), seed, 0.5)


def crossed(seed):
    inputs = np.random.default_rng(seed).normal(size=(800, 2))
    return split(inputs, (inputs[:, 0] * inputs[:, 1] > 0).astype(int), seed)


def shuffled(data, seed):
    order = torch.randperm(len(data[0]), generator=torch.Generator().manual_seed(seed))
    return DenseRows(data[0].inputs, data[0].targets[order]), data[1]


def one_of_many(data, every):
    """Whether it is a three, with few of them left."""
    made = []
    for rows in data:
        threes = (rows.targets == 3).long()
        kept = (threes == 0) | (torch.arange(len(threes)) % every == 0)
        made.append(DenseRows(rows.inputs[kept], threes[kept]))
    return tuple(made)


def saturated(outputs, targets):
    return functional.mse_loss(outputs.softmax(1), functional.one_hot(targets, 10).float())


def stand(layer):
    if layer.out_features == 10:
        layer.weight.zero_()
        layer.bias[0] = 30.0


def unscaled(seed):
    inputs, targets = datasets.load_diabetes(return_X_y=True)
    return split(inputs, targets, seed)


def far_apart(seed):
    return split(*datasets.make_blobs(4000, 6, centers=2, cluster_std=0.5, random_state=seed), seed)


def broken(seed):
    learned, held_out = friedman(seed)
    learned.targets[100 + seed] = torch.nan
    return learned, held_out


def ailing(seed):
    def plain():
        return network(seed, 64, 32, 10)

    few = network(seed, 64, 32, 32, 10)
    yield "dead units", changed(few, lambda layer: layer.bias.fill_(-20.0)), adam(3e-3), digits(seed), 4, {}
    deep = network(seed, 64, 32, 32, 32, 32, 10)
    yield "exploding gradients", changed(deep, lambda layer: layer.weight.mul_(12)), descent(1e-4), digits(seed), 4, {}
    deep = network(seed, 64, *[32] * 8, 10, between=nn.Sigmoid)
    yield "vanishing gradients", deep, descent(0.1), digits(seed), 4, {}
    yield "plateau", changed(plain(), stand), descent(0.1), digits(seed), 10, {"loss": saturated}
    linear = network(seed, 10, 8, 1, between=nn.Identity)
    small = changed(linear, lambda layer: (layer.weight.mul_(1e-6), layer.bias.zero_()))
    yield "saddle", small, descent(0.01), diabetes(seed), 25, {"schedule": Fixed()}
    leak = beside(friedman(seed), lambda rows: rows.targets.exp())
    yield "leaking labels", network(seed, 11, 16, 1), adam(3e-3), leak, 3, {}
    yield "overfitting", network(seed, 30, 128, 2), adam(5e-3), noisy(seed), 30, {}
    yield "underfitting", network(seed, 64, 2, 10, between=nn.Tanh), adam(3e-3), digits(seed), 4, {}
    yield "underfitting", network(seed, 2, 2), adam(1e-2), crossed(seed), 6, {}
    yield "steps too large", plain(), descent(8.0), digits(seed), 6, {}
    yield "steps too large", plain(), adam(0.5), digits(seed), 6, {}
    yield "steps too small", plain(), descent(1e-6), digits(seed), 6, {}
    yield "steps too small", plain(), adam(1e-7), digits(seed), 6, {}
    yield "no signal", plain(), adam(3e-3), shuffled(digits(seed), seed), 6, {}
    yield "targets unscaled", network(seed, 10, 16, 1), adam(5e-3), unscaled(seed), 6, {}
    copied = digits(seed)
    yield (
        "shared rows",
        plain(),
        adam(3e-3),
        (copied[0], DenseRows(copied[0].inputs[::5], copied[0].targets[::5])),
        8,
        {},
    )
    yield "imbalanced labels", network(seed, 64, 32, 2), adam(3e-3), one_of_many(digits(seed), 5), 6, {}
    constant = beside(friedman(seed), lambda rows: torch.full_like(rows.targets, 3.0))
    yield "constant column", network(seed, 11, 32, 1), adam(5e-3), constant, 15, {}
    twice = beside(friedman(seed), lambda rows: rows.inputs[:, 4:5])
    yield "duplicate column", network(seed, 11, 32, 1), adam(5e-3), twice, 15, {}
    yield "early perfection", network(seed, 6, 16, 2), adam(2e-2), far_apart(seed), 1, {"schedule": Fixed()}
    yield "not finite", network(seed, 10, 16, 1), adam(5e-3), broken(seed), 2, {}


def table(seeds):
    rows: dict[str, Counter] = {}
    runs: Counter = Counter()
    examples = []
    for seed in range(seeds):
        planted = [(kind, *rest) for kind, *rest in ailing(seed)]
        healthy = [(f"sound {name}", *rest) for name, *rest in sound(seed)]
        for name, module, optimiser, data, epochs, more in planted + healthy:
            loop = run(module, optimiser, data, epochs, seed, **more)
            kinds = {finding.kind for finding in loop.history.findings}
            rows.setdefault(name, Counter()).update(kinds)
            runs[name] += 1
            if name.startswith("sound") and kinds:
                texts = [
                    f"{finding.kind} at step {finding.step}: {finding.sentence}" for finding in loop.history.findings
                ]
                examples.append(f"{name}, seed {seed}, {loop.place.step} steps: {' | '.join(texts)}")
    print(f"{'planted':22}{'runs':>5}  " + " ".join(f"{short:>7}" for short in SHORT.values()))
    for name, found in rows.items():
        print(f"{name:22}{runs[name]:5}  " + " ".join(f"{found[kind] or '.':>7}" for kind in SHORT))
    hits = sum(rows[kind][kind] for kind in rows if kind in SHORT)
    planted = sum(runs[kind] for kind in rows if kind in SHORT)
    healthy = sum(runs.values()) - planted
    print(f"planted ailments found: {hits} of {planted}; sound runs suspected: {len(examples)} of {healthy}")
    for example in examples:
        print(f"  {example}")


# Cost


class Turns(Watcher):
    """Two loops in two threads, each for 20 steps while the other waits: what slows the machine slows both."""

    def __init__(self, own, other):
        self.own, self.other = own, other

    def begin(self, loop):
        self.own.acquire()

    def stepped(self, loop):
        if loop.place.step % 20 == 0:
            self.other.release()
            self.own.acquire()


def race(widths, batch, epochs, data):
    """Processor seconds of a training without and with a watch, and its steps."""
    seconds, steps = [0.0, 0.0], 0
    locks = [threading.Semaphore(1), threading.Semaphore(0)]

    def train(number):
        nonlocal steps
        module = network(0, *widths)
        optimiser = torch.optim.Adam(module.parameters(), 1e-3)
        watchers = [Turns(locks[number], locks[1 - number])] + ([HealthWatch()] if number else [])
        loop = Loop(module, functional.cross_entropy, optimiser, batch=batch, watchers=watchers)
        began = time.thread_time()
        loop.run(data[0], Allowance(epochs=epochs), data[1], progress=False)
        seconds[number] = time.thread_time() - began
        steps = loop.place.step
        locks[1 - number].release(1000)

    threads = [threading.Thread(target=train, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds[0], seconds[1], steps


def cost(repeats):
    data = digits(0)
    for widths, batch, epochs in (((64, 32, 32, 10), 32, 30), ((64, 256, 256, 10), 64, 60)):
        race(widths, batch, 2, data)
        races = [race(widths, batch, epochs, data) for _ in range(repeats)]
        ratios = sorted(watched / bare for bare, watched, _ in races)
        print(
            f"{'-'.join(map(str, widths))}, batch {batch}, {races[0][2]} steps: {races[0][0]:.2f} s bare; with the "
            f"watch {statistics.median(ratios):.3f} times the processor time ({ratios[0]:.3f} to {ratios[-1]:.3f} in "
            f"{repeats} races)"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--parts", default="table,cost")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if "table" in options.parts:
        table(options.seeds)
    if "cost" in options.parts:
        cost(options.repeats)


if __name__ == "__main__":
    main()
