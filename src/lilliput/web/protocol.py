"""HTTP/1.1 as uvicorn speaks it, with bounds on how long a request may take to arrive and how large its headers are."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lilliput.web.problems import MEDIA_TYPE, content

MOST_HEADER_BYTES = 32_768
HEADER_SECONDS = 10.0
BODY_SECONDS, BODY_RATE = 20.0, 100_000.0
"""A body may take so many seconds, and one more for so many bytes."""


class BoundedProtocol(HttpToolsProtocol):
    """Ends connections whose requests do not come or do not end."""

    _header_bytes = 0
    _in_headers = True
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._within(HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what is not yet a request."""
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > MOST_HEADER_BYTES and b"\r\n\r\n" not in data:
                self._refuse_headers()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_headers = True
        if self._limit is None:
            self._within(HEADER_SECONDS)

    def on_headers_complete(self) -> None:
        """Its headers are there; now for the body."""
        if sum(len(name) + len(value) for name, value in self.headers) > MOST_HEADER_BYTES:
            self._refuse_headers()
            return
        self._in_headers, self._header_bytes = False, 0
        length = next((value for name, value in self.headers if name == b"content-length"), b"0")
        self._within(BODY_SECONDS + (int(length) / BODY_RATE if length.isdigit() else 0.0))
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It is whole."""
        self._stop_clock()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request."""
        self._refuse(400, "this is no HTTP request")

    def _refuse_headers(self) -> None:
        self._refuse(431, f"the headers have more than the {MOST_HEADER_BYTES:,} bytes that are allowed")

    def _too_slow(self) -> None:
        self._limit = None
        if self._in_headers and not self._header_bytes:
            self.transport.close()  # nothing was asked
        elif self._in_headers:
            self._refuse(408, f"the headers did not come within {HEADER_SECONDS:g} s")
        elif self.cycle is None or not self.cycle.response_started:
            self._refuse(408, f"the body did not come within {BODY_SECONDS:g} s and one more for each 100 KB")
        else:
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer in place of the application, and end."""
        self._stop_clock()
        if self.transport.is_closing():
            return
        body = content(status, detail)
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _within(self, seconds: float) -> None:
        self._stop_clock()
        self._limit = self.loop.call_later(seconds, self._too_slow)

    def _stop_clock(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
