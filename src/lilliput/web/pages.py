"""The pages: a frame that all share, a part of its own for each, and the files that they are drawn with."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import Response

from lilliput.web.api import answer
from lilliput.web.problems import ProblemError
from lilliput.web.studio import Studio

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}
PAGES = {
    "": ("home", "Models"),
    "train": ("train", "Train"),
    "optimisers": ("optimisers", "Optimisers"),
    "docs": ("docs", "API"),
}
"""Name and title of the pages that belong to no model, by address."""
EARLY = {
    "home": '<link rel="modulepreload" href="/static/reports.js">\n'
    '<link rel="preload" href="/v1/models" as="fetch" crossorigin>\n'
}
"""What the browser may ask for before a page's program does."""
REPORT = "report"
"""The page of a model whose task has none of its own."""


class Static(NamedTuple):
    """A file of the package that pages are drawn with."""

    content: bytes
    packed: bytes
    """The same, by gzip."""
    tag: str
    kind: str


@cache
def static_files() -> dict[str, Static]:
    """All of them, by name; there is no other way to a file."""
    found = {}
    for file in sorted(files("lilliput.web").joinpath("static").iterdir(), key=lambda file: file.name):
        content = file.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        kind = TYPES[Path(file.name).suffix] + "; charset=utf-8"
        found[file.name] = Static(content, gzip.compress(content, mtime=0), tag, kind)
    return found


def add_pages(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""

    async def page(request: Request) -> Response:
        name, title = PAGES[request.url.path.strip("/")]
        return _page(studio, name, title)

    async def model_page(request: Request, name: str) -> Response:
        shelved = studio.found(name)
        return _page(studio, shelved.served.page or REPORT, name, model=name)

    async def static(request: Request, name: str) -> Response:
        file = static_files().get(name)
        if file is None or file.kind.startswith("text/html"):
            raise ProblemError(404, "there is no such file")
        headers = {"ETag": file.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(file.content, headers=headers, media_type=file.kind)
        return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.kind)

    async def openapi() -> Response:
        return answer(app.openapi())

    for address in PAGES:
        app.add_api_route(f"/{address}", page, include_in_schema=False)
    app.add_api_route("/m/{name}", model_page, include_in_schema=False)
    app.add_api_route("/static/{name}", static, include_in_schema=False)
    app.add_api_route("/openapi.json", openapi, include_in_schema=False)


def _page(studio: Studio, name: str, title: str, model: str | None = None) -> Response:
    """A page in its frame; whatever is not ours is escaped."""
    pages = static_files()
    models = [(f"/m/{quote(other, safe='')}", other, other == model) for other in studio.shelf.models]
    others = [(f"/{address}", title, model is None and page == name) for address, (page, title) in PAGES.items()]
    home, *tools = others
    frame = pages["frame.html"].content.decode()
    for mark, content in {
        "<!--TITLE-->": escape(title),
        "<!--MODEL-->": escape(model or "", quote=True),
        "<!--NAME-->": name,
        "<!--EARLY-->": EARLY.get(name, ""),
        "<!--HOME-->": _links([home]),
        "<!--MODELS-->": _links(models),
        "<!--TOOLS-->": _links(tools),
        "<!--PAGE-->": pages[f"{name}.html"].content.decode(),
    }.items():
        frame = frame.replace(mark, content)
    return Response(frame, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})


def _links(links: list[tuple[str, str, bool]]) -> str:
    here = ' aria-current="page"'
    return "".join(
        f'<li><a href="{escape(address, quote=True)}"{here if current else ""}>{escape(text)}</a></li>'
        for address, text, current in links
    )
