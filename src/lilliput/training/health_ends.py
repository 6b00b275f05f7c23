"""What a training came to, against what a constant and a linear output come to on the same rows."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lilliput.training.batches import Rows, bounds
from lilliput.training.health_baselines import Baseline, fit_baseline, neighbours_agree
from lilliput.training.health_data import dense, spread
from lilliput.training.health_judgements import PERFECT, Verdict
from lilliput.training.health_signs import as_evaluated

if TYPE_CHECKING:
    from lilliput.training.history import Record
    from lilliput.training.loop import Loop

_ROWS = 512
"""Rows that the baselines are fitted to, and asked on."""

_CHUNKS = 16
"""Parts of the held-out rows whose losses give a standard error."""

_PER_COLUMN = 4
"""Rows a column that a linear baseline needs: with fewer it fits noise."""

NO_FIT = 0.05
"""Share of the constant's loss that a network which learned something takes off on training rows."""

LINEAR = 0.1
"""Share of the constant's loss by which a linear baseline, asked on rows it has not seen, must be better than the
network on rows it has."""

CLEAR = 0.2
"""Share of the constant's loss below which a network that also gains on held-out rows has learned, without asking what
else could."""

NO_GAIN = 0.02
"""Share of the constant's loss on held-out rows, and two standard errors, below which nothing was learned."""


@dataclass(frozen=True)
class _Sample:
    """Rows with what the network makes of them."""

    inputs: Any
    targets: Tensor
    outputs: Tensor


@torch.no_grad()
def early_perfection(loop: Loop, record: Record) -> Verdict | None:
    """Whether the first validation, after a pass or so, is better than real data allow."""
    if record.epoch > 2 or loop.held_out is None or not _gives_tensors(loop):
        return None
    sample = _sample(loop, loop.held_out)
    constant = fit_baseline(loop.loss, sample.inputs, sample.targets, sample.outputs, linear=False)
    if constant is None:
        return None
    base = _loss(loop, sample, constant)
    if not base > 0:  # the target is the same in all rows: nothing is perfection
        return None
    share = record.score / base
    if not 0 <= share < PERFECT:
        return None
    return Verdict("early perfection", share, None, {"passes": record.epoch})


@torch.no_grad()
def judge_end(loop: Loop) -> Verdict | None:
    """Whether the network is no better than a constant or linear output, on training or on held-out rows."""
    if not _gives_tensors(loop):
        return None
    learned = _sample(loop, loop.rows)
    constant = fit_baseline(loop.loss, learned.inputs, learned.targets, learned.outputs, linear=False)
    if constant is None:
        return None
    own, none = loop.loss(learned.outputs, learned.targets).item(), _loss(loop, learned, constant)
    if not none > 0 or not math.isfinite(own):  # a loss below zero has no shares
        return None
    gains = _gains(loop, constant, None)
    if gains and own < CLEAR * none:
        return None
    linear = _linear(loop, learned)
    tells = linear is not None and (_gains(loop, constant, linear) or neighbours_agree(learned.inputs, learned.targets))
    if linear is not None:
        reached = _loss(loop, _odd(learned), linear)
        if own > reached + LINEAR * none:
            return Verdict("underfitting", own / max(reached, 1e-9), None, _words(own, reached, "a linear output"))
    fitted = own < (1 - NO_FIT) * none
    if loop.held_out is not None and not tells and not gains:
        if not fitted and linear is None:  # nothing says that there is something to be learned, or that there is not
            return Verdict("underfitting", own / none, None, _words(own, none, "a constant"))
        return _no_signal(loop, constant, fitted)
    return None if fitted else Verdict("underfitting", own / none, None, _words(own, none, "a constant"))


def _words(now: float, then: float, rival: str) -> dict[str, object]:
    return {"now": now, "then": then, "rival": rival}


def _no_signal(loop: Loop, constant: Baseline, fitted: bool) -> Verdict:
    asked = _sample(loop, loop.held_out or loop.rows)
    now, then = loop.loss(asked.outputs, asked.targets).item(), _loss(loop, asked, constant)
    words = {
        "now": now,
        "then": then,
        "fitted": "fell" if fitted else "hardly fell, nor do a linear output and the nearest rows tell more",
    }
    return Verdict("no signal", now / max(then, 1e-9), None, words)


def _gains(loop: Loop, constant: Baseline, rival: Baseline | None) -> bool:
    """Whether `rival`, or the network, is truly better than a constant on held-out rows."""
    if loop.held_out is None:
        return False
    asked = _sample(loop, loop.held_out, 4 * _ROWS)
    differences, base = [], []
    for first, last in pairwise(bounds(len(asked.targets), max(1, len(asked.targets) // _CHUNKS))):
        inputs = asked.inputs if rival is None else asked.inputs[first:last]  # a constant does not look at them
        part = _Sample(inputs, asked.targets[first:last], asked.outputs[first:last])
        without = _loss(loop, part, constant)
        own = loop.loss(part.outputs, part.targets).item() if rival is None else _loss(loop, part, rival)
        differences.append(without - own)
        base.append(without)
    mean = statistics.fmean(differences)
    error = statistics.stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else 0.0
    return mean > max(NO_GAIN * statistics.fmean(base), 2 * error)


def _linear(loop: Loop, sample: _Sample) -> Baseline | None:
    """The linear baseline of every other row, where there are rows enough for one."""
    inputs = sample.inputs
    if not dense(inputs) or sample.outputs.ndim != 2:
        return None
    if len(inputs) < 2 * _PER_COLUMN * inputs[0].numel():
        return None
    return fit_baseline(loop.loss, inputs[::2], sample.targets[::2], sample.outputs[::2], linear=True)


def _odd(sample: _Sample) -> _Sample:
    """The rows that the linear baseline has not seen; the network has."""
    return _Sample(sample.inputs[1::2], sample.targets[1::2], sample.outputs[1::2])


def _gives_tensors(loop: Loop) -> bool:
    """Whether outputs are tensors, with which a baseline can be compared."""
    inputs, _ = loop.rows.take(spread(loop.rows, 1, loop.device))
    with as_evaluated(loop.module), loop.casting():
        return isinstance(loop.module(inputs), Tensor)


def _sample(loop: Loop, rows: Rows, count: int = _ROWS) -> _Sample:
    inputs, targets = rows.take(spread(rows, count, loop.device))
    with as_evaluated(loop.module), loop.casting():
        return _Sample(inputs, targets, loop.module(inputs).float())


def _loss(loop: Loop, sample: _Sample, baseline: Baseline) -> float:
    return loop.loss(baseline(sample.inputs, len(sample.targets)), sample.targets).item()
