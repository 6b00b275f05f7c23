"""How a rectifier network on arrays is fitted: scaled rows, a network, the loop, what was measured."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError
from lilliput.core.extras import require_extra
from lilliput.core.report import Measure
from lilliput.tasks.array_fit import ENDED_EARLY, begin, close, completed, hand_over
from lilliput.tasks.array_input import as_matrix, centred, numbers
from lilliput.tasks.array_report import explained, split
from lilliput.tasks.mlp_file import check_room, hold_memory
from lilliput.tasks.mlp_parameters import check_parameters
from lilliput.tasks.promise import Promise

if TYPE_CHECKING:
    from lilliput.tasks.mlp import Network
    from lilliput.training.loop import Loop

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

RATES = {"adam": 1e-3, "rmsprop": 1e-3, "nesterov-rmsprop": 3e-4, "adagrad": 1e-2}
"""Learning rates that suit networks of some layers on scaled inputs; 0.05 for the others."""
LEAST = 1e-37
"""A standard deviation below which a column is constant: what it would be multiplied by is no 32-bit number."""
CLOSING = 0.15
"""Seconds of a time budget that are kept for what comes after the training, beside a hundredth of it."""


def fit(model: Network, X: Any, y: Any, started: float) -> None:
    """Fit `model` within its budget, whose time began at `started` (`time.monotonic`); it changes in the end."""
    torch = require_extra("torch", "deep", "training a network")
    check_parameters(model)
    promise = Promise(Budget.parse(model.budget), started)
    raw = np.ascontiguousarray(as_matrix(X))
    rows = numbers(raw, np.float32)
    draft = type(model)(**model.get_params())
    targets = draft._encoded(y, len(rows))
    begin(draft, rows, targets)
    draft.shift_, draft.scale_ = scaling(raw, _kind_of_scale(model.scale, raw))
    learned, kept = split(len(rows), model.held_out, int(model.seed))
    rows = centred(raw, draft.shift_, draft.scale_)
    from lilliput.training.devices import torch_threads

    with torch_threads(model.threads, _work(draft, targets, len(learned))):
        loop = _ready(draft, torch, rows, targets, len(learned), promise)
        with completed():
            _train(draft, torch, loop, rows, targets, (learned, kept), promise)
            draft.net_, draft.history_ = loop.module.freeze(), loop.history.to_dict()
            draft.interrupted_ = loop.history.interrupted
            known = list(draft.report_.notes)
            hold_memory(draft, promise, lambda: _report(draft, loop, rows[kept], targets[kept], known))
            close(draft, promise, draft.predict, raw[:1])
            hand_over(draft, model)
    if draft.checkpoint is not None:  # kept until now: a budget that was not kept must not cost the training
        Path(draft.checkpoint).unlink(missing_ok=True)


def _ready(draft: Network, torch: Any, rows: Floats, targets: NDArray[Any], learned: int, promise: Promise) -> Loop:
    """The loop before its training on so many of the rows; its network pre-trained, if that is wanted."""
    from lilliput.training.devices import resolve_device

    device = resolve_device(draft.device)
    _check_batches(draft, learned)
    loop = _loop(draft, torch, targets, device, batch_of(draft, learned), promise.budget.time is not None)
    check_room(draft, loop.module.freeze(), promise)
    if draft.pretrain is not None:
        from lilliput.tasks.mlp_pretrain import begin

        begin(draft, loop.module, rows, promise.left)
    return loop


def _train(
    draft: Network,
    torch: Any,
    loop: Loop,
    rows: Floats,
    targets: NDArray[Any],
    places: tuple[Places, Places],
    promise: Promise,
) -> None:
    """Train on the rows of the first places, validated on those of the second."""
    from lilliput.training.allowance import Allowance
    from lilliput.training.batches import DenseRows
    from lilliput.training.checkpoint import Checkpoint

    whole = DenseRows(torch.from_numpy(rows), torch.from_numpy(targets))
    learned, kept = (whole.part(torch.from_numpy(chosen)).to(loop.device) for chosen in places)
    seconds = promise.left
    if seconds is not None:
        seconds = max(0.01, seconds - CLOSING - 0.01 * (promise.budget.time or 0.0))
    free = seconds is not None and draft.epochs is None
    allowance = Allowance(None if free else epochs_of(draft, len(learned)), seconds)
    checkpoint = None if draft.checkpoint is None else Checkpoint(draft.checkpoint)
    loop.run(learned, allowance, kept if len(kept) else None, checkpoint=checkpoint, progress=draft.progress)


def _loop(draft: Network, torch: Any, targets: NDArray[Any], device: Any, batch: int, in_seconds: bool) -> Loop:
    """A network with weights of the seed, and how it will learn."""
    from lilliput.nets.mlp import MLP
    from lilliput.training.devices import random_state
    from lilliput.training.health import HealthWatch
    from lilliput.training.loop import Loop
    from lilliput.training.optimisers import make_optimiser
    from lilliput.training.penalties import Penalties
    from lilliput.training.plans import schedule_of

    classes = targets.ndim == 1
    with random_state(int(draft.seed), torch.device("cpu")):
        module = MLP(
            draft.n_features_in_,
            [int(width) for width in draft.hidden],
            _outputs(targets),
            input_dropout=draft.input_dropout,
            dropout=draft.dropout,
            input_noise=draft.input_noise,
            noise=draft.noise,
            normalise=draft.normalise,
        ).to(device)
    rate = RATES.get(draft.optimiser, 0.05) if draft.rate is None else draft.rate
    momentum = draft.momentum if isinstance(draft.momentum, (int, float)) else None
    if draft.l1 and draft.optimiser == "nesterov":  # zeros at a point ahead are none where it lands: torch's form
        first = 0.9 if momentum is None else momentum
        optimiser = torch.optim.SGD(module.parameters(), rate, momentum=first, nesterov=first > 0, fused=True)
    else:
        optimiser = make_optimiser(draft.optimiser, module.parameters(), rate, momentum=momentum, bits=draft.bits)
    return Loop(
        module,
        torch.nn.functional.cross_entropy if classes else torch.nn.functional.mse_loss,
        optimiser,
        schedule=schedule_of(draft.schedule, draft.momentum, in_seconds),
        batch=batch,
        clip=draft.clip,
        penalties=Penalties(draft.l1, draft.l2, draft.max_norm),
        patience=draft.patience,
        score=_errors if classes else None,
        restarts=3 if draft.remedy else 0,
        seed=int(draft.seed),
        precision=draft.precision,
        compiled=draft.compiled,
        watchers=[HealthWatch(remedy=draft.remedy, estimator=True)],
    )


def _errors(outputs: Any, targets: Any) -> float:
    """The share of rows whose class is not the most probable one.

    By this and not by the loss the pass is chosen that is kept: the loss of a network that is sure, and mostly right,
    rises while its errors still fall.
    """
    return float((outputs.argmax(dim=1) != targets).double().mean())


def batch_of(draft: Network, rows: int) -> int:
    """Rows a step: as given, or some hundred steps a pass, where there are rows for it."""
    if draft.batch is not None:
        return min(int(draft.batch), rows)
    return max(1, min(rows, 1 << int(np.clip(np.log2(rows / 100 + 1), 4, 7))))


def _check_batches(draft: Network, rows: int) -> None:
    """Raise `LilliputError` where a step would normalise over a single row."""
    from lilliput.training.batches import bounds

    batch = batch_of(draft, rows)
    if draft.normalise and min(np.diff(bounds(rows, batch))) < 2:
        more = "more rows" if rows < 2 else "a larger batch"
        raise LilliputError(
            f"normalise=True takes two rows a step, and batch={batch} of {rows:,} leaves one; give {more}"
        )


def _outputs(targets: NDArray[Any]) -> int:
    """Of a network: one for each column or for each class, which are counted from 0."""
    return int(targets.max()) + 1 if targets.ndim == 1 else targets.shape[1]


def _work(draft: Network, targets: NDArray[Any], rows: int) -> int:
    """Multiplications of a step's forward pass."""
    widths = (draft.n_features_in_, *draft.hidden, _outputs(targets))
    return batch_of(draft, rows) * sum(a * b for a, b in pairwise(widths))


