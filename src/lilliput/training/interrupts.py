"""Ctrl-C that waits for the end of a step, so that what is kept is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class _Press:
    """A handler that notes the first Ctrl-C and interrupts at the second."""

    def __init__(self) -> None:
        self._pressed = threading.Event()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.seen():
            raise KeyboardInterrupt
        self._pressed.set()

    def seen(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._pressed.is_set()


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Gives a function that tells whether Ctrl-C was pressed inside the block; the second one interrupts at once.

    A block within such a block tells what was pressed in either. Outside the main thread, which alone may set handlers,
    and where someone else handles the signal, nothing changes.
    """
    press = _Press()
    ours = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if ours else None
    if isinstance(before, _Press):
        yield before.seen
        return
    ours = ours and before is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, press)
    try:
        yield press.seen
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
