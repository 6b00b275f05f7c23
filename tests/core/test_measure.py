from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from lilliput.core import measure
from lilliput.core.errors import DataError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no peak")
def test_peak_memory_grows_by_an_array_and_stays():
    program = (
        "import numpy as np; from lilliput.core.measure import peak_memory; "
        "peaks = [peak_memory()]; array = np.ones(100_000_000, np.uint8); peaks.append(peak_memory()); "
        "del array; peaks.append(peak_memory()); print(*peaks)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    before, full, after = map(int, run.stdout.split())
    assert 5e6 < before < 200e6
    assert full - before == pytest.approx(100e6, abs=5e6)
    assert after == pytest.approx(full, abs=5e6)  # systems count in pages and lag a little


def test_peak_memory_works_without_proc(monkeypatch):
    monkeypatch.setattr(measure, "_linux_peak", lambda: None)
    peak = measure.peak_memory()
    assert peak is None or 5_000_000 < peak < 2**36


def test_latency_is_in_milliseconds_and_leaves_out_the_first_call(monkeypatch):
    clock = itertools.count(0, 1_000_000)  # each look at the clock is 1 ms after the last
    monkeypatch.setattr(measure, "perf_counter_ns", lambda: next(clock))
    calls = []
    assert measure.latency(calls.append, ["a", "b"], seconds=0.02) == (1.0, 1.0)
    assert calls[:4] == ["a", "a", "b", "a"]


def test_latency_tells_the_tail_from_the_middle(monkeypatch):
    now = 0

    def work(sample):
        nonlocal now
        now += sample

    monkeypatch.setattr(measure, "perf_counter_ns", lambda: now)
    middle, high = measure.latency(work, np.array([1] * 9 + [9]) * 1_000_000, seconds=1.8)
    assert (middle, high) == (1.0, 9.0)


def test_a_slow_function_is_measured_once():
    assert all(ms > 0 for ms in measure.latency(lambda sample: sum(range(1000)), ["x"], seconds=0))


@pytest.mark.parametrize("samples", [[], np.empty(0)])
def test_latency_needs_a_sample(samples):
    with pytest.raises(DataError, match="no samples"):
        measure.latency(len, samples)


def test_versions_name_software_and_machine():
    versions = measure.versions()
    assert versions.keys() == {"lilliput", "python", "numpy", "numba", "os", "machine"}
    assert versions["numpy"] == np.__version__
    assert all(isinstance(text, str) and text for text in versions.values())


def test_an_absent_distribution_has_no_version():
    assert measure.version_of("no-such-distribution") == "not installed"
