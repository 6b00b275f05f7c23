"""Requests that wait for the same model are answered together, in a worker thread, and only so many may wait."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from lilliput.web.problems import ProblemError, busy

MOST_TOGETHER = 64
"""Requests in one batch: more of them gain nothing, and the first waits for the last."""
BATCH_SECONDS = 0.05
"""A batch should take about; of one request it may take longer."""
WAITING_SECONDS = 0.6
"""Who would have to wait longer, by what earlier requests have taken, had better come back."""
FEW = 4
"""May wait however long it takes: what is dear, such as a map, is asked for by few."""
SLOWER, QUICKER = 0.1, 0.5
"""The share of the last batch in what requests are thought to take: one slow batch should not turn many away."""

Run = Callable[[Sequence[Any]], Sequence[Any]]
"""Gives a result or an exception for each request."""


class Batcher:
    """Lines of requests, one for each way to answer them; of each, one batch at a time is being answered.

    Parameters
    ----------
    executor : where batches are answered.
    bound : how many requests may wait in all; further ones are refused with 503.
    seconds : how long one may take, waiting included; then it is answered with 504.
    """

    def __init__(self, executor: Executor, bound: int, seconds: float) -> None:
        self._executor, self._bound, self._seconds = executor, bound, seconds
        self._lines: WeakKeyDictionary[Run, _Line] = WeakKeyDictionary()
        self.waiting = 0

    def check(self, run: Run) -> None:
        """Raise 503 where a further request would wait too long; costs nothing, so it comes before reading one."""
        line = self._lines.get(run)
        if self.waiting >= self._bound or (line is not None and line.is_long):
            raise busy(f"{self.waiting:,} requests are waiting already; come back in a second")

    async def ask(self, run: Run, request: Any, weight: int = 1) -> Any:
        """What `run` makes of `request`, in a batch with others; raises what it gives as an error.

        `weight`: what its time grows with, such as its bytes.
        """
        self.check(run)
        loop = asyncio.get_running_loop()
        line = self._lines.get(run)
        if line is None:
            line = self._lines[run] = _Line()
        asked = _Asked(request, loop.create_future(), weight)
        line.waiting.append(asked)
        line.weight += weight
        self.waiting += 1
        if not line.busy:
            line.busy = True
            loop.call_soon(self._next, run, line)  # after what arrived together with this one
        limit = loop.call_later(self._seconds, self._expire, asked.answer)
        try:
            return await asked.answer
        finally:
            limit.cancel()
            self.waiting -= 1

    def _next(self, run: Run, line: _Line) -> None:
        """Answer the next batch."""
        batch = line.batch()
        if not batch:
            line.busy = False
            return
        began = time.perf_counter()
        answering = asyncio.get_running_loop().run_in_executor(self._executor, run, [asked.request for asked in batch])
        answering.add_done_callback(lambda done: self._answered(done, run, line, batch, began))

    def _answered(
        self, done: asyncio.Future[Sequence[Any]], run: Run, line: _Line, batch: list[_Asked], began: float
    ) -> None:
        line.learn(batch, time.perf_counter() - began)
        failed = asyncio.CancelledError() if done.cancelled() else done.exception()
        results = [failed] * len(batch) if failed is not None else done.result()
        for asked, result in zip(batch, results, strict=True):
            if asked.answer.done():
                continue
            if isinstance(result, BaseException):
                asked.answer.set_exception(result)
            else:
                asked.answer.set_result(result)
        self._next(run, line)

    def _expire(self, answer: asyncio.Future[Any]) -> None:
        if not answer.done():
            answer.set_exception(ProblemError(504, f"there was no answer within {self._seconds:g} s; ask for less"))


class _Asked(NamedTuple):
    request: Any
    answer: asyncio.Future[Any]
    weight: int


class _Line:
    """Who waits for the same, and how long that is thought to take."""

    def __init__(self) -> None:
        self.waiting: deque[_Asked] = deque()
        self.busy = False
        self.weight = 0
        """Of those who wait and those who are being answered."""
        self.pace = 0.0
        """Seconds for a unit of weight."""

    @property
    def is_long(self) -> bool:
        """Whether one more had better come back."""
        return len(self.waiting) >= FEW and self.weight * self.pace > WAITING_SECONDS

    def batch(self) -> list[_Asked]:
        """Those who are next; whose time was up, or who went away, is none of them."""
        found: list[_Asked] = []
        weight = 0
        while self.waiting and len(found) < MOST_TOGETHER:
            asked = self.waiting[0]
            if found and (weight + asked.weight) * self.pace > BATCH_SECONDS:
                break
            self.waiting.popleft()
            if asked.answer.done():
                self.weight -= asked.weight
                continue
            found.append(asked)
            weight += asked.weight
        return found

    def learn(self, batch: list[_Asked], seconds: float) -> None:
        """A batch was answered in so many seconds."""
        weight = sum(asked.weight for asked in batch)
        self.weight -= weight
        pace = seconds / max(1, weight)
        self.pace += (pace - self.pace) * (SLOWER if pace > self.pace else QUICKER)
