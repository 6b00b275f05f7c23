"""``POST /v1/models/{name}/{verb}``: what models answer.

A plain ASGI application before the others, since it is asked thousands of times a second and a framework's routing
would cost several times what the answer does.
"""

from __future__ import annotations

import logging
from typing import Any

import orjson
from pydantic import ValidationError

from lilliput.core.errors import LilliputError
from lilliput.web.forms import JSON
from lilliput.web.guard import App, Message, Receive, Scope, Send
from lilliput.web.problems import ProblemError, from_validation
from lilliput.web.served import served_tasks
from lilliput.web.shelf import Shelved
from lilliput.web.studio import Studio

log = logging.getLogger("lilliput.web")

PREFIX = "/v1/models/"
_START: Message = {"type": "http.response.start", "status": 200}


class Verbs:
    """Answers for the models; everything else goes to `rest`."""

    def __init__(self, rest: App, studio: Studio) -> None:
        self._rest, self._studio = rest, studio
        self._known = {verb.name for served in served_tasks().values() for verb in served.verbs}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path: str = scope.get("path", "")
        name, _, verb = path[len(PREFIX) :].partition("/") if path.startswith(PREFIX) else ("", "", "")
        if verb not in self._known:
            await self._rest(scope, receive, send)
            return
        scope["pattern"] = f"{PREFIX}{{name}}/{verb}"
        if scope["method"] != "POST":
            raise ProblemError(405, f"{scope['method']} is not what this address answers to", {"Allow": "POST"})
        shelved = self._studio.found(name)
        try:
            body = orjson.dumps(await self._answer(shelved, verb, scope, receive), option=orjson.OPT_SERIALIZE_NUMPY)
        except ProblemError:
            raise
        except LilliputError as error:
            raise ProblemError(422, str(error)) from error
        except Exception:
            log.exception("%s of %s failed", verb, name)
            raise ProblemError(500, "this is a bug of lilliput; the studio's own output says more") from None
        headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]
        await send({**_START, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, shelved: Shelved, verb: str, scope: Scope, receive: Receive) -> Any:
        run = shelved.runs.get(verb)
        if run is None:
            can = ", ".join(shelved.runs) or "nothing but show its report"
            raise ProblemError(404, f"a model of task {shelved.model.task!r} cannot {verb}; it can {can}")
        self._studio.batcher.check(run)
        body = await body_of(scope, receive)
        result = await self._studio.batcher.ask(run, parsed(shelved.forms[verb], body), len(body))
        self._studio.metrics.predicted(shelved.name)
        return result


async def body_of(scope: Scope, receive: Receive) -> bytes:
    """The JSON of a request, which says that it is JSON: what a page of another site can post without asking is not."""
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"").decode("latin-1")
    kind = given.partition(";")[0].strip().lower()
    if kind != JSON:
        raise ProblemError(415, f"the body should be {JSON}, not {kind or 'of no kind'!r:.80}; set Content-Type")
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "the body ended early")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def parsed(form: Any, body: bytes) -> Any:
    """The request in a body."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from None
