from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.core.report import Measure, Report


def full_report():
    return Report(
        task="label",
        quality={"accuracy": Measure.proportion(90, 100), "macro f1": Measure(0.5, 0.25, 0.75, 100)},
        held_out="100 of 1,000 rows, drawn by seed 0, each label in its share",
        seed=0,
        file_bytes=999_872,
        latency_p50_ms=0.085,
        latency_p95_ms=0.125,
        throughput=250_000.4,
        fit_seconds=12.34,
        peak_memory_bytes=210_000_000,
        threads=2,
        versions={"lilliput": "0.1.0", "os": "Linux 6.1", "machine": "x86_64"},
        data={"rows": 1000, "fingerprint": "0a1b"},
        plan={"bits": 8, "hidden": 0},
        notes=["3 rows had no text"],
    )


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_share_and_stays_within_bounds(case):
    successes, n = case
    measure = Measure.proportion(successes, n)
    assert 0 <= measure.low <= measure.value == successes / n <= measure.high <= 1
    assert measure.low < measure.high


def test_wilson_interval_equals_published_values():
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
    for successes, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)]:
        measure = Measure.proportion(successes, n)
        assert (round(measure.low, 4), round(measure.high, 4)) == (low, high)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_proportion_is_refused(successes, n):
    with pytest.raises(DataError, match=f"{successes} of {n} rows is no proportion"):
        Measure.proportion(successes, n)


def test_report_survives_a_dictionary_and_json():
    report = full_report()
    assert Report.from_dict(report.to_dict()) == report
    assert Report.from_dict(json.loads(report.to_json())) == report


def test_keys_of_a_later_version_are_ignored():
    assert Report.from_dict({**full_report().to_dict(), "carbon": 1}) == full_report()


def test_what_depends_on_the_machine_is_left_out_of_the_file():
    saved = full_report().to_dict(measured_here=False)
    assert saved.keys() == {"task", "quality", "held_out", "seed", "versions", "data", "plan", "notes"}
    assert saved["versions"] == {"lilliput": "0.1.0"}
    assert Report.from_dict(saved).fit_seconds is None


def test_prints_as_an_aligned_table():
    assert str(full_report()).splitlines() == [
        "task         label",
        "accuracy     0.9000  (95 % interval 0.8256 to 0.9448, 100 rows)",
        "macro f1     0.5000  (95 % interval 0.2500 to 0.7500, 100 rows)",
        "held out     100 of 1,000 rows, drawn by seed 0, each label in its share",
        "file         1 MB (999,872 bytes)",
        "latency      85 us p50, 125 us p95 (one prediction, one thread)",
        "throughput   250,000 rows/s (2 threads)",
        "fit          12.3 s",
        "peak memory  210 MB",
        "seed         0",
        "data         rows 1,000, fingerprint 0a1b",
        "plan         bits 8, hidden 0",
        "versions     lilliput 0.1.0, os Linux 6.1, machine x86_64",
        "note         3 rows had no text",
    ]


def test_what_was_not_measured_is_not_printed():
    table = str(Report("label", {}, "nothing was held out", 1))
    assert table.splitlines() == ["task      label", "held out  nothing was held out", "seed      1"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task", 3),
        ("quality", []),
        ("quality", {"rmse": {"value": "x", "low": 0.0, "high": 1.0, "n": 3}}),
        ("quality", {"rmse": {"value": 0.5, "low": 0.0, "high": 1.0, "n": 3.5}}),
        ("quality", {"rmse": 0.5}),
        ("held_out", None),
        ("seed", "0"),
        ("file_bytes", "many"),
        ("fit_seconds", []),
        ("versions", {"numpy": 2}),
        ("data", "rows"),
        ("plan", None),
        ("notes", "one"),
        ("notes", [1]),
    ],
)
def test_what_is_no_report_is_named(name, value):
    with pytest.raises(TypeError, match=f"report: {name} is "):
        Report.from_dict({**full_report().to_dict(), name: value})


@given(
    st.dictionaries(
        st.sampled_from(list(full_report().to_dict())),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**63), 2**63)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        ),
    )
)
def test_a_report_is_refused_or_prints(changes):
    try:
        report = Report.from_dict({**full_report().to_dict(), **changes})
    except TypeError:
        return
    assert str(report)
