"""Requests that wait for the same model are answered together, in a worker thread, and only so many may wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

from lilliput.web.problems import ProblemError, busy

MOST_TOGETHER = 64
"""Requests in one batch: more of them gain nothing, and the first waits for the last."""

Run = Callable[[Sequence[Any]], Sequence[Any]]
"""Gives a result or an exception for each request."""


class Batcher:
    """Queues of requests, one for each way to answer them; of each, one batch at a time is being answered.

    Parameters
    ----------
    executor : where batches are answered.
    bound : how many requests may wait in all; further ones are refused with 503.
    seconds : how long one may take, waiting included; then it is answered with 504.
    """

    def __init__(self, executor: Executor, bound: int, seconds: float) -> None:
        self._executor, self._bound, self._seconds = executor, bound, seconds
        self._queues: dict[Run, deque[tuple[Any, asyncio.Future[Any]]]] = {}
        self.waiting = 0

    async def ask(self, run: Run, request: Any) -> Any:
        """What `run` makes of `request`, in a batch with others; raises what it gives as an error."""
        if self.waiting >= self._bound:
            raise busy(f"{self.waiting:,} requests are waiting already; come back in a second")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        queue = self._queues.get(run)
        if queue is None:
            queue = self._queues[run] = deque()
            loop.call_soon(self._next, run, queue)  # after what arrived together with this one
        queue.append((request, future))
        self.waiting += 1
        limit = loop.call_later(self._seconds, self._expire, future)
        try:
            return await future
        finally:
            limit.cancel()
            self.waiting -= 1

    def _next(self, run: Run, queue: deque[tuple[Any, asyncio.Future[Any]]]) -> None:
        """Answer the next batch; a queue is there as long as one is being answered."""
        batch: list[tuple[Any, asyncio.Future[Any]]] = []
        while queue and len(batch) < MOST_TOGETHER:
            request, future = queue.popleft()
            if not future.done():  # its time was up, or nobody waits for it any more
                batch.append((request, future))
        if not batch:
            del self._queues[run]
            return
        answering = asyncio.get_running_loop().run_in_executor(self._executor, run, [asked for asked, _ in batch])
        answering.add_done_callback(lambda done: self._answered(done, run, queue, [future for _, future in batch]))

    def _answered(
        self,
        done: asyncio.Future[Sequence[Any]],
        run: Run,
        queue: deque[tuple[Any, asyncio.Future[Any]]],
        futures: list[asyncio.Future[Any]],
    ) -> None:
        failed = asyncio.CancelledError() if done.cancelled() else done.exception()
        results = [failed] * len(futures) if failed is not None else done.result()
        for future, result in zip(futures, results, strict=True):
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        self._next(run, queue)

    def _expire(self, future: asyncio.Future[Any]) -> None:
        if not future.done():
            future.set_exception(ProblemError(504, f"there was no answer within {self._seconds:g} s; ask for less"))
