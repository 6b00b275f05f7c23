"""What the report of a text classifier says, and how it is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.measure import latency, versions
from lilliput.core.report import Measure
from lilliput.planning.textnet import Trained
from lilliput.tasks.promise import Promise
from lilliput.tasks.quality import quality
from lilliput.training.calibration import Calibration, fit_threshold, probabilities

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

Floats = NDArray[np.float32]
ENDED_EARLY = "training was ended early by Ctrl-C"
MEASURING_ENDED = "measuring was ended early by Ctrl-C"
SAMPLES = 200
"""Held-out texts on which latency and throughput are measured."""
MANY_TEXTS, MANY_CHARACTERS = 20_000, 2_000_000
"""What the throughput is measured on, at most."""
MOST_SECONDS = 0.2
"""For measuring the latency."""
PART = 1 / 4
"""Of the time that is left in a time budget: what one measurement may take of it."""


@contextmanager
def keeping(draft: TextClassifier, note: str) -> Iterator[None]:
    """Ctrl-C ends what goes on inside, `draft` stays the model that it is, and its report says `note`."""
    try:
        yield
    except KeyboardInterrupt:
        draft.interrupted_ = True
        draft.report_.notes.append(note)


def assess(
    logits: Floats, wanted: Floats, tune: int, mode: str, calibration: Calibration, threshold: float = 0.5
) -> tuple[float, dict[str, Measure]]:
    """The threshold that suits the first `tune` texts, for several labels, and the measures on the others.

    Logits (texts, outputs) and wanted outputs (texts, labels) of held-out texts; without a tune part the given
    threshold stays.
    """
    chances = probabilities(logits, calibration, mode == "single")
    if mode == "multi" and tune:
        threshold = fit_threshold(chances[:tune], wanted[:tune])
    return threshold, quality(chances[tune:], wanted[tune:], mode, threshold) if len(chances) > tune else {}


def measure_here(draft: TextClassifier, texts: list[str], threads: int, promise: Promise) -> None:
    """Put into the report what depends on this machine: versions, latency, throughput, in the time that is left."""
    report = draft.report_
    report.versions, report.threads = versions(), threads
    report.latency_p50_ms, report.latency_p95_ms = _latency(draft, texts, min(MOST_SECONDS, _part(promise)))
    most = _part(promise) / max(1e-6, report.latency_p50_ms / 1000)  # in bulk they take less than one by one
    report.throughput = _throughput(draft, texts, threads, most)


def held_out(rows: int, tune: int, report: int, refitted: bool) -> str:
    """The sentence on what was held out of so many rows: for tuning and for the report."""
    if not report:
        return f"nothing: {rows} rows are too few"
    sentence = f"{report:,} of {rows:,} rows, at random, that no choice looked at"
    if tune:
        sentence += f"; {tune:,} others decided when to stop and the temperature"
    if refitted:
        sentence += "; measured before the saved model learned from them too"
    return sentence


def plan_of(trained: Trained) -> dict[str, Any]:
    """What the planner chose."""
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


def _part(promise: Promise) -> float:
    """Seconds that one measurement may take."""
    return np.inf if promise.left is None else max(0.0, PART * promise.left)


def _latency(draft: TextClassifier, texts: list[str], seconds: float) -> tuple[float, float]:
    from lilliput.nets.pooling import logits

    single = draft.labels_.mode == "single"

    def predict(text: str) -> Floats:
        return probabilities(logits(draft.net_, [text], 1), draft.calibration_, single)

    return latency(predict, texts, seconds)


def _throughput(draft: TextClassifier, texts: list[str], threads: int, most: float) -> float:
    """Texts a second, in bulk, by no more than `most` texts."""
    from lilliput.nets.pooling import logits

    many = texts * max(1, min(MANY_TEXTS // len(texts), MANY_CHARACTERS // max(1, sum(map(len, texts)))))
    many = many[: max(1, int(min(most, len(many))))]
    started = time.perf_counter()
    logits(draft.net_, many, threads)
    return len(many) / (time.perf_counter() - started)
