"""Progress: a bar on a terminal, a few quiet lines in a log, or nothing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

from lilliput.core.budget import format_seconds

if TYPE_CHECKING:
    from typing_extensions import Self

_QUIET_SECONDS = 5.0
_LINE_SECONDS = 10.0
_TOLD_SECONDS = 0.1


@dataclass(frozen=True)
class Told:
    """How far a piece of work is, as a program is told of it (see `told_to`).

    ``done`` and ``total`` (None: not known) count ``unit``; ``numbers`` say how it is going, by name, such as a loss;
    ``note`` is something that is said once.
    """

    label: str
    unit: str
    done: float
    total: float | None
    numbers: dict[str, float] = field(default_factory=dict)
    note: str | None = None


Listener = Callable[[Told], None]
_listener: Listener | None = None


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Have this process tell `listener` of all progress, instead of showing it to people.

    About ten times a second, and at once of each note and of new numbers; from whatever thread is at work.
    """
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


class Progress:
    """How far a piece of work is, with its rate and the time left, on standard error.

        with Progress(len(rows), "reading") as progress:
            for row in rows:
                ...
                progress.advance(1)

    Parameters
    ----------
    total : how much there is to do, in ``unit``; ``None`` when that is not known.
    label : what is being done, "reading".
    unit : what is counted.
    show : "auto" draws a bar on a terminal and otherwise writes lines: none in the first 5 s, then one in 10 s, and a
        last one if there was any. ``True`` does so from the start, ``False`` shows nothing.
    stream, clock : where to write (standard error) and the seconds to go by (`time.monotonic`).

    All methods may be called from several threads.
    """

    def __init__(
        self,
        total: float | None,
        label: str,
        unit: str = "rows",
        show: bool | Literal["auto"] = "auto",
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._label = label
        self._unit = unit
        self._show = show
        self._stream = stream
        self._clock = clock
        self._done = 0.0
        self._lock = threading.Lock()
        self._view: _View = _Silent()

    def __enter__(self) -> Self:
        self._view = self._choose_view()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._view.close(self._done)
            self._view = _Silent()

    def advance(self, n: float = 1) -> None:
        """``n`` more are done."""
        with self._lock:
            self._done += n
            self._view.show(self._done)

    def update(self, done: float) -> None:
        """``done`` are done in all."""
        with self._lock:
            self._done = done
            self._view.show(done)

    def note(self, text: str) -> None:
        """Say something once, above the bar or as a line of its own; lines keep it back in their quiet seconds."""
        with self._lock:
            self._view.note(text)

    def state(self, **numbers: float) -> None:
        """Say how it is going, such as ``loss=2.31``, beside how much is done from now on."""
        with self._lock:
            self._view.state(numbers)

    def _choose_view(self) -> _View:
        if _listener is not None and self._show is not False:
            return _Telling(self._total, self._label, self._unit, _listener, self._clock)
        stream = sys.stderr if self._stream is None else self._stream
        if self._show is False or stream is None:  # a program without a console has no standard error
            return _Silent()
        if stream.isatty():
            return _Bar(self._total, self._label, self._unit, stream)
        quiet = 0.0 if self._show is True else _QUIET_SECONDS
        return _Lines(self._total, self._label, self._unit, stream, self._clock, quiet)


class _View(Protocol):
    def show(self, done: float) -> None: ...

    def note(self, text: str) -> None: ...

    def state(self, numbers: dict[str, float]) -> None: ...

    def close(self, done: float) -> None: ...


class _Silent:
    def show(self, done: float) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def state(self, numbers: dict[str, float]) -> None:
        pass

    def close(self, done: float) -> None:
        pass


class _Telling:
    """Data, for a program."""

    def __init__(
        self, total: float | None, label: str, unit: str, listener: Listener, clock: Callable[[], float]
    ) -> None:
        self._total, self._label, self._unit = total, label, unit
        self._listener, self._clock = listener, clock
        self._next = clock()
        self._done = 0.0
        self.show(0.0)

    def show(self, done: float) -> None:
        self._done = done
        now = self._clock()
        if now >= self._next:
            self._next = now + _TOLD_SECONDS
            self._tell()

    def note(self, text: str) -> None:
        self._tell(note=text)

    def state(self, numbers: dict[str, float]) -> None:
        self._tell(numbers=numbers)

    def close(self, done: float) -> None:
        self._done = done
        self._tell()

    def _tell(self, numbers: dict[str, float] | None = None, note: str | None = None) -> None:
        self._listener(Told(self._label, self._unit, self._done, self._total, numbers or {}, note))


class _Lines:
    """Plain lines, few enough for a log."""

    def __init__(
        self,
        total: float | None,
        label: str,
        unit: str,
        stream: TextIO,
        clock: Callable[[], float],
        quiet: float,
    ) -> None:
        self._total = total
        self._label = label
        self._unit = unit
        self._stream = stream
        self._clock = clock
        self._start = clock()
        self._next = self._start + quiet
        self._loud_from = self._next
        self._notes: list[str] = []
        self._state = ""
        self._written = False

    def show(self, done: float) -> None:
        now = self._clock()
        if now >= self._next:
            self._next = now + _LINE_SECONDS
            self._write(self._line(done, now - self._start))

    def note(self, text: str) -> None:
        if self._clock() >= self._loud_from:
            self._write(text)
        else:
            self._notes.append(text)

    def state(self, numbers: dict[str, float]) -> None:
        self._state = f", {_named(numbers)}"

    def close(self, done: float) -> None:
        if self._written:
            seconds = self._clock() - self._start
            self._write(f"{_count(done)} {self._unit} in {format_seconds(seconds)}{self._rate(done, seconds)}")

    def _line(self, done: float, seconds: float) -> str:
        if not self._total:
            return f"{_count(done)} {self._unit}{self._rate(done, seconds)}{self._state}"
        share = done / self._total
        left = f", {format_seconds(max(0.0, seconds / share - seconds))} left" if done and seconds else ""
        so_far = f"{_count(done)} of {_count(self._total)} {self._unit} ({share:.0%})"
        return f"{so_far}{self._rate(done, seconds)}{left}{self._state}"

    def _rate(self, done: float, seconds: float) -> str:
        return f", {_count(done / seconds)} {self._unit}/s" if done and seconds else ""

    def _write(self, text: str) -> None:
        lines = [*self._notes, text]
        self._notes.clear()
        self._stream.write("".join(f"{self._label}: {line}\n" for line in lines))
        self._stream.flush()
        self._written = True


class _Bar:
    """rich's bar, imported only here."""

    def __init__(self, total: float | None, label: str, unit: str, stream: TextIO) -> None:
        from rich import progress
        from rich.console import Console

        self._unit, self._label = unit, label
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[rate]}", markup=False),
            progress.TimeRemainingColumn(),
            console=Console(file=stream),
            transient=False,
        )
        self._task = self._bar.add_task(label, total=total, rate="")
        self._bar.start()

    def show(self, done: float) -> None:
        speed = self._bar.tasks[0].speed
        rate = "" if speed is None else f"{_count(speed)} {self._unit}/s"
        self._bar.update(self._task, completed=done, rate=rate)

    def note(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)

    def state(self, numbers: dict[str, float]) -> None:
        self._bar.update(self._task, description=f"{self._label} ({_named(numbers)})")

    def close(self, done: float) -> None:
        self._bar.stop()


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def _named(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in numbers.items())
