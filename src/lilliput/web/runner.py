"""Starts jobs, a few at once, and sees them end. One process of a studio does so for all."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from lilliput.web.jobs import STARTED, Job, Jobs
from lilliput.web.settings import Settings
from lilliput.web.work import LOG, write_end

log = logging.getLogger("lilliput.web")

MOST_ENDED, MOST_BYTES = 50, 4_000_000_000
"""Of jobs that are over: how many are kept, and how much of their results."""
CANCEL_SECONDS = 20.0
"""For a job to save what it has once it was cancelled."""
STOP_SECONDS = 2.0
SHOWN_LOG = 4000


class Runner:
    """Runs the jobs of a studio, in the process that is the first to ask; if it ends, another goes on."""

    def __init__(self, jobs: Jobs, settings: Settings) -> None:
        self._jobs, self._most = jobs, settings.most_jobs
        self._lock: IO[bytes] | None = None
        self._running: dict[str, tuple[Job, subprocess.Popen[bytes]]] = {}

    def look(self) -> None:
        """See what has ended, end what should, start what waits."""
        if self._lock is None and not self._take_over():
            return
        self._reap()
        waiting = [job for job in self._jobs if job.id not in self._running and job.end() is None]
        for job in waiting:
            if job.cancelled:
                _end(job, "cancelled", bytes=None)
            elif len(self._running) < self._most:
                self._start(job)

    def close(self) -> None:
        """End all jobs that run."""
        for _, process in self._running.values():
            _kill(process, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for _, process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
            _kill(process, signal.SIGKILL)
            process.wait()
        self._running.clear()
        if self._lock is not None:
            self._lock.close()

    def _take_over(self) -> bool:
        """Whether this process is the one that runs jobs; it then says that those of the one before have failed."""
        file = (self._jobs.folder / "runner").open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # goes with the process
        except OSError:
            file.close()
            return False
        self._lock = file
        for job in self._jobs:
            if job.started and job.end() is None:
                _end(job, "failed", detail="the process of the studio that ran this job has ended; start it again")
        return True

    def _start(self, job: Job) -> None:
        with (job.folder / LOG).open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "lilliput.web.work", str(job.folder), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C at the studio's terminal is not for the job
            )
        (job.folder / STARTED).touch()
        self._running[job.id] = job, process

    def _reap(self) -> None:
        for ident, (job, process) in list(self._running.items()):
            code = process.poll()
            if code is None:
                self._hurry(job, process)
                continue
            del self._running[ident]
            if job.end() is None:
                detail = f"the process of this job ended with {_reason(code)}; it may have needed too much memory"
                _end(job, "cancelled" if job.cancelled else "failed", detail=detail, bytes=None)
            if code:
                log.error("job %s ended with %s: %s", ident, _reason(code), _tail(job.folder / LOG))
            self._prune()

    def _hurry(self, job: Job, process: subprocess.Popen[bytes]) -> None:
        """End a process by force that does not end although it should, or takes far longer than its budget."""
        now = time.time()
        with suppress(FileNotFoundError):
            if now - (job.folder / "cancel").stat().st_mtime > CANCEL_SECONDS:
                _kill(process, signal.SIGKILL)
                return
        if now - (job.folder / STARTED).stat().st_mtime > job.asked["seconds"]:
            job.cancel()

    def _prune(self) -> None:
        """Delete the oldest jobs that are over, while there are too many."""
        ended = [job for job in self._jobs if job.end() is not None]
        sizes = [sum(file.stat().st_size for file in job.folder.iterdir()) for job in ended]
        total = sum(sizes)
        for place, job in enumerate(ended[:-1]):
            if len(ended) - place <= MOST_ENDED and total <= MOST_BYTES:
                return
            total -= sizes[place]
            shutil.rmtree(job.folder, ignore_errors=True)


def _end(job: Job, kind: str, **values: object) -> None:
    event = {"type": kind, **values}
    write_end(job.folder, event)
    job.add(event)


def _kill(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a job and what it has started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _tail(path: Path) -> str:
    return path.read_bytes()[-SHOWN_LOG:].decode("utf-8", "replace").strip()
