"""What a network costs on a device: rows a second to learn and to predict, time to an error, watts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lilliput.core.threads import available_threads
from lilliput.core.watts import Joules, gpu_watts
from lilliput.nets.mlp import MLP
from lilliput.training.devices import random_state, torch_threads
from lilliput.training.optimisers import make_optimiser

WARM, LOOK = 3, 16
"""Steps before the clock runs, and between two looks at the error."""
ROWS, HELD_OUT, APART = 64, 2048, 4.0
"""Batches of made-up rows, rows held out, and how far the classes' middles are from the origin, in deviations."""


class Device(NamedTuple):
    """Where to measure."""

    device: torch.device
    threads: int

    @property
    def name(self) -> str:
        """For people."""
        if self.device.type == "cpu":
            return f"CPU, {self.threads} thread{'s' * (self.threads > 1)}"
        return str(torch.cuda.get_device_name(self.device))


class Speed(NamedTuple):
    """What was measured on a device."""

    device: str
    learned: float
    """Rows a second in training: forward, backward and a step of Adam."""
    predicted: float
    """Rows a second in prediction, in batches of the same size."""
    to_error: float | None
    """Seconds of training until the error was reached; None: it was not within the time."""
    watts: float | None
    """Mean power while training; None where the machine does not tell."""


def devices(threads: int | None = None) -> list[Device]:
    """One thread, all threads (or so many), and each GPU."""
    most = available_threads() if threads is None else threads
    cpu = torch.device("cpu")
    found = [Device(cpu, count) for count in sorted({1, most})]
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return found + [Device(torch.device("cuda", number), most) for number in range(gpus)]


def speed(widths: Sequence[int], where: Device, *, batch: int, seconds: float, error: float, seed: int = 0) -> Speed:
    """Train a rectifier network on made-up classes for at most `seconds`, and predict for a quarter of that.

    `widths` are those of inputs, hidden layers and outputs. Each class is a Gaussian of deviation 1 about a middle of
    its own, so that the error, of rows held out, can fall as low as one asks. The same seed gives every device the same
    rows and the same weights. Throughput is that of all steps; looks at the error are not counted.
    """
    with torch_threads(where.threads), random_state(seed, torch.device("cpu")):
        rows, held_out = _made_up(widths, batch, where.device)
        net = MLP(widths[0], widths[1:-1], widths[-1]).to(where.device)
        wait: Callable[[], None] = torch.cuda.synchronize if where.device.type == "cuda" else lambda: None
        joules = Joules()
        learned, to_error = _train(net, rows, held_out, batch, seconds, error, wait)
        watts = joules.watts() if where.device.type == "cpu" else gpu_watts(where.device.index or 0)
        return Speed(where.name, learned, _predict(net, rows[0], batch, seconds / 4, wait), to_error, watts)


def _made_up(widths: Sequence[int], batch: int, device: torch.device) -> tuple[tuple[Tensor, Tensor], ...]:
    """Rows to learn from, and rows held out."""
    middles = torch.nn.functional.normalize(torch.randn(widths[-1], widths[0]), dim=1) * APART
    classes = torch.randint(widths[-1], (ROWS * batch + HELD_OUT,))
    inputs = (middles[classes] + torch.randn(len(classes), widths[0])).to(device)
    classes = classes.to(device)
    return (inputs[:-HELD_OUT], classes[:-HELD_OUT]), (inputs[-HELD_OUT:], classes[-HELD_OUT:])


def _train(
    net: MLP,
    rows: tuple[Tensor, Tensor],
    held_out: tuple[Tensor, Tensor],
    batch: int,
    seconds: float,
    error: float,
    wait: Callable[[], None],
) -> tuple[float, float | None]:
    """Rows a second, and seconds to the error."""
    optimiser = make_optimiser("adam", net.parameters(), 1e-3)
    spent, steps, to_error = 0.0, 0, None
    wait()
    began = time.monotonic()
    while spent < seconds or steps <= WARM:
        place = steps % ROWS * batch
        inputs, classes = (tensor[place : place + batch] for tensor in rows)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(inputs), classes).backward()
        optimiser.step()
        steps += 1
        if steps == WARM:
            wait()
            began = time.monotonic()
        elif steps % LOOK == 0 or steps == WARM + 1:
            wait()
            spent += time.monotonic() - began
            if to_error is None and _error(net, *held_out) <= error:
                to_error = spent
            began = time.monotonic()
    return (steps - WARM) * batch / spent, to_error


@torch.no_grad()
def _error(net: MLP, inputs: Tensor, classes: Tensor) -> float:
    return (net(inputs).argmax(1) != classes).double().mean().item()


@torch.inference_mode()
def _predict(net: MLP, inputs: Tensor, batch: int, seconds: float, wait: Callable[[], None]) -> float:
    """Rows a second."""
    net.eval()
    net(inputs[:batch])
    wait()
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < seconds or not steps:
        place = steps % ROWS * batch
        net(inputs[place : place + batch])
        wait()
        steps += 1
    return steps * batch / (time.monotonic() - began)
