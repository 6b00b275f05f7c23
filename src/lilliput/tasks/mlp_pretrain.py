"""Hidden layers of a rectifier network that begin with what was learned without labels."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError
from lilliput.nets.autoencoder import Layer
from lilliput.training.pretrain import pretrain, put_into

if TYPE_CHECKING:
    from lilliput.tasks.mlp import Network

PASSES, SHARE = 10, 0.3
"""Over the rows, for each layer; and of the time that there is, for all layers together."""


@torch.no_grad()
def begin(draft: Network, module: Any, rows: NDArray[np.float32], left: float | None) -> None:
    """Put layers into `module`, which takes `rows` (n, columns): scaled rows, which those of others were not.

    `left` are the seconds for this and for the training after it; None: as many as it takes.
    """
    if isinstance(draft.pretrain, str):
        if draft.pretrain != "denoise":
            raise LilliputError(f"pretrain={draft.pretrain!r}; give 'denoise', layers, or None")
        with torch.enable_grad():
            layers = pretrain(
                torch.from_numpy(np.ascontiguousarray(rows)),
                [int(width) for width in draft.hidden],
                passes=PASSES,
                kind="denoise",
                seed=int(draft.seed),
                spent=_clock(None if left is None else SHARE * left / max(1, len(draft.hidden))),
            )
    else:
        layers = _of_scaled(_layers(draft.pretrain), draft)
    put_into(list(module.hidden), layers)
    how = f"by {draft.pretrain}" if isinstance(draft.pretrain, str) else "beforehand"
    count = "1 hidden layer was" if len(layers) == 1 else f"{len(layers)} hidden layers were"
    draft.report_.notes.append(f"{count} pre-trained {how}, without labels")


def _clock(seconds: float | None) -> Callable[[float], float]:
    """What is spent of the training of a layer, which has so many seconds, each layer anew."""
    began = 0.0

    def spent(part: float) -> float:
        nonlocal began
        if part == 0:
            began = time.monotonic()
        return part if seconds is None else max(part, (time.monotonic() - began) / seconds)

    return spent


def _layers(given: Any) -> list[Layer]:
    try:
        layers = list(given)
    except TypeError:
        layers = [given]
    if not all(isinstance(layer, Layer) for layer in layers):
        raise LilliputError(f"pretrain={given!r}; give 'denoise', layers, or None")
    return layers


def _of_scaled(layers: list[Layer], draft: Network) -> list[Layer]:
    """Layers of rows as they come, as layers of rows that are shifted and scaled first."""
    if not layers or len(layers[0].weights) != draft.n_features_in_:
        return layers
    first = layers[0]
    factor = torch.from_numpy(draft.scale_)
    weights = torch.where(factor[:, None] == 0, torch.zeros(()), first.weights / factor[:, None])
    hidden = first.hidden + torch.from_numpy(draft.shift_.astype(np.float32)) @ first.weights
    return [Layer(weights, hidden, first.visible), *layers[1:]]
