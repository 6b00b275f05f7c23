"""The energy that the machine tells of."""

from __future__ import annotations

import pytest

from lilliput.core import watts
from lilliput.core.watts import Joules, gpu_watts


def counter(folder, name, spent, most=10**9):
    package = folder / name
    package.mkdir(exist_ok=True)
    (package / "energy_uj").write_text(f"{spent}\n")
    (package / "max_energy_range_uj").write_text(f"{most}\n")


def test_packages_are_added_up_and_parts_of_them_are_not(tmp_path, monkeypatch):
    clock = iter([10.0, 12.0])
    monkeypatch.setattr(watts.time, "monotonic", lambda: next(clock))
    counter(tmp_path, "intel-rapl:0", 5_000_000)
    counter(tmp_path, "intel-rapl:1", 999_999_999)
    counter(tmp_path, "intel-rapl:0:0", 0)
    joules = Joules(tmp_path)
    assert joules.told
    counter(tmp_path, "intel-rapl:0", 45_000_000)
    counter(tmp_path, "intel-rapl:1", 20_000_000)  # it wrapped
    counter(tmp_path, "intel-rapl:0:0", 10**8)
    assert joules.watts() == pytest.approx((40 + 20) / 2, rel=1e-4)


def test_a_machine_that_does_not_tell(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        joules = Joules(folder)
        assert not joules.told
        assert joules.watts() is None


def test_counters_that_may_not_be_read_are_none(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()
    assert not Joules(tmp_path).told


@pytest.mark.parametrize(("answer", "found"), [("echo 71.5", 71.5), ("echo '[N/A]'", None), ("exit 9", None)])
def test_a_gpu_is_asked_through_its_driver(tmp_path, monkeypatch, answer, found):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert gpu_watts() == found


def test_without_a_driver_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_watts() is None
