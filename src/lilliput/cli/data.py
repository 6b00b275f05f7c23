"""``lilliput data``: data sets that every machine has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError


class Table(NamedTuple):
    """A data set: names of its columns, and its rows."""

    columns: tuple[str, ...]
    rows: Iterable[Sequence[Any]]


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    data = typer.Typer(
        no_args_is_help=True,
        help="Data sets that every machine has.",
        epilog="Example: lilliput data get docstrings -o docstrings.csv",
    )
    data.command("list")(show)
    data.command("get", epilog="Example: lilliput data get docstrings -o docstrings.csv")(get)
    app.add_typer(data, name="data")


def show() -> None:
    """List the data sets."""
    width = max(map(len, SETS))
    for name, (about, _) in SETS.items():
        typer.echo(f"{name:<{width}}  {about}")


def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `lilliput data list` shows it.")],
    out: Annotated[
        str, typer.Option("-o", "--out", metavar="FILE", help=".csv, .tsv or .jsonl, plain or .gz; else the screen.")
    ] = "-",
    json: options.Json = False,
) -> None:
    """Write a data set to a file."""
    from lilliput.data.write import write_rows

    if name not in SETS:
        raise LilliputError(f"there is no data set {name!r}; there are {', '.join(SETS)}")
    if out != "-":
        options.check_writable(out)
    table = SETS[name][1]()
    write_rows(out, table.columns, table.rows, file_format="jsonl" if json and out == "-" else None)


def _docstrings() -> Table:
    from lilliput.data.builtin import docstrings

    return Table(("text", "label"), zip(*docstrings(), strict=True))


def _imports() -> Table:
    from lilliput.data.builtin import imports

    return Table(("items",), ([items] for items in imports()))


def _topics() -> Table:
    from lilliput.data.builtin import topics

    return Table(("title", "text"), topics())


def _digits() -> Table:
    from lilliput.data.builtin import digits

    images, labels = digits()
    return Table(("pixels", "label"), zip(images.reshape(len(images), -1).tolist(), labels.tolist(), strict=True))


SETS: dict[str, tuple[str, Callable[[], Table]]] = {
    "docstrings": ("docstrings of Python's standard library, and the package each is from", _docstrings),
    "imports": ("what each module of the standard library imports: baskets", _imports),
    "topics": ("articles of Python's documentation: title and text", _topics),
    "digits": ("scikit-learn's handwritten digits, 8x8 pixels (extra: deep)", _digits),
}
"""What each data set is, and how it is read."""
