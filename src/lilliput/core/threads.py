"""Threads over shards: the number of shards never depends on the number of threads, so neither does any result."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
    if threads < 1:
        raise LilliputError(f"threads={threads}: give 1 or more, or leave it out to use every processor")
    return int(threads)


def map_ordered(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> list[Result]:
    """``[function(item) for item in items]``, in that order, by up to `threads` threads."""
    work = list(items)
    if threads == 1 or len(work) <= 1:
        return [function(item) for item in work]
    with ThreadPoolExecutor(min(threads, len(work))) as pool:
        return list(pool.map(function, work))
