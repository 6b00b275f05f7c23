"""Rows in memory, taken some at a time in an order that is a function of seed and pass alone."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from lilliput.core.errors import DataError

_PRINTED = 64
"""Rows that a fingerprint looks at."""


class Rows(Protocol):
    """Inputs and targets by row number; whatever holds them."""

    def __len__(self) -> int:
        """How many rows there are."""

    def take(self, chosen: Tensor) -> tuple[Any, Tensor]:
        """Inputs, as the network takes them, and targets of the rows `chosen` (int64), in that order."""

    def to(self, device: torch.device) -> Rows:
        """The same rows on a device."""


class DenseRows:
    """Rows of two tensors, inputs (rows, ...) and targets (rows, ...).

    Tensors over a memory map (``torch.from_numpy(numpy.load(path, mmap_mode="r"))``) are read as they are taken. What
    `convert` makes of inputs and targets a batch, such as floats of stored bytes, is what the network sees.
    Raises `DataError` for what are no tensors of as many rows each.
    """

    def __init__(
        self,
        inputs: Tensor,
        targets: Tensor,
        convert: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        for name, given in (("inputs", inputs), ("targets", targets)):
            if not isinstance(given, Tensor):
                raise DataError(f"{name} are {type(given).__name__}; give a tensor, such as torch.from_numpy makes")
        if len(inputs) != len(targets):
            raise DataError(f"there are {len(inputs):,} rows of inputs and {len(targets):,} of targets; give as many")
        self.inputs = inputs
        self.targets = targets
        self.convert = convert

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets of the rows `chosen`."""
        taken = self.inputs.index_select(0, chosen), self.targets.index_select(0, chosen)
        return self.convert(*taken) if self.convert else taken

    def part(self, chosen: Tensor) -> DenseRows:
        """The rows `chosen` alone."""
        return DenseRows(self.inputs[chosen], self.targets[chosen], self.convert)

    def to(self, device: torch.device) -> DenseRows:
        """The same rows on a device."""
        return DenseRows(self.inputs.to(device), self.targets.to(device), self.convert)


def order_of(rows: int, seed: int, epoch: int) -> Tensor:
    """The order of all rows in pass `epoch`: a permutation, int64 (rows,), the same whatever came before."""
    mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])
    generator = torch.Generator().manual_seed(mixed >> 1)
    return torch.randperm(rows, generator=generator)


def bounds(rows: int, batch: int) -> list[int]:
    """Where the batches of a pass begin, and its end: batches of `batch` rows or fewer, none much smaller than others.

    A short batch at the end would be a step of its own on few rows.
    """
    steps = max(1, -(-rows // batch))
    return [rows * step // steps for step in range(steps + 1)]


def fingerprint(rows: Rows) -> str:
    """Hex digits that tell other rows, or rows in another order, from these: of some rows spread over all."""
    if not len(rows):
        return "0:00000000"
    chosen = torch.linspace(0, len(rows) - 1, min(_PRINTED, len(rows)), dtype=torch.float64).round().long()
    checksum = 0
    inputs, targets = rows.take(chosen)
    parts = [inputs] if isinstance(inputs, Tensor) else inputs.tensors
    for tensor in (*parts, targets):
        checksum = zlib.crc32(tensor.cpu().contiguous().numpy().tobytes(), checksum)
    return f"{len(rows)}:{checksum:08x}"
