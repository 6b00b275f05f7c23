"""How a perceptron is fitted: standardised columns, a plane a class, what can be parted, what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError
from lilliput.core.progress import Progress
from lilliput.core.threads import resolve_threads
from lilliput.nets.perceptron import RULES, Hyperplane, Settings, learn
from lilliput.nets.separability import Verdict, separability
from lilliput.tasks.array_input import class_numbers, fingerprint, numbers
from lilliput.tasks.array_report import (
    accuracy,
    check_processor,
    close,
    hand_over,
    held_out,
    measured_by,
    new_report,
)
from lilliput.tasks.machine_code import ready
from lilliput.tasks.promise import Promise

if TYPE_CHECKING:
    from lilliput.tasks.perceptron import Perceptron

Floats = NDArray[np.float64]
SHARE = 0.4
"""Of a time budget, for each of two fits: one to be measured, and one of all rows."""


def fit(model: Perceptron, X: Any, y: Any, started: float) -> None:
    """Fit `model` within its budget, whose time began at `started` (`time.monotonic`); it changes in the end."""
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    rows = numbers(X)
    classes, codes = class_numbers(y, len(rows), type(model).__name__)
    draft = type(model)(**model.get_params())
    draft.classes_, draft.n_features_in_ = classes, rows.shape[1]
    draft.report_ = new_report(draft, rows, fingerprint(rows, codes))
    learned, kept = held_out(len(rows), int(model.seed))
    with Progress(None, "perceptron", "passes", model.progress) as bar:
        if len(kept):
            _fit_planes(draft, rows[learned], codes[learned], promise, bar)
            draft.report_.quality = accuracy(draft.predict(rows[kept]), classes[codes[kept]])
        draft.report_.held_out = measured_by(kept)
        parts = _fit_planes(draft, rows, codes, promise, bar)
        _judge(draft, *parts)
    _say(draft)
    close(draft, promise, draft.predict, np.zeros((1, rows.shape[1])))
    hand_over(draft, model)


def _fit_planes(
    draft: Perceptron, rows: Floats, codes: NDArray[np.int64], promise: Promise, bar: Progress
) -> tuple[Floats, Floats, list[Hyperplane]]:
    """Set the planes of `draft`; returns the standardised rows, the signs of each plane, and the planes in them."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale <= 1e-12 * np.abs(mean)] = 1.0
    scale[scale == 0] = 1.0
    standard = (rows - mean) / scale
    count = len(draft.classes_)
    wanted = [1] if count == 2 else list(range(count))
    signs = np.where(codes[None, :] == np.array(wanted)[:, None], 1.0, -1.0)
    settings = Settings(draft.rule, float(draft.step), int(draft.passes), bool(draft.averaged))
    allowed = None if promise.budget.time is None else SHARE * promise.budget.time
    before = promise.spent

    def told(done: int) -> bool:
        bar.update(done)
        return allowed is not None and promise.spent - before > allowed * done / (done + 1)

    planes = learn(
        standard, signs, settings, np.random.default_rng([int(draft.seed), 1]), resolve_threads(draft.threads), told
    )
    weights = np.stack([plane.weights() for plane in planes])
    lengths = np.linalg.norm(weights[:, :-1], axis=1)
    weights /= np.where(lengths > 0, lengths, 1.0)[:, None]  # so that scores of several planes compare as distances
    draft.coef_ = weights[:, :-1] / scale
    draft.intercept_ = weights[:, -1] - draft.coef_ @ mean
    draft.passes_ = max(plane.passes for plane in planes)
    return standard, signs, planes


def _judge(draft: Perceptron, standard: Floats, signs: Floats, planes: list[Hyperplane]) -> None:
    """Which classes can be parted from the rest."""

    def verdict(number: int) -> Verdict:
        plane = planes[number]
        if plane.parts:
            return Verdict(True, 1.0, None)
        return separability(standard, signs[number], plane.weights())

    verdicts = [verdict(number) for number in range(len(planes))]  # the threads are those of the linear algebra
    draft.separable_ = [found.separable for found in verdicts]
    draft.margin_bound_ = np.array([found.margin for found in verdicts])
    scores = [
        (standard @ plane.weights()[:-1] + plane.weights()[-1]) * own for plane, own in zip(planes, signs, strict=True)
    ]
    draft.mistakes_ = np.array([int((score <= 0).sum()) for score in scores], dtype=np.int64)


def _say(draft: Perceptron) -> None:
    """Plan and notes of the report."""
    classes, report = draft.classes_.tolist(), draft.report_
    report.plan = {"rule": draft.rule, "averaged": bool(draft.averaged), "passes": draft.passes_}
    names = (
        [f"{classes[0]!r} and {classes[1]!r}"]
        if len(classes) == 2
        else [f"{label!r} and the rest" for label in classes]
    )
    for name, separable, bound, wrong in zip(
        names, draft.separable_, draft.margin_bound_, draft.mistakes_, strict=True
    ):
        share = f"{wrong:,} of {report.data['rows']:,} rows are on the wrong side"
        if separable is False:
            report.notes.append(
                f"no hyperplane parts {name} (proved, up to rounding): {share}; more passes will not help, "
                "more columns (products, squares) or a network with a hidden layer may"
            )
        elif separable and wrong:
            report.notes.append(
                f"a hyperplane parts {name}, by a margin of at most {bound:.2g}, but {share} after "
                f"{draft.passes_} passes: give more"
            )
        elif separable is None:
            report.notes.append(
                f"whether a hyperplane parts {name} is open: if so, by a margin of at most {bound:.2g}; {share}"
            )


def check_parameters(model: Perceptron) -> None:
    """Raise `LilliputError` for a parameter that cannot be used."""
    if model.rule not in RULES:
        raise LilliputError(f"rule={model.rule!r}; known are {', '.join(RULES)}")
    if not 0 < model.step < 2:
        raise LilliputError(f"step={model.step}; give a number above 0 and below 2")
    if not model.passes >= 1:
        raise LilliputError(f"passes={model.passes}; give 1 or more")
    check_processor(model.device, "a perceptron learns")
