"""Jobs: fits, and predictions of whole files. Each is a folder, so that every process of a studio knows it.

``job.json`` is what was asked; ``started`` is there once a process is at work, ``cancel`` once it should stop;
``events.jsonl`` grows as it goes on; ``end.json`` says how it ended (see `lilliput.web.work`).
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from lilliput.web.problems import ProblemError, busy
from lilliput.web.settings import Settings
from lilliput.web.work import CANCEL, ENDED, EVENTS, write_json

FOLDER = "jobs"
STARTED = "started"
MOST_WAITING = 20
"""Jobs that wait for others to end; more are refused."""
MOST_EVENT_BYTES = 1 << 20
"""Of events that are read at once."""
LAST = ("done", "failed", "cancelled")
_ID = re.compile(r"[0-9a-f]{24}")
_TAIL = 1 << 12


class Job:
    """A job's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: dict[str, Any] = orjson.loads((folder / "job.json").read_bytes())

    @property
    def id(self) -> str:
        """Its name; later ones are greater."""
        return self.folder.name

    @property
    def started(self) -> bool:
        """Whether a process is or was at work on it."""
        return (self.folder / STARTED).exists()

    @property
    def cancelled(self) -> bool:
        """Whether it should end early."""
        return (self.folder / CANCEL).exists()

    def end(self) -> dict[str, Any] | None:
        """How it ended; None: it has not."""
        try:
            ended: dict[str, Any] = orjson.loads((self.folder / ENDED).read_bytes())
        except OSError:
            return None
        return ended

    @property
    def result(self) -> Path:
        """The file that it makes."""
        name: str = self.asked["result"]
        return self.folder / name

    def told(self) -> dict[str, Any]:
        """What the API says of it."""
        end = self.end()
        state = end["type"] if end else "cancelling" if self.cancelled else "running" if self.started else "waiting"
        asked = {name: self.asked[name] for name in ("kind", "what", "data", "request", "created", "download")}
        return {"id": self.id, "state": state, **asked, "end": end, "last": self._last()}

    def cancel(self) -> None:
        """Ask it to end early."""
        (self.folder / CANCEL).touch()

    def add(self, event: dict[str, Any]) -> None:
        """Append an event, where no process of the job's own can."""
        with (self.folder / EVENTS).open("ab") as file:
            file.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))

    def _last(self) -> dict[str, Any] | None:
        """The last progress."""
        with (self.folder / EVENTS).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().split(b"\n")[:-1]
        for line in reversed(lines):
            with suppress(orjson.JSONDecodeError):  # the first may be cut
                event: dict[str, Any] = orjson.loads(line)
                if event["type"] in ("progress", "point"):
                    return event
        return None

    def events(self, start: int) -> tuple[list[tuple[int, dict[str, Any]]], int]:
        """Events from a place in bytes on, each with the place after it, and the place to go on from.

        Progress that was passed by other progress is left out. A `start` that is no event's end is the beginning.
        """
        with (self.folder / EVENTS).open("rb") as file:
            if start:
                file.seek(start - 1)
                if file.read(1) != b"\n":
                    file.seek(0)
                    start = 0
            whole, _, _ = file.read(MOST_EVENT_BYTES).rpartition(b"\n")
        found: list[tuple[int, dict[str, Any]]] = []
        place = start
        for line in whole.split(b"\n") if whole else ():
            place += len(line) + 1
            event = orjson.loads(line)
            if found and event["type"] == found[-1][1]["type"] == "progress":
                found.pop()
            found.append((place, event))
        return found, place


class Jobs:
    """All jobs of a studio."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.folder = Path(settings.folder) / FOLDER
        self.folder.mkdir(exist_ok=True)

    def create(self, asked: dict[str, Any]) -> Job:
        """A new job, which waits for its turn. Raises `ProblemError` if too many do."""
        open_jobs = sum(job.end() is None for job in self)
        if open_jobs >= self._settings.most_jobs + MOST_WAITING:
            raise busy(f"{open_jobs} jobs are in work or wait already; come back when some are done")
        ident = f"{time.time_ns():016x}{secrets.token_hex(4)}"
        making = self.folder / f".{ident}"
        making.mkdir()
        (making / EVENTS).touch()
        write_json(making / "job.json", {**asked, "created": round(time.time(), 1)})
        return Job(making.rename(self.folder / ident))

    def find(self, ident: str) -> Job:
        """A job by its id, or 404."""
        if _ID.fullmatch(ident):
            with suppress(OSError):
                return Job(self.folder / ident)
        raise ProblemError(404, f"there is no job {ident!r:.60}; the studio keeps the last ones only")

    def __iter__(self) -> Iterator[Job]:
        """The jobs, the oldest first."""
        for folder in sorted(self.folder.iterdir()):
            if _ID.fullmatch(folder.name):
                with suppress(OSError):  # just deleted
                    yield Job(folder)

    def uploads_in_use(self) -> set[str]:
        """Ids of the files that jobs still need."""
        return {job.asked["request"]["upload"] for job in self if job.end() is None}
