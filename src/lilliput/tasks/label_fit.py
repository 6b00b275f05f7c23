"""How a text classifier is fitted: read, plan, train, calibrate, measure, and hold the result against the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lilliput.compress.valuemap import ValueMap
from lilliput.core.budget import Budget
from lilliput.core.measure import peak_memory
from lilliput.core.progress import Progress
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.planning.recipes import recipes
from lilliput.planning.textnet import Planner, Problem, Recipe, Trained
from lilliput.tasks.cluster_words import map_of
from lilliput.tasks.label_closing import Closing
from lilliput.tasks.label_overhead import overhead_of
from lilliput.tasks.label_parameters import check_parameters, span
from lilliput.tasks.label_report import (
    ENDED_EARLY,
    MEASURING_ENDED,
    SAMPLES,
    assess,
    held_out,
    keeping,
    measure_here,
    plan_of,
)
from lilliput.tasks.label_rows import Batches, Rows, first_texts, read_rows
from lilliput.tasks.labels import LabelReader
from lilliput.tasks.machine_code import ready
from lilliput.tasks.promise import Promise

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier


def fit(model: TextClassifier, batches: Batches, started: float) -> None:
    """Fit `model` to all rows of `batches` within its budget, whose time began at `started` (`time.monotonic`).

    `model` changes in the end and as a whole: an error leaves it as it was. Raises KeyboardInterrupt when that has
    ended the fit early.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    rows = read_rows(batches, LabelReader(model.targets), model.seed, model.balanced)
    try:
        draft = _fitted(model, rows, promise)
    finally:
        rows.corpus.close()
    adopt(model, draft)


def adopt(model: TextClassifier, draft: TextClassifier) -> None:
    """Give all that `draft` has learned to `model`; raises KeyboardInterrupt if that has ended its training."""
    learned = {name: value for name, value in vars(draft).items() if name.endswith("_")}
    vars(model).update(learned)
    if draft.interrupted_:
        raise KeyboardInterrupt


def close(draft: TextClassifier, promise: Promise) -> None:
    """Complete the report, and raise `BudgetError` if the promise was not kept."""
    report = draft.report_
    report.file_bytes = draft.file_size()
    report.fit_seconds = promise.spent
    report.peak_memory_bytes = peak_memory()
    promise.hold_memory(report.file_bytes)
    promise.hold_latency(report.latency_p95_ms, ", or leave out n-grams: chars=(0, 0)")
    if not draft.interrupted_:  # else its time was up to the user
        promise.hold_time()


def _fitted(model: TextClassifier, rows: Rows, promise: Promise) -> TextClassifier:
    """A classifier like `model` that has learned from the rows and keeps the promise."""
    promise.hold_reading()
    overhead = overhead_of(model, rows)
    memory = promise.budget.memory
    clusters = map_of(model.clusters, None if memory is None else float(memory - overhead))
    overhead += clusters.nbytes if clusters else 0

    def attempt(room: float | None) -> TextClassifier:
        return _draft(model, rows, *_train(model, rows, clusters, room, overhead, promise), promise)

    draft = promise.fitting(None if memory is None else float(memory - overhead), attempt)
    close(draft, promise)
    return draft


def _train(
    model: TextClassifier,
    rows: Rows,
    clusters: ValueMap | None,
    room: float | None,
    overhead: int,
    promise: Promise,
) -> tuple[Planner, Trained, Closing]:
    tried = _recipes(model, rows, clusters, room, promise)
    expected = rows.corpus.rows * sum(recipe.passes for recipe in tried) * 2
    with Progress(expected, "learning", "texts", model.progress) as progress:

        def advance(texts: int) -> None:
            progress.advance(texts)
            closing.advance(texts)
            planner.deadline = closing.begins

        problem = Problem(
            rows.corpus,
            rows.targets,
            rows.labels.outputs,
            rows.labels.mode == "single",
            model.seed,
            resolve_threads(model.threads),
            room,
            promise.left,
            advance,
            lambda loss: progress.state(held_out_loss=loss),
        )
        planner = Planner(problem)
        promise.hold_room(f"model of {len(rows.labels.names)} labels", room, overhead, planner.least_room(tried))
        closing = Closing(promise, rows, planner.held, room)
        planner.deadline = closing.begins
        trained = planner.train(tried)
    if not trained.interrupted:
        promise.hold_learning(closing.seen)
    return planner, trained, closing


def _recipes(
    model: TextClassifier, rows: Rows, clusters: ValueMap | None, room: float | None, promise: Promise
) -> list[Recipe]:
    return recipes(
        rows.labels.outputs,
        rows.labels.mode == "single",
        room,
        promise.end is not None,
        span("words", model.words),
        span("chars", model.chars),
        model.network,
        clusters,
        rows.corpus.bytes,
    )


def _draft(
    model: TextClassifier, rows: Rows, planner: Planner, trained: Trained, closing: Closing, promise: Promise
) -> TextClassifier:
    """A classifier like `model` with the trained net, calibrated and measured."""
    draft = type(model)(**model.get_params())
    draft.labels_, draft.net_, draft.calibration_ = rows.labels, trained.fitted.net, trained.calibration
    draft.threshold_, draft.interrupted_ = 0.5, trained.interrupted
    held, tune = trained.held, trained.held.tune
    report = draft.report_ = Report(
        model.task,
        {},
        held_out(rows.corpus.rows, tune, len(held.rows) - tune, trained.refitted),
        model.seed,
        data={"rows": rows.corpus.rows, "labels": len(rows.labels.names), "fingerprint": rows.fingerprint},
        plan=plan_of(trained),
        notes=[ENDED_EARLY] if trained.interrupted else closing.notes(),
    )
    with keeping(draft, MEASURING_ENDED):
        draft.threshold_, report.quality = assess(
            trained.held_logits, planner.wanted(held.rows), tune, rows.labels.mode, trained.calibration
        )
        texts = held.packed if len(held.packed) else rows.corpus.shard(0)[0]
        measure_here(draft, first_texts(texts, SAMPLES), planner.problem.threads, promise)
    return draft
