"""The partition function of a restricted Boltzmann machine, without which it has no probabilities: exact, or annealed.

Annealed importance sampling: Neal 2001; Salakhutdinov and Murray 2008, "On the quantitative analysis of deep belief
networks", section 4: chains go through machines whose weights grow from zero, with biases that go from those of
independent units to those of the machine, and are weighted by the ratios of probabilities on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import softplus

from lilliput.nets.rbm import BoltzmannMachine, drawn, noise

EXACT = 14
"""Units of the smaller side whose states are all looked at."""


class LogPartition(NamedTuple):
    """The natural logarithm of the partition function, and its standard error: 0 if exact."""

    value: float
    error: float


def log_partition(
    machine: BoltzmannMachine, steps: int, chains: int, random: Generator, told: Callable[[], bool] = lambda: False
) -> LogPartition | None:
    """The partition function: exact for few units, else by annealing with `chains` chains over `steps` machines.

    None if `told`, which is asked before each machine, ends it by True.
    """
    visible, hidden = machine.weights.shape
    if hidden <= EXACT:
        return LogPartition(exact(machine), 0.0)
    if visible <= EXACT and not machine.gaussian:
        turned = BoltzmannMachine(machine.weights.T.contiguous(), machine.hidden, machine.visible)
        return LogPartition(exact(turned), 0.0)
    return annealed(machine, steps, chains, random, told)


def exact(machine: BoltzmannMachine) -> float:
    """Over all states of the hidden units, 2^hidden of them."""
    weights, visible, hidden = machine.weights.double(), machine.visible.double(), machine.hidden.double()
    count = len(hidden)
    states = (torch.arange(2**count)[:, None] >> torch.arange(count) & 1).double()
    reach = states @ weights.T
    if machine.gaussian:
        inside = reach @ visible + 0.5 * (reach**2).sum(dim=1) + 0.5 * len(visible) * math.log(2 * math.pi)
    else:
        inside = softplus(reach + visible).sum(dim=1)
    return float(torch.logsumexp(states @ hidden + inside, dim=0))


def annealed(
    machine: BoltzmannMachine, steps: int, chains: int, random: Generator, told: Callable[[], bool] = lambda: False
) -> LogPartition | None:
    """By annealed importance sampling; None if `told` ends it."""
    visible, hidden = machine.visible, machine.hidden
    zeros = torch.zeros(chains, len(visible))
    rows = visible + noise(zeros, random) if machine.gaussian else drawn(torch.sigmoid(visible) + zeros, random)
    logs = torch.zeros(chains, dtype=torch.float64)
    reach = torch.addmm(hidden, rows, machine.weights)
    for step in range(1, steps + 1):
        if told():
            return None
        before, part = (step - 1) / steps, step / steps
        # Biases of the visible units are those of the machine all the way, so that hidden units alone make the ratio.
        logs += (softplus(part * reach) - softplus(before * reach)).double().sum(dim=1)
        states = drawn(torch.sigmoid(part * reach), random)
        means = torch.addmm(visible, states, machine.weights.T, alpha=part)
        rows = means + noise(means, random) if machine.gaussian else drawn(means.sigmoid_(), random)
        reach = torch.addmm(hidden, rows, machine.weights)
    return _weighed(logs, _independent(machine))


def _independent(machine: BoltzmannMachine) -> float:
    """The logarithm of the partition function without weights and hidden biases."""
    visible, hidden = machine.visible.double(), len(machine.hidden)
    outside = 0.5 * len(visible) * math.log(2 * math.pi) if machine.gaussian else float(softplus(visible).sum())
    return outside + hidden * math.log(2)


def _weighed(logs: Tensor, base: float) -> LogPartition:
    """The mean of the weights, whose logarithms are given, and the standard error of its logarithm."""
    most = float(logs.max())
    weights = torch.exp(logs - most)
    mean = float(weights.mean())
    return LogPartition(base + most + math.log(mean), float(weights.std()) / mean / math.sqrt(len(logs)))
