"""What stands before the application: who may ask, from where, how much, and how many at once.

A plain ASGI layer, as it runs for every request. Nothing of a request is logged.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from lilliput.web.metrics import Metrics
from lilliput.web.problems import MEDIA_TYPE, ProblemError, busy, content

if TYPE_CHECKING:
    from lilliput.web.studio import Studio

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]

COOKIE = "lilliput"
UPLOADS = "/v1/uploads"
OPEN_TO_ALL = ("/health",)
STREAMS = "/events"
"""The end of addresses that go on for long, so that they do not count as work."""
PASSED_OVER = 1_000_000
"""Bytes of a body that are read although nobody wants them."""
SECURITY: list[tuple[bytes, bytes]] = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Guard:
    """Lets a request through to `app`, or answers it."""

    def __init__(self, app: App, studio: Studio) -> None:
        self.studio = studio
        self._app, self._settings, self._metrics = app, studio.settings, studio.metrics
        self._hosts = {host.lower() for host in self._settings.hosts}
        self.open = 0
        """Requests in work."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(send, scope, self._metrics)
        headers: Headers = dict(scope["headers"])
        body = _Body(receive, headers)
        stream = scope["path"].endswith(STREAMS)
        self.open += not stream
        try:
            self._check_host(headers)
            if scope["path"] not in OPEN_TO_ALL:
                if self._settings.token is not None and not await self._known(scope, headers, answer):
                    return
                self._check_origin(scope, headers)
            if self.open > self._settings.most_waiting:
                raise busy(f"{self.open - 1:,} requests are in work already; come back in a second")
            body.allow(self._settings.most_upload if scope["path"] == UPLOADS else self._settings.most_body)
            await self._app(scope, body.receive, answer.send)
        except ProblemError as problem:
            await answer.refuse(problem, whole=await body.passed_over())
        finally:
            self.open -= not stream
            answer.count()

    # Who

    def _check_host(self, headers: Headers) -> None:
        """A page of another site that points its name at this address is not for us (DNS rebinding)."""
        given = headers.get(b"host", b"").decode("latin-1")
        name = _host(given)
        if name in self._hosts or (self._settings.any_address and _is_address(name)):
            return
        raise ProblemError(
            421, f"this studio is not called {given!r:.80}; start it with --allow and that name, or use its address"
        )

    async def _known(self, scope: Scope, headers: Headers, answer: _Answer) -> bool:
        """Whether the token came along, in a header or a cookie; one in the address becomes a cookie."""
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if scope["method"] == "GET" and self._same(query.pop("token", "")):
            await answer.keep_token(scope["path"], urlencode(query), self._settings.token or "")
            return False
        kind, _, given = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if (kind.lower() == "bearer" and self._same(given.strip())) or self._same(_cookie(headers)):
            return True
        raise ProblemError(
            401,
            "the token is missing or wrong; open the address that the studio printed when it started, or send "
            "Authorization: Bearer and the token",
            {"WWW-Authenticate": "Bearer"},
        )

    def _same(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._settings.token or "").encode())

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        """A page of another site may not change anything here."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return
        origin = headers.get(b"origin")
        if origin is not None:
            parts = urlsplit(origin.decode("latin-1"))
            same = parts.scheme in ("http", "https") and parts.netloc.lower() == _text(headers, b"host").lower()
        else:
            same = _text(headers, b"sec-fetch-site") in ("", "same-origin", "none")
        if not same:
            raise ProblemError(403, f"a page of another site ({_text(headers, b'origin')!r:.80}) may not ask this")


class _Body:
    """What is sent with a request: no more than is allowed, which may be more than its header says.

    How long it may take is watched by the protocol.
    """

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive, self._headers = receive, headers
        self._most, self._bytes, self._whole = 0, 0, False

    def allow(self, most: int) -> None:
        """Set how many bytes are allowed; raises 413 where more are announced."""
        self._most = most
        length = _text(self._headers, b"content-length") or "0"
        if not length.isdigit() or int(length) > most:
            raise ProblemError(413, f"the body has {length} bytes; {most:,} are allowed")

    async def receive(self) -> Message:
        """The next part."""
        message = await self._receive()
        self._whole = self._whole or not message.get("more_body", False)
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            raise ProblemError(413, f"the body has more than the {self._most:,} bytes that are allowed")
        return message

    async def passed_over(self) -> bool:
        """Read what is left where it is little, so that the connection can be used again; whether all was read."""
        length = self._headers.get(b"content-length", b"0")
        if b"transfer-encoding" not in self._headers and length.isdigit() and int(length) <= PASSED_OVER:
            while not self._whole:
                self._whole = not (await self._receive()).get("more_body", False)
        return self._whole


class _Answer:
    """What is sent back, with the headers that every answer has."""

    def __init__(self, send: Send, scope: Scope, metrics: Metrics) -> None:
        self._send, self._scope, self._metrics = send, scope, metrics
        self._started = time.perf_counter()
        self._status = 0
        self._seconds = 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._seconds = message["status"], time.perf_counter() - self._started
            message = {**message, "headers": [*message.get("headers", ()), *SECURITY]}
        await self._send(message)

    async def refuse(self, problem: ProblemError, *, whole: bool) -> None:
        """Say why not, if nothing was said yet; the connection ends where the body was not read as a `whole`."""
        if self._status:
            return
        body = content(problem.status, str(problem))
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **(problem.headers or {})}
        if not whole:
            headers["connection"] = "close"
        pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body})

    async def keep_token(self, path: str, query: str, token: str) -> None:
        """Come back to the same page without the token in its address, which others may see."""
        cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
        target = "/" + quote(path.lstrip("/\\")) + (f"?{query}" if query else "")  # here, and in one line
        pairs = [
            (b"location", target.encode()),
            (b"set-cookie", cookie.encode()),
            (b"content-length", b"0"),
        ]
        await self.send({"type": "http.response.start", "status": 303, "headers": pairs})
        await self.send({"type": "http.response.body", "body": b""})

    def count(self) -> None:
        """Tell the metrics."""
        route = self._scope.get("pattern") or getattr(self._scope.get("route"), "path", "other")
        self._metrics.answered(str(route), self._status, self._seconds)


def _host(given: str) -> str:
    """The name in a Host header, without the port."""
    if given.startswith("["):
        return given[1:].partition("]")[0].lower()
    return given.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _text(headers: Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _cookie(headers: Headers) -> str:
    for part in _text(headers, b"cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
