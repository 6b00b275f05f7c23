"""OpenAPI: what the API says of itself, from the forms by which requests are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

import lilliput
from lilliput.web.forms import JSON
from lilliput.web.problems import MEDIA_TYPE, Problem
from lilliput.web.served import Verb
from lilliput.web.shelf import Shelved
from lilliput.web.studio import Studio


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
    _without_validation(told["paths"], schemas)
    schemas["Problem"] = Problem.model_json_schema()
    schemas.update(app.state.schemas)
    for shelved in studio.shelf.models.values():
        for verb in shelved.served.verbs:
            path = f"/v1/models/{shelved.name}/{verb.name}"
            told["paths"][path] = {"post": _operation(shelved, verb, schemas)}
    return told


def _without_validation(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Leave out FastAPI's own errors of validation: requests are read by us, and a part of a path is any text."""
    for operations in paths.values():
        for operation in operations.values():
            if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: None}):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _operation(shelved: Shelved, verb: Verb, schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": verb.says,
        "tags": [shelved.name],
        "operationId": f"{shelved.name}_{verb.name}",
        "requestBody": {"required": True, "content": _content(verb.request, "validation", schemas, verb.example)},
        "responses": {
            "200": {"description": "The answer.", "content": _content(verb.answer, "serialization", schemas)},
            **problems(400, 413, 415, 422, 503),
        },
    }


def documented(
    app: FastAPI,
    *,
    asks: type[BaseModel] | None = None,
    answers: type[BaseModel] | None = None,
    binary: bool = False,
    kind: str = JSON,
    query: Mapping[str, bool] | None = None,
    status: int = 200,
    refusals: Sequence[int] = (),
) -> dict[str, Any]:
    """What a route that reads its request by itself tells OpenAPI, as arguments of ``add_api_route``.

    ``asks`` and ``answers`` are forms; ``binary``: the request is bytes; ``kind``: of an answer that has no form;
    ``query``: names in the address, and whether they are required; ``refusals``: statuses of errors.
    """
    schemas: dict[str, Any] = app.state.schemas
    extra: dict[str, Any] = {}
    if binary:
        extra["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    if asks is not None:
        extra["requestBody"] = {"required": True, "content": _content(asks, "validation", schemas)}
    if query:
        extra["parameters"] = [
            {"name": name, "in": "query", "required": required, "schema": {"type": "string"}}
            for name, required in query.items()
        ]
    content = {kind: {"schema": {}}} if answers is None else _content(answers, "serialization", schemas)
    responses = {status: {"description": "The answer.", "content": content}, **problems(*refusals)}
    return {"openapi_extra": extra, "responses": responses, "status_code": status}


def _content(
    form: type[BaseModel], mode: Any, schemas: dict[str, Any], example: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A form as JSON that is sent; its schema, and those in it, are added to `schemas`."""
    schema = form.model_json_schema(mode=mode, ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[form.__name__] = schema
    shown = {} if example is None else {"example": example}
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{form.__name__}"}, **shown}}


def problems(*statuses: int) -> dict[Any, Any]:
    """The errors of a route, by status."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": "A problem.", "content": content} for status in statuses}
