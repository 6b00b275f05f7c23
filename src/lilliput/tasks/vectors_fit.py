"""How word vectors are fitted: count and number the words, learn from them, make codes, hold against the budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError
from lilliput.core.measure import peak_memory
from lilliput.core.progress import Progress
from lilliput.core.threads import resolve_threads
from lilliput.features.numberstream import NumberStream
from lilliput.features.subword_kernels import gram_rows
from lilliput.features.subwords import Subwords
from lilliput.features.vocabulary import Vocabulary, WordCounter
from lilliput.nets.wordvectors import Grams, Settings, WordNet
from lilliput.retrieval.vectortable import BLOCK, Codes, VectorTable
from lilliput.retrieval.wordlist import WordList
from lilliput.tasks.machine_code import ready
from lilliput.tasks.promise import Promise
from lilliput.tasks.vectors_parameters import check_parameters
from lilliput.tasks.vectors_report import measure_here, report_of
from lilliput.tasks.vectors_room import buckets_for, fitting, shortened
from lilliput.tasks.vectors_texts import Texts

if TYPE_CHECKING:
    from lilliput.tasks.vectors import WordVectors

STRETCH = 1 << 16
"""Words between two looks at the clock and the keyboard."""
RATES = {"skipgram": 0.09, "cbow": 0.2}
GRAM_RATE = 0.05
"""With n-grams, where more makes rare words worse."""
CLOSING, SAFETY = 0.7, 2.0
"""What is kept back of a time budget for the end: seconds, and times of a rehearsal of making codes."""


def fit(model: WordVectors, X: Any, started: float) -> None:
    """Fit `model` to texts within its budget, whose time began at `started` (`time.monotonic`).

    `model` changes in the end and as a whole: an error leaves it as it was. Raises KeyboardInterrupt when that has
    ended the fit early.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    draft = _fitted(model, Texts(X, model.text, bool(model.lowercase)), promise)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


def _fitted(model: WordVectors, texts: Texts, promise: Promise) -> WordVectors:
    """Word vectors like `model` that have been learned from the texts and keep the promise."""
    vocabulary, stream, notes = _counted(model, texts, promise)
    promise.hold_reading()
    draft = type(model)(**model.get_params())
    words = int(vocabulary.counts.sum())
    listed = WordList.of(vocabulary.words)
    subwords = None if model.subwords is None else Subwords(*model.subwords, buckets_for(model, promise))
    net = _net(model, listed, vocabulary.counts, subwords)
    began = time.monotonic()
    if promise.end is not None:
        _table(listed, vocabulary.counts, net, subwords)
    closing = CLOSING + SAFETY * (time.monotonic() - began)
    draft.losses_, draft.interrupted_ = _learned(model, net, stream, words, promise, closing)
    stream.close()
    draft.table_ = _table(listed, vocabulary.counts, net, subwords)
    draft.report_ = report_of(draft, texts, vocabulary, words, notes)
    shortened(draft, promise)
    measure_here(draft)
    _close(draft, promise)
    return draft


def _counted(model: WordVectors, texts: Texts, promise: Promise) -> tuple[Vocabulary, NumberStream, list[str]]:
    """The words that will have vectors, the texts in their numbers, and notes."""
    counter = WordCounter()
    with Progress(None, "reading", "words", model.progress) as progress:
        for packed in texts.packs():
            counter.add(packed)
            progress.update(counter.words)
        every, names = counter.vocabulary()
        vocabulary = fitting(_frequent(every, texts, int(model.least)), model, promise)
        stream, _ = counter.numbered(names[: len(vocabulary)])
    if len(vocabulary) == 1:
        raise DataError(
            f"{_spelt(vocabulary, 0)!r} is the only word that is learned from; vectors need words beside each other: "
            "give more texts, or allow rarer words with a smaller least"
        )
    notes = []
    if counter.forgotten:
        notes.append(
            f"memory was short: while counting, words that had occurred up to {counter.forgotten:,} times were "
            "forgotten, so that counts of rare words are too low"
        )
    return vocabulary, stream, notes


def _frequent(every: Vocabulary, texts: Texts, least: int) -> Vocabulary:
    """The words that occur often enough; `DataError` if there are none."""
    if not len(every):
        raise DataError(f"there is no word in {texts.rows:,} texts; give texts with words between spaces")
    frequent = every.at_least(least)
    if not len(frequent):
        raise DataError(
            f"no word occurs {least:,} times (the most frequent, {_spelt(every, 0)!r}, {every.counts[0]:,} times); "
            f"give more texts, or allow rarer words with least={every.counts[0]}"
        )
    return frequent


