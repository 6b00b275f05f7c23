"""The command line: finds the verb, runs it, and turns errors into one line and an exit code.

Exit codes: 0; 1 a bug, with its traceback, or a reader of the output that went away; 2 anything a user can mend; 130
Ctrl-C. Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lilliput.core.errors import LilliputError

VERBS = ("fit", "predict", "score", "inspect", "map", "serve", "convert", "doctor", "bench", "demo", "data", "crawl")
"""Each is a module of this package with ``add_to(app)``; only the one that is asked for is imported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on `arguments` (None: those of the process) and return the exit code."""
    try:
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return 1
    return code


class _Verbs(TyperGroup):
    """The verbs in the order of `VERBS`, whether they have sub-commands or not."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [verb for verb in VERBS if verb in self.commands]


def build(verbs: Sequence[str] = VERBS) -> typer.Typer:
    """The application with some of its verbs."""
    app = typer.Typer(
        cls=_Verbs,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Try: lilliput demo",
    )
    app.callback(help="Deep learning for small machines: data and a budget in, one small model file out.")(_root)
    for verb in verbs:
        import_module(f"lilliput.cli.{verb}").add_to(app)
    return app


def _run(arguments: list[str]) -> int:
    asked = arguments[:1]
    try:
        build(asked if asked and asked[0] in VERBS else VERBS)(arguments, prog_name="lilliput")
    except SystemExit as end:  # typer's way to return, and to report a wrong option
        return end.code if isinstance(end.code, int) else 0
    except LilliputError as error:
        typer.echo(f"lilliput: error: {' '.join(str(error).splitlines())}", err=True)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=lambda on: _show(on))
    ] = False,
) -> None:
    """Nothing: the options of the program itself act by their callbacks."""


def _show(version: bool) -> None:
    if version:
        import lilliput

        typer.echo(f"lilliput {lilliput.__version__}")
        raise typer.Exit


def _drop_output() -> None:
    """Send what is left in the buffer of standard output nowhere; its reader (``| head``) has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
