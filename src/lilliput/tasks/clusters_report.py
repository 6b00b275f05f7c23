"""What the report of word clusters says, and how it is measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lilliput.core.bootstrap import Statistic, bootstrap
from lilliput.core.measure import latency, versions
from lilliput.core.report import Measure, Report
from lilliput.data.packed import pack
from lilliput.features.exchange_counts import Bigrams
from lilliput.features.exchange_perplexity import ClusterBigrams
from lilliput.features.exchange_words import Lexicon, numbered
from lilliput.tasks.clusters_texts import HELD_MOST, Texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lilliput.tasks.clusters import WordClusters

SAMPLES, MANY = 200, 20_000
"""Words on which latency and throughput are measured."""
MOST_SECONDS = 0.2
"""For measuring the latency."""
ENDED_EARLY = "ended early by Ctrl-C"
OWN_CLUSTERS = "there are no more than {:,} words, so each has a cluster of its own"
MODELS = {"perplexity": False, "predictive_perplexity": True}
"""What is measured, and whether words are the contexts in it: else the clusters before are."""


def perplexities(
    bigrams: Bigrams, cluster_of: NDArray[np.int32], held: Sequence[str], lexicon: Lexicon
) -> dict[str, Measure]:
    """Perplexity of both models on texts held out, with intervals over these; nothing where they hold no words."""
    numbers = numbered(pack(held), lexicon)
    border = numbers == len(lexicon) + 1
    rows = np.cumsum(border)[~border] - 1
    if not len(rows):
        return {}
    statistics = {}
    for name, words_as_contexts in MODELS.items():
        logs = ClusterBigrams(bigrams, cluster_of, words_as_contexts).log_likelihoods(numbers)
        parts = np.stack([np.bincount(rows, weights, len(held)) for weights in (-logs, None)], axis=1)
        told = parts[parts[:, 1] > 0]
        statistics[name] = Statistic(told, lambda sums: np.exp(sums[..., 0] / sums[..., 1]))
    return bootstrap(statistics, seed=0)


def report_of(model: WordClusters, texts: Texts, lexicon: Lexicon, bigrams: Bigrams, passes: Sequence[int]) -> Report:
    """The report before anything is measured."""
    words = len(lexicon)
    report = _report(model, texts, min(int(model.clusters), words), words, len(bigrams.counts), passes)
    report.data["words"] = int(bigrams.counts.sum()) // 2
    if words <= model.clusters:
        report.notes.append(OWN_CLUSTERS.format(words))
    return report


def longest_report(model: WordClusters, texts: Texts) -> Report:
    """A report as long as any, to tell the size of a file by."""
    report = _report(model, texts, model.clusters, 10**7, 10**10, (99, 99))
    report.data["words"] = 10**12
    report.quality = dict.fromkeys(MODELS, Measure(1000 / 3, 1000 / 3, 1000 / 3, HELD_MOST))
    report.notes = [OWN_CLUSTERS.format(10**7), ENDED_EARLY]
    return report


def _report(
    model: WordClusters, texts: Texts, clusters: int, vocabulary: int, pairs: int, passes: Sequence[int]
) -> Report:
    return Report(
        model.task,
        {},
        f"{len(texts.held):,} of {texts.rows:,} texts, at random, that are not learned from",
        int(model.seed),
        versions=versions(),
        data={"rows": texts.rows, "fingerprint": texts.fingerprint},
        plan={
            "clusters": clusters,
            "vocabulary": vocabulary,
            "pairs": pairs,
            "passes": " and ".join(map(str, passes)),
        },
    )


def measure_here(model: WordClusters, threads: int) -> None:
    """Put into the report what depends on this machine: latency and throughput of `predict`, in words."""
    words = model.words_
    samples = words[:: max(1, len(words) // SAMPLES)]
    report, many = model.report_, (words * (MANY // len(words) + 1))[:MANY]
    report.latency_p50_ms, report.latency_p95_ms = latency(lambda word: model.predict([word]), samples, MOST_SECONDS)
    started = time.perf_counter()
    model.predict(many)
    report.throughput, report.threads = len(many) / (time.perf_counter() - started), threads
