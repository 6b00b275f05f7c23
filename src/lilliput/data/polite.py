"""JSON over HTTP from servers that limit how often they are asked: waits when told to, and tries again when it pays."""

from __future__ import annotations

import email.utils
import http.client
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from lilliput.core.errors import DataError

TRIES = 8
"""Of one request that fails; the wait grows fourfold from `FIRST_WAIT` seconds to `LONGEST_WAIT`, as most pass soon."""
FIRST_WAIT, LONGEST_WAIT = 0.05, 60.0
TIMEOUT = 30.0
LARGEST = 16_000_000
"""Bytes of an answer."""
AGENT = "lilliput-crawl (a snowball sample, within the limits)"
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')
_GONE = (401, 403, 404, 410, 422)


class RefusedError(DataError):
    """The server answers that this is not to be had, and will not change its mind."""


@dataclass(frozen=True)
class Answer:
    """What a server said: the JSON value, and the query of the next page if there is one."""

    value: Any
    following: str | None


class PoliteClient:
    """Asks one server, over one connection that is kept.

    The limits that Mastodon tells (X-RateLimit-Remaining and -Reset) are kept before they are met; 429, and 503 with
    Retry-After, are heeded. Broken connections, cut answers, answers that are no JSON and errors of the server (5xx)
    are tried again, each time after a longer wait; at once, the first time, where a connection that was kept is found
    broken, as servers close those when they like (RFC 9112, section 9.3.1). `told` hears of waits.

    Raises `DataError` for an address that is none, and after the last try.
    """

    def __init__(
        self,
        address: str,
        token: str | None = None,
        told: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(address if "//" in address else f"https://{address}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DataError(f"{address!r} is no address of a server; give one such as https://mastodon.social")
        self.address = f"{parts.scheme}://{parts.netloc}"
        self.requests = 0
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.netloc, timeout=TIMEOUT)
        self._headers = {
            "Accept": "application/json",
            "User-Agent": AGENT,
        }
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._told, self._sleep = told or (lambda text: None), sleep
        self._free_at = 0.0

    def get(self, path: str, query: Mapping[str, object] | str = "") -> Answer:
        """The answer to a request, after as many tries as it takes; `RefusedError` if there is none to be had."""
        words = query if isinstance(query, str) else urlencode(query)
        target = f"{path}?{words}" if words else path
        failure = ""
        for tried in range(TRIES):
            self._wait_until(self._free_at, "the limit of requests is reached")
            kept = self._connection.sock is not None
            try:
                response, body = self._asked(target)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                failure = f"{type(error).__name__}: {error}"
                if kept and not tried:
                    continue
            else:
                self._note_limits(response)
                if response.status == 200:
                    try:
                        return Answer(orjson.loads(body), _following(response.headers.get("Link")))
                    except orjson.JSONDecodeError:
                        failure = f"{len(body):,} bytes that are no JSON"
                elif response.status in _GONE:
                    raise RefusedError(f"{self.address}{target} answers {response.status} {response.reason}")
                else:
                    failure = f"{response.status} {response.reason}"
                    if 300 <= response.status < 400:
                        place = response.headers.get("Location", "elsewhere")
                        raise DataError(f"{self.address}{target} has moved to {place}; give that address")
            if time.time() >= self._free_at and tried + 1 < TRIES:
                self._sleep(min(LONGEST_WAIT, FIRST_WAIT * 4**tried))
        raise DataError(
            f"{self.address}{target} failed {TRIES} times, the last with {failure}; "
            "nothing is lost: the same command goes on from here"
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _asked(self, target: str) -> tuple[http.client.HTTPResponse, bytes]:
        self.requests += 1
        self._connection.request("GET", target, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise http.client.HTTPException(f"an answer of more than {LARGEST:,} bytes")
        if response.length:  # `read` with a size does not tell that an answer was cut
            raise http.client.IncompleteRead(body, response.length)
        if response.will_close:
            self._connection.close()
        return response, body

    def _note_limits(self, response: http.client.HTTPResponse) -> None:
        """When the server may be asked again, by what it says."""
        headers = response.headers
        now = time.time()
        if response.status in (429, 503) and "Retry-After" in headers:
            self._free_at = now + _seconds(headers["Retry-After"], now)
        elif response.status == 429 or headers.get("X-RateLimit-Remaining") == "0":
            reset = _seconds(headers.get("X-RateLimit-Reset", ""), now)
            self._free_at = now + (reset if reset > 0 else FIRST_WAIT)

    def _wait_until(self, moment: float, why: str) -> None:
        left = moment - time.time()
        if left > 0:
            if left >= 1:
                self._told(f"{why}; waiting {math.ceil(left)} s")
            self._sleep(left)


def _following(link: str | None) -> str | None:
    """The query of the next page in a Link header (RFC 8288)."""
    found = _NEXT.search(link or "")
    return urlsplit(found[1]).query or None if found else None


def _seconds(text: str, now: float) -> float:
    """Seconds from now that a header tells: a number of them, an HTTP date or one of ISO 8601; 0 if none of these."""
    try:
        number = float(text)
        return max(0.0, number - now if number > 1e9 else number)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, moment.timestamp() - now)
