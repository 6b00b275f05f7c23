"""The studio under load: from a cold start, many connections, a steady rate, 200,000 requests, overload, a browser.

    python benchmarks/studio_load.py [--parts cold,closed,rate,memory,overload,browser] [--model FILE]

A labeller of 1 MB is fitted first if no model is named. The client is a process of its own on the same two cores; what
it takes of them is missing to the studio. Latencies of the rates count from when a request was due, not from when it
was sent.

    closed    64 connections, each asks again once it is answered, single texts
    rate      500 a second
    memory    200,000 requests over 64 connections; resident memory before and after, once warm
    overload  requests of 500 texts, ten times as many as were answered when asked one after another, 30 seconds
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TEXT = "Return a new thread lock that can be acquired by the HTTP server"
PORT = 8765
HIDDEN = "--client"


class Connection(asyncio.Protocol):
    """Sends a request and tells the status of its answer."""

    def __init__(self) -> None:
        self.transport, self.buffer, self.waiting = None, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(0)

    def data_received(self, data):
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self.buffer = body[length:]
        if not self.waiting.done():
            self.waiting.set_result(int(head[9:12]))

    async def ask(self, data: bytes) -> int:
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return await self.waiting


def request_of(name: str, texts: int) -> bytes:
    body = json.dumps({"texts": [TEXT] * texts, "top": 1}).encode()
    head = f"POST /v1/models/{name}/predict HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def connect() -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", PORT)
    return connection


async def closed(data: bytes, connections: int, requests: int, seconds: float) -> dict:
    """Each connection asks again once it is answered."""
    left, until, found = requests, time.perf_counter() + seconds, []

    async def go():
        nonlocal left
        connection = await connect()
        while left > 0 and time.perf_counter() < until:
            left -= 1
            began = time.perf_counter()
            status = await connection.ask(data)
            found.append((status, time.perf_counter() - began))
        connection.transport.close()

    began = time.perf_counter()
    await asyncio.gather(*(go() for _ in range(connections)))
    return summary(found, time.perf_counter() - began)


async def at_rate(data: bytes, rate: float, seconds: float) -> dict:
    """So many a second, whether they are answered or not."""
    idle, found, tasks = [], [], set()

    async def one(due):
        connection = idle.pop() if idle else await connect()
        if connection.transport.is_closing():
            connection = await connect()
        status = await connection.ask(data)
        found.append((status, time.perf_counter() - due))
        if status:
            idle.append(connection)

    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return summary(found, time.perf_counter() - began)


async def recovery(data: bytes) -> float:
    """Seconds until five in a row were answered within 50 ms each."""
    connection, began, good = await connect(), time.perf_counter(), 0
    while good < 5:
        asked = time.perf_counter()
        status = await connection.ask(data)
        good = good + 1 if status == 200 and time.perf_counter() - asked < 0.05 else 0
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


def summary(found, seconds: float) -> dict:
    good = np.array([spent for status, spent in found if status == 200]) * 1e3
    statuses = {str(status): sum(one == status for one, _ in found) for status in {status for status, _ in found}}
    at = dict(zip(("p50", "p99", "max"), np.percentile(good, [50, 99, 100]).tolist(), strict=True)) if len(good) else {}
    return {"seconds": seconds, "rate": len(good) / seconds, "statuses": statuses, **at}


def client(work: dict) -> None:
    """What the process of the client does."""
    import uvloop

    kind, arguments = work["kind"], work["arguments"]
    data = request_of(work["name"], work["texts"])
    runs = {"closed": closed, "rate": at_rate, "recovery": recovery}
    print(json.dumps(uvloop.run(runs[kind](data, **arguments))))


def asked(name: str, kind: str, texts: int = 1, **arguments) -> dict:
    work = json.dumps({"kind": kind, "name": name, "texts": texts, "arguments": arguments})
    done = subprocess.run([sys.executable, __file__, HIDDEN, work], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Studio:
    """`lilliput serve` in a process of its own."""

    def __init__(self, model: Path) -> None:
        self.name = model.name.removesuffix(".safetensors")
        self.began = time.perf_counter()
        command = [sys.executable, "-m", "lilliput", "serve", str(model), "--port", str(PORT)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def __enter__(self):
        import http.client

        body, headers = json.dumps({"texts": [TEXT]}), {"Content-Type": "application/json"}
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", PORT)
                connection.request("POST", f"/v1/models/{self.name}/predict", body, headers)
                assert connection.getresponse().status == 200
                break
            except OSError:
                time.sleep(0.005)
        self.cold = time.perf_counter() - self.began
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def memory(self) -> float:
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def warm(self) -> None:
        time.sleep(4)
        asked(self.name, "closed", connections=64, requests=3000, seconds=10)


def told(what: str, found: dict) -> None:
    times = ", ".join(f"{name} {found[name]:.1f} ms" for name in ("p50", "p99", "max") if name in found)
    print(f"{what}: {found['rate']:,.0f} answered a second, {times}; statuses {found['statuses']}", flush=True)


def cold(model: Path, turns: int) -> None:
    times = []
    for _ in range(turns):
        with Studio(model) as studio:
            times.append(studio.cold)
    print(f"cold start to the first answer: median {np.median(times):.2f} s of {turns}, asked 1.5", flush=True)


def closed_part(model: Path, turns: int) -> None:
    with Studio(model) as studio:
        studio.warm()
        for _ in range(turns):
            found = asked(studio.name, "closed", connections=64, requests=10**9, seconds=10)
            told("64 connections (asked 2,500 a second, p99 60 ms)", found)


def rate_part(model: Path, turns: int) -> None:
    with Studio(model) as studio:
        studio.warm()
        for _ in range(turns):
            told("500 a second (asked p99 15 ms)", asked(studio.name, "rate", rate=500, seconds=10))


def memory_part(model: Path, turns: int) -> None:
    with Studio(model) as studio:
        studio.warm()
        asked(studio.name, "closed", connections=64, requests=20_000, seconds=100)
        before = studio.memory()
        found = asked(studio.name, "closed", connections=64, requests=200_000, seconds=1000)
        told("200,000 requests", found)
        after = studio.memory()
        print(f"resident {before:.1f} MB before, {after:.1f} MB after: {after - before:+.1f} MB, asked 10", flush=True)


def overload_part(model: Path, turns: int) -> None:
    with Studio(model) as studio:
        studio.warm()
        can = asked(studio.name, "closed", texts=500, connections=4, requests=10**9, seconds=5)["rate"]
        found = asked(studio.name, "rate", texts=500, rate=10 * can, seconds=30)
        told(f"{10 * can:,.0f} requests of 500 texts a second, {can:,.0f} can be answered (asked p99 2 s)", found)
        print(f"well again after {asked(studio.name, 'recovery'):.2f} s, asked 1", flush=True)


def browser_part(model: Path, turns: int) -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with Studio(model) as studio, sync_playwright() as playwright:
        time.sleep(4)
        times, foreign = [], 0
        for _ in range(max(5, turns)):
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            requests = []
            page.on("request", lambda request, seen=requests: seen.append(request.url))
            page.goto(f"http://127.0.0.1:{PORT}/")
            page.wait_for_selector("#models[aria-busy=false]")
            entries = "performance.getEntriesByName('lilliput-usable')[0].startTime"
            times.append(page.evaluate(entries))
            foreign += sum(not url.startswith((f"http://127.0.0.1:{PORT}/", "data:")) for url in requests)
            browser.close()
        print(
            f"home page on a cold browser: usable after {np.median(times):.0f} ms (median of {len(times)}), asked 300; "
            f"{foreign} requests elsewhere",
            flush=True,
        )
        assert studio.process.poll() is None
    from lilliput.web.pages import static_files

    sent = ("frame.html", "home.html", "home.js", "reports.js", "studio.css", "studio.js", "icon.svg")
    files = static_files()
    for what, names in (("of the home page", sent), ("of all pages", files)):
        plain, packed = (sum(len(getattr(files[name], form)) for name in names) for form in ("content", "packed"))
        print(f"our own code {what}: {plain:,} bytes, {packed:,} as they are sent; asked below 100,000", flush=True)


PARTS = {
    "cold": cold,
    "closed": closed_part,
    "rate": rate_part,
    "memory": memory_part,
    "overload": overload_part,
    "browser": browser_part,
}


def fitted(folder: Path) -> Path:
    data, model = folder / "docstrings.csv", folder / "docstrings.safetensors"
    lilliput = [sys.executable, "-m", "lilliput"]
    subprocess.run([*lilliput, "data", "get", "docstrings", "-o", str(data)], check=True)
    fit = [*lilliput, "fit", "label", str(data), "-o", str(model), "--budget", "1MB", "-q"]
    subprocess.run(fit, check=True, capture_output=True)
    return model


if __name__ == "__main__":
    if sys.argv[1:2] == [HIDDEN]:
        client(json.loads(sys.argv[2]))
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = given.model or fitted(Path(folder))
        for part in given.parts.split(","):
            PARTS[part](chosen, given.turns)
