"""Layer-wise pre-training: each layer learns what is usual in what the layer below gives, without any labels.

Hinton, Osindero and Teh 2006, "A fast learning algorithm for deep belief nets"; Bengio and others 2007, "Greedy
layer-wise training of deep networks"; Vincent and others 2010, "Stacked denoising autoencoders". It pays where labels
are few beside rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn

from lilliput.core.errors import DataError, LilliputError
from lilliput.nets.autoencoder import Autoencoder, DenoisingAutoencoder, Layer
from lilliput.nets.rbm import BoltzmannMachine
from lilliput.training.contrastive import Settings, learn

Spent = Callable[[float], float]
KINDS = ("rbm", "denoise")
RATES = {"rbm": 0.1, "persistent": 0.03, "gaussian": 0.005, "denoise": 1e-3}
PERSISTENT = 500
"""Steps from which on chains that persist make better layers for MNIST than those that begin at the rows; with fewer
they have not come to the rows."""


def _by_passes(part: float) -> float:
    return part


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
    spent: Spent = _by_passes,
) -> list[Layer]:
    """A layer for each of `widths`, each trained on what those below give for `rows` (n, columns), float32.

    `kind` is "rbm", Boltzmann machines by contrastive divergence: Bernoulli where the rows are within [0, 1], with
    chains that persist from `PERSISTENT` steps on, else Gaussian. "denoise" is denoising autoencoders by Adam, which
    are not shown the share `corruption` of the entries.
    `passes`, `batch` and `rate` are of the training of each layer; a rate of None suits the kind. Hidden units of
    "denoise" are rectifiers, unless `rectified` is False, those of "rbm" sigmoids. The same seed gives the same layers.

    `spent` makes of the share of a layer's passes that is over the share of its training, such as by a clock; at 1 it
    ends. Raises `DataError` for rows that cannot be used (the first that is not finite is named).
    """
    if kind not in KINDS:
        raise LilliputError(f"kind={kind!r}; known are {', '.join(KINDS)}")
    if kind == "rbm" and rectified:
        raise LilliputError("units of Boltzmann machines are sigmoids; leave rectified out, or give kind='denoise'")
    rows = _usable(rows)
    _check(widths, passes, batch, rate, corruption, seed)
    random = Generator().manual_seed(seed)
    layers: list[Layer] = []
    for width in widths:
        within = bool((rows >= 0).all() and (rows <= 1).all())
        if kind == "rbm":
            layer, rows = _machine(rows, width, not within, Settings(passes=passes, batch=batch), rate, random, spent)
        else:
            net = DenoisingAutoencoder(
                rows.shape[1], width, corruption, rectified=rectified is not False, probabilities=within
            )
            layer, rows = _denoised(net, rows, passes, batch, RATES["denoise"] if rate is None else rate, random, spent)
        if not bool(torch.isfinite(layer.weights).all()):
            raise LilliputError("the training broke: weights are no finite numbers; give a smaller rate")
        layers.append(layer)
    return layers


def _usable(rows: Tensor) -> Tensor:
    """Rows as float32 (n, columns); `DataError` for what is none."""
    found = torch.as_tensor(rows, dtype=torch.float32)
    if found.ndim != 2 or not found.numel():
        raise DataError(f"rows have shape {tuple(found.shape)}; give rows and columns, at least one of each")
    broken = (~torch.isfinite(found)).any(dim=1).nonzero()
    if len(broken):
        raise DataError(f"row {int(broken[0])} holds what is no finite number; leave that row out")
    return found


def _check(widths: Sequence[int], passes: float, batch: int, rate: float | None, corruption: float, seed: int) -> None:
    """Raise `LilliputError` for a setting that cannot be used."""
    if not all(width >= 1 for width in widths):
        raise LilliputError(f"widths={tuple(widths)}; give whole numbers of at least 1")
    if not (passes > 0 and batch >= 1 and (rate is None or rate > 0)):
        raise LilliputError(f"passes={passes}, batch={batch}, rate={rate}; give numbers above 0")
    if not 0 <= corruption < 1:
        raise LilliputError(f"corruption={corruption}; give a share of at least 0 and below 1")
    if seed < 0:
        raise LilliputError(f"seed={seed}; give a whole number from 0 on")


def _machine(
    rows: Tensor, width: int, gaussian: bool, settings: Settings, rate: float | None, random: Generator, spent: Spent
) -> tuple[Layer, Tensor]:
    """One layer, and what it gives."""
    batch, passes = min(settings.batch, len(rows)), settings.passes
    persistent = not gaussian and passes * len(rows) / batch >= PERSISTENT
    kind = "gaussian" if gaussian else ("persistent" if persistent else "rbm")
    speed = RATES[kind] if rate is None else rate
    settings = Settings(rate=speed, passes=passes, batch=batch, chains=batch if persistent else 0)
    spent(0.0)
    machine: BoltzmannMachine = learn(rows, width, gaussian, settings, random, lambda part: spent(part) >= 1)
    with torch.no_grad():
        return Layer(machine.weights, machine.hidden, machine.visible), machine.hidden_chances(rows)


def _denoised(
    net: DenoisingAutoencoder, rows: Tensor, passes: float, batch: int, rate: float, random: Generator, spent: Spent
) -> tuple[Layer, Tensor]:
    net.begin(random)
    descend(net, lambda part: net.loss(part, random), rows, passes, batch, rate, random, spent)
    with torch.no_grad():
        return net.layer(), net.encode(rows)


def fine_tune(
    net: Autoencoder, rows: Tensor, *, passes: float = 10, batch: int = 128, rate: float = 1e-3, seed: int = 0
) -> Autoencoder:
    """Train all layers of an unrolled autoencoder together, in place, by Adam."""
    descend(net, net.loss, rows, passes, batch, rate, Generator().manual_seed(seed))
    return net


def descend(
    net: nn.Module,
    loss: Any,
    rows: Tensor,
    passes: float,
    batch: int,
    rate: float,
    random: Generator,
    spent: Spent = _by_passes,
) -> None:
    """Adam on ``loss(rows of a batch)``, with a rate that falls linearly to zero by what is `spent`."""
    optimiser = torch.optim.Adam(net.parameters(), rate)
    batch = min(batch, len(rows))
    steps = max(1, round(passes * len(rows) / batch))
    done = 0
    while done < steps:
        order = torch.randperm(len(rows), generator=random)
        for first in range(0, len(rows) - batch + 1, batch):
            share = spent(done / steps)
            if share >= 1:
                return
            optimiser.param_groups[0]["lr"] = rate * (1 - share)
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
