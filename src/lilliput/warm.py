"""The kernels' machine code: whether it is there, and how to make it ahead of its first use.

numba compiles a kernel for each combination of array types, at its first call, and keeps the result on disk. A fit
that does so on the way takes half a minute longer; `warm` pays that once.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

MODULES = ("lilliput.features.bags", "lilliput.nets.kernels", "lilliput.nets.pooling")
"""The modules of kernels that Python calls; the kernels of others are compiled with those that call them."""

FEW, MORE = 100, 200
"""Rows of a tiny fit: with few all passes are run, to the coded one; with more some are held out to decide by."""


def compiled() -> bool:
    """Whether every kernel module has machine code of this Python in numba's cache, newer than its source."""
    return all(map(_is_cached, MODULES))


def warm() -> float:
    """Compile the kernels by fitting tiny models of every kind; returns the seconds (about three when cached).

    Covered: one output and several, one label, several and soft ones, ASCII and Unicode, linear and embedding networks,
    one thread and two, texts that come as str and packed, models just fitted and models mapped from a file.
    """
    started = time.monotonic()
    _round_trip(["a", "b"], "linear", FEW, threads=1, accents=False)
    _round_trip([["a"], ["b", "c"], []], "linear", MORE, threads=2, accents=True)
    _round_trip(["a", "b", "c"], "embedding", FEW, threads=2, accents=False)
    _round_trip([{"a": 0.5, "b": 1.0}, {"a": 0.0, "b": 0.5}], "embedding", MORE, threads=1, accents=True)
    return time.monotonic() - started


def _round_trip(kinds: list[Any], network: str, rows: int, *, threads: int, accents: bool) -> None:
    """Fit, predict, save, load, predict."""
    from lilliput.core.registry import load
    from lilliput.tasks.label import TextClassifier

    texts = [" ".join(f"w{(row * 7 + word) % 50}" for word in range(14)) + " été" * accents for row in range(rows)]
    model = TextClassifier(network=network, threads=threads, progress=False)
    model.fit(texts, [kinds[row % len(kinds)] for row in range(rows)])
    model.predict(texts)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        restored: Any = load(path)
        restored.predict(texts)
        restored.predict(texts[:1])


def _is_cached(name: str) -> bool:
    module = import_module(name)
    source = Path(str(module.__file__))
    statistics = [kernel.stats for kernel in vars(module).values() if hasattr(kernel, "stats")]
    folders = {Path(found.cache_path) for found in statistics if found.cache_path}
    index = f"{source.stem}.*.py{sys.version_info.major}{sys.version_info.minor}.nbi"
    found = [entry.stat().st_mtime for folder in folders for entry in folder.glob(index)]
    return any(made >= source.stat().st_mtime for made in found)
