"""A linear layer on sparse rows: it reads the rows of its table that a batch touches, and no others."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lilliput.nets.dropout import Dropout


@dataclass(frozen=True)
class SparseBatch:
    """Some sparse rows of `width` columns: row r has ``values[starts[r]:starts[r + 1]]`` in ``columns`` likewise.

    Float32 values; int64 columns and starts, the starts without the last end.
    """

    values: Tensor
    columns: Tensor
    starts: Tensor
    width: int

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """What it consists of."""
        return self.values, self.columns, self.starts

    def dense(self) -> Tensor:
        """The rows as float32 (rows, width)."""
        ends = torch.cat([self.starts[1:], torch.tensor([len(self.values)])])
        rows = torch.repeat_interleave(torch.arange(len(self.starts)), ends - self.starts)
        found = torch.zeros(len(self.starts), self.width)
        return found.index_put_((rows, self.columns), self.values, accumulate=True)


class SparseLinear(nn.Module):
    """``x W + b`` for a `SparseBatch` x, with W (inputs, units): (rows, units), on the processor.

    W has no gradient of its own, which would be as large as W: what `RowAdam` needs of a backward pass is kept in
    `pending`, the batches and the gradients of the outputs, until it steps. `dropout` leaves out values of the batch.
    """

    def __init__(self, inputs: int, units: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, units), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(units))
        self.dropout = Dropout(dropout)
        self.pending: list[tuple[SparseBatch, Tensor]] = []
        # Rows of length one: a unit's input varies as that of one input does.
        nn.init.normal_(self.weight, std=math.sqrt(2.0 / units))

    def forward(self, batch: SparseBatch) -> Tensor:
        """The outputs of the rows."""
        values = self.dropout(batch.values) if self.dropout.p else batch.values
        products = nn.functional.embedding_bag(
            batch.columns, self.weight, batch.starts, mode="sum", per_sample_weights=values
        )
        if not torch.is_grad_enabled():
            return products + self.bias
        return _Remember.apply(products, self.bias, self, replace(batch, values=values))


class _Remember(torch.autograd.Function):
    """Adds the bias; in the backward pass leaves the gradient with its layer."""

    @staticmethod
    def forward(ctx: Any, products: Tensor, bias: Tensor, layer: SparseLinear, batch: SparseBatch) -> Tensor:
        ctx.layer, ctx.batch = layer, batch
        return products + bias

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None, None]:
        ctx.layer.pending.append((ctx.batch, gradient))
        return None, gradient.sum(dim=0), None, None


class Touched(NamedTuple):
    """The entries of a batch by column: entries ``starts[u]`` to ``starts[u + 1]`` are those of ``columns[u]``."""

    columns: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    rows: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]


def touched(batch: SparseBatch) -> Touched:
    """The columns that `batch` touches, in order, each with its entries by row."""
    columns, starts = batch.columns.numpy(), batch.starts.numpy()
    counts = np.diff(starts, append=len(columns))
    rows = np.repeat(np.arange(len(starts)), counts)
    order = np.argsort(columns, kind="stable")
    by_column = columns[order]
    first = np.flatnonzero(np.diff(by_column, prepend=-1))
    edges = np.append(first, len(columns)).astype(np.int64)
    return Touched(by_column[first], edges, rows[order], batch.values.numpy()[order])
