"""Eight-bit blocks as tensors on any device: the codes are those of `lilliput.compress.block_kernels`."""

from __future__ import annotations

from typing import NamedTuple

import torch

from lilliput.compress.block_codes import BLOCK, ZERO_CODE, Tree, blocks


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


def decode(coded: Blocks, tree: Tree) -> torch.Tensor:
    """float32 (n,)."""
    levels = torch.tensor(tree.levels, device=coded.codes.device)
    numbers = _rows(levels[coded.codes.int()])
    return (numbers * coded.scales[:, None]).view(-1)[: len(coded.codes)]


def encode_(coded: Blocks, numbers: torch.Tensor, tree: Tree, signed: bool) -> None:
    """Put `numbers`, float32 (n,), in the place of what was coded; not below zero where they are not signed."""
    rows = _rows(numbers)
    coded.scales.copy_(rows.abs().amax(dim=1))
    rows = rows / torch.where(coded.scales == 0, 1, coded.scales)[:, None]
    middles = torch.tensor(tree.middles[:-1], device=numbers.device)
    found = torch.bucketize(rows.abs(), middles, out_int32=True)
    if signed:
        found = ZERO_CODE + torch.where(rows < 0, -found, found)
    else:
        found = torch.maximum(found, (rows > 0).int())  # a positive number never gets the code of zero
    coded.codes.copy_(found.view(-1)[: len(numbers)])


def _rows(numbers: torch.Tensor) -> torch.Tensor:
    """(blocks, BLOCK), the last filled up with zeros."""
    missing = blocks(len(numbers)) * BLOCK - len(numbers)
    return torch.nn.functional.pad(numbers, (0, missing)).view(-1, BLOCK)
