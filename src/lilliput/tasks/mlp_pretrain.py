"""Hidden layers of a rectifier network that begin with what was learned without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError
from lilliput.nets.autoencoder import Layer
from lilliput.training.pretrain import pretrain, put_into

if TYPE_CHECKING:
    from lilliput.tasks.mlp import Network

PASSES = 10
"""Over the rows, for each layer."""


@torch.no_grad()
def begin(draft: Network, module: Any, rows: NDArray[np.float32]) -> None:
    """Put layers into `module`, which takes `rows` (n, columns): scaled rows, which those of others were not."""
    if isinstance(draft.pretrain, str):
        if draft.pretrain != "denoise":
            raise LilliputError(f"pretrain={draft.pretrain!r}; give 'denoise', layers, or None")
        with torch.enable_grad():
            layers = pretrain(
                torch.from_numpy(np.ascontiguousarray(rows)),
                draft.hidden,
                passes=PASSES,
                kind="denoise",
                seed=int(draft.seed),
            )
    else:
        layers = _of_scaled(_layers(draft.pretrain), draft)
    put_into(list(module.hidden), layers)
    how = f"by {draft.pretrain}" if isinstance(draft.pretrain, str) else "beforehand"
    draft.report_.notes.append(f"{len(layers)} hidden layers were pre-trained {how}, without labels")


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
