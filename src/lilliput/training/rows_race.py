"""All optimisers on one's own rows within a time: a small network each, with the rate that did best in short trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lilliput.nets.mlp import MLP
from lilliput.training.allowance import Allowance
from lilliput.training.batches import DenseRows
from lilliput.training.devices import random_state
from lilliput.training.divergence import DivergedError
from lilliput.training.history import History
from lilliput.training.loop import Loop
from lilliput.training.optimisers import OPTIMISERS, make_optimiser

HIDDEN = (64, 64)
MIDDLE = {"sgd": 0.1, "momentum": 0.03, "nesterov": 0.03, "adagrad": 0.03, "rmsprop": 1e-3, "nesterov-rmsprop": 3e-4}
"""The middle of the rates that are tried; 0.001 for Adam."""
FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)
TRIALS = 0.4
"""Of an optimiser's share of the time, for the trials of all rates together."""
HELD_OUT, BATCH = 0.2, 64


class Lane(NamedTuple):
    """What an optimiser did in its share of the time."""

    optimiser: str
    rate: float
    tried: dict[float, float]
    """Least held-out loss of each rate's trial; infinity for one that diverged."""
    history: History
    """Of the run after the trials; its score is the loss of the held-out rows. Empty if it diverged."""
    quality: float
    """Of the best weights on the held-out rows: the share of classes that are right, or R2. NaN if it diverged."""


def work(inputs: Tensor, targets: Tensor) -> int:
    """Multiplications of a step's forward pass, by which threads are chosen (`torch_threads`)."""
    outputs = int(targets.max()) + 1 if targets.ndim == 1 else targets.shape[1]
    widths = (inputs.shape[1], *HIDDEN, outputs)
    return min(BATCH, len(inputs)) * sum(a * b for a, b in pairwise(widths))


def race_on_rows(
    inputs: Tensor,
    targets: Tensor,
    seconds: float,
    *,
    optimisers: Sequence[str] = OPTIMISERS,
    seed: int = 0,
    said: Callable[[str], None] = lambda what: None,
) -> list[Lane]:
    """Give each optimiser an equal share of `seconds`, the same weights and the same order of rows.

    `inputs` is float32 (rows, columns), near mean 0 and variance 1; `targets` is int64 (rows,), classes from 0 on, or
    float32 (rows, 1), numbers of mean 0 and variance 1. A fifth of the rows is held out. In every run the rate rises
    for a twentieth of the time and falls to zero from 0.3 of it on.
    """
    mixed = torch.from_numpy(np.random.default_rng([seed, 3]).permutation(len(inputs)))
    rows, count = DenseRows(inputs, targets), max(1, round(HELD_OUT * len(inputs)))
    learned, kept = rows.part(mixed[count:]), rows.part(mixed[:count])
    share = seconds / len(optimisers)
    lanes = []
    for name in optimisers:
        tried = {}
        for rate in (MIDDLE.get(name, 1e-3) * factor for factor in FACTORS):
            history, _ = _run(name, rate, learned, kept, TRIALS * share / len(FACTORS), seed)
            tried[rate] = history.best_score
        rate = min(tried, key=lambda rate: tried[rate])
        said(f"{name}: rate {rate:.2g}")
        lanes.append(Lane(name, rate, tried, *_run(name, rate, learned, kept, (1 - TRIALS) * share, seed)))
    return lanes


def _run(
    name: str, rate: float, learned: DenseRows, kept: DenseRows, seconds: float, seed: int
) -> tuple[History, float]:
    """The history of one training, and the quality of what it found."""
    classes = learned.targets.ndim == 1
    outputs = 1 + int(max(rows.targets.max() for rows in (learned, kept))) if classes else 1
    with random_state(seed, torch.device("cpu")):
        net = MLP(learned.inputs.shape[1], HIDDEN, outputs)
    loss = torch.nn.functional.cross_entropy if classes else torch.nn.functional.mse_loss
    optimiser = make_optimiser(name, net.parameters(), rate)
    loop = Loop(net, loss, optimiser, batch=min(BATCH, len(learned)), evaluate_every=0.5, seed=seed)
    try:
        history = loop.run(learned, Allowance(seconds=seconds), kept, progress=False)
    except DivergedError:
        return History(), float("nan")
    if history.interrupted:
        raise KeyboardInterrupt
    with torch.inference_mode():
        found = net(kept.inputs)
    if classes:
        return history, float((found.argmax(1) == kept.targets).double().mean())
    return history, float(1 - ((found - kept.targets) ** 2).mean() / kept.targets.var(correction=0))
