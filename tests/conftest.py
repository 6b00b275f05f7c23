"""What all tests share: the data folder, Hypothesis's settings, and no silent skips in CI."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

CI = os.environ.get("CI") == "true"

# Threads of OpenMP and OpenBLAS that have nothing to do sleep. By default they spin, on cores that the other workers
# of pytest-xdist need: a network that was trained in two seconds took sixteen. No result changes by it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

ALLOWED_SKIPS = ("needs the fasttext package",)
"""What a reason to skip a test may begin with in CI; any other skip fails the session."""

settings.register_profile("lilliput", derandomize=True, deadline=None)
settings.register_profile("lilliput-ci", settings.get_profile("lilliput"), max_examples=30)
settings.load_profile("lilliput-ci" if CI else "lilliput")


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """No test cuts the power, so what this process writes need not be on the disk; tests/core/test_atomic.py looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets: ``LILLIPUT_DATA``, or ``shared/data`` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LILLIPUT_DATA", beside))
    if not folder.is_dir():
        pytest.skip("the shared data sets are not here (set LILLIPUT_DATA)")
    return folder


def pytest_collection_finish() -> None:
    gc.freeze()  # the garbage collector need not look through all libraries and tests again and again


def pytest_sessionfinish(session: pytest.Session) -> None:
    if unexpected_skips(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if skips := unexpected_skips(config):
        terminalreporter.section("skipped, which CI does not allow", red=True)
        terminalreporter.write("".join(f"{test}: {reason}\n" for test, reason in skips))


def unexpected_skips(config: pytest.Config) -> list[tuple[str, str]]:
    """Tests (or files) and their reasons; only where results are reported, not in a worker of pytest-xdist."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not CI:
        return []
    skips = [
        (report.nodeid, report.longrepr[2].removeprefix("Skipped: ")) for report in reporter.stats.get("skipped", [])
    ]
    return [(test, reason) for test, reason in skips if not reason.startswith(ALLOWED_SKIPS)]
