"""MNIST on a processor: a rectifier network with dropout and a small convolutional network, each in a time budget.

    python benchmarks/mnist_recipes.py [--parts mlp,conv5,conv15,choose] [--seed 0]

mlp     a rectifier network of at most the weights of 784-1024-1024-10 without augmentation, 570 seconds
conv5   a small convolutional network in 5 minutes; conv15: in 15
choose  the recipes of the rectifier network, compared on 10,000 of the training images; slow

The recipe was chosen by held-out training images; test images are looked at once, in the end. Two threads.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lilliput.nets.convnet import ConvNet
from lilliput.nets.mlp import MLP
from lilliput.training.allowance import Allowance
from lilliput.training.batches import DenseRows
from lilliput.training.loop import Loop
from lilliput.training.optimisers import make_optimiser
from lilliput.training.penalties import Penalties
from lilliput.training.schedules import Ramp, Trapezoid

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "mnist"


WIDE, DEEP = (1024, 1024), (1000, 500, 250, 250, 250)
INPUT_NOISE = 0.3 * 255 / 78.6
"""A standard deviation of 0.3 on pixels from 0 to 1, as they are scaled here."""

RECIPES = {
    "adam, max-norm 3": ({}, {"rate": 1e-3, "batch": 128, "optimiser": "adam", "penalties": Penalties(max_norm=3.0)}),
    "nesterov, max-norm 3": (
        {},
        {"rate": 0.1, "batch": 128, "ramp": Ramp(0.5, 0.95), "penalties": Penalties(max_norm=3.0)},
    ),
    "adam, normalised": ({"normalise": True}, {"rate": 2e-3, "batch": 128, "optimiser": "adam"}),
    "adam, normalised, noise": (
        {
            "hidden": DEEP,
            "input_dropout": 0.0,
            "dropout": 0.0,
            "input_noise": INPUT_NOISE,
            "noise": 0.3,
            "normalise": True,
        },
        {"rate": 2e-3, "batch": 128, "optimiser": "adam", "loss": nn.functional.cross_entropy},
    ),
}
"""Of the rectifier network: its form where it is not `WIDE` with dropout, and how it learns."""
BEST = "adam, normalised, noise"
"""Of them, on held-out images."""


def read(name):
    with gzip.open(DATA / name) as file:
        data = file.read()
    axes = [int.from_bytes(data[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(data[3])]
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * len(axes)).reshape(axes).copy())


def images(part, flat):
    """Bytes of pictures, turned to floats batch by batch, and labels."""
    pictures, labels = read(f"{part}-images-idx3-ubyte.gz"), read(f"{part}-labels-idx1-ubyte.gz").long()
    shape = (len(pictures), 784) if flat else (len(pictures), 1, 28, 28)

    def convert(inputs, targets):
        return (inputs.float() - 33.3) / 78.6, targets

    return DenseRows(pictures.reshape(shape), labels, convert)


def errors(outputs, targets):
    return (outputs.argmax(dim=1) != targets).double().mean().item()


def smooth(outputs, targets):
    return nn.functional.cross_entropy(outputs, targets, label_smoothing=0.1)


def trained(module, rows, held_out, seconds, *, rate, batch, optimiser="nesterov", ramp=None, epochs=None, **more):
    schedule = Trapezoid(warmup=0.1, fall=0.1, momentum=ramp)
    loop = Loop(
        module,
        more.pop("loss", smooth),
        make_optimiser(optimiser, module.parameters(), rate, momentum=None if ramp else more.pop("momentum", 0.9)),
        schedule=schedule,
        batch=batch,
        score=errors,
        keep="last",
        evaluate_every=more.pop("evaluate_every", 1.0),
        penalties=more.pop("penalties", None),
        seed=more.pop("seed", 0),
    )
    began = time.monotonic()
    loop.run(rows, Allowance(epochs, seconds), held_out, progress=False)
    return loop, time.monotonic() - began


def report(name, module, loop, seconds, test):
    with torch.inference_mode():
        outputs = torch.cat([module(test.take(part)[0]) for part in torch.arange(len(test)).split(1000)])
    wrong = int((outputs.argmax(dim=1) != test.targets).sum())
    weights = sum(parameter.numel() for parameter in module.parameters())
    passes = loop.history.records[-1].epoch
    print(f"{name}: {wrong} of {len(test):,} test images wrong, {wrong / len(test):.2%}; {weights:,} weights, "
          f"{passes:.1f} passes in {seconds:.0f} s", flush=True)  # fmt: skip


def network(seed, shape):
    torch.manual_seed(seed)
    form = {"hidden": WIDE, "input_dropout": 0.2, "dropout": 0.5, **shape}
    return MLP(784, form.pop("hidden"), 10, **form)


def mlp(seed, seconds):
    shape, recipe = RECIPES[BEST]
    module = network(seed, shape)
    loop, spent = trained(module, images("train", True), None, seconds, seed=seed, **recipe)
    report("-".join(map(str, (784, *shape.get("hidden", WIDE), 10))), module, loop, spent, images("t10k", True))


def conv(seed, seconds, widths):
    torch.manual_seed(seed)
    module = ConvNet(1, 10, widths)
    recipe = {"rate": 4e-3, "batch": 64, "optimiser": "adam", "penalties": Penalties(l2=0.05)}
    loop, spent = trained(module, images("train", False), None, seconds, seed=seed, **recipe)
    report(f"convolutional, {'-'.join(map(str, widths))}", module, loop, spent, images("t10k", False))


def choose(epochs, threads):
    """Recipes of the rectifier network, by the error on the last 10,000 training images."""
    whole = images("train", True)
    rows, held_out = whole.part(torch.arange(50_000)), whole.part(torch.arange(50_000, 60_000))
    for name, (shape, recipe) in RECIPES.items():
        module = network(0, shape)
        loop, spent = trained(module, rows, held_out, None, epochs=epochs, **recipe)
        last = loop.history.records[-1].score
        print(f"{name}: {last:.2%} of 10,000 wrong, {epochs} passes in {spent:.0f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--parts", default="mlp,conv5,conv15")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--passes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for part in arguments.parts.split(","):
        if part == "mlp":
            mlp(arguments.seed, 570)
        elif part == "conv5":
            conv(arguments.seed, 290, (24, 48, 96))
        elif part == "conv15":
            conv(arguments.seed, 880, (32, 64, 128))
        else:
            choose(arguments.passes, arguments.threads)
