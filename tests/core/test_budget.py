from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core.budget import Budget, format_bytes, format_seconds
from lilliput.core.errors import BudgetError

seconds = st.floats(min_value=0, exclude_min=True, allow_infinity=False, allow_nan=False)
whole_minutes = st.integers(1, 10**6).map(lambda n: n * 60.0)


@pytest.mark.parametrize(
    ("text", "memory", "time", "latency"),
    [
        ("1MB,5min", 1_000_000, 300.0, None),
        ("1 MB, 5 min, 2ms", 1_000_000, 300.0, 0.002),
        ("300B", 300, None, None),
        ("50KB", 50_000, None, None),
        ("50kb", 50_000, None, None),
        ("1MiB", 2**20, None, None),
        ("1mib", 2**20, None, None),
        ("2GiB", 2**31, None, None),
        ("4.35MB", 4_350_000, None, None),
        ("1.1KiB", 1126, None, None),
        ("30s", None, 30.0, None),
        ("30 SEC", None, 30.0, None),
        ("1.5h", None, 5400.0, None),
        ("500us", None, None, 0.0005),
        ("5ms,1h,2GB", 2 * 10**9, 3600.0, 0.005),
        ("none", None, None, None),
    ],
)
def test_reads_sizes_times_and_latencies(text, memory, time, latency):
    budget = Budget.parse(text)
    assert (budget.memory, budget.time, budget.latency) == (memory, time, latency)


def test_one_string_equals_keywords_and_mapping():
    expected = Budget(memory="1MB", time="5min", latency="2ms")
    assert Budget.parse("1MB,5min,2ms") == expected
    assert Budget.parse({"memory": "1MB", "time": 300, "latency": 0.002}) == expected
    assert Budget.parse(expected) is expected
    assert Budget.parse(None) == Budget.parse({}) == Budget()


def test_numbers_are_bytes_and_seconds():
    budget = Budget(memory=np.int64(1000), time=np.float32(0.5), latency="1.5s")
    assert (budget.memory, budget.time, budget.latency) == (1000, 0.5, 1.5)
    assert type(budget.memory) is int
    assert type(budget.time) is float


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1",
        "MB",
        "1XB",
        "1MB5min",
        "1MB,",
        ",",
        "1,5MB",
        "1MB;2s",
        "nan s",
        "inf MB",
        "1e9999B",
        "ſ",
        "1ſ",
        "٣MB",
    ],
)
def test_text_that_is_no_budget_is_refused_with_an_example(text):
    with pytest.raises(BudgetError, match=r"not an amount and a unit; write for example '1MB'"):
        Budget.parse(text)


@pytest.mark.parametrize("text", ["0B", "-1MB", "0.0 s", "-2ms", "0e5KB"])
def test_zero_and_negative_are_refused(text):
    with pytest.raises(BudgetError, match="above zero and finite; write for example"):
        Budget.parse(text)


@pytest.mark.parametrize(
    ("kind", "value"), [("memory", 0), ("time", -1.0), ("time", float("nan")), ("latency", np.inf)]
)
def test_numbers_that_are_no_amount_are_refused(kind, value):
    with pytest.raises(BudgetError, match=f"{kind} is .* above zero and finite"):
        Budget(**{kind: value})


@pytest.mark.parametrize(("text", "kind"), [("1MB,2MB", "memory"), ("1s,1h", "time"), ("1ms, 5us", "latency")])
def test_duplicates_are_refused(text, kind):
    with pytest.raises(BudgetError, match=f"sets {kind} twice"):
        Budget.parse(text)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "budget is 5"),
        ({"mem": 1}, "unknown key 'mem'; the keys are memory, time, latency"),
        ({"memory": "5min"}, "memory is '5min', which is a time"),
        ({"time": "1MB"}, "time is '1MB', which is a memory"),
        ({"memory": True}, "neither a number nor text"),
        ({"memory": [1]}, "neither a number nor text"),
        ("0.5B", "from one byte"),
        ("1e30GB", "from one byte to"),
        ("1e999s", "beyond what a float can hold"),
        ("1e-999s", "beyond what a float can hold"),
    ],
)
def test_other_values_are_refused(value, message):
    with pytest.raises(BudgetError, match=message):
        Budget.parse(value)


@given(
    memory=st.none() | st.integers(1, 2**63 - 1) | st.integers(1, 4096).map(lambda n: n * 2**20),
    time=st.none() | seconds | whole_minutes,
    latency=st.none() | seconds,
)
def test_text_and_repr_read_back_as_the_same_budget(memory, time, latency):
    budget = Budget(memory, time, latency)
    assert Budget.parse(str(budget)) == budget
    assert eval(repr(budget)) == budget


@given(st.decimals(min_value="0.001", max_value=10**6, places=3), st.sampled_from(["KB", "MB", "GB"]))
def test_decimal_sizes_are_exact(amount, unit):
    assert Budget(memory=f"{amount}{unit}").memory == int(amount * Decimal({"KB": 1e3, "MB": 1e6, "GB": 1e9}[unit]))


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (Budget(memory=10**6, time=300), "1MB,5min"),
        (Budget(memory=2**20), "1MiB"),
        (Budget(memory=1_500_000), "1.5MB"),
        (Budget(memory=1_234_567), "1234567B"),
        (Budget(time=0.25, latency=2), "0.25s,2000ms"),
        (Budget(latency=0.0005), "500us"),
        (Budget(time=7200), "2h"),
        (Budget(), "none"),
    ],
)
def test_text_is_short(budget, text):
    assert str(budget) == text


def test_budget_cannot_be_changed_and_is_hashable():
    budget = Budget("1MB")
    with pytest.raises(AttributeError, match="memory"):
        budget.memory = 2
    assert len({budget, Budget.parse("1000KB")}) == 1


@pytest.mark.parametrize(
    ("n", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (999_999, "1 MB"), (1_234_567, "1.23 MB"), (5 * 10**12, "5000 GB")],
)
def test_format_bytes(n, text):
    assert format_bytes(n) == text


@pytest.mark.parametrize(
    ("s", "text"),
    [
        (0, "0 us"),
        (85e-6, "85 us"),
        (0.00125, "1.25 ms"),
        (0.99999, "1 s"),
        (4.2, "4.2 s"),
        (59.99, "1 min"),
        (303, "5 min 3 s"),
        (3599.9, "1 h"),
        (3720, "1 h 2 min"),
    ],
)
def test_format_seconds(s, text):
    assert format_seconds(s) == text
