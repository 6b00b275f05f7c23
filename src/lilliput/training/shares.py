"""Outputs that are shares, learned by cross-entropy: a softmax over each group that adds up to one, else a sigmoid.

For soft targets the cross-entropy is least where the outputs are the expected shares, as the squared error is, and its
gradient does not fade where a confident output is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lilliput.training.outputs import Groups

Floats = NDArray[np.float32]
_NONE, _ALL = 1e-3, 1 - 1e-3
"""Shares that the first outputs are held between."""


def share_loss(groups: Groups, outputs: int) -> Callable[[Tensor, Tensor], Tensor]:
    """The cross-entropy of target shares, the sum over outputs, the mean over rows; for `outputs` numbers a row."""
    indexes = [torch.from_numpy(group) for group in groups]
    alone = torch.from_numpy(_alone(groups, outputs))

    def loss(found: Tensor, wanted: Tensor) -> Tensor:
        total = torch.nn.functional.binary_cross_entropy_with_logits(found[:, alone], wanted[:, alone], reduction="sum")
        for index in indexes:
            total = total - (wanted[:, index] * found[:, index].log_softmax(dim=1)).sum()
        return total / len(found)

    return loss


def first_outputs(values: Floats, groups: Groups) -> Floats:
    """The outputs, float32 (outputs,), that stand for the mean shares of `values`."""
    mean = np.clip(values.mean(axis=0, dtype=np.float64), _NONE, _ALL)
    found = np.log(mean / (1 - mean))
    for group in groups:
        found[group] = np.log(mean[group])
    return found.astype(np.float32)


def _alone(groups: Groups, outputs: int) -> NDArray[np.int64]:
    """The outputs that are in no group."""
    return np.setdiff1d(np.arange(outputs), np.concatenate([*groups, np.zeros(0, dtype=np.int64)]))
