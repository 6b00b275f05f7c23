"""The application of one process of the studio."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lilliput.core.errors import LilliputError
from lilliput.web import problems
from lilliput.web.api import add_api
from lilliput.web.guard import Guard
from lilliput.web.jobs_api import add_jobs
from lilliput.web.openapi import describe
from lilliput.web.optimisers import add_race
from lilliput.web.pages import add_pages
from lilliput.web.settings import VARIABLE, Settings
from lilliput.web.studio import Studio
from lilliput.web.uploads_api import add_uploads
from lilliput.web.verbs import Verbs

log = logging.getLogger("lilliput.web")

LOOK_SECONDS = 0.5
"""Between two looks at the model files."""
JOB_SECONDS = 0.2
"""Between two looks at the jobs."""
WARM_AFTER = 0.3
"""Seconds; the first requests are answered without what is loaded then."""


def from_environment() -> Guard:
    """The application of a child process, by the settings that its parent left in a file."""
    return build(Settings.read(os.environ[VARIABLE]))


def build(settings: Settings) -> Guard:
    """The application. Raises `LilliputError` for models that cannot be served."""
    studio = Studio(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = (_look(studio, app), _run_jobs(studio), _warm_up(studio))
        tasks = [asyncio.create_task(one) for one in running]
        _end_streams_first(studio)
        try:
            yield
        finally:
            studio.stopping = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            studio.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.studio, app.state.schemas = studio, {}
    app.add_exception_handler(LilliputError, _mendable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)
    add_api(app, studio)
    add_race(app, studio)
    add_uploads(app, studio)
    add_jobs(app, studio)
    add_pages(app, studio)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app, studio)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    studio.guard = Guard(Verbs(app, studio), studio)
    return studio.guard


def _end_streams_first(studio: Studio) -> None:
    """When the server is told to stop, it waits for what is in work; streams would never end by themselves."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        usual = signal.getsignal(number)

        def stop(number: int, frame: FrameType | None, usual: Any = usual) -> None:
            studio.stopping = True
            if callable(usual):
                usual(number, frame)

        signal.signal(number, stop)


async def _look(studio: Studio, app: FastAPI) -> None:
    """Load models that are new or were replaced."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if await loop.run_in_executor(studio.executor, studio.shelf.refresh):
            app.openapi_schema = None


async def _warm_up(studio: Studio) -> None:
    """Load compiled code before it is needed; then what lives as long as the process is not searched for garbage.

    A search of all that the libraries hold takes 50 ms, in which nobody is answered.
    """
    await asyncio.sleep(WARM_AFTER)
    await asyncio.get_running_loop().run_in_executor(studio.executor, studio.shelf.warm_up)
    gc.collect()
    gc.freeze()


async def _run_jobs(studio: Studio) -> None:
    """Start jobs, and see them end."""
    loop = asyncio.get_running_loop()
    while True:
        looking = loop.run_in_executor(None, studio.runner.look)
        try:
            await asyncio.shield(looking)
        except asyncio.CancelledError:
            await looking  # it may be starting one, which is to be ended then
            raise
        except Exception:
            log.exception("the jobs could not be looked after")
        await asyncio.sleep(JOB_SECONDS)


async def _mendable(request: Request, error: Exception) -> Response:
    assert isinstance(error, LilliputError)
    return problems.answered(error)


async def _http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    said = {404: "there is nothing at this address", 405: f"{request.method} is not what this address answers to"}
    told = said.get(status, str(getattr(error, "detail", error)))
    return problems.response(status, told, getattr(error, "headers", None))


async def _bug(request: Request, error: Exception) -> Response:
    return problems.response(500, "this is a bug of lilliput; the studio's own output says more")
