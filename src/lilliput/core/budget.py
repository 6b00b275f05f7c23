"""A budget: the size of the model file, the wall-clock time of the fit, the latency of one prediction.

    Budget(memory="1MB", time="5min", latency="2ms") == Budget.parse("1MB,5min,2ms")

1 MB is 10^6 bytes and 1 MiB is 2^20, as in IEC 80000-13. Amounts are read as decimals, so that 4.35MB is 4 350 000
bytes exactly; a fraction of a byte is dropped, since a budget is an upper limit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

from lilliput.core.errors import BudgetError

_DECIMAL_SIZES = {"B": 0, "KB": 3, "MB": 6, "GB": 9}  # powers of 10
_BINARY_SIZES = {"KiB": 10, "MiB": 20, "GiB": 30}  # powers of 2
_UNITS: dict[str, tuple[str, Decimal]] = {
    **{unit.lower(): ("memory", Decimal(10**power)) for unit, power in _DECIMAL_SIZES.items()},
    **{unit.lower(): ("memory", Decimal(2**power)) for unit, power in _BINARY_SIZES.items()},
    **{unit: ("time", Decimal(seconds)) for unit, seconds in {"s": 1, "sec": 1, "min": 60, "h": 3600}.items()},
    "ms": ("latency", Decimal("1e-3")),
    "us": ("latency", Decimal("1e-6")),
}
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?)\s*([a-z]+)", re.IGNORECASE | re.ASCII)
_KINDS = ("memory", "time", "latency")
_LARGEST_FILE = 2**63 - 1
_HELP = "write for example '1MB', '1MB,5min' or '300KB,1h,2ms'"
_UNITS_HELP = "sizes are in B KB MB GB KiB MiB GiB, times in s sec min h, latencies in us ms"


@dataclass(frozen=True, init=False, repr=False)
class Budget:
    """What a model may cost; ``None`` means no limit.

    Parameters
    ----------
    memory : size of the saved file, "1MB" or a number of bytes.
    time : wall-clock time of the whole fit, "5min" or a number of seconds.
    latency : 95th percentile of one prediction, batch 1, one thread, "2ms" or a number of seconds.

    The attributes hold bytes (int), seconds and seconds (float). Anything that is no amount above zero raises
    `BudgetError`. ``str(budget)`` is the exact short form and is read back by `Budget.parse`.
    """

    memory: int | None
    time: float | None
    latency: float | None

    def __init__(
        self,
        memory: str | int | None = None,
        time: str | float | None = None,
        latency: str | float | None = None,
    ) -> None:
        object.__setattr__(self, "memory", None if memory is None else _bytes(memory))
        object.__setattr__(self, "time", None if time is None else _seconds("time", time))
        object.__setattr__(self, "latency", None if latency is None else _seconds("latency", latency))

    @classmethod
    def parse(cls, value: Budget | str | Mapping[str, Any] | None) -> Budget:
        """Read a budget from one string, a mapping of the constructor's arguments, a budget, or ``None``.

        In one string a part in ms or us is the latency and a part in s, min or h is the time, in any order; a latency
        in seconds is written ``latency="2s"``. Raises `BudgetError` on anything else, with an example.
        """
        if value is None:
            return cls()
        if isinstance(value, Budget):
            return value
        if isinstance(value, str):
            return cls._parse_text(value)
        if isinstance(value, Mapping):
            unknown = [key for key in value if key not in _KINDS]
            if unknown:
                raise BudgetError(f"budget has the unknown key {unknown[0]!r}; the keys are {', '.join(_KINDS)}")
            return cls(**value)
        raise BudgetError(f"budget is {value!r}; {_HELP}")

    @classmethod
    def _parse_text(cls, text: str) -> Budget:
        if text.strip().lower() == "none":
            return cls()
        parts: dict[str, Any] = {}
        for part in text.split(","):
            kind, _ = _quantity(part, text)
            if kind in parts:
                raise BudgetError(f"budget {text!r} sets {kind} twice, {parts[kind]!r} and {part.strip()!r}; {_HELP}")
            parts[kind] = part.strip()
        return cls(**parts)

    def __str__(self) -> str:
        return ",".join(self._parts().values()) or "none"

    def __repr__(self) -> str:
        return f"Budget({', '.join(f'{kind}={text!r}' for kind, text in self._parts().items())})"

    def _parts(self) -> dict[str, str]:
        parts = {}
        if self.memory is not None:
            parts["memory"] = _exact_size(self.memory)
        if self.time is not None:
            parts["time"] = _exact_time(self.time)
        if self.latency is not None:
            parts["latency"] = _exact_latency(self.latency)
        return parts


def format_bytes(n: int) -> str:
    """``n`` bytes to three digits for people to read, "1.23 MB"; ``str(Budget(memory=n))`` is exact."""
    value = float(n)
    for unit in ("B", "KB", "MB"):
        if value < 999.5:
            return f"{_three_digits(value)} {unit}"
        value /= 1000
    return f"{_three_digits(value)} GB"


def format_seconds(s: float) -> str:
    """``s`` seconds for people to read: "85 us", "1.25 ms", "4.2 s", "5 min 3 s", "1 h 2 min"."""
    if s < 999.5e-6:
        return f"{_three_digits(s * 1e6)} us"
    if s < 999.5e-3:
        return f"{_three_digits(s * 1e3)} ms"
    if s < 59.95:
        return f"{_three_digits(s)} s"
    minutes, seconds = divmod(round(s), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(round(s / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _three_digits(value: float) -> str:
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def _quantity(part: str, whole: str) -> tuple[str, Decimal]:
    """What one part of a budget limits, and its amount in bytes or seconds."""
    match = _QUANTITY.fullmatch(part.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        where = f"budget {whole!r}" if part == whole else f"budget {whole!r}: {part.strip()!r}"
        raise BudgetError(f"{where} is not an amount and a unit; {_HELP} ({_UNITS_HELP})")
    kind, factor = unit
    return kind, Decimal(match[1]) * factor


def _amount(kind: str, value: object) -> Decimal:
    """A positive, finite number of bytes or seconds."""
    if isinstance(value, str):
        found, amount = _quantity(value, value)
        if (found == "memory") != (kind == "memory"):
            raise BudgetError(f"budget: {kind} is {value!r}, which is a {found}; {_HELP}")
    elif isinstance(value, Real) and not isinstance(value, bool):
        amount = Decimal(int(value)) if isinstance(value, Integral) else Decimal(repr(float(value)))
    else:
        raise BudgetError(f"budget: {kind} is {value!r}, neither a number nor text; {_HELP}")
    if not amount.is_finite() or amount <= 0:
        raise BudgetError(f"budget: {kind} is {value!r} and must be above zero and finite; {_HELP}")
    return amount


def _bytes(value: object) -> int:
    amount = _amount("memory", value)
    if not 1 <= amount <= _LARGEST_FILE:
        raise BudgetError(f"budget: memory is {value!r} and must be from one byte to 2^63 - 1; {_HELP}")
    return int(amount)


def _seconds(kind: str, value: object) -> float:
    seconds = float(_amount(kind, value))
    if not 0 < seconds < float("inf"):
        raise BudgetError(f"budget: {kind} is {value!r}, beyond what a float can hold; {_HELP}")
    return seconds


def _exact_size(n: int) -> str:
    forms = [_plain(Decimal(n).scaleb(-power)) + unit for unit, power in _DECIMAL_SIZES.items()]
    forms += [f"{n >> power}{unit}" for unit, power in _BINARY_SIZES.items() if n % 2**power == 0]
    return min(forms, key=len)


def _exact_time(seconds: float) -> str:
    if seconds < 2**53:  # whole numbers of seconds are exact up to here
        if seconds % 3600 == 0:
            return f"{int(seconds) // 3600}h"
        if seconds % 60 == 0:
            return f"{int(seconds) // 60}min"
    return _plain(Decimal(repr(seconds))) + "s"


def _exact_latency(seconds: float) -> str:
    power, unit = (6, "us") if seconds < 1e-3 else (3, "ms")
    return _plain(Decimal(repr(seconds)).scaleb(power)) + unit


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
