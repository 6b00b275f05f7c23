"""What this machine and this process measure: memory, latency, versions."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter_ns
from typing import TypeVar

import numpy as np

from lilliput.core.errors import DataError

Sample = TypeVar("Sample")


def peak_memory() -> int | None:
    """The largest resident memory of this process so far, in bytes; ``None`` where the system keeps none (Windows)."""
    if sys.platform == "linux":
        found = _linux_peak()
        if found is not None:
            return found
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # bytes on macOS, kilobytes elsewhere


def _linux_peak() -> int | None:
    """VmHWM of /proc: unlike ru_maxrss, it does not count what the parent held before exec."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def latency(
    function: Callable[[Sample], object], samples: Sequence[Sample], seconds: float = 0.5
) -> tuple[float, float]:
    """Median and 95th percentile of one call, in milliseconds.

    Calls ``function`` on one sample after the other, round and round, for about ``seconds``, after one call that is
    not counted. Raises `DataError` when there is no sample.
    """
    if len(samples) == 0:  # an array has no truth value
        raise DataError("no samples to measure the latency on; give at least one")
    function(samples[0])
    times: list[int] = []
    end = perf_counter_ns() + round(seconds * 1e9)
    while not times or perf_counter_ns() < end:
        sample = samples[len(times) % len(samples)]
        start = perf_counter_ns()
        function(sample)
        times.append(perf_counter_ns() - start)
    middle, high = np.quantile(times, (0.5, 0.95)) / 1e6
    return float(middle), float(high)


@cache
def version_of(distribution: str) -> str:
    """The installed version of a distribution, or "not installed"; nothing is imported."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def versions() -> dict[str, str]:
    """Versions of what a result depends on, and the operating system and processor as ``os`` and ``machine``."""
    return {
        "lilliput": version_of("lilliput"),
        "python": platform.python_version(),
        "numpy": version_of("numpy"),
        "numba": version_of("numba"),
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
    }
