"""Eight-bit blocks as tensors on any device: the codes are those of `lilliput.compress.block_kernels`."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch

from lilliput.compress.block_codes import BLOCK, ZERO_CODE, blocks, middles, signed_tree, unsigned_tree


class Blocks(NamedTuple):
    """Numbers in eight bits."""

    codes: torch.Tensor
    """uint8 (n,)."""
    scales: torch.Tensor
    """float32 (blocks,)."""


def zeros(count: int, signed: bool, device: torch.device) -> Blocks:
    """So many zeros."""
    codes = torch.full((count,), ZERO_CODE if signed else 0, dtype=torch.uint8, device=device)
    return Blocks(codes, torch.zeros(blocks(count), device=device))


def decode(coded: Blocks, signed: bool) -> torch.Tensor:
    """float32 (n,)."""
    levels, _ = _tables(signed, coded.codes.device)
    return (_rows(levels[coded.codes.int()]) * coded.scales[:, None]).view(-1)[: len(coded.codes)]


def encode_(coded: Blocks, numbers: torch.Tensor, signed: bool) -> None:
    """Put `numbers`, float32 (n,), in the place of what was coded; not below zero where they are not signed."""
    rows = _rows(numbers)
    coded.scales.copy_(rows.abs().amax(dim=1))
    rows = rows / torch.where(coded.scales == 0, 1, coded.scales)[:, None]
    found = torch.bucketize(rows.abs(), _tables(signed, numbers.device)[1], out_int32=True)
    if signed:
        found = ZERO_CODE + torch.where(rows < 0, -found, found)
    else:
        found = torch.maximum(found, (rows > 0).int())  # a positive number never gets the code of zero
    coded.codes.copy_(found.view(-1)[: len(numbers)])


@cache
def _tables(signed: bool, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The levels by code, and the mid-points between magnitudes."""
    levels = signed_tree().levels if signed else unsigned_tree().levels
    magnitudes = levels[ZERO_CODE:] if signed else levels
    return torch.tensor(levels, device=device), torch.tensor(middles(magnitudes), device=device)


def _rows(numbers: torch.Tensor) -> torch.Tensor:
    """(blocks, BLOCK), the last filled up with zeros."""
    missing = blocks(len(numbers)) * BLOCK - len(numbers)
    return torch.nn.functional.pad(numbers, (0, missing)).view(-1, BLOCK)
