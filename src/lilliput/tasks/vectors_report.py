"""What the report of word vectors says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lilliput.core.measure import latency, versions
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.features.vocabulary import Vocabulary
from lilliput.tasks.vectors_texts import Texts

if TYPE_CHECKING:
    from lilliput.tasks.vectors import WordVectors

SAMPLES = 200
"""Words on which latency and throughput are measured."""
MOST_SECONDS = 0.2
"""For measuring each of them."""
ENDED_EARLY = "ended early by Ctrl-C"
HELD_OUT = "nothing: the loss is that of learning; evaluate judges vectors by similarity sets and analogies"


def report_of(draft: WordVectors, texts: Texts, vocabulary: Vocabulary, words: int, notes: list[str]) -> Report:
    """The report before anything is measured."""
    plan: dict[str, int | str] = {"epochs": len(draft.losses_)}
    if draft.losses_:
        plan["loss"] = " to ".join(f"{loss:.4f}" for loss in dict.fromkeys([draft.losses_[0], draft.losses_[-1]]))
    return Report(
        draft.task,
        {},
        HELD_OUT,
        int(draft.seed),
        versions=versions(),
        data={
            "rows": texts.rows,
            "words": words,
            "vocabulary": len(vocabulary),
            "fingerprint": texts.fingerprint,
        },
        plan=plan,
        notes=notes + [ENDED_EARLY] * draft.interrupted_,
    )


def measure_here(draft: WordVectors) -> None:
    """Put into the report what depends on this machine: latency and throughput of `most_similar`, in words."""
    words, report = draft.table_.words.first(SAMPLES), draft.report_
    report.latency_p50_ms, report.latency_p95_ms = latency(draft.most_similar, words, MOST_SECONDS)
    started, asked = time.perf_counter(), 0
    while time.perf_counter() - started < MOST_SECONDS / 2:
        draft.neighbours(words)
        asked += len(words)
    report.throughput, report.threads = asked / (time.perf_counter() - started), resolve_threads(draft.threads)