def _spelt(vocabulary: Vocabulary, row: int) -> str:
    return vocabulary.words[row].decode()


def _learned(
    model: WordVectors, net: WordNet, stream: NumberStream, words: int, promise: Promise, closing: float
) -> tuple[list[float], bool]:
    """Go through the texts; returns the loss of each epoch and whether Ctrl-C came. `closing`: seconds to keep back."""
    rate = float(model.rate or (RATES[model.method] if model.subwords is None else GRAM_RATE))
    began = time.monotonic()
    span = None if promise.end is None else max(1e-3, promise.end - closing - began)
    total = int(model.epochs) * len(stream)
    losses: list[float] = []

    def share(done: int) -> float:
        """Of all that there is to learn from, or of the time, if that is more."""
        spent = 0.0 if span is None else (time.monotonic() - began) / span
        return min(1.0, max(done / total, spent))

    try:
        with (
            Progress(int(model.epochs) * words, "learning", "words", model.progress) as bar,
            ThreadPoolExecutor(net.threads) as pool,
        ):
            done = learned = 0
            last = 0.0
            for epoch in range(int(model.epochs)):
                loss, pairs = 0.0, 0
                for first in range(0, len(stream), STRETCH):
                    numbers = stream.read(first, STRETCH)
                    now = share(done)
                    if span is not None and now >= 1.0:
                        break
                    step = len(numbers) / total if span is None else max(len(numbers) / total, now - last)
                    net.learn(numbers, first, epoch, (rate * (1 - now), rate * max(0.0, 1 - now - step)), pool)
                    last = now
                    done += len(numbers)
                    learned += int(np.count_nonzero(numbers >= 0))
                    more, many = net.loss()
                    loss, pairs = loss + more, pairs + many
                    bar.state(loss=loss / max(1, pairs))
                    bar.update(learned)
                if pairs:
                    losses.append(loss / pairs)
    except KeyboardInterrupt:
        return losses, True
    if model.epochs:
        promise.hold_learning(learned)
    return losses, False


def _net(model: WordVectors, words: WordList, counts: NDArray[np.int64], subwords: Subwords | None) -> WordNet:
    """The net that has learned nothing yet."""
    settings = Settings(
        int(model.dim),
        model.method,
        int(model.window),
        int(model.negatives),
        float(model.sample),
        int(model.seed),
    )
    threads = resolve_threads(model.threads)
    if subwords is None:
        return WordNet(counts, settings, threads)
    ends = np.zeros(len(words) + 1, dtype=np.int64)
    given = words.text, words.offsets, *subwords
    rows = np.empty(gram_rows(*given, np.empty(0, dtype=np.int32), ends), dtype=np.int32)
    gram_rows(*given, rows, ends)
    return WordNet(counts, settings, threads, Grams(rows, ends), subwords.buckets)


def _table(words: WordList, counts: NDArray[np.int64], net: WordNet, subwords: Subwords | None) -> VectorTable:
    """The vectors in eight bits."""
    rows = _codes(net.vectors, 0, len(words), net.dim)
    if subwords is None:
        return VectorTable(words, counts, rows)
    return VectorTable(words, counts, rows, _codes(net.inner, len(words), net.rows, net.dim), subwords)


def _codes(rows: Callable[[int, int], NDArray[np.float32]], start: int, end: int, dim: int) -> Codes:
    """The codes of some rows, some thousand at a time."""
    codes, scales = np.empty((end - start, dim), dtype=np.int8), np.empty(end - start, dtype=np.float32)
    for first in range(start, end, BLOCK):
        part = slice(first - start, min(end, first + BLOCK) - start)
        codes[part], scales[part] = Codes.of(rows(first, min(end, first + BLOCK)))
    return Codes(codes, scales)


def _close(draft: WordVectors, promise: Promise) -> None:
    """Complete the report, and raise `BudgetError` if the promise was not kept."""
    report = draft.report_
    report.file_bytes = draft.file_size()
    report.fit_seconds, report.peak_memory_bytes = promise.spent, peak_memory()
    promise.hold_memory(report.file_bytes)
    promise.hold_latency(report.latency_p95_ms)
    if not draft.interrupted_:  # else its time was up to the user
        promise.hold_time()
