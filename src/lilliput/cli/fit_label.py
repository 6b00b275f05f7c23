"""``lilliput fit label``: label texts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lilliput.cli import options
from lilliput.core.budget import Budget, format_bytes
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.data.source import Source
    from lilliput.tasks.label import TextClassifier

EXAMPLE = """\b
Example: two classes of messages in a CSV file, within 100 KB and a minute
  lilliput fit label train.csv --text message --target class -o spam.safetensors --budget 100KB,1min
  lilliput predict spam.safetensors "you have won a prize"
"""
FIXED = ("targets", "words", "chars", "network")
"""Parameters that a model keeps when it is continued."""


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("label", epilog=EXAMPLE)(fit_label)


def fit_label(
    data: Annotated[list[str], typer.Argument(metavar="DATA", help="CSV, TSV, JSONL, .txt or .parquet files, or - .")],
    out: Annotated[str, typer.Option("-o", "--out", metavar="MODEL", help="The model file to write.")],
    text: options.Text = None,
    target: options.Target = None,
    budget: Annotated[
        str | None, typer.Option(metavar="LIMITS", help="Size of the file, time of the fit: 1MB or 1MB,5min.")
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="single (one label a text), multi or soft; as the data say if not given."),
    ] = None,
    balanced: Annotated[bool, typer.Option("--balanced", help="Rare labels weigh as much as frequent ones.")] = False,
    abstain: Annotated[
        float | None, typer.Option(metavar="P", help="Give no label that is less probable than this.")
    ] = None,
    words: Annotated[str | None, typer.Option(metavar="N-N", help="N-grams of words, such as 1-2, or none.")] = None,
    chars: Annotated[
        str | None, typer.Option(metavar="N-N", help="N-grams of characters, such as 2-4, or none.")
    ] = None,
    network: Annotated[str | None, typer.Option(metavar="KIND", help="auto, linear or embedding.")] = None,
    separator: options.Separator = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same file; 0 if not given.")] = None,
    threads: Annotated[int | None, typer.Option(help="Processors to use; all if not given.")] = None,
    device: Annotated[str, typer.Option(help="auto or cpu.")] = "auto",
    continued: Annotated[
        str | None, typer.Option("--continue", metavar="MODEL", help="Go on from this model with more rows.")
    ] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Learn to label texts.

    The report goes to standard output. After Ctrl-C the best model so far is saved.
    """
    from lilliput.data.source import Source

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {
        "budget": budget,
        "targets": targets,
        "balanced": balanced or None,
        "abstain": abstain,
        "words": options.span("--words", words),
        "chars": options.span("--chars", chars),
        "network": network,
        "seed": seed,
        "threads": threads,
        "device": device,
        "progress": False if quiet else None,
    }
    given = {name: value for name, value in given.items() if value is not None}
    model = _model(continued, given)
    with Source(data, text, target, skip_bad=skip_bad, header=not no_header, labels_separator=separator) as source:
        described = source.describe()  # names of columns are checked before anything is compiled
        if not quiet:
            typer.echo(f"learning from {described}", err=True)
        size = _learn(model, source, out, continued=continued is not None, quiet=quiet)
        if skip_bad and source.bad.count and not quiet:
            typer.echo(f"note: {source.bad}", err=True)
    typer.echo(model.report_.to_json() if json else str(model.report_))
    if not quiet:
        hint = f"lilliput predict {shlex.quote(out)} 'some text'"
        typer.echo(f"saved {out} ({format_bytes(size)}); try: {hint}", err=True)


def _model(continued: str | None, given: dict[str, Any]) -> TextClassifier:
    """A new classifier, or the saved one that is to be continued; `given` are the parameters asked for."""
    from lilliput.core.registry import load
    from lilliput.tasks.label import TextClassifier

    if continued is None:
        return TextClassifier(**given)
    model = load(continued)
    if not isinstance(model, TextClassifier):
        raise LilliputError(
            f"{continued} holds a model of task {model.task!r}, which cannot be continued; fit a new one"
        )
    fixed = [f"--{name}" for name in FIXED if name in given]
    if fixed:
        raise LilliputError(f"{continued} was made with its own {' and '.join(fixed)}; leave that out with --continue")
    return model.set_params(**given)


def _learn(model: TextClassifier, source: Source, out: str, *, continued: bool, quiet: bool) -> int:
    """Fit and save, after Ctrl-C too; returns the size of the file in bytes."""
    from lilliput.cli.compiling import compile_once

    try:
        compile_once(quiet)
        if continued:
            model.partial_fit(source)
        else:
            model.fit(source)
    except KeyboardInterrupt:
        if not getattr(model, "interrupted_", False):
            typer.echo("interrupted before anything was learned; nothing was saved", err=True)
        else:
            size = model.save(out)
            typer.echo(f"interrupted; the best model so far was saved: {out} ({format_bytes(size)})", err=True)
        raise typer.Exit(130) from None
    return model.save(out)
