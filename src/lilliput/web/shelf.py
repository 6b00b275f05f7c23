"""The models that are served, by name; a file that is replaced is loaded anew while the old model still answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError
from lilliput.core.registry import load
from lilliput.web.forms import Form
from lilliput.web.served import UNSERVED, Served, Verb, served_tasks

log = logging.getLogger("lilliput.web")

Stamp = tuple[int, int, int]
MODEL_ENDING = ".safetensors"
TIMED = 5
"""Answers, of which the quickest counts."""
WARM_TOGETHER = 40
"""Requests; of many texts compiled code takes care, of few none that would take long to load."""


@dataclass(eq=False)
class Shelved:
    """A model that is served."""

    name: str
    path: Path
    stamp: Stamp
    model: Any
    served: Served
    runs: dict[str, Callable[[Sequence[Any]], Sequence[Any]]] = field(default_factory=dict)
    """Answers a batch of requests of each verb."""
    forms: dict[str, type[Form]] = field(default_factory=dict)
    """Reads a request of each verb."""
    about: dict[str, Any] = field(default_factory=dict)
    """What the page of the task must know."""
    seconds: float | None = None
    """That an answer takes here, alone; measured once it is warm."""

    def __post_init__(self) -> None:
        ready = self.served.prepare(self.model)
        self.runs = {verb.name: _runner(ready, verb) for verb in self.served.verbs}
        self.forms = {verb.name: verb.request for verb in self.served.verbs}
        self.about = self.served.about(ready)

    def warm_up(self) -> None:
        """Answer something with every verb, together and alone; measure the first verb."""
        for verb in self.served.verbs:
            run, example = self.runs[verb.name], verb.request.model_validate(verb.example)
            for requests in ([example] * WARM_TOGETHER, [example]):
                run(requests)
            if self.seconds is None:
                self.seconds = min(_timed(run, example) for _ in range(TIMED))

    def describe(self) -> dict[str, Any]:
        """What `GET /v1/models` says of it."""
        report = self.model.report_
        return {
            "name": self.name,
            "task": self.model.task,
            "page": self.served.page,
            "bytes": self.stamp[1],
            "verbs": [verb.name for verb in self.served.verbs],
            "reads_files": self.served.reads_files,
            "budget": asdict(Budget.parse(self.model.get_params().get("budget"))),
            "seconds": self.seconds,
            "report": report.to_dict(),
            "about": self.about,
        }


class Shelf:
    """Loads models and answers by name.

    Parameters
    ----------
    models : path by name.
    kept : a folder of models that jobs have made; each new file there is served too, under its own name.
    threads : of predictions.

    Raises `LilliputError` for a file that cannot be served.
    """

    def __init__(self, models: dict[str, str], kept: Path, threads: int | None = None) -> None:
        self._threads, self.kept = threads, kept
        self._refused: dict[str, Stamp] = {}
        self.models = {name: self._load(name, Path(path)) for name, path in models.items()}

    def warm_up(self) -> None:
        """Let every model answer once, so that the code it needs is loaded."""
        for shelved in self.models.values():
            try:
                shelved.warm_up()
            except Exception:
                log.exception("%s could not be warmed up", shelved.name)

    def refresh(self) -> list[str]:
        """Load what was replaced or newly made; gives the names of both.

        A file that went, cannot be read, or now holds another task leaves the model as it was; that is logged once.
        """
        new = {path.name.removesuffix(MODEL_ENDING): path for path in sorted(self.kept.glob(f"*{MODEL_ENDING}"))}
        paths = {**new, **{name: shelved.path for name, shelved in self.models.items()}}
        return [name for name, path in paths.items() if self._refresh(name, path)]

    def _refresh(self, name: str, path: Path) -> bool:
        old = self.models.get(name)
        try:
            stamp = _stamp(path)
        except OSError:
            return False
        if stamp in (old and old.stamp, self._refused.get(name)):
            return False
        try:
            fresh = self._load(name, path)
            if old is not None and fresh.model.task != old.model.task:
                raise LilliputError(f"{path} now holds a model of task {fresh.model.task!r}, not {old.model.task!r}")
        except (LilliputError, OSError) as error:
            self._refused[name] = stamp
            log.warning("the model %s stays as it was: %s", name, error)
            return False
        self.models = {**self.models, name: fresh}
        log.info("loaded %s from %s", name, path)
        return True

    def _load(self, name: str, path: Path) -> Shelved:
        stamp = _stamp(path) if path.exists() else (0, 0, 0)  # before it is read: a later change is seen
        model: Any = load(path)
        if self._threads is not None:
            model.set_params(threads=self._threads)
        return Shelved(name, path, stamp, model, served_tasks().get(model.task, UNSERVED))


def _timed(run: Callable[[Sequence[Any]], Sequence[Any]], request: Any) -> float:
    """Seconds of one answer."""
    began = time.perf_counter()
    run([request])
    return time.perf_counter() - began


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _runner(model: Any, verb: Verb) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Answers a batch, with an error for each request that has one."""

    def one(request: Any) -> Any:
        try:
            return verb.run(model, request)
        except LilliputError as error:
            return error

    def run(requests: Sequence[Any]) -> Sequence[Any]:
        if verb.together is not None and len(requests) > 1:
            return verb.together(model, requests)
        return [one(request) for request in requests]

    return run
