"""The network of a text regressor, trained on sparse rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lilliput.data.matrix import Compressed
from lilliput.nets.dense import DenseNet
from lilliput.nets.mlp import MLP
from lilliput.training.allowance import Allowance
from lilliput.training.devices import random_state, resolve_device, torch_threads
from lilliput.training.health import HealthWatch
from lilliput.training.history import History
from lilliput.training.loop import Loop
from lilliput.training.optimiser_rows import RowAdam, Together
from lilliput.training.outputs import shares
from lilliput.training.plans import schedule_of
from lilliput.training.shares import first_outputs, share_loss
from lilliput.training.sparse_rows import SparseRows

if TYPE_CHECKING:
    from lilliput.tasks.text_regressor import TextRegressor

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
FEW_PASSES = 100.0
"""Over the cube root of the rows, the passes that pay where none are given: 10 for 1,000 rows, 5 for 8,000. A network
on so many columns soon knows rare words by heart, the sooner the more rows a pass has."""


def train(
    model: TextRegressor, rows: Compressed, values: Floats, learned: Places, kept: Places, end: float | None
) -> tuple[DenseNet, History]:
    """A network of the rows `learned`, validated on those kept, and what happened; until `end`, by `time.monotonic`.

    What PyTorch loads before its first step takes seconds, and counts.
    """
    device = resolve_device(model.device)
    sparse = device.type == "cpu"
    groups = model._groups()
    with random_state(int(model.seed), torch.device("cpu")):
        module = MLP(
            rows.shape[1],
            [int(width) for width in model.hidden],
            values.shape[1],
            input_dropout=model.input_dropout,
            dropout=model.dropout,
            sparse=sparse,
        ).to(device)
    with torch.no_grad():
        module.output.bias.copy_(torch.from_numpy(first_outputs(values[learned], groups)))

    def error(outputs: Tensor, targets: Tensor) -> float:
        found, wanted = shares(outputs.cpu().numpy(), groups), targets.cpu().numpy()
        return float(np.sqrt(np.mean((found.astype(np.float64) - wanted) ** 2)))

    whole = SparseRows(rows, torch.from_numpy(values))
    parts = [whole.part(torch.from_numpy(places)).to(device) for places in (learned, kept)]
    loop = Loop(
        module,
        share_loss(groups, values.shape[1]),
        _optimiser(module, model.rate, sparse),
        schedule=schedule_of(model.schedule, None, end is not None),
        batch=int(model.batch),
        score=error,
        watchers=[HealthWatch(estimator=True)],
        seed=int(model.seed),
    )
    epochs = FEW_PASSES / len(learned) ** (1 / 3) if model.epochs is None else float(model.epochs)
    with torch_threads(model.threads):
        seconds = None if end is None else max(0.05, end - time.monotonic())
        loop.run(
            parts[0],
            Allowance(epochs, seconds),
            parts[1] if len(kept) else None,
            progress=model.progress,
            label="network",
        )
    return module.freeze(), loop.history


def _optimiser(module: MLP, rate: float, sparse: bool) -> Any:
    """Adam; for a layer on sparse rows that of the rows touched."""
    dense = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], rate, fused=True)
    return Together([RowAdam(module.hidden[0], rate), dense]) if sparse else dense
