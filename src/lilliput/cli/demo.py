"""``lilliput demo``: every task once, on data that every machine has."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from lilliput.cli import options
from lilliput.cli.demo_clusters import demo_clusters
from lilliput.cli.demo_label import demo_label
from lilliput.cli.demo_pair import demo_pair
from lilliput.cli.demo_rank import demo_rank
from lilliput.cli.demo_segment import demo_segment
from lilliput.core.errors import LilliputError

DEMOS: list[Callable[[Path], None]] = [demo_label, demo_segment, demo_clusters, demo_pair, demo_rank]
"""One a task: each writes its models into the folder given and shows on standard output what they do."""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo", epilog="Example: lilliput demo -o models")(demo)


def demo(
    out: Annotated[
        str | None,
        typer.Option("-o", "--out", metavar="FOLDER", help="Where models go; a temporary folder if not given."),
    ] = None,
) -> None:
    """Show every task on built-in data.

    Less than a minute, but for compiling, once.
    """
    from lilliput.cli.compiling import compile_once

    folder = Path(tempfile.mkdtemp(prefix="lilliput-demo-")) if out is None else _made(Path(out))
    compile_once(quiet=False)
    for run in DEMOS:
        run(folder)
    models = " ".join(shlex.quote(str(path)) for path in sorted(folder.glob("*.safetensors")))
    typer.echo(f"\nSee them all, in a browser: lilliput serve {models}")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise LilliputError(f"{folder} cannot be made ({error.strerror}); name another folder") from error
    options.check_writable(str(folder / "model.safetensors"))
    return folder
