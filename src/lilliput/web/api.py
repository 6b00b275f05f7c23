"""The API: models, what they do, health and counts."""

from __future__ import annotations

import time
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

import lilliput
from lilliput.web import metrics
from lilliput.web.problems import MEDIA_TYPE, Problem
from lilliput.web.served import Verb
from lilliput.web.shelf import Shelved
from lilliput.web.studio import Studio
from lilliput.web.verbs import JSON


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
    app.add_api_route("/v1/models/{name}", model, summary="A model.", tags=["models"], responses=_problems(404))


def answer(value: Any, status: int = 200) -> Response:
    """Plain data as JSON; arrays and numbers of NumPy too."""
    return Response(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type=JSON)


def describe(app: FastAPI, studio: Studio) -> dict[str, Any]:
    """OpenAPI: the routes, and those of the verbs of each model, from the types by which requests are read."""
    from fastapi.openapi.utils import get_openapi

    told = get_openapi(
        title="lilliput",
        version=lilliput.__version__,
        description="The models of this studio. Errors are problem details (RFC 9457).",
        routes=app.routes,
    )
    schemas = told.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for shelved in studio.shelf.models.values():
        for verb in shelved.served.verbs:
            path = f"/v1/models/{shelved.name}/{verb.name}"
            told["paths"][path] = {"post": _operation(shelved, verb, schemas)}
    return told


def _operation(shelved: Shelved, verb: Verb, schemas: dict[str, Any]) -> dict[str, Any]:
    def content(form: Any, mode: Any) -> dict[str, Any]:
        schema = form.model_json_schema(mode=mode, ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[form.__name__] = schema
        return {"schema": {"$ref": f"#/components/schemas/{form.__name__}"}}

    return {
        "summary": verb.says,
        "tags": [shelved.name],
        "operationId": f"{shelved.name}_{verb.name}",
        "requestBody": {
            "required": True,
            "content": {JSON: {**content(verb.request, "validation"), "example": verb.example}},
        },
        "responses": {
            "200": {"description": "The answer.", "content": {JSON: content(verb.answer, "serialization")}},
            **_problems(400, 413, 415, 422, 503),
        },
    }


def _problems(*statuses: int) -> dict[Any, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": "A problem.", "content": content} for status in statuses}
