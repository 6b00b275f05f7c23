"""Dropout from random bytes: on the processor several times as fast as PyTorch's, which draws each unit by itself."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_LEVELS = 256


class Dropout(nn.Dropout):
    """PyTorch's dropout; on the processor the share left out is rounded to 1/256.

    What is kept is scaled by what the rounded share asks for, so that means stay. Masks come from PyTorch's own random
    numbers, one byte a unit. Srivastava et al. 2014, "Dropout".
    """

    def forward(self, input: Tensor) -> Tensor:
        """Some units left out, the others scaled, in training; else the input."""
        if not self.training or not self.p or input.device.type != "cpu":
            return super().forward(input)
        return _Dropped.apply(input, min(_LEVELS - 1, round(self.p * _LEVELS)))


class _Dropped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, level: int) -> Tensor:
        ctx.kept = _random_bytes(values.numel()).view(values.shape) >= level
        ctx.scale = _LEVELS / (_LEVELS - level)
        return (values * ctx.kept).mul_(ctx.scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return (gradient * ctx.kept).mul_(ctx.scale), None


def _random_bytes(count: int) -> Tensor:
    """`count` random bytes, uint8 (count,); eight come from each draw."""
    draws = torch.empty(-(-count // 8), dtype=torch.int64).random_(-(2**63), None)
    return draws.view(torch.uint8)[:count]
