"""How a fitted text classifier goes on learning from more rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError
from lilliput.core.measure import peak_memory
from lilliput.core.progress import Progress
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.pooling import packed_logits
from lilliput.planning.continuation import PASSES, Continuation, least_room, train_on
from lilliput.planning.textnet import Held, Planner, Problem
from lilliput.tasks.label_fit import Rows, measure_here, overhead_of, read_rows, round_memory, some_texts
from lilliput.tasks.labels import LabelReader
from lilliput.tasks.quality import quality
from lilliput.training.calibration import probabilities

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

MEASURABLE = 100
"""New rows from which on some are held out for the report."""


def update(model: TextClassifier, batches: Iterator[tuple[list[str], list[Any]]]) -> None:
    """Train `model` further on all rows of `batches`, within its memory budget."""
    started = time.monotonic()
    budget = Budget.parse(model.budget)
    threads = resolve_threads(model.threads)
    reader = LabelReader(model.labels_.mode, known=model.labels_.names)
    rows = read_rows(batches, reader, model.seed, model.balanced)
    try:
        room = None if budget.memory is None else _room(model, rows, budget.memory)
        with Progress(rows.corpus.rows * PASSES * 2, "learning", "texts", model.progress) as progress:
            problem = Problem(
                rows.corpus,
                rows.targets,
                rows.labels.outputs,
                model.labels_.mode == "single",
                model.seed,
                threads,
                room,
                advance=progress.advance,
            )
            _update(model, rows, Planner(problem), threads)
    finally:
        rows.corpus.close()
    model.report_.file_bytes = len(model.to_bytes())
    model.report_.fit_seconds = time.monotonic() - started
    model.report_.peak_memory_bytes = peak_memory()


def _room(model: TextClassifier, rows: Rows, memory: int) -> float:
    """Bytes for tables and layers; `BudgetError` if these do not do for the labels there are now."""
    overhead, least = overhead_of(model, rows), least_room(model.net_, rows.labels.outputs)
    if memory < overhead + least:
        smallest = round_memory(overhead + least)
        raise BudgetError(
            f"the model would have {len(rows.labels.names)} labels, too many for {memory:,} bytes; "
            f"the smallest memory that would do is {smallest}",
            smallest,
        )
    return float(memory - overhead)


def _update(model: TextClassifier, rows: Rows, planner: Planner, threads: int) -> None:
    """Measure on held-out new rows, then learn from all of them."""
    before, held = model.report_, planner.held
    learn = np.ones(rows.corpus.rows, dtype=bool)
    measured: dict[str, Any] = {}
    sentence = f"nothing: {rows.corpus.rows} new rows are too few"
    if rows.corpus.rows >= MEASURABLE:
        learn[held.rows] = False
        measured = _measure(model, planner, _trained(model.net_, planner, learn))
        sentence = f"{len(held.rows):,} of the {rows.corpus.rows:,} new rows; measured before they were learned from"
        learn[held.rows] = True
    model.net_ = _trained(model.net_, planner, learn)
    model.labels_ = rows.labels
    seen = before.data.get("rows", 0) + rows.corpus.rows
    model.report_ = Report(
        model.task,
        measured,
        sentence,
        model.seed,
        data={"rows": seen, "labels": len(rows.labels.names), "fingerprint": rows.fingerprint},
        plan=before.plan,
        notes=[f"continued: {rows.corpus.rows:,} rows on top of {before.data.get('rows', 0):,}"],
    )
    measure_here(model, some_texts(rows.corpus.shard(0)[0]), threads)


def _trained(net: FeedForward, planner: Planner, learn: np.ndarray[Any, np.dtype[np.bool_]]) -> FeedForward:
    problem = planner.problem
    more = Continuation(
        problem.corpus,
        problem.targets,
        learn,
        problem.outputs,
        problem.single,
        problem.seed,
        problem.threads,
        problem.room,
        problem.advance,
    )
    return train_on(net, more)


def _measure(model: TextClassifier, planner: Planner, net: FeedForward) -> dict[str, Any]:
    held: Held = planner.held
    logits = packed_logits(net, held.packed, planner.problem.threads)
    chances = probabilities(logits, model.calibration_, planner.problem.single)
    return quality(chances, planner.wanted(held.rows), model.labels_.mode, model.threshold_)
