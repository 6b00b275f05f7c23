"""The addresses of uploads, and of what can be trained from them."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request
from starlette.responses import Response

from lilliput.web.api import answer
from lilliput.web.jobs_forms import Sent
from lilliput.web.openapi import documented
from lilliput.web.studio import Studio
from lilliput.web.trainable import BUDGET, TRAINABLE
from lilliput.web.uploads import READABLE, doctor

MOST_DOCTORS = 2


def add_uploads(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""
    doctors = asyncio.Semaphore(MOST_DOCTORS)

    async def send(request: Request) -> Response:
        return answer((await studio.uploads.receive(request)).told(), 201)

    async def inspect(request: Request, ident: str) -> Response:
        upload = studio.uploads.find(ident)
        columns = [request.query_params.get(name) or None for name in ("text", "target")]
        async with doctors:
            return answer(await studio.aside(lambda: doctor(upload, *columns)))

    async def trainable() -> Response:
        told = {"tasks": [entry.told() for entry in TRAINABLE.values()], "endings": READABLE}
        return answer({**told, "budget": BUDGET, "most_bytes": studio.settings.most_upload})

    app.add_api_route("/v1/trainable", trainable, summary="What can be trained, and from what.", tags=["jobs"])
    app.add_api_route(
        "/v1/uploads",
        send,
        methods=["POST"],
        summary="Send a file as it is; it is kept until the studio stops or others take its room.",
        tags=["jobs"],
        **documented(app, answers=Sent, status=201, binary=True, query={"name": True}, refusals=(400, 413, 415, 422)),
    )
    app.add_api_route(
        "/v1/uploads/{ident}/doctor",
        inspect,
        summary="What the data doctor finds in a file; without a target, of its texts alone.",
        tags=["jobs"],
        **documented(app, query={"text": False, "target": False}, refusals=(404, 422)),
    )
