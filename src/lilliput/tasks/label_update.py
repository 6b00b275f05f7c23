"""How a fitted text classifier goes on learning from more rows."""

from __future__ import annotations

import time
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError
from lilliput.core.progress import Progress
from lilliput.core.report import Measure, Report
from lilliput.core.threads import resolve_threads
from lilliput.nets.pooling import packed_logits
from lilliput.planning.continuation import PASSES, Continuation, Continued, least_room
from lilliput.planning.textnet import REFIT, Planner, Problem
from lilliput.tasks.label_closing import Closing
from lilliput.tasks.label_fit import adopt, close
from lilliput.tasks.label_overhead import overhead_of
from lilliput.tasks.label_parameters import check_parameters
from lilliput.tasks.label_report import ENDED_EARLY, MEASURING_ENDED, SAMPLES, assess, keeping, measure_here
from lilliput.tasks.label_rows import Batches, Rows, first_texts, read_rows
from lilliput.tasks.labels import LabelReader
from lilliput.tasks.machine_code import ready
from lilliput.tasks.promise import Promise, round_memory

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

MEASURABLE = 100
"""New rows from which on some are held out for the report."""


def update(model: TextClassifier, batches: Batches, started: float) -> None:
    """Train `model` further on all rows of `batches` within its budget, whose time began at `started`.

    As in `label_fit.fit`, `model` changes in the end and as a whole.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    reader = LabelReader(model.labels_.mode, known=model.labels_.names)
    rows = read_rows(batches, reader, model.seed, model.balanced)
    try:
        draft = _updated(model, rows, promise)
    finally:
        rows.corpus.close()
    adopt(model, draft)


def _updated(model: TextClassifier, rows: Rows, promise: Promise) -> TextClassifier:
    """A classifier like `model` that has learned from the new rows too and keeps the promise."""
    promise.hold_reading()
    draft = _draft(model, rows)
    memory = promise.budget.memory
    room = None if memory is None else _room(model, rows, memory, draft.report_.notes)
    with Progress(rows.corpus.rows * PASSES * 2, "learning", "texts", model.progress) as progress:

        def advance(texts: int) -> None:
            progress.advance(texts)
            closing.advance(texts)

        single = model.labels_.mode == "single"
        threads = resolve_threads(model.threads)
        problem = Problem(
            rows.corpus, rows.targets, rows.labels.outputs, single, model.seed, threads, room, advance=advance
        )
        planner = Planner(problem)
        closing = Closing(promise, rows, planner.held, room)
        _learn(draft, planner, closing)
    if not draft.interrupted_:
        promise.hold_learning(closing.seen)
    if MEASURING_ENDED not in draft.report_.notes:
        with keeping(draft, MEASURING_ENDED):
            measure_here(draft, first_texts(rows.corpus.shard(0)[0], SAMPLES), threads, promise)
    close(draft, promise)
    return draft


def _draft(model: TextClassifier, rows: Rows) -> TextClassifier:
    """`model` before it goes on, with the labels of all rows and a report that is still to be filled."""
    before, new = model.report_, rows.corpus.rows
    seen = before.data.get("rows", 0)
    draft = copy(model)
    draft.labels_, draft.interrupted_ = rows.labels, False
    draft.report_ = Report(
        model.task,
        {},
        f"nothing: {new} new rows are too few",
        model.seed,
        data={"rows": seen + new, "labels": len(rows.labels.names), "fingerprint": rows.fingerprint},
        plan=before.plan,
        notes=[f"continued: {new:,} rows on top of {seen:,}"],
    )
    return draft


def _room(model: TextClassifier, rows: Rows, memory: int, notes: list[str]) -> float:
    """Bytes for tables and layers; `BudgetError` if these do not do for the labels there are now."""
    overhead, least = overhead_of(model, rows, notes, model.net_), least_room(model.net_, rows.labels.outputs)
    overhead += model.net_.clusters.nbytes if model.net_.clusters else 0
    if memory < overhead + least:
        smallest = round_memory(overhead + least)
        raise BudgetError(
            f"the model would have {len(rows.labels.names)} labels, too many for {memory:,} bytes; "
            f"the smallest memory that would do is {smallest}",
            smallest,
        )
    return float(memory - overhead)


def _learn(draft: TextClassifier, planner: Planner, closing: Closing) -> None:
    """Measure on held-out new rows, then learn from all of them if there is time; few are learned from at once.

    After Ctrl-C `draft` has the best net so far.
    """
    problem, held, report = planner.problem, planner.held, draft.report_
    more = _continuation(draft, problem)
    learn = np.ones(problem.rows, dtype=bool)
    if problem.rows < MEASURABLE:
        _take(draft, more.train(learn, closing.left()))
        return
    learn[held.rows] = False
    began = time.monotonic()
    _take(draft, more.train(learn, closing.left(1 / 2)))
    closing.trained()
    took = time.monotonic() - began
    report.held_out = f"{len(held.rows):,} of the {problem.rows:,} new rows"
    with keeping(draft, MEASURING_ENDED):
        report.quality = _quality(draft, planner)
    left = closing.left()
    if draft.interrupted_ or (left is not None and left < REFIT * took):
        return
    learn[held.rows] = True
    with keeping(draft, ENDED_EARLY):
        last = more.train(learn, left)
        if last.interrupted:
            raise KeyboardInterrupt  # the net that was measured has seen all of its rows, this one has not
        draft.net_ = last.net
        report.held_out += "; measured before they were learned from"


def _continuation(draft: TextClassifier, problem: Problem) -> Continuation:
    return Continuation(
        draft.net_,
        problem.corpus,
        problem.targets,
        problem.outputs,
        problem.single,
        problem.seed,
        problem.threads,
        problem.room,
        problem.advance,
    )


def _take(draft: TextClassifier, continued: Continued) -> None:
    draft.net_, draft.interrupted_ = continued
    if continued.interrupted:
        draft.report_.notes.append(ENDED_EARLY)


def _quality(draft: TextClassifier, planner: Planner) -> dict[str, Measure]:
    logits = packed_logits(draft.net_, planner.held.packed, planner.problem.threads)
    wanted = planner.wanted(planner.held.rows)
    return assess(logits, wanted, 0, draft.labels_.mode, draft.calibration_, draft.threshold_)[1]
