"""The report of a fit: what was measured, never what was assumed.

The same seed must give the same bytes, but times and memory are measured. So a model file gets
``to_dict(measured_here=False)``: quality, data, plan and versions, which depend on the inputs and the installed
software alone. What belongs to one run on one machine (latency, throughput, fit time, peak memory, threads, the
operating system) is in ``to_dict()``, in the printed table and in the JSON. The size of the file is left out too,
since it would have to contain itself; it is filled in from the file when that is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from numbers import Integral, Real
from typing import Any

import orjson

from lilliput.core.budget import format_bytes, format_seconds
from lilliput.core.errors import DataError

_Z = 1.959963984540054  # the 97.5 % point of the normal distribution
_MEASURED_HERE = frozenset(
    {
        "file_bytes",
        "latency_p50_ms",
        "latency_p95_ms",
        "throughput",
        "fit_seconds",
        "peak_memory_bytes",
        "threads",
    }
)
_MACHINE_VERSIONS = frozenset({"os", "machine"})


@dataclass(frozen=True)
class Measure:
    """A measured quality with its 95 % interval on ``n`` held-out rows; see also `lilliput.core.bootstrap`."""

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def proportion(cls, successes: int, n: int) -> Measure:
        """A share such as accuracy, with Wilson's score interval.

        Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22. Unlike the normal
        interval it stays within [0, 1] and has a width when all or none succeed. Raises `DataError` when n is 0.
        """
        if not 0 <= successes <= n or n == 0:
            raise DataError(f"{successes} of {n} rows is no proportion; score at least one row")
        share, z2 = successes / n, _Z * _Z
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return cls(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)), n)

    def __str__(self) -> str:
        return f"{self.value:.4f}  (95 % interval {self.low:.4f} to {self.high:.4f}, {self.n:,} rows)"


@dataclass
class Report:
    """What a fit measured; ``None`` where nothing was measured.

    Attributes
    ----------
    task : the task's name.
    quality : measures by name, all on the rows that ``held_out`` describes in a sentence.
    seed : the seed of the fit.
    file_bytes : size of the saved file.
    latency_p50_ms, latency_p95_ms : milliseconds of one prediction, batch 1, one thread.
    throughput : rows predicted a second in bulk, with ``threads`` threads.
    fit_seconds, peak_memory_bytes : wall-clock time of the whole fit, largest resident memory of its process.
    versions : of lilliput, Python, NumPy, ... and the operating system (`lilliput.core.measure.versions`).
    data : what was learned from, with ``rows`` and ``fingerprint`` (hex).
    plan : what the planner chose.
    notes : anything a reader should know, a sentence each.
    """

    task: str
    quality: dict[str, Measure]
    held_out: str
    seed: int
    file_bytes: int | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    throughput: float | None = None
    fit_seconds: float | None = None
    peak_memory_bytes: int | None = None
    threads: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def to_dict(self, measured_here: bool = True) -> dict[str, Any]:
        """Plain data; without ``measured_here``, only what the same inputs give on every machine (see the module)."""
        everything = asdict(self)
        if measured_here:
            return everything
        kept = {key: value for key, value in everything.items() if key not in _MEASURED_HERE}
        kept["versions"] = {key: text for key, text in self.versions.items() if key not in _MACHINE_VERSIONS}
        return kept

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Report:
        """The report that `to_dict` gave; keys of a later version are ignored, a missing one is a KeyError.

        Raises TypeError for what is no report, and names the key.
        """
        for name, right in _RIGHT.items():
            if name in values and not right(values[name]):
                raise TypeError(f"report: {name} is {values[name]!r:.60}")
        known = {item.name: values[item.name] for item in fields(cls) if item.name in values}
        known["quality"] = {name: Measure(**measure) for name, measure in values["quality"].items()}
        return cls(**known)

    def to_json(self) -> str:
        """Everything in `to_dict` as indented JSON."""
        return orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode()

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)

    def _rows(self) -> list[tuple[str, str]]:
        """The table: a name and a text a line, only for what was measured."""
        rows = [("task", self.task)]
        rows += [(name, str(measure)) for name, measure in self.quality.items()]
        rows.append(("held out", self.held_out))
        if self.file_bytes is not None:
            rows.append(("file", f"{format_bytes(self.file_bytes)} ({self.file_bytes:,} bytes)"))
        if self.latency_p50_ms is not None and self.latency_p95_ms is not None:
            middle, high = format_seconds(self.latency_p50_ms / 1e3), format_seconds(self.latency_p95_ms / 1e3)
            rows.append(("latency", f"{middle} p50, {high} p95 (one prediction, one thread)"))
        if self.throughput is not None:
            threads = "" if self.threads is None else f" ({self.threads} threads)"
            rows.append(("throughput", f"{self.throughput:,.0f} rows/s{threads}"))
        if self.fit_seconds is not None:
            rows.append(("fit", format_seconds(self.fit_seconds)))
        if self.peak_memory_bytes is not None:
            rows.append(("peak memory", format_bytes(self.peak_memory_bytes)))
        rows.append(("seed", str(self.seed)))
        rows += [(name, _pairs(pairs)) for name, pairs in self._pairs() if pairs]
        rows += [("note", note) for note in self.notes]
        return rows

    def _pairs(self) -> list[tuple[str, Mapping[str, Any]]]:
        return [("data", self.data), ("plan", self.plan), ("versions", self.versions)]


def _is_measure(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and all(_is_number(value.get(name)) for name in ("value", "low", "high"))
        and _is_whole(value.get("n"))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_mapping(value: object, right: Callable[[object], bool] = lambda value: True) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) and right(value[key]) for key in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_RIGHT: dict[str, Callable[[Any], bool]] = {
    "task": _is_text,
    "quality": lambda value: _is_mapping(value, _is_measure),
    "held_out": _is_text,
    "seed": _is_whole,
    **dict.fromkeys(
        ("file_bytes", "latency_p50_ms", "latency_p95_ms", "throughput", "fit_seconds", "peak_memory_bytes", "threads"),
        lambda value: value is None or _is_number(value),
    ),
    "versions": lambda value: _is_mapping(value, _is_text),
    "data": _is_mapping,
    "plan": _is_mapping,
    "notes": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}
"""Whether a value can be that of a field."""


def _pairs(pairs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:,}" if type(value) is int else f"{name} {value}" for name, value in pairs.items())
