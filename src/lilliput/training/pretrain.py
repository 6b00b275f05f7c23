"""Layer-wise pre-training: each layer learns what is usual in what the layer below gives, without any labels.

Hinton, Osindero and Teh 2006, "A fast learning algorithm for deep belief nets"; Bengio and others 2007, "Greedy
layer-wise training of deep networks"; Vincent and others 2010, "Stacked denoising autoencoders". It pays where labels
are few beside rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn

from lilliput.core.errors import DataError, LilliputError
from lilliput.nets.autoencoder import Autoencoder, DenoisingAutoencoder, Layer
from lilliput.nets.rbm import BoltzmannMachine
from lilliput.training.contrastive import Settings, learn

KINDS = ("rbm", "denoise")
RATES = {"rbm": 0.1, "gaussian": 0.005, "denoise": 1e-3}


def pretrain(
    rows: Tensor,
    widths: Sequence[int],
    kind: str = "rbm",
    *,
    passes: float = 10,
    batch: int = 128,
    rate: float | None = None,
    corruption: float = 0.25,
    rectified: bool | None = None,
    seed: int = 0,
) -> list[Layer]:
    """A layer for each of `widths`, each trained on what those below give for `rows` (n, columns), float32.

    `kind` is "rbm", Boltzmann machines by contrastive divergence, Bernoulli where the rows are within [0, 1], else
    Gaussian; or "denoise", denoising autoencoders by Adam, which are not shown the share `corruption` of the entries.
    `passes`, `batch` and `rate` are of the training of each layer; a rate of None suits the kind. Hidden units of
    "denoise" are rectifiers, unless `rectified` is False, those of "rbm" sigmoids. The same seed gives the same layers.
    """
    if kind not in KINDS:
        raise LilliputError(f"kind={kind!r}; known are {', '.join(KINDS)}")
    if kind == "rbm" and rectified:
        raise LilliputError("units of Boltzmann machines are sigmoids; leave rectified out, or give kind='denoise'")
    random = Generator().manual_seed(seed)
    layers: list[Layer] = []
    for width in widths:
        within = bool((rows >= 0).all() and (rows <= 1).all())
        if kind == "rbm":
            layer, rows = _machine(rows, width, not within, Settings(passes=passes, batch=batch), rate, random)
        else:
            net = DenoisingAutoencoder(
                rows.shape[1], width, corruption, rectified=rectified is not False, probabilities=within
            )
            layer, rows = _denoised(net, rows, passes, batch, RATES["denoise"] if rate is None else rate, random)
        layers.append(layer)
    return layers


def _machine(
    rows: Tensor, width: int, gaussian: bool, settings: Settings, rate: float | None, random: Generator
) -> tuple[Layer, Tensor]:
    """One layer, and what it gives."""
    speed = RATES["gaussian" if gaussian else "rbm"] if rate is None else rate
    settings = Settings(rate=speed, passes=settings.passes, batch=settings.batch)
    machine: BoltzmannMachine = learn(rows, width, gaussian, settings, random)
    with torch.no_grad():
        return Layer(machine.weights, machine.hidden, machine.visible), machine.hidden_chances(rows)


def _denoised(
    net: DenoisingAutoencoder, rows: Tensor, passes: float, batch: int, rate: float, random: Generator
) -> tuple[Layer, Tensor]:
    net.begin(random)
    descend(net, lambda part: net.loss(part, random), rows, passes, batch, rate, random)
    with torch.no_grad():
        return net.layer(), net.encode(rows)


def fine_tune(
    net: Autoencoder, rows: Tensor, *, passes: float = 10, batch: int = 128, rate: float = 1e-3, seed: int = 0
) -> Autoencoder:
    """Train all layers of an unrolled autoencoder together, in place, by Adam."""
    descend(net, net.loss, rows, passes, batch, rate, Generator().manual_seed(seed))
    return net


def descend(net: nn.Module, loss: Any, rows: Tensor, passes: float, batch: int, rate: float, random: Generator) -> None:
    """Adam on ``loss(rows of a batch)``, with a rate that falls linearly to zero."""
    optimiser = torch.optim.Adam(net.parameters(), rate)
    batch = min(batch, len(rows))
    steps = max(1, round(passes * len(rows) / batch))
    done = 0
    while done < steps:
        order = torch.randperm(len(rows), generator=random)
        for first in range(0, len(rows) - batch + 1, batch):
            optimiser.param_groups[0]["lr"] = rate * (1 - done / steps)
            optimiser.zero_grad(set_to_none=True)
            loss(rows[order[first : first + batch]]).backward()
            optimiser.step()
            done += 1
            if done == steps:
                return


@torch.no_grad()
def put_into(linears: Sequence[nn.Linear], layers: Sequence[Layer]) -> None:
    """Copy pre-trained layers into the first linear layers of a network; `DataError` where widths differ."""
    if len(layers) > len(linears):
        raise DataError(f"{len(layers)} pre-trained layers do not fit into {len(linears)}; give as many or fewer")
    for number, (target, layer) in enumerate(zip(linears, layers, strict=False), 1):
        if target.weight.shape != layer.weights.T.shape:
            below, units = layer.weights.shape
            raise DataError(
                f"layer {number} has {target.in_features} inputs and {target.out_features} units, the pre-trained one "
                f"{below} and {units}; pre-train with the widths of the network"
            )
        target.weight.copy_(layer.weights.T)
        target.bias.copy_(layer.hidden)
