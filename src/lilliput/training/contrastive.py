"""Contrastive divergence, with chains that begin at the rows (CD) or go on from step to step (PCD).

Hinton 2002, "Training products of experts by minimizing contrastive divergence", Neural Computation 14; Tieleman 2008,
"Training restricted Boltzmann machines using approximations to the likelihood gradient"; Hinton 2010, "A practical
guide to training restricted Boltzmann machines", for momentum and weight decay. The rate falls linearly to zero, which
persistent chains need to come to rest. The last visible units of a chain that does not persist are means, not draws
(Hinton 2010, section 3.2): it is less noisy, and draws less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from lilliput.nets.rbm import BoltzmannMachine, drawn

RAMP = 0.2
"""The part of the training after which momentum is what it is set to; it is half before."""


@dataclass(frozen=True)
class Settings:
    """How to learn.

    ``rate`` of the first step; ``batch`` rows a step; ``passes``; ``gibbs`` steps of the chains for each; ``chains``
    that persist, 0: they begin at the rows; ``momentum``; ``decay`` of the weights; ``mean_field``: rows are
    probabilities to be taken as they are, else binary rows are drawn by them at every visit.
    """

    rate: float = 0.1
    batch: int = 64
    passes: float = 10
    gibbs: int = 1
    chains: int = 0
    momentum: float = 0.9
    decay: float = 1e-4
    mean_field: bool = True


class Contrastive:
    """One machine in training; `random` is the only source of chance, so that a seed gives the same weights."""

    def __init__(self, machine: BoltzmannMachine, settings: Settings, random: Generator) -> None:
        self.machine, self._settings, self._random = machine, settings, random
        parts = (machine.weights, machine.visible, machine.hidden)
        self._speeds = [torch.zeros_like(part) for part in parts]
        chances = torch.full((settings.chains, len(machine.hidden)), 0.5)
        self._states = drawn(chances, random) if settings.chains else None

    def step(self, rows: Tensor, part: float) -> None:
        """Learn from a batch when the `part` of the training is over."""
        machine, settings = self.machine, self._settings
        if not settings.mean_field and not machine.gaussian:
            rows = drawn(rows, self._random)
        chances = machine.hidden_chances(rows)
        states = drawn(chances, self._random) if self._states is None else self._states
        for number in range(settings.gibbs):
            last = number + 1 == settings.gibbs and self._states is None
            fantasy = machine.visible_means(states) if last else machine.draw_visible(states, self._random)
            dreamt = machine.hidden_chances(fantasy)
            states = states if last else drawn(dreamt, self._random)
        if self._states is not None:
            self._states = states
        momentum = settings.momentum if part >= RAMP else settings.momentum / 2
        rate = settings.rate * (1 - part)
        up, down = rate / len(rows), rate / len(fantasy)
        weights, visible, hidden = self._speeds
        weights.mul_(momentum).addmm_(rows.T, chances, alpha=up).addmm_(fantasy.T, dreamt, alpha=-down)
        weights.sub_(machine.weights, alpha=rate * settings.decay)
        visible.mul_(momentum).add_(rows.sum(dim=0), alpha=up).sub_(fantasy.sum(dim=0), alpha=down)
        hidden.mul_(momentum).add_(chances.sum(dim=0), alpha=up).sub_(dreamt.sum(dim=0), alpha=down)
        machine.weights += weights
        machine.visible += visible
        machine.hidden += hidden


@torch.no_grad()
def learn(
    rows: Tensor,
    hidden: int,
    gaussian: bool,
    settings: Settings,
    random: Generator,
    told: Callable[[float], bool] = lambda part: False,
) -> BoltzmannMachine:
    """A machine of `hidden` units trained on rows (n, visible), float32.

    `told` hears after each batch what part of the training is over by its own count, and may end it by True.
    """
    machine = BoltzmannMachine.begun(rows.mean(dim=0), hidden, gaussian, random)
    training = Contrastive(machine, settings, random)
    batch = min(settings.batch, len(rows))
    steps = max(1, round(settings.passes * len(rows) / batch))
    done = 0
    while done < steps:
        order = torch.randperm(len(rows), generator=random)
        for first in range(0, len(rows) - batch + 1, batch):
            training.step(rows[order[first : first + batch]], done / steps)
            done += 1
            if done == steps or told(done / steps):
                return machine
    return machine
