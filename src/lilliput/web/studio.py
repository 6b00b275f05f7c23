"""What the parts of a running studio share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lilliput.web.batcher import Batcher
from lilliput.web.jobs import Jobs
from lilliput.web.metrics import Metrics
from lilliput.web.problems import ProblemError
from lilliput.web.runner import Runner
from lilliput.web.settings import Settings
from lilliput.web.shelf import Shelf, Shelved
from lilliput.web.uploads import Uploads

if TYPE_CHECKING:
    from lilliput.web.guard import Guard

T = TypeVar("T")

WORKERS = 4
"""Threads that answer; the predictions in them have threads of their own."""
KEPT = "kept"
"""Folder of the models that jobs have made."""


class Studio:
    """Settings, models, queues and counts of one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = Path(settings.folder)
        kept = self.folder / KEPT
        kept.mkdir(exist_ok=True)
        self.metrics = Metrics(self.folder / "counts" if settings.processes > 1 else None)
        self.shelf = Shelf(settings.models, kept, settings.threads)
        self.executor = ThreadPoolExecutor(WORKERS, "answer")
        self.batcher = Batcher(self.executor, settings.most_waiting, settings.seconds)
        self.jobs = Jobs(settings)
        self.runner = Runner(self.jobs, settings)
        self.uploads = Uploads(settings, self.jobs.uploads_in_use)
        self.guard: Guard | None = None
        self.stopping = False
        """Set when the studio stops, so that streams end."""

    def found(self, name: str) -> Shelved:
        """The model of a name; `ProblemError` where there is none."""
        shelved = self.shelf.models.get(name)
        if shelved is None:
            raise ProblemError(
                404, f"there is no model {name!r:.80}; there are {', '.join(self.shelf.models) or 'none'}"
            )
        return shelved

    async def aside(self, work: Callable[[], T]) -> T:
        """Do what reads or writes files in a thread that answers no predictions."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    def close(self) -> None:
        """End the jobs, and let the threads end."""
        self.runner.close()
        self.executor.shutdown(wait=False, cancel_futures=True)
