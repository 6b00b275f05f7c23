"""The API: models, what they do, health and counts."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

import lilliput
from lilliput.web import metrics
from lilliput.web.openapi import JSON, problems
from lilliput.web.problems import ProblemError, from_validation
from lilliput.web.served import served_tasks
from lilliput.web.shelf import Shelved
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
        return answer(found(studio, name).describe())

    app.add_api_route("/health", health, summary="Whether the studio answers.", tags=["studio"])
    app.add_api_route("/metrics", counts, summary="Counts and seconds, for Prometheus.", tags=["studio"])
    app.add_api_route("/v1/models", models, summary="The models, with their reports.", tags=["models"])
    app.add_api_route("/v1/models/{name}", model, summary="A model.", tags=["models"], responses=problems(404))
    verbs = {verb.name: verb for served in served_tasks().values() for verb in served.verbs}
    for name in verbs:
        app.add_api_route(
            f"/v1/models/{{name}}/{name}", _endpoint(studio, name), methods=["POST"], include_in_schema=False
        )


def _endpoint(studio: Studio, verb: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        shelved = found(studio, request.path_params["name"])
        run = shelved.runs.get(verb)
        if run is None:
            can = ", ".join(shelved.runs) or "nothing but show its report"
            raise ProblemError(404, f"a model of task {shelved.model.task!r} cannot {verb}; it can {can}")
        asked = parsed(shelved.forms[verb], await body_of(request))
        result = await studio.batcher.ask(run, asked)
        studio.metrics.predicted(shelved.name)
        return answer(result)

    return endpoint


def found(studio: Studio, name: str) -> Shelved:
    """The model of a name, or 404."""
    shelved = studio.shelf.find(name)
    if shelved is None:
        raise ProblemError(404, f"there is no model {name!r:.80}; there are {', '.join(studio.shelf.models) or 'none'}")
    return shelved


async def body_of(request: Request) -> bytes:
    """The JSON of a request, which says that it is JSON: what a page of another site can post without asking is not."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise ProblemError(415, f"the body should be {JSON}, not {kind or 'of no kind'!r:.80}; set Content-Type")
    try:
        return await request.body()
    except ClientDisconnect:
        raise ProblemError(400, "the body ended early") from None


def parsed(form: Any, body: bytes) -> Any:
    """The request in a body."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from None


def answer(value: Any, status: int = 200) -> Response:
    """Plain data as JSON; arrays and numbers of NumPy too."""
    return Response(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type=JSON)
