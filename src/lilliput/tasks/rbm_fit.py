"""How a Boltzmann machine is fitted: units, contrastive divergence, the partition function, what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, bootstrap
from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError
from lilliput.core.extras import require_extra
from lilliput.core.progress import Progress
from lilliput.core.report import Measure
from lilliput.tasks.array_fit import ENDED_EARLY, begin, check_processor, close, completed, hand_over
from lilliput.tasks.array_input import check_rows, numbers
from lilliput.tasks.array_report import held_out, measured_by
from lilliput.tasks.promise import Promise
from lilliput.tasks.rbm import UNITS, check_within

if TYPE_CHECKING:
    from lilliput.tasks.rbm import RestrictedBoltzmannMachine

Floats = NDArray[np.float32]

RATES = {"bernoulli": 0.1, "gaussian": 0.005}
ANNEALED = 100
"""Chains that estimate the partition function."""
SHARE = 0.75
"""Of a time budget, for the training."""
DOUBTFUL = 1.0
"""A standard error, in nats, above which the report warns of the partition function."""

NO_LIKELIHOODS = "the partition function was not reached: there are no likelihoods"


def fit(model: RestrictedBoltzmannMachine, X: Any, started: float) -> None:
    """Fit `model` within its budget, whose time began at `started` (`time.monotonic`); it changes in the end.

    After Ctrl-C KeyboardInterrupt is raised when the model is complete.
    """
    torch = require_extra("torch", "deep", "training a Boltzmann machine")
    check_parameters(model)
    promise = Promise(Budget.parse(model.budget), started)
    rows = numbers(X, np.float32)
    check_rows(rows)
    draft = type(model)(**model.get_params())
    begin(draft, rows)
    learned, kept = held_out(len(rows), int(model.seed))
    _choose_units(draft, rows)
    from lilliput.training.devices import torch_threads  # one: products of other numbers of threads differ in bits

    with completed() as interrupted:
        with torch_threads(1), torch.no_grad():
            _train(draft, torch, (rows[learned] - draft.centre_) * draft.scale_, promise, interrupted)
        draft.report_.quality = _quality(draft, rows[kept])
        draft.report_.held_out = measured_by(kept, refitted=False)
        close(draft, promise, draft.transform, rows[:1])
        hand_over(draft, model)


def _choose_units(draft: RestrictedBoltzmannMachine, rows: Floats) -> None:
    within = bool((rows >= 0).all() and (rows <= 1).all())
    draft.units_ = draft.units if draft.units != "auto" else "bernoulli" if within else "gaussian"
    columns = rows.shape[1]
    draft.centre_, draft.scale_ = np.zeros(columns, dtype=np.float32), np.ones(columns, dtype=np.float32)
    if draft.units_ == "bernoulli":
        check_within(rows)
        return
    spread = rows.std(axis=0, dtype=np.float64)
    draft.centre_ = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    still = spread <= 1e-6 * np.abs(draft.centre_)
    draft.scale_ = (1 / np.where(still | (spread == 0), 1.0, spread)).astype(np.float32)


def _train(
    draft: RestrictedBoltzmannMachine, torch: Any, rows: Floats, promise: Promise, interrupted: Callable[[], bool]
) -> None:
    """Set weights, biases and the partition function."""
    from lilliput.nets.rbm_partition import log_partition
    from lilliput.training.contrastive import Settings, learn

    gaussian = draft.units_ == "gaussian"
    settings = Settings(
        RATES[draft.units_] if draft.rate is None else float(draft.rate),
        int(draft.batch),
        float(draft.passes),
        int(draft.gibbs),
        int(draft.chains),
        float(draft.momentum),
        float(draft.decay),
    )
    random = torch.Generator().manual_seed(int(draft.seed))
    seconds = promise.budget.time
    with Progress(settings.passes, "contrastive divergence", "passes", draft.progress) as bar:

        def told(part: float) -> bool:
            bar.update(part * settings.passes)
            return interrupted() or (seconds is not None and promise.spent > SHARE * seconds)

        machine = learn(
            torch.from_numpy(np.ascontiguousarray(rows)), int(draft.n_components), gaussian, settings, random, told
        )
    names = {"weights_": machine.weights, "visible_bias_": machine.visible, "hidden_bias_": machine.hidden}
    for name, part in names.items():
        setattr(draft, name, np.ascontiguousarray(part.numpy()))
        if not np.isfinite(getattr(draft, name)).all():
            raise LilliputError(f"the training broke: weights are no finite numbers; give a rate below {settings.rate}")
    draft.log_partition_ = draft.log_partition_error_ = None
    if draft.anneal:
        found = log_partition(machine, int(draft.anneal), ANNEALED, random, interrupted)
        if found is not None:
            draft.log_partition_, draft.log_partition_error_ = found.value, found.error
    draft.interrupted_ = interrupted()
    _plan(draft, settings.rate)


def _plan(draft: RestrictedBoltzmannMachine, rate: float) -> None:
    report = draft.report_
    kind = f"PCD-{draft.gibbs}, {draft.chains} chains" if draft.chains else f"CD-{draft.gibbs}"
    report.plan = {"units": draft.units_, "hidden": len(draft.hidden_bias_), "training": kind, "rate": rate}
    report.notes += [ENDED_EARLY] * draft.interrupted_
    error = draft.log_partition_error_
    if error is None:
        report.notes += [NO_LIKELIHOODS] * bool(draft.anneal)
        return
    report.plan["partition function"] = "exact" if error == 0 else f"annealed, standard error {error:.2g} nats"
    if error > DOUBTFUL:
        report.notes.append("the partition function is uncertain, and with it all likelihoods; give more of anneal")


def _quality(draft: RestrictedBoltzmannMachine, rows: Floats) -> dict[str, Measure]:
    if not len(rows):
        return {}
    off = ((rows - draft.reconstruct(rows)).astype(np.float64) ** 2).mean(axis=1)
    ones = np.ones(len(rows))
    parts = {"reconstruction_rmse": Statistic(np.column_stack([off, ones]), lambda s: np.sqrt(s[..., 0] / s[..., 1]))}
    if draft.log_partition_ is not None:
        likely = np.column_stack([draft.score_samples(rows), ones])
        parts["log_likelihood"] = Statistic(likely, lambda sums: sums[..., 0] / sums[..., 1])
    return bootstrap(parts, 0)


def check_parameters(model: RestrictedBoltzmannMachine) -> None:
    """Raise `LilliputError` for a parameter that cannot be used."""
    if model.units not in UNITS:
        raise LilliputError(f"units={model.units!r}; known are {', '.join(UNITS)}")
    for name, least in (("n_components", 1), ("batch", 1), ("gibbs", 1), ("chains", 0), ("anneal", 0)):
        if not getattr(model, name) >= least:
            raise LilliputError(f"{name}={getattr(model, name)}; give {least} or more")
    if not 0 <= model.momentum < 1:
        raise LilliputError(f"momentum={model.momentum}; give a number in [0, 1)")
    if not 0 <= model.decay < math.inf or not model.passes > 0:
        raise LilliputError(f"decay={model.decay}, passes={model.passes}; give 0 or more, and more than 0")
    if model.rate is not None and not model.rate > 0:
        raise LilliputError(f"rate={model.rate}; give a number above 0, or None")
    check_processor(model.device, "a Boltzmann machine learns")
