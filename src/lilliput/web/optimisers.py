"""The optimisers' race for its page: run once, when somebody looks, in a process of its own."""

from __future__ import annotations

import asyncio
import logging
import sys
from importlib.util import find_spec

from fastapi import FastAPI
from starlette.responses import FileResponse, Response

from lilliput.core.errors import LilliputError
from lilliput.web.forms import JSON
from lilliput.web.studio import Studio

log = logging.getLogger("lilliput.web")


def add_race(app: FastAPI, studio: Studio) -> None:
    """Add the route."""
    file = studio.folder / "race.json"
    running = asyncio.Lock()

    async def race() -> Response:
        if find_spec("torch") is None:
            raise LilliputError("racing optimisers needs torch: pip install 'lilliput[deep]'")
        async with running:
            if not file.exists():
                await _run(str(file))
        return FileResponse(file, media_type=JSON)

    app.add_api_route(
        "/v1/optimisers", race, summary="The optimisers' paths over four surfaces; takes seconds.", tags=["studio"]
    )


async def _run(out: str) -> None:
    command = [sys.executable, "-m", "lilliput.web.race", out]
    pipe, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=none, stdout=none, stderr=pipe)
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        log.error("the race ended with %s:\n%s", process.returncode, said.decode(errors="replace"))
        raise LilliputError("the race could not be run; the studio's own output says why")
