"""Sparse rows in memory as batches for the loop."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lilliput.data.matrix import Compressed
from lilliput.nets.sparse_linear import SparseBatch


class SparseRows:
    """Rows of a sparse matrix and targets (rows, outputs); on a GPU, where they are dense, a batch is made dense."""

    def __init__(self, matrix: Compressed, targets: Tensor, device: torch.device | None = None) -> None:
        self.matrix = matrix
        self.targets = targets
        self.device = device

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, chosen: Tensor) -> tuple[SparseBatch | Tensor, Tensor]:
        """Inputs and targets of the rows `chosen`."""
        numbers = chosen.cpu().numpy()
        indptr = self.matrix.indptr
        lengths = (indptr[numbers + 1] - indptr[numbers]).astype(np.int64)
        starts = np.cumsum(lengths) - lengths
        places = np.arange(lengths.sum()) + np.repeat(indptr[numbers] - starts, lengths)
        batch = SparseBatch(
            torch.from_numpy(self.matrix.data[places]),
            torch.from_numpy(self.matrix.indices[places].astype(np.int64)),
            torch.from_numpy(starts),
            self.matrix.shape[1],
        )
        targets = self.targets.index_select(0, chosen)
        return (batch, targets) if self.device is None else (batch.dense().to(self.device), targets)

    def part(self, chosen: Tensor) -> SparseRows:
        """The rows `chosen` alone."""
        batch, targets = SparseRows(self.matrix, self.targets).take(chosen)
        assert isinstance(batch, SparseBatch)
        indptr = np.append(batch.starts.numpy(), len(batch.values))
        shape = (len(chosen), self.matrix.shape[1])
        return SparseRows(Compressed(batch.values.numpy(), batch.columns.numpy(), indptr, shape), targets, self.device)

    def to(self, device: torch.device) -> SparseRows:
        """The same rows for a network on `device`."""
        return SparseRows(self.matrix, self.targets.to(device), None if device.type == "cpu" else device)
