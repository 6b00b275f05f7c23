"""``lilliput serve``: the studio, pages and a JSON API for model files."""

from __future__ import annotations

from typing import Annotated

import typer

from lilliput.core.errors import LilliputError
from lilliput.core.extras import require_extra

EXAMPLE = """\b
Examples
  lilliput serve spam.safetensors recipes.safetensors
  lilliput serve spam.safetensors --host 0.0.0.0 --processes 2
  curl -H "Content-Type: application/json" -d '{"texts": ["you have won"]}' \\
    http://127.0.0.1:8000/v1/models/spam/predict
"""
PORT = 8000


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("serve", epilog=EXAMPLE)(serve)


def serve(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL...", help="Model files; each is served under its own name.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=65535, help=f"{PORT}, or the next that is free, if not given; 0: any."),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Listen there; on any but this machine's own a token is demanded.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Answer only who knows it; made and printed where it is needed.")
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further name that browsers call this machine by.")
    ] = None,
    processes: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Share the work among so many.")] = 1,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of each process's predictions; all cores, if not given.")
    ] = None,
) -> None:
    """See models, try them, serve them: pages for people, an API for programs.

    The pages work without internet. The API is described at /docs. Ctrl-C stops it, after what is in work is answered.
    A model file that is replaced is loaded anew.
    """
    if token is not None and not (token.isascii() and token.isprintable() and len(token) >= 8 and ";" not in token):
        raise LilliputError("--token should be at least 8 plain characters without ';'")
    require_extra("fastapi", "web", "the studio")
    require_extra("httptools", "web", "the studio")
    require_extra("prometheus_client", "web", "the studio")
    require_extra("uvicorn", "web", "the studio")
    from lilliput.web.server import serve as run

    run(
        models or [],
        host=host,
        port=port,
        usual=PORT,
        token=token,
        allowed=allow or [],
        processes=processes,
        threads=threads,
    )
