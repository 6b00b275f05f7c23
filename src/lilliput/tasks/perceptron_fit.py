"""How a perceptron is fitted: standardised columns, a plane a class, what can be parted, what was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError
from lilliput.core.progress import Progress
from lilliput.core.threads import resolve_threads
from lilliput.nets.perceptron import RULES, Hyperplane, Settings, learn
from lilliput.nets.separability import Verdict, separability
from lilliput.tasks.array_fit import ENDED_EARLY, begin, check_processor, close, completed, hand_over
from lilliput.tasks.array_input import class_numbers, numbers, standards
from lilliput.tasks.array_report import accuracy, held_out, measured_by
from lilliput.tasks.machine_code import ready
from lilliput.tasks.promise import Promise

if TYPE_CHECKING:
    from lilliput.tasks.perceptron import Perceptron

Floats = NDArray[np.float64]
SHARE = 0.4
"""Of a time budget, for each of two fits: one to be measured, and one of all rows."""


def fit(model: Perceptron, X: Any, y: Any, started: float) -> None:
    """Fit `model` within its budget, whose time began at `started` (`time.monotonic`); it changes in the end.

    After Ctrl-C KeyboardInterrupt is raised when the model is complete.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    rows = numbers(X)
    classes, codes = class_numbers(y, len(rows), type(model).__name__)
    draft = type(model)(**model.get_params())
    draft.classes_ = classes
    begin(draft, rows, codes)
    with completed() as interrupted:
        _learn(draft, rows, codes, promise, interrupted)
        close(draft, promise, draft.predict, np.zeros((1, rows.shape[1])))
        hand_over(draft, model)


class _Learned(NamedTuple):
    """Planes, and what they were learned from: standardised rows, the signs of each plane, what standardised them."""

    planes: list[Hyperplane]
    standard: Floats
    signs: Floats
    mean: Floats
    scale: Floats


def _learn(
    draft: Perceptron, rows: Floats, codes: NDArray[np.int64], promise: Promise, interrupted: Callable[[], bool]
) -> None:
    """Planes of the rows not held out, to be measured, and then of all; the former are kept where Ctrl-C comes."""
    learned, kept = held_out(len(rows), int(draft.seed))
    with Progress(None, "perceptron", "passes", draft.progress) as bar:
        found = _planes(draft, rows[learned], codes[learned], promise, bar, interrupted)
        _settle(draft, found)
        if len(kept):
            draft.report_.quality = accuracy(draft.predict(rows[kept]), draft.classes_[codes[kept]])
            whole = None if interrupted() else _planes(draft, rows, codes, promise, bar, interrupted)
            if whole is not None and not interrupted():
                found = whole
                _settle(draft, found)
        draft.report_.held_out = measured_by(kept, refitted=len(found.standard) == len(rows))
        _judge(draft, found, interrupted)
    draft.interrupted_ = interrupted()
    _say(draft, len(found.standard))


def _planes(
    draft: Perceptron,
    rows: Floats,
    codes: NDArray[np.int64],
    promise: Promise,
    bar: Progress,
    interrupted: Callable[[], bool],
) -> _Learned:
    """A plane a class, of rows that are standardised first."""
    mean, scale = standards(rows)
    standard = (rows - mean) / scale
    count = len(draft.classes_)
    wanted = [1] if count == 2 else list(range(count))
    signs = np.where(codes[None, :] == np.array(wanted)[:, None], 1.0, -1.0)
    settings = Settings(draft.rule, float(draft.step), int(draft.passes), bool(draft.averaged))
    allowed = None if promise.budget.time is None else SHARE * promise.budget.time
    before = promise.spent

    def told(done: int) -> bool:
        bar.update(done)
        return interrupted() or (allowed is not None and promise.spent - before > allowed * done / (done + 1))

    planes = learn(
        standard, signs, settings, np.random.default_rng([int(draft.seed), 1]), resolve_threads(draft.threads), told
    )
    return _Learned(planes, standard, signs, mean, scale)


def _settle(draft: Perceptron, found: _Learned) -> None:
    """Make the planes those of `draft`."""
    weights = np.stack([plane.weights() for plane in found.planes])
    lengths = np.linalg.norm(weights[:, :-1], axis=1)
    weights /= np.where(lengths > 0, lengths, 1.0)[:, None]  # so that scores of several planes compare as distances
    draft.coef_ = weights[:, :-1] / found.scale
    draft.intercept_ = weights[:, -1] - draft.coef_ @ found.mean
    draft.passes_ = max(plane.passes for plane in found.planes)


def _judge(draft: Perceptron, found: _Learned, interrupted: Callable[[], bool]) -> None:
    """Which classes can be parted from the rest; what was not asked before Ctrl-C stays open."""

    def verdict(plane: Hyperplane, signs: Floats) -> Verdict:
        if plane.parts or interrupted():
            return Verdict(plane.parts or None, 1.0, None)
        return separability(found.standard, signs, plane.weights())

    each = list(zip(found.planes, found.signs, strict=True))
    verdicts = [verdict(*one) for one in each]  # the threads are those of the linear algebra
    draft.separable_ = [one.separable for one in verdicts]
    draft.margin_bound_ = np.array([one.margin for one in verdicts])
    scores = [(found.standard @ plane.weights()[:-1] + plane.weights()[-1]) * signs for plane, signs in each]
    draft.mistakes_ = np.array([int((score <= 0).sum()) for score in scores], dtype=np.int64)


def _say(draft: Perceptron, rows: int) -> None:
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
        share = f"{wrong:,} of {rows:,} rows are on the wrong side"
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
    report.notes += [ENDED_EARLY] * draft.interrupted_


def check_parameters(model: Perceptron) -> None:
    """Raise `LilliputError` for a parameter that cannot be used."""
    if model.rule not in RULES:
        raise LilliputError(f"rule={model.rule!r}; known are {', '.join(RULES)}")
    if not 0 < model.step < 2:
        raise LilliputError(f"step={model.step}; give a number above 0 and below 2")
    if not model.passes >= 1:
        raise LilliputError(f"passes={model.passes}; give 1 or more")
    check_processor(model.device, "a perceptron learns")
