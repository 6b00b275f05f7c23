"""The API: models, what they do, health and counts."""

from __future__ import annotations

import time
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

import lilliput
from lilliput.web import metrics
from lilliput.web.forms import JSON
from lilliput.web.openapi import problems
from lilliput.web.studio import Studio


def add_api(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""
    started = time.monotonic()

    async def health() -> Response:
        told = {"status": "ok", "seconds": round(time.monotonic() - started, 1), "version": lilliput.__version__}
        return answer(told)

    async def counts() -> Response:
        studio.metrics.gauges(studio.batcher.waiting, studio.guard.open if studio.guard else 0)
        return Response(studio.metrics.text(), media_type=metrics.MEDIA_TYPE)

    async def models() -> Response:
        return answer({"models": [shelved.describe() for shelved in studio.shelf.models.values()]})

    async def model(name: str) -> Response:
        return answer(studio.found(name).describe())

    app.add_api_route("/health", health, summary="Whether the studio answers.", tags=["studio"])
    app.add_api_route(
        "/metrics",
        counts,
        summary="Counts and seconds, for Prometheus.",
        tags=["studio"],
        response_class=PlainTextResponse,
    )
    app.add_api_route("/v1/models", models, summary="The models, with their reports.", tags=["models"])
    app.add_api_route("/v1/models/{name}", model, summary="A model.", tags=["models"], responses=problems(404))


def answer(value: Any, status: int = 200) -> Response:
    """Plain data as JSON; arrays and numbers of NumPy too."""
    return Response(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type=JSON)
