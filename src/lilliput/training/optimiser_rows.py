"""Adam for a layer on sparse rows, which steps the rows that were touched, and optimisers that step together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from lilliput.core.threads import map_ordered
from lilliput.nets.row_kernels import adam_rows
from lilliput.nets.sparse_linear import SparseLinear, touched

_PARTS = 8
"""Pieces that the rows of a step are cut into; each is stepped by one thread, whichever it is."""


class RowAdam(Optimizer):
    """Adam on the table of a `SparseLinear`: only rows that the batch touched move, and only their moments change.

    The same as `torch.optim.SparseAdam` on the gradient of the table, which here is never formed as a whole.
    """

    def __init__(
        self, layer: SparseLinear, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        super().__init__([layer.weight], {"lr": lr, "betas": betas, "eps": eps})
        self.layer = layer

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget what the backward passes have left."""
        self.layer.pending.clear()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """Step the rows that the backward passes since the last `zero_grad` have touched."""
        if not self.layer.pending:
            return
        weight, (group,) = self.layer.weight, self.param_groups
        state = self.state[weight]
        if not state:
            state.update(step=0, exp_avg=torch.zeros_like(weight), exp_avg_sq=torch.zeros_like(weight))
        state["step"] += 1
        keep, keep_square = group["betas"]
        corrections = math.sqrt(1 - keep_square ** state["step"]) / (1 - keep ** state["step"])
        numbers = np.array([group["lr"] * corrections, keep, keep_square, group["eps"]], dtype=np.float32)
        batch, delta = self.layer.pending[0]
        if len(self.layer.pending) > 1:
            batch, delta = _joined(self.layer.pending)
        found = touched(batch)
        arrays = [tensor.numpy() for tensor in (delta.contiguous(), weight, state["exp_avg"], state["exp_avg_sq"])]
        edges = np.linspace(0, len(found.columns), _PARTS + 1).astype(int)

        def part(bounds: tuple[int, int]) -> None:
            adam_rows(*found, *arrays, *bounds, numbers)

        map_ordered(part, pairwise(edges.tolist()), min(_PARTS, torch.get_num_threads()))


class Together:
    """Several optimisers as one: what a loop asks of an optimiser, asked of each."""

    def __init__(self, optimisers: Sequence[Optimizer]) -> None:
        self.optimisers = list(optimisers)
        self.state = _States(self.optimisers)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all."""
        return [group for optimiser in self.optimisers for group in optimiser.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none)

    def step(self) -> None:
        """One step of each."""
        for optimiser in self.optimisers:
            optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of all, numbered through."""
        state: dict[int, Any] = {}
        groups: list[dict[str, Any]] = []
        for optimiser in self.optimisers:
            offset, own = _parameters(groups), optimiser.state_dict()
            state |= {offset + index: values for index, values in own["state"].items()}
            groups += [{**group, "params": [offset + i for i in group["params"]]} for group in own["param_groups"]]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Put back what `state_dict` gave."""
        groups = list(saved["param_groups"])
        offset = 0
        for optimiser in self.optimisers:
            own, groups = groups[: len(optimiser.param_groups)], groups[len(optimiser.param_groups) :]
            count = _parameters(own)
            state = {i - offset: v for i, v in saved["state"].items() if offset <= i < offset + count}
            moved = [{**group, "params": [i - offset for i in group["params"]]} for group in own]
            optimiser.load_state_dict({"state": state, "param_groups": moved})
            offset += count


class _States:
    """The states of several optimisers, to be cleared."""

    def __init__(self, optimisers: Sequence[Optimizer]) -> None:
        self._optimisers = optimisers

    def clear(self) -> None:
        """Forget all that they hold of the past."""
        for optimiser in self._optimisers:
            optimiser.state.clear()


def _parameters(groups: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(group["params"]) for group in groups)


def _joined(pending: Sequence[tuple[Any, Tensor]]) -> tuple[Any, Tensor]:
    """Several batches, and the gradients of their outputs, one below the other."""
    batches, deltas = zip(*pending, strict=True)
    lengths = [0, *np.cumsum([len(batch.values) for batch in batches])]
    starts = torch.cat([batch.starts + start for batch, start in zip(batches, lengths, strict=False)])
    values, columns = (torch.cat([getattr(batch, name) for batch in batches]) for name in ("values", "columns"))
    return replace(batches[0], values=values, columns=columns, starts=starts), torch.cat(deltas)
