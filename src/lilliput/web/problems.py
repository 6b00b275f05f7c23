"""Errors as RFC 9457 problem details, with the sentences of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.responses import Response

from lilliput.core.errors import LilliputError
from lilliput.web.forms import Form

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
MOST_SHOWN = 60
"""Characters of a value in a message."""


class Problem(Form):
    """An error, as RFC 9457 describes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class ProblemError(LilliputError):
    """An error with a status of its own."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers


def content(status: int, detail: str) -> bytes:
    """The JSON of a problem."""
    title = HTTPStatus(status).phrase
    told = {"type": "about:blank", "title": title, "status": status, "detail": _whole(detail)}
    return orjson.dumps(told)


def response(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem as an answer."""
    return Response(content(status, detail), status, headers, MEDIA_TYPE)


def busy(detail: str) -> ProblemError:
    """503, with the time after which to come back."""
    return ProblemError(503, detail, {"Retry-After": str(RETRY_SECONDS)})


def answered(error: LilliputError) -> Response:
    """What a user can mend, as an answer."""
    if isinstance(error, ProblemError):
        return response(error.status, str(error), error.headers)
    return response(422, str(error))


def from_validation(error: ValidationError) -> ProblemError:
    """The first thing that is wrong with a request, in a sentence."""
    first, *more = error.errors(include_url=False)
    if first["type"] == "json_invalid":
        return ProblemError(400, f"the body is not JSON: {first['ctx']['error']}")
    if first["type"].startswith("union_tag"):
        known = first["ctx"]
        kinds = known.get("expected_tags", "the kinds that there are")
        field, given = known["discriminator"].strip("'"), known.get("tag", "nothing")
        return ProblemError(422, f"{field}: should be one of {kinds}, not {_shown(given)}")
    reason = first["msg"].removeprefix("Value error, ")
    where = _place(first["loc"])
    given = "" if first["type"] in ("missing", "value_error") else f", not {_shown(first['input'])}"
    also = f" (and {len(more)} more)" if more else ""
    if not where:
        return ProblemError(422, f"the body should be a JSON object{given}")
    return ProblemError(422, f"{where}: {reason[:1].lower()}{reason[1:]}{given}{also}")


def _place(parts: Iterable[Any]) -> str:
    place = ""
    for part in parts:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    return place


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."


def _whole(text: str) -> str:
    """A text that JSON can carry: lone surrogates replaced, lines joined."""
    return " ".join(text.encode("utf-8", "replace").decode().splitlines())
