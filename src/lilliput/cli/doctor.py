"""``lilliput doctor``: this installation, or a data set before anything is trained on it."""

from __future__ import annotations

from typing import Annotated

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

EXAMPLE = """\b
Examples
  lilliput doctor --compile
  lilliput doctor train.csv --text title --target topic --test test.csv
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor", epilog=EXAMPLE)(doctor)


def doctor(
    data: Annotated[
        list[str] | None, typer.Argument(metavar="DATA", help="Data files to look at; without any, this machine.")
    ] = None,
    text: options.Text = None,
    target: options.Target = None,
    separator: options.Separator = None,
    no_header: options.NoHeader = False,
    test: Annotated[
        str | None, typer.Option(metavar="FILE", help="The test set, to find texts that stand in both.")
    ] = None,
    compile_now: Annotated[
        bool, typer.Option("--compile", help="Compile the kernels now, not in the first fit.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Examine this machine, or a data set.

    A data set is looked at as before training, with what may be wrong with it; bad rows are counted.
    """
    if not data:
        if test is not None:
            raise LilliputError("--test needs the training data too: lilliput doctor train.csv --test test.csv")
        _examine_machine(compile_now, json)
        return
    from lilliput.data.inspect import inspect
    from lilliput.data.source import Source

    def source(paths: list[str]) -> Source:
        return Source(paths, text, target, skip_bad=True, header=not no_header, labels_separator=separator)

    with source(data) as train:
        findings = inspect(train, None if test is None else source([test]))
    typer.echo(_dumps(findings.to_dict()) if json else str(findings))


def _examine_machine(compile_now: bool, json: bool) -> None:
    from lilliput.cli.compiling import compile_once
    from lilliput.cli.machine import examine, page

    if compile_now:
        compile_once(quiet=False)
    found = examine()
    typer.echo(_dumps(found) if json else page(found))


def _dumps(found: dict[str, object]) -> str:
    import orjson

    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
