"""Errors of a network on MNIST with and without pre-training, by the number of labels; a table and a picture.

    python benchmarks/pretrain_mnist.py [--labels 100,300,1000,3000,10000,60000] [--seeds 1] [--picture pretrain.png]
        [--widths 500,500] [--passes 5] [--steps 1500]

The network is 784-500-500-10 or narrower. Pre-training sees all 60,000 pictures without labels: Boltzmann machines for
sigmoid units, denoising autoencoders for rectifiers. Fine-tuning is the same for both of a pair: Adam, the rate falling
to zero, dropout; its rate is chosen for each at 1,000 labels by 5,000 other labels of the training set (which those
with 60,000 labels then learn from: the test set has no part in it). Labels are the first so many of a permutation;
errors are of the 10,000 test pictures. Seconds are of the clock.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lilliput.nets.autoencoder import Layer
from lilliput.training.pretrain import pretrain, put_into

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
RATES = (1e-3, 3e-3)
VALIDATION = 5000


def read(part: str):
    with gzip.open(DATA / "mnist" / f"{part}-images-idx3-ubyte.gz") as file:
        pictures = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 784)
    with gzip.open(DATA / "mnist" / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read()[8:], np.uint8)
    return torch.from_numpy(pictures / np.float32(255)), torch.from_numpy(labels.astype(np.int64))


def network(inner, rectified: bool, layers: list[Layer], seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    widths = (784, *inner)
    linears = [nn.Linear(a, b) for a, b in pairwise(widths)]
    for linear in linears:
        if rectified:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        else:
            nn.init.xavier_uniform_(linear.weight, gain=4.0)
        nn.init.zeros_(linear.bias)
    put_into(linears, layers)
    parts: list[nn.Module] = []
    for linear in linears:
        parts += [linear, nn.ReLU() if rectified else nn.Sigmoid(), nn.Dropout(0.3)]
    last = nn.Linear(inner[-1], 10)
    nn.init.zeros_(last.weight)
    return nn.Sequential(*parts, last)


def tuned(net: nn.Sequential, rows, labels, rate: float, seed: int, steps: int) -> nn.Sequential:
    """Fine-tune: `steps` steps of 100 rows, five passes where there are more rows than for that."""
    steps = max(steps, 5 * len(rows) // 100)
    optimiser = torch.optim.Adam(net.parameters(), rate)
    random = torch.Generator().manual_seed(seed)
    net.train()
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1 - step / steps)
        chosen = torch.randint(len(rows), (100,), generator=random)
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(rows[chosen]), labels[chosen]).backward()
        optimiser.step()
    return net.eval()


@torch.no_grad()
def error(net: nn.Sequential, rows, labels) -> float:
    return float((net(rows).argmax(dim=1) != labels).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", default="100,300,1000,3000,10000,60000")
    parser.add_argument("--kinds", default="rbm,denoise")
    parser.add_argument("--passes", type=float, default=5)
    parser.add_argument("--widths", default="500,500")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--picture", default="")
    asked = parser.parse_args()
    counts = [int(text) for text in asked.labels.split(",")]
    widths = [int(text) for text in asked.widths.split(",")]
    (rows, labels), (test, truth) = read("train"), read("t10k")
    mixed = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))
    curves: dict[str, list[float]] = {}
    print(f"{'error on 10,000, in %':<34}" + "".join(f"{count:>9,}" for count in counts), flush=True)
    for kind in asked.kinds.split(","):
        rectified = kind == "denoise"
        units = "rectifiers" if rectified else "sigmoids"
        started = time.perf_counter()
        layers = pretrain(rows, widths, kind, passes=asked.passes)
        seconds = time.perf_counter() - started
        for name, below in ((f"{units}", []), (f"{units}, {kind}", layers)):
            few, kept = mixed[:1000], mixed[-VALIDATION:]
            by_rate = {}
            for rate in RATES:
                net = tuned(network(widths, rectified, below, 0), rows[few], labels[few], rate, 0, asked.steps)
                by_rate[rate] = error(net, rows[kept], labels[kept])
            rate = min(by_rate, key=by_rate.__getitem__)
            curves[name] = []
            for count in counts:
                found = []
                for seed in range(asked.seeds):
                    chosen = mixed[:count]
                    net = tuned(
                        network(widths, rectified, below, seed), rows[chosen], labels[chosen], rate, seed, asked.steps
                    )
                    found.append(error(net, test, truth))
                curves[name].append(100 * float(np.mean(found)))
            more = f", {seconds:.0f} s" if below else ""
            print(f"{f'{name} (rate {rate:g}{more})':<34}" + "".join(f"{e:>9.2f}" for e in curves[name]), flush=True)
        with_it, without = curves[f"{units}, {kind}"], curves[units]
        print(f"{'  of that without':<34}" + "".join(f"{a / b:>9.2f}" for a, b in zip(with_it, without, strict=True)))
    if asked.picture:
        draw(counts, curves, asked.picture)


def draw(counts, curves, path: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    order = np.argsort(counts)
    for number, (name, errors) in enumerate(curves.items()):
        axes.loglog(
            np.array(counts)[order],
            np.array(errors)[order],
            "o-" if "," in name else "o--",
            color=f"C{number // 2}",
            label=name,
        )
    axes.set(xlabel="labels", ylabel="test error, %", title="MNIST with and without pre-training")
    axes.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
