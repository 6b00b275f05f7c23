"""A barrier for threads that run one compiled kernel together: a meeting costs less than a microsecond.

Threads that wait spin for a moment, then sleep for a moment at every turn, so that more threads than processors, or a
busy machine, only make it slower. (To offer the processor without sleeping is no good: a thread that has used up its
share of the time by offering waits for others when its work comes.)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

ARRIVED, BROKEN = 0, 8
"""Places in a barrier, in cache lines of their own: how often threads have arrived, and whether one of them failed."""
_SPINS = 200_000
"""About a tenth of a millisecond: longer than threads with parts of unequal size wait for each other. Who sleeps wakes
late, so that then the others wait for him, and so on: word vectors were learned no quicker by two threads than by one.
"""

_PAUSE = np.uint32(0 if os.name == "nt" else 20)
"""Milliseconds on Windows, where 0 means to give way; elsewhere microseconds."""

_sleep = types.ExternalFunction("Sleep" if os.name == "nt" else "usleep", types.int32(types.uint32))


def fresh_barrier() -> NDArray[np.int64]:
    """A barrier that nobody has come to."""
    return np.zeros(16, dtype=np.int64)


def together(work: Callable[[int], Any], workers: int, barrier: NDArray[np.int64], pool: Executor) -> None:
    """``work(worker)`` for all workers at a time, number 0 in this thread; they meet at `barrier`.

    When one fails, or Ctrl-C comes, the others are let go at their next meeting.
    """

    def guarded(worker: int) -> None:
        try:
            work(worker)
        except BaseException:
            barrier[BROKEN] = 1
            raise

    try:
        others = [pool.submit(guarded, worker) for worker in range(1, workers)]
        guarded(0)
        for other in others:
            other.result()
    except BaseException:
        barrier[BROKEN] = 1
        raise


def _place(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


@intrinsic
def _arrive(typing: Any, barrier: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, barrier, arguments[0], ir.Constant(ir.IntType(64), ARRIVED))
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(barrier), code


@intrinsic
def _look(typing: Any, barrier: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_place(context, builder, barrier, *arguments), "seq_cst", 8)

    return types.int64(barrier, types.int64), code


@njit(nogil=True, cache=True)
def meet(barrier, workers, meeting):
    """Wait until all workers have come to this meeting (counted from 1); False if one of them never will."""
    _arrive(barrier)
    spins = 0
    while _look(barrier, ARRIVED) < workers * meeting:
        if _look(barrier, BROKEN) != 0:
            return False
        spins += 1
        if spins > _SPINS:
            _sleep(_PAUSE)
    return True
