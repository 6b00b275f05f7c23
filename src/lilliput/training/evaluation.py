"""Outputs and score of a module on held-out rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from lilliput.training.batches import Rows, bounds

_BATCH = 1024


@torch.inference_mode()
def evaluate(
    forward: Callable[[Tensor], Tensor],
    module: nn.Module,
    rows: Rows,
    loss: Callable[[Tensor, Tensor], Tensor],
    score: Callable[[Tensor, Tensor], float] | None,
    batch: int = _BATCH,
    casting: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> float:
    """``score`` of all outputs and targets, or the mean loss; the module's mode is as it was before."""
    training = module.training
    module.eval()
    total, everything = 0.0, []
    edges = bounds(len(rows), max(batch, _BATCH))
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    for first, last in pairwise(edges):
        inputs, targets = rows.take(torch.arange(first, last, device=device))
        with casting():
            outputs = forward(inputs)
        if score is None:
            total += loss(outputs, targets).item() * (last - first)
        else:
            everything.append((outputs.float(), targets))
    module.train(training)
    if score is None:
        return total / len(rows)
    outputs, targets = (torch.cat(parts) for parts in zip(*everything, strict=True))
    return score(outputs, targets)
