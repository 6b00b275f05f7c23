"""What several verbs share: the options of data, and how values are read from the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Container
from pathlib import Path
from typing import Annotated

import typer

from lilliput.core.errors import DataError, LilliputError

Text = Annotated[
    str | None, typer.Option("--text", metavar="COLUMN", help="Column of the texts; found by its name if usual.")
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="COLUMN", help="Column of the labels; several columns of numbers (a,b,c) are soft targets."
    ),
]
Separator = Annotated[
    str | None, typer.Option("--separator", metavar="MARK", help="What parts several labels in one cell, such as ','.")
]
NoHeader = Annotated[
    bool, typer.Option("--no-header", help="CSV and TSV begin with data; columns are called 1, 2, ...")
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out and count them, instead of stopping.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model file that `fit` or `convert` wrote.")]

_SPAN = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")


def span(option: str, value: str | None) -> tuple[int, int] | None:
    """Lengths of n-grams: "1-2" or "3" as (shortest, longest), "none" as (0, 0). Raises `LilliputError`."""
    if value is None:
        return None
    if value == "none":
        return 0, 0
    match = _SPAN.fullmatch(value)
    if match is None:
        raise LilliputError(f"{option} {value}: expected the shortest and the longest, such as 1-2, or none")
    return int(match[1]), int(match[2] or match[1])


def is_file(given: str) -> bool:
    """Whether what was given is the path of a file."""
    try:
        return Path(given).is_file()
    except OSError:  # longer than any path
        return False


def is_data(given: str, endings: Container[str]) -> bool:
    """Whether an input names data and is no text itself; `endings`: of the files that it may name.

    Raises `DataError` for such a file that is not there.
    """
    from lilliput.data.files import STDIN, open_bytes, split_ending

    if given == STDIN or is_file(given):
        return True
    ending, _ = split_ending(given)
    if ending in endings and "\n" not in given:
        try:
            open_bytes(given).close()
        except DataError as error:
            raise DataError(f"{error}; a text that ends in {ending!r} goes through standard input") from None
    return False


def check_writable(path: str) -> None:
    """Raise `LilliputError` if no file can be written at `path`; to be called before the work and not after it."""
    target = Path(path)
    folder = target.resolve().parent
    if not folder.is_dir():
        raise LilliputError(f"{path} cannot be written: there is no folder {folder}; make it, or name another")
    if target.is_dir():
        raise LilliputError(f"{path} is a folder; name a file in it, such as {target / 'model.safetensors'}")
    if not os.access(folder, os.W_OK):
        raise LilliputError(f"{path} cannot be written: the folder {folder} is read-only for you; name another")


def check_model_path(path: str) -> None:
    """`check_writable`, with a word to standard error about an ending that other programs would not know."""
    check_writable(path)
    if Path(path).suffix != ".safetensors":
        typer.echo(
            f"note: model files end in .safetensors; {path} works here, other programs may not know it", err=True
        )
