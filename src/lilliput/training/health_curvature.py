"""The direction in which a loss bends down most: what tells a saddle from the floor of a valley."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

_ROUNDS = 12
"""Products with the Hessian; Lanczos finds the ends of a spectrum in about ten."""


def lowest_curvature(loss: Callable[[], Tensor], weights: Sequence[Tensor]) -> tuple[float, float, Tensor] | None:
    """The lowest and the highest eigenvalue of the Hessian of `loss` by `weights`, and the direction of the lowest.

    By Lanczos's method with full orthogonalisation from a fixed start; the direction is a flat vector of length 1.
    None where the loss has no second derivative, or none that is finite. Pearlmutter 1994, "Fast exact multiplication
    by the Hessian".
    """
    try:
        with torch.enable_grad():
            slopes = torch.autograd.grad(loss(), weights, create_graph=True, allow_unused=True)
            flat = torch.cat([_flat(slope, weight) for slope, weight in zip(slopes, weights, strict=True)])
            return _lanczos(flat, weights) if flat.requires_grad else None
    except RuntimeError:  # an operation without a second derivative
        return None


def _lanczos(slope: Tensor, weights: Sequence[Tensor]) -> tuple[float, float, Tensor] | None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(len(slope), generator=generator).to(slope)
    basis, diagonal, beside = [start / start.norm()], [], []
    for _ in range(min(_ROUNDS, len(slope))):
        product = torch.autograd.grad(slope, weights, basis[-1], retain_graph=True, allow_unused=True)
        image = torch.cat([_flat(part, weight) for part, weight in zip(product, weights, strict=True)]).detach()
        diagonal.append(float(image @ basis[-1]))
        for vector in basis + basis:  # twice is enough: Parlett 1980, section 6.9
            image = image - (image @ vector) * vector
        length = float(image.norm())
        if not length > 1e-6 * max(map(abs, diagonal)):
            break
        beside.append(length)
        basis.append(image / length)
    size = len(diagonal)
    if not all(map(math.isfinite, diagonal)):
        return None
    small = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
    for place, value in enumerate(beside[: size - 1]):
        small[place, place + 1] = small[place + 1, place] = value
    values, vectors = torch.linalg.eigh(small)
    direction = torch.stack(basis[:size], 1) @ vectors[:, 0].to(slope)
    return float(values[0]), float(values[-1]), direction / direction.norm()


def _flat(slope: Tensor | None, weight: Tensor) -> Tensor:
    return torch.zeros_like(weight).flatten() if slope is None else slope.flatten()
