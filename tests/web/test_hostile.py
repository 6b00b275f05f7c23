"""What those who mean harm send: each is answered with 4xx and a sentence, and the studio goes on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from contextlib import suppress

import httpx
import pytest

PREDICT = "/v1/models/opinions/predict"


def sent(studio, data: bytes, *, wait: float = 15.0) -> tuple[int, dict]:
    """The status and the problem that bytes are answered with."""
    with socket.create_connection(("127.0.0.1", studio.port), timeout=wait) as connection:
        connection.sendall(data)
        connection.settimeout(wait)
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.partition(b"\r\n\r\n")[2]:
            part = connection.recv(65536)
            if not part:
                break
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def request(studio, *lines: str, body: bytes = b"", method: str = "POST", path: str = PREDICT) -> bytes:
    head = [f"{method} {path} HTTP/1.1", *lines]
    if not any(line.lower().startswith("host:") for line in lines):
        head.append(f"Host: 127.0.0.1:{studio.port}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


@pytest.fixture(autouse=True)
def _goes_on(studio):
    yield
    assert studio.client.post(PREDICT, json={"texts": ["a good film"]}).status_code == 200


def check(answer: httpx.Response, status: int, sentence: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert sentence in problem["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/static/..%2f..%2fapi.py", 404),
        ("/static/%2e%2e/api.py", 404),
        ("/static/frame.html", 404),
        ("/v1/models/..%2f..%2fetc%2fpasswd", 404),
        ("/m/..%2f..%2f..%2fetc%2fpasswd", 404),
        ("/m/%00", 404),
        ("/nothing", 404),
    ],
)
def test_names_lead_nowhere_else(studio, path, status):
    answer = studio.client.get(path)
    assert answer.status_code == status
    assert "root:" not in answer.text
    assert answer.json()["detail"]


def test_another_host_is_not_us(studio):
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""):
        check(studio.client.get("/v1/models", headers={"Host": host}), 421, "--allow")
    assert studio.client.get("/v1/models", headers={"Host": f"localhost:{studio.port}"}).status_code == 200


def test_pages_of_other_sites_may_not_post(studio):
    body = {"texts": ["a film"]}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{studio.port + 1}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        check(studio.client.post(PREDICT, json=body, headers=headers), 403, "another site")
    own = {"Origin": f"http://127.0.0.1:{studio.port}", "Sec-Fetch-Site": "same-origin"}
    assert studio.client.post(PREDICT, json=body, headers=own).status_code == 200
    check(studio.client.post(PREDICT, content=b"{}", headers={"Content-Type": "text/plain"}), 415, "application/json")


def test_a_body_of_100_mb_is_not_read(studio):
    announced = request(studio, "Content-Type: application/json", "Content-Length: 100000000")
    status, problem = sent(studio, announced)
    assert status == 413
    assert "16,000,000" in problem["detail"]
    part = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    head = request(studio, "Content-Type: application/json", "Transfer-Encoding: chunked")
    with socket.create_connection(("127.0.0.1", studio.port), timeout=15) as connection:
        connection.sendall(head)
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                connection.sendall(part)
        with suppress(ConnectionResetError):  # it was ended before all was sent, which is as well
            assert b" 413 " in connection.recv(65536)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"[" * 100_000, "JSON"),
        (b'{"texts":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON"),
        (b'{"texts": ["a"', "JSON"),
        (b"\xff\xfe", "JSON"),
        (b'{"texts": ["\\ud800"]}', "JSON"),
        (b'{"texts": ["\xed\xa0\x80"]}', "JSON"),
        (b"", "JSON"),
        (b"[]", "object"),
        (b'{"texts": []}', "texts"),
        (b'{"texts": "a"}', "texts: input should be a valid array, not 'a'"),
        (b'{"texts": ["a", 1]}', "texts[1]"),
        (b'{"texts": ["a\\u0000b"]}', "NUL"),
        (b'{"texts": ["a"], "top": 0}', "top"),
        (b'{"texts": ["a"], "<script>": 0}', "<script>"),
        (json.dumps({"texts": ["a"] * 10_001}).encode(), "10000"),
    ],
)
def test_bodies_that_are_none(studio, body, sentence):
    answer = studio.client.post(PREDICT, content=body, headers={"Content-Type": "application/json"})
    check(answer, answer.status_code, sentence)
    assert 400 <= answer.status_code < 500


def test_packed_bodies_are_not_unpacked(studio):
    bomb = gzip.compress(b'{"texts": ["' + b"a" * 10_000_000 + b'"]}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = studio.client.post(PREDICT, content=bomb, headers=headers)
    check(answer, answer.status_code, "JSON")


def test_a_flood_of_headers_is_cut(studio):
    many = [f"X-{number}: {'a' * 100}" for number in range(2000)]
    for lines in (many, [f"X-Long: {'a' * 200_000}"]):
        status, problem = sent(studio, request(studio, *lines, method="GET", path="/health"))
        assert status == 431
        assert "headers" in problem["detail"]


def test_what_is_no_http_is_told_so(studio):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"hello\r\n\r\n", b"GET\r\n\r\n"):
        status, problem = sent(studio, data)
        assert status == 400
        assert "HTTP" in problem["detail"]


def test_methods_that_an_address_does_not_know(studio):
    for method in ("DELETE", "PUT", "TRACE", "PATCH"):
        answer = studio.client.request(method, PREDICT)
        assert answer.status_code == 405
        assert answer.json()["detail"]


def test_a_huge_text_and_markup_are_harmless(studio):
    texts = ["<script>alert(1)</script>" * 40_000, "\u202e\ud7ff\U0010ffff", " ", ""]
    answer = studio.client.post(PREDICT, json={"texts": texts})
    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == len(texts)


def test_slow_clients_are_cut(monkeypatch):
    from threading import Thread

    import uvicorn

    from lilliput.web import protocol, server

    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.5)

    async def app(scope, receive, send):
        while (await receive()).get("more_body"):
            pass

    sock = server.listen("127.0.0.1", 0, 0)
    quick = uvicorn.Server(uvicorn.Config(app, **{**server._options(), "lifespan": "off"}))
    thread = Thread(target=quick.run, args=([sock],))
    thread.start()
    try:
        quick.port = sock.getsockname()[1]
        for data, said in ((b"GET / HT", "headers"), (request(quick, "Content-Length: 10", body=b"abc"), "body")):
            began = time.monotonic()
            status, problem = sent(quick, data)
            assert status == 408
            assert said in problem["detail"]
            assert time.monotonic() - began < 5
        with socket.create_connection(("127.0.0.1", quick.port), timeout=5) as silent:
            assert silent.recv(10) == b""
    finally:
        quick.should_exit = True
        thread.join()
