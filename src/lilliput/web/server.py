"""Starting and stopping the studio: its address, its processes, its temporary folder."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import uvicorn

from lilliput.core.errors import LilliputError
from lilliput.core.threads import resolve_threads
from lilliput.web.settings import VARIABLE, Settings
from lilliput.web.shelf import MODEL_ENDING, Shelf

PORTS_TRIED = 20
"""From the one that is usual on, where none was asked for."""
STOP_SECONDS = 10
"""For requests in work, once the studio is asked to stop."""
BACKLOG = 2048


def names_of(paths: Sequence[str]) -> dict[str, str]:
    """The name of each model file, its own without the ending. Raises `LilliputError` where two would be the same."""
    names: dict[str, str] = {}
    for path in paths:
        name = Path(path).name.removesuffix(MODEL_ENDING)
        if name in names:
            raise LilliputError(f"{names[name]} and {path} would both be served as {name!r}; rename one")
        names[name] = str(Path(path).absolute())
    return names


def listen(host: str, port: int | None, usual: int) -> socket.socket:
    """A socket that listens; without a `port`, on the usual one or the next that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ports = range(usual, usual + PORTS_TRIED) if port is None else (port,)
    for tried in ports:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, tried))
        except OSError as error:
            sock.close()
            if port is not None or isinstance(error, socket.gaierror):
                why = error.strerror or str(error)
                raise LilliputError(f"cannot listen on {host}, port {tried}: {why}; choose another") from None
            continue
        sock.listen(BACKLOG)
        sock.set_inheritable(True)
        return sock
    raise LilliputError(f"the ports {ports[0]} to {ports[-1]} of {host} are all taken; choose another with --port")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def names_allowed(host: str, more: Sequence[str]) -> tuple[str, ...]:
    """What a request may call us."""
    own = ("localhost", "127.0.0.1", "::1")
    public = () if is_loopback(host) else (host, socket.gethostname(), socket.getfqdn())
    return tuple(dict.fromkeys(name.lower() for name in (*own, *public, *more)))


def run(settings: Settings, sock: socket.socket, greeting: str) -> None:
    """Serve until the process is told to stop. Raises `LilliputError` for models that cannot be served."""
    logging.basicConfig(format="lilliput: %(message)s", level=logging.WARNING)
    logging.getLogger("lilliput.web").setLevel(logging.INFO)
    if settings.processes == 1:
        from lilliput.web.app import build

        server = uvicorn.Server(uvicorn.Config(build(settings), **_options()))
        print(greeting, file=sys.stderr, flush=True)  # noqa: T201 - to who started it
        server.run([sock])
        return
    Shelf(settings.models, Path(settings.folder))  # what is wrong with a model is told once, and here
    os.environ[VARIABLE] = str(settings.write())
    from uvicorn.supervisors import Multiprocess

    options = {**_options(), "workers": settings.processes, "factory": True}
    print(greeting, file=sys.stderr, flush=True)  # noqa: T201
    Multiprocess(uvicorn.Config("lilliput.web.app:from_environment", **options), [sock]).run()


def _options() -> dict[str, Any]:
    return {
        "http": "lilliput.web.protocol:BoundedProtocol",
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "timeout_keep_alive": 30,
        "timeout_graceful_shutdown": STOP_SECONDS,
        "backlog": BACKLOG,
    }


def serve(
    paths: Sequence[str],
    *,
    host: str,
    port: int | None,
    usual: int,
    token: str | None,
    allowed: Sequence[str],
    processes: int,
    threads: int | None,
) -> None:
    """Serve model files until the process is told to stop.

    On an address that others can reach, a token is demanded; without one given, it is made and printed.
    """
    models = names_of(paths)
    if not is_loopback(host) and token is None:
        token = secrets.token_urlsafe(24)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the folder goes
    with tempfile.TemporaryDirectory(prefix="lilliput-studio-") as folder:
        sock = listen(host, port, usual)
        settings = Settings(
            models=models,
            folder=folder,
            hosts=names_allowed(host, allowed),
            any_address=host in ("0.0.0.0", "::"),
            token=token,
            processes=processes,
            threads=threads if threads is not None else max(1, resolve_threads(None) // processes),
        )
        address = f"http://{_shown(host)}:{sock.getsockname()[1]}/"
        secret = f"?token={quote(token, safe='')}" if token else ""
        with sock:
            run(settings, sock, f"the studio is at {address}{secret}  (Ctrl-C stops it)")


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
