"""Which device a network is trained on, and in which numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from lilliput.core.errors import DeviceError
from lilliput.core.threads import resolve_threads


def resolve_device(device: str) -> torch.device:
    """The device meant by "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:1"; `DeviceError` if not there."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError):
        raise DeviceError(f"device={device!r} is unknown; give auto, cpu, cuda or cuda:0") from None
    if found.type == "cpu":
        return found
    if found.type != "cuda":
        raise DeviceError(f"device={device!r} is not supported; give auto, cpu, cuda or cuda:0")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (found.index or 0) >= count:
        there = f"there are {count}, numbered from 0" if count else "PyTorch finds no GPU here"
        raise DeviceError(f"device={device!r} is not there: {there}; give device='cpu' or 'auto'")
    return found


WORTH = 20_000_000
"""Multiplications of a step's forward pass from which a second thread saves time. Below it PyTorch's threads mostly
wait for each other, which takes twice the processor's time, and far more on a machine that others use too."""


@contextmanager
def torch_threads(threads: int | None, work: int | None = None) -> Iterator[int]:
    """Let PyTorch use so many threads inside the block; gives their number.

    None: all, or one where the `work` of a step, in multiplications, is known to be too little for two.
    """
    before = torch.get_num_threads()
    little = threads is None and work is not None and work < WORTH
    count = 1 if little else resolve_threads(threads)
    torch.set_num_threads(count)
    try:
        yield count
    finally:
        torch.set_num_threads(before)


@contextmanager
def random_state(seed: int, device: torch.device) -> Iterator[None]:
    """PyTorch's own random numbers begin at `seed` inside the block, and are as they were after it."""
    devices = [device.index or 0] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def half_precision(device: torch.device, wanted: bool | None) -> torch.dtype | None:
    """The type that products may be computed in: bfloat16 on a GPU that has it, None (32 bits) elsewhere.

    `wanted` None: where there is a GPU for it; True raises `DeviceError` where there is none.
    """
    able = device.type == "cuda" and torch.cuda.is_bf16_supported()
    if wanted and not able:
        raise DeviceError("mixed precision needs a GPU with bfloat16; leave it out, or give device='cuda'")
    return torch.bfloat16 if able and wanted is not False else None
