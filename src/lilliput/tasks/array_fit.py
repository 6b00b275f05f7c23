"""How a fit on arrays begins and ends: the device, the report, Ctrl-C, the promise, and the model that gets it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from lilliput.core.errors import DeviceError
from lilliput.core.measure import latency, peak_memory, versions
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.tasks.array_input import fingerprint
from lilliput.tasks.array_parameters import check_seed
from lilliput.tasks.array_report import NOTHING
from lilliput.tasks.promise import Promise
from lilliput.training.interrupts import deferred_interrupt

MEASURING = 0.02
"""Seconds for the latency."""
ENDED_EARLY = "ended early by Ctrl-C"


@contextmanager
def completed() -> Iterator[Callable[[], bool]]:
    """A block in which Ctrl-C waits, as what is learned there is to be whole; it is raised after the block.

    Gives a function that tells whether Ctrl-C was pressed, for what is long to end early.
    """
    with deferred_interrupt() as interrupted:
        yield interrupted
    if interrupted():
        raise KeyboardInterrupt


def check_processor(device: str, what: str) -> None:
    """Raise `DeviceError` unless `device` is the processor; `what` is found there."""
    if device not in ("auto", "cpu"):
        raise DeviceError(f"device={device!r}: {what} on the processor; use 'auto' or 'cpu'")


def begin(draft: Any, rows: NDArray[Any], *more: NDArray[Any]) -> None:
    """Give `draft` its columns and the report of a fit to `rows`, and `more`, before anything is measured.

    Raises `LilliputError` for a seed that is none.
    """
    check_seed(draft.seed)
    draft.n_features_in_ = rows.shape[1]
    draft.report_ = Report(
        draft.task,
        {},
        NOTHING,
        int(draft.seed),
        versions=versions(),
        data={"rows": len(rows), "columns": rows.shape[1], "fingerprint": fingerprint(rows, *more)},
    )


def close(draft: Any, promise: Promise, predict: Any, row: Any, *, measured: bool = True) -> None:
    """Complete the report, the latency of ``predict(row)`` too if it is to be `measured`, and hold the promise."""
    report = draft.report_
    promise.hold_memory(draft.file_size())
    if measured:
        report.latency_p50_ms, report.latency_p95_ms = latency(predict, [row], MEASURING)
    report.threads = resolve_threads(draft.threads)
    report.file_bytes = draft.file_size()
    report.fit_seconds, report.peak_memory_bytes = promise.spent, peak_memory()
    promise.hold_latency(report.latency_p95_ms)
    if not draft.interrupted_:  # else its time was up to the user
        promise.hold_time()


def hand_over(draft: Any, model: Any) -> None:
    """Give what `draft` has learned to `model`, which changes as a whole; KeyboardInterrupt where it ended early."""
    for name in [name for name in vars(model) if name.endswith("_")]:
        delattr(model, name)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt
