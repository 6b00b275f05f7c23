"""How long the end of a fit will take: what a time budget keeps back for it, measured on this machine at this time.

Training looks at the clock between two blocks of texts. After its last look come the rest of a block, the coding of
the weights and the measuring. The first is seen while training goes on; the others are rehearsed on a sample.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from lilliput.compress.levels import linear_levels, nearest_codes
from lilliput.planning.holdout import Held
from lilliput.planning.textnet import MOST_WEIGHTS
from lilliput.tasks.label_report import assess
from lilliput.tasks.label_rows import Rows
from lilliput.tasks.promise import Promise
from lilliput.training.calibration import Calibration

SAMPLE_ROWS, SAMPLE_WEIGHTS = 500, 1 << 16
"""What is rehearsed with."""
SAFETY = 1.5
"""A machine is busier at one time than at another."""
BLOCKS = 2
"""Blocks of training for which time is kept back."""
LATENCY = 0.05
"""The share of a time budget for measuring latency and throughput, which take what there is; `LATENCY_MOST` seconds."""
LATENCY_MOST = 0.4
MOST = 0.7
"""The share of the time left that is kept back at most."""
WIDEST = 64
"""Weights a row, at most, of the tables that the planner makes."""
BYTES_A_ROW = 4
"""Bytes of text for each n-gram that is worth a row, at least."""


class Closing:
    """The seconds to keep back for the end of a fit that has made a promise; 0 where that is not about time.

    ``seen``: how many texts have been learned from, those of every pass.
    """

    def __init__(self, promise: Promise, rows: Rows, held: Held, room: float | None) -> None:
        self._promise = promise
        self._texts = rows.corpus.rows - len(held.rows)
        self._began = time.monotonic()
        self._first = self._last = 0.0
        self._blocks = self.seen = 0
        self._rehearsed = 0.0 if promise.end is None else _assessing(rows, held) + _coding(rows, room)

    def advance(self, texts: int) -> None:
        """A block of so many texts has been learned from."""
        self.seen += texts
        self._last = time.monotonic()
        self._first = self._first or self._last
        self._blocks += 1

    def trained(self) -> None:
        """A net is there: what came after its last block will come again after that of the next."""
        if self.seen:
            self._rehearsed = max(self._rehearsed, time.monotonic() - self._last)

    def notes(self) -> list[str]:
        """What a report should say of a time that was short."""
        if self._promise.end is None or self.seen >= self._texts:
            return []
        return [f"the time let it see {self.seen:,} of {self._texts:,} texts; more would do better"]

    @property
    def seconds(self) -> float:
        """What is to be kept back, as things stand."""
        left, allowed = self._promise.left, self._promise.budget.time
        if left is None or allowed is None:
            return 0.0
        measuring = min(LATENCY_MOST, LATENCY * allowed)
        return min(MOST * max(0.0, left), measuring + SAFETY * (self._rehearsed + BLOCKS * self._block))

    @property
    def begins(self) -> float | None:
        """When training must be over, by `time.monotonic`; None: whenever it likes."""
        return None if self._promise.end is None else self._promise.end - self.seconds

    @property
    def _block(self) -> float:
        """Seconds for a block: the mean; of a lone one no more is known than that it was not longer."""
        if self._blocks == 1:
            return self._last - self._began
        return (self._last - self._first) / max(1, self._blocks - 1)

    def left(self, share: float = 1.0) -> float | None:
        """A share of the seconds left for training."""
        return None if self.begins is None else share * (self.begins - time.monotonic())


def _assessing(rows: Rows, held: Held) -> float:
    """Seconds to measure the quality on the rows held out."""
    labels = rows.labels
    sample = min(SAMPLE_ROWS, len(held.rows))
    if not sample:
        return 0.0
    logits = np.random.default_rng(0).normal(size=(sample, labels.outputs)).astype(np.float32)
    wanted = np.eye(len(labels.names), dtype=np.float32)[np.arange(sample) % len(labels.names)]
    scale = len(held.rows) / sample
    return scale * _seconds(lambda: assess(logits, wanted, int(held.tune / scale), labels.mode, Calibration()))


def _coding(rows: Rows, room: float | None) -> float:
    """Seconds to code the weights of the largest net that may come."""
    most = rows.corpus.bytes / BYTES_A_ROW * min(WIDEST, rows.labels.outputs)
    weights = min(MOST_WEIGHTS, most, np.inf if room is None else 2 * max(0.0, room))  # in 4 bits two a byte
    values = np.random.default_rng(0).uniform(-1, 1, SAMPLE_WEIGHTS).astype(np.float32)
    return weights / SAMPLE_WEIGHTS * _seconds(lambda: nearest_codes(values, linear_levels(8)))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
