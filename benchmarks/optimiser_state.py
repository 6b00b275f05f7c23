"""Optimisers with eight-bit state beside 32 bits: bytes, loss and processor time, on a 784-1024-1024-10 network.

    python benchmarks/optimiser_state.py [--rows 6000] [--passes 3] [--seeds 0 1 2] [--threads 1]

MNIST, batches of 128, each optimiser with the same rate, weights and order of rows in both widths; the rate falls
linearly to zero. Losses are means over the rows: those of the training rows, after the last pass, and of 5,000 held
out. Processor time of a step is that of the optimiser alone, the two widths in turn.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch.nn.functional import cross_entropy

from lilliput.nets.mlp import MLP
from lilliput.training.batches import order_of
from lilliput.training.optimisers import make_optimiser
from optimiser_sets import Task, images

RATES = {"adam": 1e-3, "rmsprop": 3e-4, "momentum": 0.03}
BATCH = 128


def state_bytes(optimiser: torch.optim.Optimizer) -> int:
    states = (value for state in optimiser.state.values() for value in state.values())
    return sum(value.nbytes for value in states if isinstance(value, torch.Tensor))


@torch.no_grad()
def loss_of(net: MLP, rows: tuple[torch.Tensor, torch.Tensor]) -> float:
    parts = zip(rows[0].split(2000), rows[1].split(2000), strict=True)
    return sum(cross_entropy(net(x), y, reduction="sum").item() for x, y in parts) / len(rows[1])


def trained(task: Task, name: str, bits: int, passes: int, seed: int) -> tuple[list[float], list[float], int, float]:
    """Training and held-out loss after each pass, bytes of state, milliseconds of processor time a step."""
    torch.manual_seed(seed)
    net = MLP(784, task.hidden, 10)
    optimiser = make_optimiser(name, net.parameters(), RATES[name], bits=bits)
    curve, held_out, spent, steps = [], [], 0.0, 0
    total = passes * -(-len(task.train[1]) // BATCH)
    for number in range(passes):
        for chosen in order_of(len(task.train[1]), seed, number).split(BATCH):
            optimiser.param_groups[0]["lr"] = RATES[name] * (1 - steps / total)
            optimiser.zero_grad()
            cross_entropy(net(task.train[0][chosen]), task.train[1][chosen]).backward()
            began = time.process_time()
            optimiser.step()
            spent += time.process_time() - began
            steps += 1
        curve.append(loss_of(net, task.train))
        held_out.append(loss_of(net, task.test))
    return curve, held_out, state_bytes(optimiser), spent / steps * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    task = images("mnist", arguments.rows, 5000, (1024, 1024))
    print("optimiser  bits  seed  ms a step  training loss after each pass, held out in the end")
    for name in RATES:
        ends: dict[int, list[tuple[float, float]]] = {32: [], 8: []}
        sizes = {}
        for seed in arguments.seeds:
            for bits in (32, 8):
                curve, held_out, sizes[bits], spent = trained(task, name, bits, arguments.passes, seed)
                ends[bits].append((curve[-1], held_out[-1]))
                losses = " ".join(f"{loss:.4f}" for loss in curve)
                print(f"{name:<9} {bits:>5} {seed:>5} {spent:>10.2f}  {losses}, {held_out[-1]:.4f}", flush=True)
        means = {bits: [statistics.mean(column) for column in zip(*found, strict=True)] for bits, found in ends.items()}
        training, test = (eight / full - 1 for eight, full in zip(means[8], means[32], strict=True))
        print(f"{name}: state {sizes[8]:,} bytes of {sizes[32]:,} = {sizes[8] / sizes[32]:.4f} (asked: at most 0.27)")
        print(f"{name}: final loss {training:+.2%} in training, {test:+.2%} held out (asked: within 1 %)", flush=True)


if __name__ == "__main__":
    main()
