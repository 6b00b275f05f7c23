"""How a language identifier is fitted: count, choose what has room, calibrate, measure, and hold it to the budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError
from lilliput.core.measure import latency, peak_memory, versions
from lilliput.core.progress import Progress
from lilliput.core.report import Measure, Report
from lilliput.core.threads import resolve_threads
from lilliput.features.buckets import BucketMap
from lilliput.features.frequencies import Frequencies
from lilliput.features.plain import NGrams
from lilliput.nets.naive_bayes import LEAST_BITS, LEVELS, Counted, NaiveBayes, array_bytes
from lilliput.tasks.label_parameters import check_parameters
from lilliput.tasks.labels import Labels
from lilliput.tasks.language_rows import LanguageRows, Pieces
from lilliput.tasks.promise import Promise, round_memory
from lilliput.tasks.quality import MEASURES, quality
from lilliput.training.calibration import Calibration, fit_calibration, fit_temperature, probabilities
from lilliput.training.discriminate import discriminating
from lilliput.training.metrics import cross_entropy

if TYPE_CHECKING:
    from lilliput.tasks.language import LanguageIdentifier

Floats = NDArray[np.float32]
Batches = Iterator[tuple[list[str], list[str]]]

NGRAMS = NGrams("char", 1, 4, 22)
ROOM = 3_000_000
"""Bytes for the arrays where there is no budget for memory."""
LEAST_PAIRS = 64
"""Of an n-gram and a language: so many a language are the least that is of use."""
POWERS = (0.5, 0.6, 0.7, 0.8, 0.9)
LEAST_TEMPERATURE = 1.0
"""Few pieces that are all told rightly ask for a lower one, which nothing bears out."""
PIECES = 10_000
"""Held-out pieces to tune by, and for the report, at most."""
SAMPLES, MANY = 200, 10_000
"""Texts to measure the latency with, and the throughput."""
MOST_SECONDS = 0.2
PART = 1 / 3
"""Of the time that is left in a time budget: what discriminating may take of it, each time."""
MARGIN = 160
"""Bytes by which the manifest may grow beyond its estimate."""
LONG = 1 / 3
"""A number with as many digits as most."""
ENDED_EARLY = "reading was ended early by Ctrl-C"


def fit(model: LanguageIdentifier, batches: Batches, started: float, *, further: bool = False) -> None:
    """Fit `model` to all rows of `batches`, or let it go on learning from them, within its budget.

    The time of the budget began at `started` (`time.monotonic`). `model` changes in the end and as a whole: an error
    leaves it as it was. Raises KeyboardInterrupt when that has ended the fit early.
    """
    check_parameters(model)
    promise = Promise(Budget.parse(model.budget), started)
    if further:
        rows = LanguageRows(model.net_.group, model.seed, model.labels_.names)
    else:
        rows = LanguageRows(NGRAMS, model.seed)
    whole = _read(rows, batches, promise, model)
    draft = _fitted(model, rows, promise, further=further, whole=whole)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


def _read(rows: LanguageRows, batches: Batches, promise: Promise, model: LanguageIdentifier) -> bool:
    """Take all batches; False if Ctrl-C came before, when there was enough to learn from."""
    whole = True
    with Progress(None, "counting", "texts", model.progress) as progress:
        try:
            for texts, languages in batches:
                rows.add(texts, languages)
                progress.advance(len(texts))
                if promise.left is not None and promise.left < 0:
                    promise.hold_time()
        except KeyboardInterrupt:
            if len(rows.languages) < 2:
                raise
            whole = False
    rows.finish()
    return whole


def _fitted(
    model: LanguageIdentifier, rows: LanguageRows, promise: Promise, *, further: bool, whole: bool
) -> LanguageIdentifier:
    """An identifier like `model` that has learned from the rows and keeps the promise."""
    draft = type(model)(**model.get_params())
    draft.labels_, draft.threshold_, draft.interrupted_ = Labels(tuple(rows.languages), "single"), 0.5, not whole
    before = model.report_ if further else None
    report = draft.report_ = _report(draft, rows, before)
    room = _room(draft, report, promise)
    learned, held = rows.frequencies()
    if further:
        learned = _padded(model.net_.frequencies(), len(rows.languages)).plus(learned)
    _check_room(learned, room, promise)
    learn = _learner(draft, rows, room, promise, discriminate=not further)
    net = learn(learned)
    tune, shown = rows.held_pieces()
    if further:
        power, draft.calibration_ = model.net_.power, model.calibration_
    else:
        power, draft.calibration_ = _calibrated(net, tune)
    draft.net_ = replace(net, power=power)
    report.quality = _quality(draft, shown)
    draft.net_ = replace(learn(learned.plus(held)), power=power)
    report.plan = _plan(draft.net_)
    _measure_here(draft, shown[0] or ["a text"], promise)
    report.file_bytes = draft.file_size()
    report.fit_seconds, report.peak_memory_bytes = promise.spent, peak_memory()
    promise.hold_memory(report.file_bytes)
    promise.hold_latency(report.latency_p95_ms, ", or leave out n-grams: chars=(0, 0)")
    if whole:  # else its time was up to the user
        promise.hold_time()
    return draft


def _learner(
    draft: LanguageIdentifier, rows: LanguageRows, room: float, promise: Promise, *, discriminate: bool
) -> Callable[[Frequencies], NaiveBayes]:
    """What makes a model of counts: twice, of the rows without those held out, and of all."""
    texts, numbers = rows.kept_pieces() if discriminate else ([], [])
    classes = np.array(numbers, dtype=np.int64)

    def learn(frequencies: Frequencies) -> NaiveBayes:
        counted = Counted.of(frequencies, rows.group, room)
        if not texts:
            return NaiveBayes.of(counted)
        deadline = None if promise.left is None else time.monotonic() + promise.left * PART
        with Progress(len(texts), "discriminating", "pieces", draft.progress) as progress:
            return NaiveBayes.of(discriminating(counted, texts, classes, draft.seed, deadline, progress.advance))

    return learn


def _padded(frequencies: Frequencies, classes: int) -> Frequencies:
    return replace(frequencies, totals=np.pad(frequencies.totals, (0, classes - len(frequencies.totals))))


def _calibrated(net: NaiveBayes, tune: Pieces) -> tuple[float, Calibration]:
    """The power of the length, and the calibration, with the best likelihood of the pieces to tune by."""
    if not tune[0]:
        return net.power, Calibration()
    sums, sizes = net.evidence.of(tune[0][:PIECES])
    wanted = _wanted(tune[1][:PIECES], net.outputs)

    def cost(power: float) -> float:
        found = replace(net, power=power).tempered(sums, sizes)
        return cross_entropy(wanted, probabilities(found, fit_temperature(found, wanted, single=True), True), True)

    best = min(POWERS, key=cost)
    found = fit_calibration(replace(net, power=best).tempered(sums, sizes), wanted, single=True, binary=False)
    return best, replace(found, temperature=max(LEAST_TEMPERATURE, found.temperature))


def _quality(draft: LanguageIdentifier, pieces: Pieces) -> dict[str, Measure]:
    texts, numbers = pieces[0][:PIECES], pieces[1][:PIECES]
    if not texts:
        return {}
    return quality(draft.predict_proba(texts), _wanted(numbers, draft.net_.outputs), "single", 0.5)


def _wanted(numbers: list[int], outputs: int) -> Floats:
    return np.eye(outputs, dtype=np.float32)[numbers]


# The budget


def _room(draft: LanguageIdentifier, report: Report, promise: Promise) -> float:
    """Bytes for the arrays of the net: the budget less those of a stand-in with a manifest as long as any to come."""
    if promise.budget.memory is None:
        return ROOM
    stand_in = type(draft)(**draft.get_params())
    outputs = len(draft.labels_.names)
    empty, ones = np.zeros(0, dtype=np.uint8), np.ones(outputs)
    nothing = BucketMap.of(np.zeros(0, dtype=np.int64), LEAST_BITS)
    levels = np.zeros(LEVELS, dtype=np.float32)
    stand_in.net_ = NaiveBayes(NGRAMS, nothing, empty, empty, empty, levels, ones, ones, -LONG, LONG, LONG)
    stand_in.labels_, stand_in.threshold_ = draft.labels_, draft.threshold_
    stand_in.calibration_ = Calibration(LONG, None, LONG / 10)
    stand_in.report_ = replace(
        report,
        quality={name: Measure(LONG, LONG, LONG, 10**5) for name in MEASURES["single"]},
        versions=versions(),
        plan={"ngrams": "char 1-4: 10000000 of 10000000 buckets", "pairs": 10**8},
    )
    overhead = stand_in.file_size() - sum(array.nbytes for array in stand_in.net_.arrays().values()) + MARGIN
    return promise.budget.memory - overhead


def _check_room(frequencies: Frequencies, room: float, promise: Promise) -> None:
    classes = len(frequencies.totals)
    pairs = min(LEAST_PAIRS * classes, len(frequencies))
    least = array_bytes(pairs, pairs, classes)
    if promise.budget.memory is not None and room < least:
        smallest = round_memory(promise.budget.memory - room + least)
        raise BudgetError(
            f"no useful model of {classes} languages fits into {promise.budget.memory:,} bytes; "
            f"the smallest memory that would do is {smallest}",
            smallest,
        )


# The report


def _report(draft: LanguageIdentifier, rows: LanguageRows, before: Report | None) -> Report:
    """All of the report that is known before anything is chosen."""
    held = rows.held_rows
    sentence = (
        f"pieces of {held:,} of {rows.rows:,} rows, at random, as many of each language; some decided how sure to be, "
        "the others are measured; then the saved model learned from them too"
        if held
        else f"nothing: {rows.rows:,} rows are too few"
    )
    seen = before.data.get("rows", 0) if before is not None else 0
    notes = [] if before is None else [f"continued: {rows.rows:,} rows on top of {seen:,}"]
    if draft.interrupted_:
        notes.append(ENDED_EARLY)
    data = {"rows": seen + rows.rows, "labels": len(rows.languages), "fingerprint": rows.fingerprint}
    return Report(draft.task, {}, sentence, draft.seed, data=data, notes=notes)


def _plan(net: NaiveBayes) -> dict[str, object]:
    group = net.group
    ngrams = f"{group.unit} {group.low}-{group.high}: {net.kept.rows} of {2**group.bits} buckets"
    return {"ngrams": ngrams, "pairs": len(net.owners)}


def _measure_here(draft: LanguageIdentifier, texts: list[str], promise: Promise) -> None:
    """Put into the report what depends on this machine: versions, latency, throughput."""
    report, left = draft.report_, promise.left
    seconds = MOST_SECONDS if left is None else min(MOST_SECONDS, max(0.0, left / 4))
    report.versions, report.threads = versions(), resolve_threads(draft.threads)
    alone = type(draft)(**{**draft.get_params(), "threads": 1})
    vars(alone).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    report.latency_p50_ms, report.latency_p95_ms = latency(
        lambda text: alone.predict_proba([text]), texts[:SAMPLES], seconds
    )
    many = (texts * (1 + MANY // len(texts)))[:MANY]
    if left is not None:
        many = many[: max(1, min(MANY, int(seconds * 1000 / max(1e-3, report.latency_p50_ms))))]
    started = time.perf_counter()
    draft.predict_proba(many)
    report.throughput = len(many) / (time.perf_counter() - started)
