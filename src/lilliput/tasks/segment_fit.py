"""How a segmenter is fitted: read, plan, train, measure, and hold the result against the budget."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.compress.valuemap import ValueMap
from lilliput.core.budget import Budget
from lilliput.core.errors import DeviceError, LilliputError
from lilliput.core.measure import latency, versions
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.features.joining import Joined
from lilliput.features.pieces import UNITS, Pieces
from lilliput.nets.tagging import best_paths, tag_chances
from lilliput.planning.segnet import segment_recipe
from lilliput.planning.tagnet import TaggedNet, TagRecipe, held_sentences
from lilliput.tasks.cluster_words import check_clusters, map_of, with_clusters
from lilliput.tasks.machine_code import drop_stale
from lilliput.tasks.promise import Promise
from lilliput.tasks.segment_quality import Cut, measures
from lilliput.tasks.segment_read import Read, lexicon_bytes, read_texts
from lilliput.tasks.segment_texts import TAGS, Answer, begins, cut_of, is_begin
from lilliput.tasks.tag_fit import CLUSTERS_OVERHEAD, close_report, plan_of, train_within

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segmenter

OVERHEAD = 4_500
"""Bytes of the manifest and the report, about; what is missing is taken from the tables."""
SAMPLES = 200
"""Held-out texts on which latency is measured."""
PIECES = {"word": "character", "sentence": "token"}
TEMPERATURES = np.geomspace(0.3, 3.0, 47)


def fit(model: Segmenter, items: Iterable[Any], started: float) -> None:
    """Fit `model` within its budget, whose time began at `started`; an error leaves it as it was."""
    if model.unit not in UNITS:
        raise LilliputError(f"unit={model.unit!r}: expected {' or '.join(map(repr, UNITS))}")
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: segmenting runs on the processor; use 'auto' or 'cpu'")
    check_clusters(model.clusters)
    drop_stale()
    promise = Promise(Budget.parse(model.budget), started)
    read = read_texts(items, model.unit, model.seed, promise.budget.memory)
    promise.hold_reading()
    overhead = OVERHEAD + lexicon_bytes(read.lexicon)
    memory = promise.budget.memory
    clusters = map_of(model.clusters, None if memory is None else float(memory - overhead))
    if clusters is not None:
        overhead += clusters.nbytes + CLUSTERS_OVERHEAD
        read = read._replace(tagged=with_clusters(read.tagged, clusters))
    recipe = segment_recipe(model.unit, len(read.tagged), clusters)

    def attempt(room: float | None) -> Segmenter:
        unit = PIECES[model.unit]
        trained = train_within(model, read.tagged, len(TAGS), recipe, room, overhead, promise, "segmenter", unit)
        return _draft(model, read, trained, recipe, promise)

    draft = promise.fitting(None if memory is None else float(memory - overhead), attempt)
    close_report(draft, promise)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


def _draft(
    model: Segmenter,
    read: Read,
    trained: TaggedNet,
    recipe: TagRecipe,
    promise: Promise,
) -> Segmenter:
    """A segmenter like `model` with the trained net, calibrated and measured."""
    draft = type(model)(**model.get_params())
    draft.net_, draft.transitions_, draft.lexicon_ = trained.net, trained.transitions, read.lexicon
    draft.interrupted_ = trained.interrupted
    held = held_sentences(len(read.texts), model.seed)
    texts = [read.texts[number] for number in held]
    draft.temperature_, cut = _calibrated(
        trained, texts, [read.found[number] for number in held], model.unit, resolve_threads(model.threads)
    )
    segments = sum(len(joined.spans) for joined in read.texts)
    report = draft.report_ = Report(
        model.task,
        measures(cut, model.unit) if cut is not None else {},
        _held_out(trained, len(texts), len(read.texts)),
        model.seed,
        data={"texts": len(read.texts), f"{model.unit}s": segments, "fingerprint": read.fingerprint},
        plan={
            **plan_of(trained, recipe, read.tagged, f"operations a {PIECES[model.unit]}"),
            "lexicon": _size(read.lexicon),
        },
        notes=[*_notes(read), *(["training was ended early by Ctrl-C"] if trained.interrupted else [])],
    )
    report.versions, report.threads = versions(), resolve_threads(model.threads)
    some = [joined.text for joined in (texts or read.texts)[:SAMPLES]]
    one = type(model)(**{**model.get_params(), "threads": 1})
    vars(one).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    seconds = 0.2 if promise.left is None else min(0.2, max(0.0, promise.left / 8))
    report.latency_p50_ms, report.latency_p95_ms = latency(lambda text: one.predict([text]), some, seconds)
    began = time.perf_counter()
    draft.predict(some)
    report.throughput = len(some) / (time.perf_counter() - began)
    return draft


def _calibrated(
    trained: TaggedNet, texts: list[Joined], found: list[Pieces], unit: str, threads: int
) -> tuple[float, Cut | None]:
    """The temperature at which the chances of borders are truest on the held-out texts, and what these come to."""
    if not texts:
        return 1.0, None
    transitions, borders = trained.held_transitions.astype(np.float32), trained.held.sentences
    begun = is_begin(best_paths(trained.logits, transitions, borders, threads))
    cut = cut_of(texts, found, Answer(begun, np.zeros(len(begun), dtype=np.float32)), unit)
    costs = []
    for temperature in TEMPERATURES.tolist():
        given = begins(tag_chances(trained.logits, transitions, borders, temperature, threads))
        right = np.where(cut.wanted, given, 1 - given)[cut.free].astype(np.float64)
        costs.append((float(-np.log(np.maximum(right, 1e-12)).sum()), temperature, given))
    _, temperature, given = min(costs, key=lambda cost: cost[0])
    return temperature, cut._replace(chances=given)


def _held_out(trained: TaggedNet, held: int, texts: int) -> str:
    if not held:
        return f"nothing: {texts} texts are too few"
    told = f"{held:,} of {texts:,} texts, at random; they decided the temperature"
    return told + ("; measured before the saved model learned from them too" if trained.refitted else "")


def _notes(read: Read) -> list[str]:
    if not read.lost:
        return []
    return [f"{read.lost:,} borders of the training texts lie within a piece that is never cut, and were left out"]


def _size(lexicon: ValueMap | None) -> str:
    if lexicon is None:
        return "none"
    return f"{int(lexicon.header[0]):,} words in {lexicon_bytes(lexicon):,} bytes"
