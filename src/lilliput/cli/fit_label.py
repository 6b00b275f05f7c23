"""``lilliput fit label``: label texts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.compiling import compile_once
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
    data: asked.Data,
    out: asked.Out,
    text: options.Text = None,
    target: options.Target = None,
    budget: asked.Budget = None,
    targets: asked.Targets = None,
    balanced: asked.Balanced = False,
    abstain: asked.Abstain = None,
    words: asked.Words = None,
    chars: asked.Chars = None,
    network: asked.Network = None,
    separator: options.Separator = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    seed: asked.Seed = None,
    threads: asked.Threads = None,
    device: asked.Device = "auto",
    continued: asked.Continued = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Learn to label texts.

    The report goes to standard output. After Ctrl-C the best model so far is saved.
    """
    from lilliput.data.source import Source

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"budget": budget, "targets": targets, "abstain": abstain, "network": network, "seed": seed}
    given |= {"words": options.span("--words", words), "chars": options.span("--chars", chars)}
    given |= {"balanced": balanced or None, "threads": threads, "device": device, "progress": False if quiet else None}
    model = _model(continued, {name: value for name, value in given.items() if value is not None})
    with Source(data, text, target, skip_bad=skip_bad, header=not no_header, labels_separator=separator) as source:
        size = _learn(model, source, out, continued=continued is not None, quiet=quiet)
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
    described = source.describe()  # names of columns are checked before anything is compiled
    if not quiet:
        typer.echo(f"learning from {described}", err=True)
    try:
        compile_once(quiet)
        if continued:
            model.partial_fit(source)
        else:
            model.fit(source)
    except KeyboardInterrupt:
        _save_interrupted(model, out)
        raise typer.Exit(130) from None
    if source.bad.count and not quiet:
        typer.echo(f"note: {source.bad}", err=True)
    return model.save(out)


def _save_interrupted(model: TextClassifier, out: str) -> None:
    """Save what there is after Ctrl-C, and say so."""
    if not getattr(model, "interrupted_", False):
        typer.echo("interrupted before anything was learned; nothing was saved", err=True)
        return
    size = model.save(out)
    typer.echo(f"interrupted; the best model so far was saved: {out} ({format_bytes(size)})", err=True)
