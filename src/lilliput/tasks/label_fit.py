"""How a text classifier is fitted: read, plan, train, calibrate, measure, and hold the result against the budget."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget, format_seconds
from lilliput.core.errors import BudgetError, DeviceError, LilliputError
from lilliput.core.measure import latency, peak_memory, versions
from lilliput.core.progress import Progress
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.data.corpus import Corpus
from lilliput.data.packed import Packed
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams
from lilliput.nets.feedforward import FeedForward, Layers, Table
from lilliput.nets.kernels import Targets
from lilliput.planning.recipes import recipes
from lilliput.planning.textnet import Planner, Problem, Trained
from lilliput.tasks.labels import LabelReader, Labels
from lilliput.tasks.quality import quality
from lilliput.training.calibration import Calibration, fit_threshold, probabilities

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

MARGIN = 160
"""Bytes by which the manifest may grow beyond its estimate."""
SAMPLES = 200
"""Held-out texts on which latency and throughput are measured."""
MANY_TEXTS, MANY_CHARACTERS = 20_000, 2_000_000
"""What the throughput is measured on, at most."""
TRIES = 4
CORPUS_MEMORY = 128_000_000
"""Bytes of text from which on the texts are kept on disk."""


@dataclass
class Rows:
    """All rows of a fit: packed texts, labels, and targets by row number."""

    corpus: Corpus
    labels: Labels
    targets: Targets

    @property
    def fingerprint(self) -> str:
        """Hash of texts and targets in the order they came; 16 hexadecimal digits."""
        digest = hashlib.blake2b(self.corpus.fingerprint.encode(), digest_size=8)
        for part in (self.targets.indptr, self.targets.labels, self.targets.values):
            digest.update(np.ascontiguousarray(part).data)
        digest.update("\0".join(map(str, self.labels.names)).encode())
        return digest.hexdigest()


def fit(model: TextClassifier, batches: Iterator[tuple[list[str], list[Any]]]) -> None:
    """Fit `model` to all rows of `batches` within its budget."""
    started = time.monotonic()
    budget = Budget.parse(model.budget)
    threads = resolve_threads(model.threads)
    _check(model)
    rows = read_rows(batches, LabelReader(model.targets), model.seed, model.balanced)
    try:
        _fit_rows(model, rows, budget, threads, started)
    finally:
        rows.corpus.close()
    if model.interrupted_:
        raise KeyboardInterrupt


def read_rows(batches: Iterator[tuple[list[str], list[Any]]], reader: LabelReader, seed: int, balanced: bool) -> Rows:
    """Read all batches; texts go to the corpus, targets to `reader`."""

    def texts() -> Iterator[list[str]]:
        for batch, targets in batches:
            reader.add(targets)
            yield batch

    corpus = Corpus.build(texts(), seed, memory=CORPUS_MEMORY)
    labels, targets = reader.finish(balanced)
    return Rows(corpus, labels, targets)


def _check(model: TextClassifier) -> None:
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: labelling texts runs on the processor; use 'auto' or 'cpu'")
    if model.network not in ("auto", "linear", "embedding"):
        raise LilliputError(f"network={model.network!r}: expected 'auto', 'linear' or 'embedding'")
    if model.abstain is not None and not (isinstance(model.abstain, Real) and 0 <= model.abstain <= 1):
        raise LilliputError(f"abstain={model.abstain}: expected a probability between 0 and 1")
    if not isinstance(model.seed, Integral) or model.seed < 0:
        raise LilliputError(f"seed={model.seed!r}: expected a whole number from 0 on")
    if _span("words", model.words) == _span("chars", model.chars) == (0, 0):
        raise LilliputError("words=(0, 0) and chars=(0, 0) leave nothing to learn from; allow one of them")


def _span(name: str, span: Any) -> tuple[int, int] | None:
    """Lengths of n-grams as the user gave them, checked; a list (as in a model file) becomes a tuple."""
    if span is None:
        return None
    if isinstance(span, (tuple, list)) and len(span) == 2 and all(isinstance(size, Integral) for size in span):
        low, high = int(span[0]), int(span[1])
        if (low, high) == (0, 0) or 1 <= low <= high <= 16:
            return low, high
    raise LilliputError(f"{name}={span!r}: expected (shortest, longest) from 1 to 16, or (0, 0) for none")


def _fit_rows(model: TextClassifier, rows: Rows, budget: Budget, threads: int, started: float) -> None:
    spent = time.monotonic() - started
    if budget.time is not None and spent > 0.7 * budget.time:
        smallest = str(Budget(time=max(1.0, 4 * spent)))
        raise BudgetError(
            f"reading the data alone took {format_seconds(spent)} of {format_seconds(budget.time)}; "
            f"the smallest time that would do is about {smallest}",
            smallest,
        )
    overhead = overhead_of(model, rows)
    room = None if budget.memory is None else float(budget.memory - overhead)
    for _ in range(TRIES):
        planner, trained = _train(model, rows, room, overhead, budget, threads, started)
        _adopt(model, rows, planner, trained, threads)
        excess = 0 if budget.memory is None else len(model.to_bytes()) - budget.memory
        if excess <= 0:
            break
        assert room is not None
        room -= excess + 16
    else:
        smallest = round_memory(len(model.to_bytes()))
        raise BudgetError(
            f"the model came out {excess:,} bytes larger than allowed; the smallest memory that would do is {smallest}",
            smallest,
        )
    _hold_latency(model, budget)
    model.report_.file_bytes = len(model.to_bytes())
    model.report_.fit_seconds = time.monotonic() - started
    model.report_.peak_memory_bytes = peak_memory()


def _train(
    model: TextClassifier,
    rows: Rows,
    room: float | None,
    overhead: int,
    budget: Budget,
    threads: int,
    started: float,
) -> tuple[Planner, Trained]:
    seconds = None if budget.time is None else budget.time - (time.monotonic() - started) - _measuring(budget.time)
    single = rows.labels.mode == "single"
    words, chars = _span("words", model.words), _span("chars", model.chars)
    tried = recipes(
        rows.labels.outputs, single, room, seconds is not None, words, chars, model.network, rows.corpus.bytes
    )
    expected = rows.corpus.rows * sum(recipe.passes for recipe in tried) * 2
    with Progress(expected, "learning", "texts", model.progress) as progress:
        problem = Problem(
            rows.corpus,
            rows.targets,
            rows.labels.outputs,
            single,
            model.seed,
            threads,
            room,
            seconds,
            progress.advance,
        )
        planner = Planner(problem)
        least = planner.least_room(tried)
        if room is not None and room < least:
            smallest = round_memory(overhead + least)
            raise BudgetError(
                f"no useful model of {len(rows.labels.names)} labels fits into {budget.memory:,} bytes; "
                f"the smallest memory that would do is {smallest}",
                smallest,
            )
        return planner, planner.train(tried)


def round_memory(size: float) -> str:
    """`size` bytes as a budget, rounded up to 1000."""
    return str(Budget(memory=1000 * -(-int(size) // 1000)))


def _measuring(seconds: float) -> float:
    """Seconds of a time budget that are kept for measuring."""
    return min(2.0, 0.15 * seconds)


def _adopt(model: TextClassifier, rows: Rows, planner: Planner, trained: Trained, threads: int) -> None:
    """Take the trained net over, calibrate it, and write the report."""
    single = rows.labels.mode == "single"
    model.labels_, model.net_, model.calibration_ = rows.labels, trained.fitted.net, trained.calibration
    model.threshold_ = 0.5
    model.interrupted_ = trained.interrupted
    held, tune = trained.held, trained.held.tune
    chances = probabilities(trained.held_logits, trained.calibration, single)
    wanted = planner.wanted(held.rows)
    if rows.labels.mode == "multi" and tune:
        model.threshold_ = fit_threshold(chances[:tune], wanted[:tune])
    report_rows = len(held.rows) - tune
    model.report_ = Report(
        model.task,
        quality(chances[tune:], wanted[tune:], rows.labels.mode, model.threshold_) if report_rows else {},
        _held_out(rows.corpus.rows, tune, report_rows, trained.refitted),
        model.seed,
        data={"rows": rows.corpus.rows, "labels": len(rows.labels.names), "fingerprint": rows.fingerprint},
        plan=_plan(trained),
        notes=["training was ended early by Ctrl-C"] if trained.interrupted else [],
    )
    measure_here(model, some_texts(held.packed if len(held.packed) else rows.corpus.shard(0)[0]), threads)


def measure_here(model: TextClassifier, texts: list[str], threads: int) -> None:
    """Put into the report what depends on this machine: versions, latency, throughput."""
    report = model.report_
    report.versions, report.threads = versions(), threads
    report.latency_p50_ms, report.latency_p95_ms = _latency(model, texts)
    report.throughput = _throughput(model, texts, threads)


def _held_out(rows: int, tune: int, report: int, refitted: bool) -> str:
    if not report:
        return f"nothing: {rows} rows are too few"
    sentence = f"{report:,} of {rows:,} rows, at random, that no choice looked at"
    if tune:
        sentence += f"; {tune:,} others decided when to stop and the temperature"
    if refitted:
        sentence += "; measured before the saved model learned from them too"
    return sentence


def _plan(trained: Trained) -> dict[str, Any]:
    fitted = trained.fitted
    groups = [
        f"{group.unit} {group.low}-{group.high}: {bucket_map.rows} rows of {2**group.bits} buckets"
        for group, bucket_map in zip(fitted.net.groups, fitted.net.maps, strict=True)
    ]
    recipe = fitted.recipe
    return {
        "network": f"embedding of {recipe.dim}" if recipe.dim else "linear",
        "groups": ", ".join(groups),
        "bits": fitted.code_bits,
        "rate": recipe.rate,
        "passes": fitted.landed + 1 if fitted.landed else recipe.passes,
        "tried": len(trained.tried),
    }


def some_texts(packed: Packed) -> list[str]:
    """The first of the packed texts as str."""
    edges = packed.offsets[: SAMPLES + 1].tolist()
    return [bytes(packed.buffer[first : last - 1]).decode() for first, last in pairwise(edges)]


def _latency(model: TextClassifier, texts: list[str]) -> tuple[float, float]:
    from lilliput.nets.pooling import logits

    single = model.labels_.mode == "single"

    def predict(text: str) -> NDArray[np.float32]:
        return probabilities(logits(model.net_, [text], 1), model.calibration_, single)

    return latency(predict, texts, 0.2)


def _throughput(model: TextClassifier, texts: list[str], threads: int) -> float:
    """Texts a second, in bulk."""
    from lilliput.nets.pooling import logits

    many = texts * max(1, min(MANY_TEXTS // len(texts), MANY_CHARACTERS // max(1, sum(map(len, texts)))))
    started = time.perf_counter()
    logits(model.net_, many, threads)
    return len(many) / (time.perf_counter() - started)


def _hold_latency(model: TextClassifier, budget: Budget) -> None:
    measured = model.report_.latency_p95_ms
    if budget.latency is None or measured is None or measured <= 1000 * budget.latency:
        return
    smallest = str(Budget(latency=float(f"{1.2 * measured / 1000:.2g}")))
    raise BudgetError(
        f"one prediction took {format_seconds(measured / 1000)} (p95), more than the {format_seconds(budget.latency)} "
        f"allowed; the smallest latency that would do here is about {smallest}, or leave out n-grams: chars=(0, 0)",
        smallest,
    )


def overhead_of(model: TextClassifier, rows: Rows) -> int:
    """Bytes of the file that are neither tables nor layers, by a stand-in with a manifest as long as any to come."""
    stand_in = type(model)(**model.get_params())
    spans = {"word": _span("words", model.words), "char": _span("chars", model.chars)}
    groups = tuple(NGrams(unit, 16, 16, 22) for unit, span in spans.items() if span != (0, 0))
    empty = np.zeros((0, 0), dtype=np.float32)
    bias = np.zeros(rows.labels.outputs, dtype=np.float32)
    net = FeedForward(
        groups,
        (BucketMap.of(np.zeros(0, dtype=np.int64), 9),) * len(groups),
        (Table(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.float16), 1, 8),) * len(groups),
        Layers(empty, bias, empty, bias),
        shared=False,
    )
    stand_in.labels_, stand_in.net_ = rows.labels, net
    stand_in.calibration_, stand_in.threshold_ = Calibration(1 / 3, -1 / 3, 1 / 30), 1 / 3
    chances = np.full((3, len(rows.labels.names)), 1 / 3, dtype=np.float32)
    stand_in.report_ = Report(
        model.task,
        quality(chances, np.eye(3, len(rows.labels.names), dtype=np.float32), rows.labels.mode, 0.5),
        _held_out(10**7, 10**5, 10**5, True),
        model.seed,
        versions=versions(),
        data={"rows": rows.corpus.rows, "labels": len(rows.labels.names), "fingerprint": "0" * 16},
        plan={
            "network": "embedding of 16",
            "groups": ", ".join(["char 2-4: 1000000 rows of 1000000 buckets"] * 2),
            "bits": 8,
            "rate": 0.075,
            "passes": 12,
            "tried": 6,
        },
        notes=["training was ended early by Ctrl-C"],
    )
    return len(stand_in.to_bytes()) - sum(array.nbytes for array in net.arrays().values()) + MARGIN