def epochs_of(draft: Network, rows: int) -> float:
    """Passes: as given, or fewer over more rows."""
    return float(draft.epochs) if draft.epochs is not None else float(np.clip(1_500_000 // rows, 10, 200))


def scaling(rows: NDArray[Any], kind: str) -> tuple[NDArray[np.float64], Floats]:
    """What is subtracted from each column, float64, and what it is then multiplied by, float32: (columns,) each."""
    columns = rows.shape[1]
    if kind == "none":
        return np.zeros(columns), np.ones(columns, dtype=np.float32)
    if kind == "all":
        mean, deviation = np.full(columns, rows.mean(dtype=np.float64)), np.full(columns, rows.std(dtype=np.float64))
    else:
        mean, deviation = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    rounding = 1e-6 if np.can_cast(rows.dtype, np.float32) else 1e-12
    constant = deviation <= rounding * np.abs(mean)  # what is left of a constant column is rounding
    deviation[constant | (deviation < LEAST)] = np.inf
    return mean, (1 / deviation).astype(np.float32)


def _kind_of_scale(scale: str, raw: NDArray[Any]) -> str:
    if scale != "auto":
        return scale
    return "all" if raw.dtype == np.uint8 else "columns"


def _report(draft: Network, loop: Loop, rows: Floats, targets: NDArray[Any], known: list[str]) -> None:
    """Quality on the rows held out, the plan, and beside the `known` notes what the training said."""
    from lilliput.training.penalties import zeros

    report, history = draft.report_, loop.history
    if len(rows):
        report.quality = _quality(draft, draft.net_.forward(rows), targets)
        report.held_out = f"{len(rows):,} rows at random, which chose the pass that was kept and were not learned from"
    report.plan = {
        "hidden": "-".join(map(str, draft.hidden)) or "none",
        "optimiser": draft.optimiser,
        "schedule": draft.schedule,
        "batch": loop.batch,
        "passes": round(history.records[-1].epoch, 2) if history.records else 0,
        "ended": history.ended,
    }
    if draft.l1:
        none, weights = zeros(loop.module)
        report.plan["zero weights"] = f"{none:,} of {weights:,}"
    report.notes = known + [finding.sentence for finding in history.findings]
    report.notes += history.notes + [ENDED_EARLY] * draft.interrupted_


def _quality(draft: Network, outputs: Floats, targets: NDArray[Any]) -> dict[str, Measure]:
    """Accuracy of classes; R2 of numbers, the mean over outputs, and their root mean squared error."""
    if targets.ndim == 1:
        right = int((outputs.argmax(axis=1) == targets).sum())
        return {"accuracy": Measure.proportion(right, len(targets))}
    wanted: Any = draft.targets_  # type: ignore[attr-defined]
    return explained(wanted.unscaled(outputs), wanted.unscaled(targets))
