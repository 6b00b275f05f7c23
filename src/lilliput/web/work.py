"""The process of one job: runs the command line, and writes down what happens as events that others follow.

``python -m lilliput.web.work FOLDER PARENT``; the folder has ``job.json``, the parent is the studio's process. The job
ends with it, and early, as by Ctrl-C, once there is a file ``cancel``.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO

import orjson

from lilliput.core.errors import LilliputError
from lilliput.core.progress import Told, told_to

EVENTS, ENDED, CANCEL, LOG = "events.jsonl", "end.json", "cancel", "log.txt"
BUG = "this is a bug of lilliput; the studio's own output says more"
LOOK_SECONDS = 0.2
DENSE_POINTS, SPARSE_SECONDS = 300, 0.5
"""So many points of a curve are kept as they come, later ones at most twice a second."""
NICE = 5
"""The job yields to the studio, which answers people."""


class Events:
    """The events of a job. `names`: what people call the files in messages, by their paths."""

    def __init__(self, folder: Path, names: Mapping[str, str]) -> None:
        self._folder, self._names = folder, names
        self._file = (folder / EVENTS).open("ab", buffering=0)
        self._lock = threading.Lock()
        self._points, self._next = 0, 0.0
        self._held: dict[str, Any] | None = None
        """The newest point, if it was left out."""
        self._started = time.monotonic()

    @property
    def _now(self) -> float:
        return round(time.monotonic() - self._started, 2)

    def add(self, kind: str, **values: Any) -> None:
        """Append an event."""
        event = {"type": kind, "at": self._now, **values}
        line = orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY)
        with self._lock:
            self._file.write(line)

    def end(self, kind: str, **values: Any) -> None:
        """Append the last event."""
        if self._held is not None:
            self.add("point", **self._held)
        write_end(self._folder, {"type": kind, **values})
        self.add(kind, **values)

    def progress(self, told: Told) -> None:
        """Append how far the work is."""
        if told.note is not None:
            self.note(told.note)
        else:
            where = {"label": told.label, "unit": told.unit, "done": told.done, "total": told.total}
            if not told.numbers:
                self.add("progress", **where)
            elif self._points < DENSE_POINTS or time.monotonic() >= self._next:
                self._points, self._next, self._held = self._points + 1, time.monotonic() + SPARSE_SECONDS, None
                self.add("point", numbers=told.numbers, **where)
            else:
                self._held = {"at": self._now, "numbers": told.numbers, **where}

    def note(self, text: str) -> None:
        """Append a sentence."""
        self.add("note", text=self.public(text))

    def public(self, text: str) -> str:
        """A message with files called as people call them, in one line that JSON can carry."""
        for path, name in self._names.items():
            text = text.replace(path, name)
        return " ".join(text.encode("utf-8", "replace").decode().splitlines())


def write_end(folder: Path, event: dict[str, Any]) -> None:
    """Note how a job ended, at once and as a whole."""
    write_json(folder / ENDED, event)


def write_json(path: Path, value: Any) -> None:
    """Write plain data so that a reader sees all of it, or what was there before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))
    temporary.replace(path)


class _Said:
    """Standard error: goes to the log, and whole lines of it are notes. "saved ..." is for who sits at a terminal."""

    def __init__(self, log: TextIO, events: Events) -> None:
        self._log, self._events, self._line = log, events, ""
        self.encoding = "utf-8"

    def write(self, text: str) -> int:
        self._log.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if line.startswith(("note: ", "learning from ", "compil", "interrupted ")):
                self._events.note(line.removeprefix("note: "))
        return len(text)

    def flush(self) -> None:
        self._log.flush()

    def isatty(self) -> bool:
        return False


def main(folder: Path, parent: int) -> int:
    """Do the job in a folder; returns the exit code, 1 for a bug."""
    job = orjson.loads((folder / "job.json").read_bytes())
    result = folder / job["result"]
    events = Events(folder, {**job["names"], str(folder): "the folder of this job"})
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    events.add("started")
    said: Any = _Said(sys.stderr, events)
    try:
        threading.Thread(target=_watch, args=(folder, parent), daemon=True).start()
        with told_to(events.progress), redirect_stderr(said), redirect_stdout(sys.stderr):
            code = _command([*job["arguments"], f"--out={result}"])
    except LilliputError as error:
        events.end("failed", detail=events.public(str(error)))
        return 0
    except KeyboardInterrupt:
        code = 130
    except Exception:
        traceback.print_exc()
        code = 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code not in (0, 130):
        events.end("failed", detail=BUG)
        return 1
    events.end("cancelled" if code else "done", **_outcome(job, result))
    return 0


def _command(arguments: list[str]) -> int:
    """Run the command line; returns its exit code."""
    from lilliput.cli.main import build

    try:
        build(arguments[:1])(arguments, prog_name="lilliput")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    return 0


def _outcome(job: dict[str, Any], result: Path) -> dict[str, Any]:
    """What a job has made."""
    if not result.exists():
        return {"bytes": None}
    found: dict[str, Any] = {"bytes": result.stat().st_size}
    if job["kind"] == "fit":
        from lilliput.core.modelfile import read_model

        manifest, _ = read_model(result)
        found |= {"task": manifest["task"], "report": manifest["report"]}
    return found


def _watch(folder: Path, parent: int) -> None:
    """End with the studio, and early once that is asked for."""
    asked = False
    while os.getppid() == parent:
        if not asked and (folder / CANCEL).exists():
            asked = True
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
