"""How word clusters are fitted: find the words, count their neighbours, exchange, measure, hold against the budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError, DataError
from lilliput.core.measure import peak_memory
from lilliput.core.progress import Progress
from lilliput.core.report import Measure
from lilliput.core.threads import resolve_threads
from lilliput.data.packed import Packed
from lilliput.features.exchange import Exchange
from lilliput.features.exchange_counts import Bigrams, count_bigrams
from lilliput.features.exchange_words import Lexicon, count_words, numbered
from lilliput.tasks.clusters import Clustering, cluster_type
from lilliput.tasks.clusters_parameters import check_parameters
from lilliput.tasks.clusters_report import ENDED_EARLY, longest_report, measure_here, perplexities, report_of
from lilliput.tasks.clusters_texts import Texts
from lilliput.tasks.machine_code import ready
from lilliput.tasks.promise import Promise, round_memory

if TYPE_CHECKING:
    from lilliput.tasks.clusters import WordClusters

ENOUGH, STOP = 2e-2, 2e-4
"""Gains of a pass, in nats a word, below which the predictive passes, then those on class bigrams, are over.

How many there are of the first matters little: with 2, 4 and 7 of them the perplexity of 1,000 clusters of English
Wikipedia comes out within 0.2 %, with none 0.3 to 0.7 % higher.
"""
PREDICTIVE = 0.6
"""The share of the time for all passes that the predictive ones may take."""
MEASURING, SAFETY = 0.5, 1.5
"""What is kept back of a time budget for the end: seconds, and times of a rehearsal."""
MARGIN = 160
"""Bytes by which the manifest may grow beyond its estimate."""


def fit(model: WordClusters, X: Any, started: float) -> None:
    """Fit `model` to texts within its budget, whose time began at `started` (`time.monotonic`).

    `model` changes in the end and as a whole: an error leaves it as it was. Raises KeyboardInterrupt when that has
    ended the fit early.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    draft = _fitted(model, Texts(X, model.text, int(model.seed)), promise)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


def _fitted(model: WordClusters, texts: Texts, promise: Promise) -> WordClusters:
    """Word clusters like `model` that have been learned from the texts and keep the promise."""
    lexicon, bigrams = _counted(model, texts, promise)
    promise.hold_reading()
    threads = resolve_threads(model.threads)
    exchange = Exchange(bigrams, lexicon.counts, min(int(model.clusters), len(lexicon)), threads)

    def assess() -> dict[str, Measure]:
        return perplexities(bigrams, exchange.cluster_of, texts.held, lexicon)

    closing = 0.0 if promise.end is None else MEASURING + SAFETY * _seconds(assess)
    draft = type(model)(**model.get_params())
    draft.interrupted_ = not _exchanged(exchange, int(lexicon.counts.sum()), promise, closing, model.progress)
    draft.clustering_ = Clustering(lexicon.words, exchange.cluster_of)
    draft.report_ = report_of(draft, texts, lexicon, bigrams, exchange.passes)
    draft.report_.quality = assess()
    draft.report_.notes += [ENDED_EARLY] * draft.interrupted_
    measure_here(draft, threads)
    _close(draft, promise)
    return draft


def _counted(model: WordClusters, texts: Texts, promise: Promise) -> tuple[Lexicon, Bigrams]:
    """The words that will be in clusters, and their neighbours."""
    with Progress(None, "reading", "texts", model.progress) as progress:

        def told() -> Iterator[Packed]:
            for packed in texts.packs():
                yield packed
                progress.advance(len(packed) / 2)  # they are read twice

        words = count_words(told(), cased=not model.lowercase)
        lexicon = _fitting(_frequent(words, texts, int(model.least)), texts, model, promise)
        return lexicon, count_bigrams((numbered(packed, lexicon) for packed in told()), len(lexicon))


def _frequent(words: Lexicon, texts: Texts, least: int) -> Lexicon:
    """The words that occur often enough; `DataError` if there are none."""
    if not len(words):
        raise DataError(f"there is no word in {texts.rows:,} texts; give texts with letters")
    frequent = words.at_least(least)
    if not len(frequent):
        raise DataError(
            f"no word occurs {least:,} times (the most frequent, {words.words[0]!r}, {words.counts[0]:,} times); "
            f"give more texts, or allow rarer words with least={words.counts[0]}"
        )
    return frequent


def _fitting(lexicon: Lexicon, texts: Texts, model: WordClusters, promise: Promise) -> Lexicon:
    """The most frequent words, as many as the file has room for; `BudgetError` if there is none for one."""
    allowed = promise.budget.memory
    if allowed is None:
        return lexicon
    stand_in = type(model)(**model.get_params())
    stand_in.clustering_ = Clustering([], np.zeros(0, dtype=np.int32))
    stand_in.report_ = longest_report(stand_in, texts)
    each = cluster_type(model.clusters).itemsize + 1
    sizes = stand_in.file_size() + MARGIN + np.cumsum([len(word.encode()) + each for word in lexicon.words])
    kept = int(np.searchsorted(sizes, allowed, side="right"))
    if not kept:
        smallest = round_memory(int(sizes[0]))
        raise BudgetError(
            f"no word fits into {allowed:,} bytes; the smallest memory that would do is {smallest}", smallest
        )
    return lexicon.first(kept)


def _exchanged(
    exchange: Exchange, words: int, promise: Promise, closing: float, progress: bool | Literal["auto"]
) -> bool:
    """Sweep with one model, then with the other, until a pass gains little; False if Ctrl-C came before.

    `words`: how many the texts have; `closing`: seconds to keep back.
    """
    middle, end = _deadlines(promise, closing)
    try:
        with Progress(None, "clustering", "words", progress) as bar:
            offered = _swept(exchange, ENOUGH * words, middle, bar)
            exchange.refine()
            offered += _swept(exchange, STOP * words, end, bar)
    except KeyboardInterrupt:
        return False
    promise.hold_learning(offered)
    return True


def _deadlines(promise: Promise, closing: float) -> tuple[float | None, float | None]:
    """When the passes of each model must be over."""
    if promise.end is None:
        return None, None
    end = promise.end - closing
    return end - (1 - PREDICTIVE) * max(0.0, end - time.monotonic()), end


def _swept(exchange: Exchange, least: float, deadline: float | None, bar: Progress) -> int:
    """Sweep until a pass gains less than `least` nats or is cut short; returns how many words were offered."""
    offered = 0
    while True:
        sweep = exchange.sweep(deadline, bar.advance)
        offered += sweep.words
        if sweep.words < len(exchange.cluster_of) or sweep.gain < least:
            return offered


def _close(draft: WordClusters, promise: Promise) -> None:
    """Complete the report, and raise `BudgetError` if the promise was not kept."""
    report = draft.report_
    report.file_bytes = draft.file_size()
    report.fit_seconds, report.peak_memory_bytes = promise.spent, peak_memory()
    promise.hold_memory(report.file_bytes)
    promise.hold_latency(report.latency_p95_ms)
    if not draft.interrupted_:  # else its time was up to the user
        promise.hold_time()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
