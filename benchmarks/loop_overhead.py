"""What the loop costs beside a bare PyTorch loop, on small networks: processor time, taken in turns.

    python benchmarks/loop_overhead.py [--repeats 7]

Both train the same network from the same weights on the same rows of MNIST's size, with the same batches, optimiser and
loss; the bare loop adds up its loss as a user would. One thread. Where skorch is installed, it is run too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import pairwise

import torch
from torch import nn

from lilliput.training.allowance import Allowance
from lilliput.training.batches import DenseRows
from lilliput.training.loop import Loop

BATCH, PASSES = 64, 2


def network(widths):
    torch.manual_seed(0)
    layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def optimiser(module):
    return torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, nesterov=True)


def bare(widths, X, y):
    module = network(widths)
    steps, loss_of = optimiser(module), nn.CrossEntropyLoss()
    generator = torch.Generator().manual_seed(0)
    began = time.process_time()
    for _ in range(PASSES):
        order, total = torch.randperm(len(X), generator=generator), 0.0
        for start in range(0, len(X), BATCH):
            chosen = order[start : start + BATCH]
            steps.zero_grad()
            loss = loss_of(module(X[chosen]), y[chosen])
            loss.backward()
            steps.step()
            total += loss.item()
    return time.process_time() - began


def ours(widths, X, y):
    module = network(widths)
    loop = Loop(module, nn.functional.cross_entropy, optimiser(module), batch=BATCH, keep="last")
    began = time.process_time()
    loop.run(DenseRows(X, y), Allowance(epochs=PASSES), progress=False)
    return time.process_time() - began


def skorch(widths, X, y):
    try:
        from skorch import NeuralNetClassifier
    except ImportError:
        return None
    net = NeuralNetClassifier(
        network(widths),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        lr=0.05,
        optimizer__momentum=0.9,
        optimizer__nesterov=True,
        batch_size=BATCH,
        max_epochs=PASSES,
        train_split=None,
        verbose=0,
    )
    began = time.process_time()
    net.fit(X, y)
    return time.process_time() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    for widths, rows in (((64, 32, 10), 30_000), ((784, 128, 10), 20_000)):
        X, y = torch.randn(rows, widths[0], generator=generator), torch.randint(0, 10, (rows,), generator=generator)
        turns = [(bare(widths, X, y), ours(widths, X, y), skorch(widths, X, y)) for _ in range(repeats + 1)][1:]
        ratio = statistics.median(ours / bare for bare, ours, _ in turns)
        step = statistics.median(bare for bare, _, _ in turns) / (PASSES * -(-rows // BATCH))
        line = (
            f"{'-'.join(map(str, widths))}, batch {BATCH}: {step * 1e6:.0f} us a bare step, the loop {ratio:.3f} times"
        )
        if turns[0][2] is not None:
            line += f", skorch {statistics.median(other / bare for bare, _, other in turns):.2f} times"
        print(f"{line} (median of {repeats} turns)")
