"""``lilliput map``: what a model knows, drawn so that what is alike lies together."""

from __future__ import annotations

import shlex
from typing import Annotated, Any, Literal

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

EXAMPLE = """\b
Examples
  lilliput map vectors.safetensors -o map.html
  lilliput map vectors.safetensors -o map.png --top 2000 --theme dark
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("map", epilog=EXAMPLE)(draw)


def draw(
    model: options.Model,
    out: Annotated[str, typer.Option("-o", "--out", metavar="FILE", help="A page, .html, or a picture, .png.")],
    top: Annotated[int, typer.Option(metavar="N", min=5, help="Draw the N most frequent.")] = 1000,
    context: Annotated[
        str | None, typer.Option(metavar="NAME", help="Beside it draw what moves under this context or item.")
    ] = None,
    clusters: Annotated[int, typer.Option(metavar="N", min=1, help="Colours, where there are no contexts.")] = 12,
    theme: Annotated[str, typer.Option(metavar="NAME", help="light, dark, or auto: what the reader prefers.")] = "auto",
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Another seed draws another map.")] = 0,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads; all if not given.")] = None,
    quiet: options.Quiet = False,
) -> None:
    """Draw a map of word vectors, or of the items of a pairing recommender.

    A page can be moved, zoomed and searched, and asks nothing of the network. Needs the extra `plots`.
    """
    from lilliput.core.budget import format_bytes
    from lilliput.core.registry import load
    from lilliput.tasks.maps import check_map, draw_map

    options.check_writable(out)
    check_map(out, theme, clusters)
    loaded: Any = load(model)
    if not hasattr(loaded, "map_points"):
        raise LilliputError(
            f"{model} holds a model of task {loaded.task!r}; maps are drawn of word vectors and pairings"
        )
    if context is not None and loaded.task == "vectors":
        raise LilliputError("--context is for pairing recommenders; word vectors know no contexts")
    points = loaded.map_points(top) if context is None else loaded.map_points(top, context)
    if not quiet:
        typer.echo(f"drawing {len(points.names):,} points", err=True)
    show: bool | Literal["auto"] = False if quiet else "auto"
    size = draw_map(points, out, theme=theme, clusters=clusters, seed=seed, threads=threads, progress=show)
    if not quiet:
        typer.echo(f"saved {shlex.quote(out)} ({format_bytes(size)})", err=True)
