"""Threads over shards: the number of shards never depends on the number of threads, so neither does any result."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from numbers import Integral
from typing import TypeVar

from lilliput.core.errors import LilliputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_threads() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_threads(threads: int | None) -> int:
    """`threads` as given, or all that this process may use for ``None``; LilliputError when below one."""
    if threads is None:
        return available_threads()
    if not isinstance(threads, Integral) or threads < 1:
        raise LilliputError(f"threads={threads!r}: give 1 or more, or leave it out to use every processor")
    return int(threads)


def lasting(threads: int) -> int | Executor:
    """`threads` for `map_ordered` that stay from one call to the next, for many calls of a few milliseconds."""
    return ThreadPoolExecutor(threads) if threads > 1 else 1


def map_ordered(function: Callable[[Item], Result], items: Iterable[Item], threads: int | Executor) -> list[Result]:
    """``[function(item) for item in items]``, in that order, by up to `threads` threads, or those of `lasting`."""
    work = list(items)
    if threads == 1 or len(work) <= 1:
        return [function(item) for item in work]
    if isinstance(threads, Executor):
        return list(threads.map(function, work))
    with ThreadPoolExecutor(min(threads, len(work))) as pool:
        return list(pool.map(function, work))
