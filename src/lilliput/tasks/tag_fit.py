"""How a tagger is fitted: read, plan, train, measure, and hold the result against the budget."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, bootstrap
from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, DeviceError
from lilliput.core.measure import latency, peak_memory, versions
from lilliput.core.progress import Progress
from lilliput.core.report import Measure, Report
from lilliput.core.threads import resolve_threads
from lilliput.data.conllu import NOTHING, Sentence, tag_column
from lilliput.data.packed import pack
from lilliput.nets.tagging import likeliest_tags
from lilliput.planning.tagnet import TaggedNet, TagProblem, TagRecipe, least_room, recipe_for, train_tagger
from lilliput.tasks.cluster_words import check_clusters, map_of, with_clusters
from lilliput.tasks.labels import Labels
from lilliput.tasks.machine_code import drop_stale
from lilliput.tasks.promise import Promise
from lilliput.training.sentences import Tagged, gather_tokens

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segmenter
    from lilliput.tasks.tag import SequenceTagger

OVERHEAD, CLUSTERS_OVERHEAD = 5_100, 800
"""Bytes of the manifest and the report, about, and what clusters add; too few cost another training."""
TRAINED = 0.8
"""The share of a time budget after which training is over."""
BINS = 15
SAMPLES = 200
"""Held-out sentences on which latency is measured."""
TEMPERATURES = np.geomspace(0.4, 2.5, 9)
"""The grid of temperatures; the best is looked for between the neighbours of its best one."""


class Read(NamedTuple):
    """Tagged tokens with the names of the tags, and a hash of both."""

    tagged: Tagged
    labels: Labels
    fingerprint: str


def fit(model: SequenceTagger, sentences: Iterable[Sentence], started: float) -> None:
    """Fit `model` within its budget, whose time began at `started`; an error leaves it as it was."""
    tag_column(model.column)
    check_clusters(model.clusters)
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: tagging runs on the processor; use 'auto' or 'cpu'")
    drop_stale()
    promise = Promise(Budget.parse(model.budget), started)
    read = read_tagged(sentences, model.column)
    promise.hold_reading()
    overhead = OVERHEAD + sum(array.nbytes for array in read.labels.arrays().values())
    memory = promise.budget.memory
    clusters = map_of(model.clusters, None if memory is None else float(memory - overhead))
    if clusters is not None:
        overhead += clusters.nbytes + CLUSTERS_OVERHEAD
        read = read._replace(tagged=with_clusters(read.tagged, clusters))
    recipe = recipe_for(clusters)

    def attempt(room: float | None) -> SequenceTagger:
        what = f"tagger of {len(read.labels.names)} tags"
        trained = train_within(model, read.tagged, len(read.labels.names), recipe, room, overhead, promise, what)
        return _draft(model, read, trained, recipe, promise)

    draft = promise.fitting(None if memory is None else float(memory - overhead), attempt)
    close_report(draft, promise)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


def read_tagged(sentences: Iterable[Sentence], column: str) -> Read:
    """All sentences that have tokens, packed; `DataError` for a token without a tag, and for less than two tags."""
    words: list[str] = []
    tags: list[str] = []
    borders = [0]
    for number, sentence in enumerate(sentences, 1):
        found = sentence.column(column)
        if NOTHING in found and column != "feats":  # a word may well have no features
            place = found.index(NOTHING)
            raise DataError(
                f"sentence {number} (line {sentence.line}): the token {sentence.forms[place]!r} has no {column}; "
                "tag it, or name the column that holds the tags"
            )
        words += sentence.forms
        tags += found
        if found:
            borders.append(len(words))
    names = sorted(set(tags))
    if len(names) < 2:
        raise DataError(f"{len(words):,} tokens with {len(names)} different tags; there is nothing to tell apart")
    place_of = {name: number for number, name in enumerate(names)}
    packed = pack(words)
    numbers = np.array([place_of[tag] for tag in tags], dtype=np.int32)
    digest = hashlib.blake2b(packed.buffer.data, digest_size=8)
    digest.update(numbers.data)
    digest.update("\0".join(names).encode())
    tagged = Tagged(packed, np.array(borders, dtype=np.int64), numbers)
    return Read(tagged, Labels(tuple(names), "single"), digest.hexdigest())


def train_within(
    model: SequenceTagger | Segmenter,
    tagged: Tagged,
    tags: int,
    recipe: TagRecipe,
    room: float | None,
    overhead: int,
    promise: Promise,
    what: str,
    unit: str = "token",
) -> TaggedNet:
    """A net trained in the time and the room that there are; `what`, `unit`: what errors and the progress bar name."""
    promise.hold_room(what, room, overhead, least_room(recipe, tags))
    end = None if promise.left is None else time.monotonic() + TRAINED * promise.left
    with Progress(len(tagged) * recipe.passes * 2, "learning", f"{unit}s", model.progress) as progress:
        problem = TagProblem(tagged, tags, model.seed, resolve_threads(model.threads), room, end, progress.advance)
        return train_tagger(problem, recipe)


def _draft(
    model: SequenceTagger, read: Read, trained: TaggedNet, recipe: TagRecipe, promise: Promise
) -> SequenceTagger:
    """A tagger like `model` with the trained net, calibrated and measured."""
    draft = type(model)(**model.get_params())
    draft.labels_, draft.net_, draft.transitions_ = read.labels, trained.net, trained.transitions
    draft.interrupted_ = trained.interrupted
    draft.temperature_ = best_temperature(trained)
    tokens = len(trained.held)
    report = draft.report_ = Report(
        model.task,
        _quality(trained, draft.temperature_) if tokens else {},
        _held_out(trained, len(read.tagged.sentences) - 1),
        model.seed,
        data={"rows": len(read.tagged), "labels": len(read.labels.names), "fingerprint": read.fingerprint},
        plan=plan_of(trained, recipe, read.tagged, "operations a token"),
        notes=["training was ended early by Ctrl-C"] if trained.interrupted else [],
    )
    report.versions, report.threads = versions(), resolve_threads(model.threads)
    some = (trained.held if tokens else read.tagged).part(0, min(SAMPLES, len(trained.held.sentences) - 1) or 1)
    sentences = _words_of(some)
    one = type(model)(**{**model.get_params(), "threads": 1})
    vars(one).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    seconds = 0.2 if promise.left is None else min(0.2, max(0.0, promise.left / 8))
    report.latency_p50_ms, report.latency_p95_ms = latency(lambda words: one.predict([words]), sentences, seconds)
    began = time.perf_counter()
    draft.predict(sentences)
    report.throughput = len(some) / (time.perf_counter() - began)
    return draft


def best_temperature(trained: TaggedNet) -> float:
    """The temperature at which the chances of the tags given say best how often they are right."""
    if not len(trained.held):
        return 1.0

    def best_of(temperatures: NDArray[np.float64]) -> float:
        costs = []
        for temperature in temperatures:
            tags, chances = _held_tags(trained, float(temperature))
            right = np.where(tags == trained.held.tags, chances, 1 - chances).astype(np.float64)
            costs.append(-np.log(np.maximum(right, 1e-12)).mean())
        return float(temperatures[int(np.argmin(costs))])

    near = np.geomspace(TEMPERATURES[0] / TEMPERATURES[1], TEMPERATURES[1] / TEMPERATURES[0], 9)[1:-1]
    return best_of(best_of(TEMPERATURES) * near)


def _held_tags(trained: TaggedNet, temperature: float) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    transitions = trained.held_transitions.astype(np.float32)
    return likeliest_tags(trained.logits, transitions, trained.held.sentences, temperature, 1)


def _quality(trained: TaggedNet, temperature: float) -> dict[str, Measure]:
    tags, chances = _held_tags(trained, temperature)
    right = tags == trained.held.tags
    cells = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
    parts = np.zeros((len(right), BINS))
    parts[np.arange(len(right)), cells] = chances - right
    error = Statistic(parts, lambda sums: np.abs(sums).sum(axis=-1) / len(right))
    return {
        "accuracy": Measure.proportion(int(right.sum()), len(right)),
        **bootstrap({"calibration_error": error}, 0),
    }


def _held_out(trained: TaggedNet, sentences: int) -> str:
    held = len(trained.held.sentences) - 1
    if not held:
        return f"nothing: {sentences} sentences are too few"
    told = f"{held:,} of {sentences:,} sentences, at random; they decided the temperature"
    return told + ("; measured before the saved model learned from them too" if trained.refitted else "")


def plan_of(trained: TaggedNet, recipe: TagRecipe, tagged: Tagged, cost: str) -> dict[str, object]:
    """What was chosen, for a report; `cost` names the operations that one token takes."""
    net = trained.net
    some = tagged.part(*tagged.parts()[0])
    bags = gather_tokens(some.tokens(), net.groups, net.maps, 1)
    rows = len(bags.rows) / max(1, len(some))
    return {
        "network": f"embedding of {recipe.dim}" if recipe.dim else "linear",
        "groups": len(net.groups),
        "rows": sum(one.rows for one in net.maps),
        "bits": recipe.code_bits,
        "rate": recipe.rate,
        "passes": recipe.passes,
        cost: round(rows * net.tables[0].dim + net.layers.parameters()),
    }


def _words_of(tagged: Tagged) -> list[list[str]]:
    data, edges = tagged.packed.buffer.tobytes(), tagged.packed.offsets.tolist()
    words = [data[first : last - 1].decode() for first, last in pairwise(edges)]
    return [words[first:last] for first, last in pairwise(tagged.sentences.tolist())]


def close_report(draft: Any, promise: Promise) -> None:
    """Complete the report, and raise `BudgetError` if the promise was not kept."""
    report = draft.report_
    report.file_bytes = draft.file_size()
    report.fit_seconds = promise.spent
    report.peak_memory_bytes = peak_memory()
    promise.hold_memory(report.file_bytes)
    promise.hold_latency(report.latency_p95_ms)
    if not draft.interrupted_:
        promise.hold_time()
