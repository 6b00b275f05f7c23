"""What the tasks that learn from labelled texts share: a new model or one that goes on, learning, saving, reporting."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from lilliput.cli.compiling import compile_once
from lilliput.core.budget import format_bytes
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.core.estimator import Estimator
    from lilliput.data.batch import BadRows
    from lilliput.data.source import Source
    from lilliput.tasks.label import TextClassifier

    Model = TypeVar("Model", bound=TextClassifier)


def new_or_continued(
    kind: type[Model], continued: str | None, given: dict[str, Any], fixed: Sequence[str] = ()
) -> Model:
    """A new model, or the saved one that is to be continued.

    `given` are the parameters asked for, by name; those in `fixed` a saved model keeps. Raises `LilliputError` for
    these and for a model of another task.
    """
    from lilliput.core.registry import load

    if continued is None:
        return kind(**given)
    model = load(continued)
    if type(model) is not kind:
        raise LilliputError(
            f"{continued} holds a model of task {model.task!r}, which cannot be continued as {kind.task!r}; "
            "fit a new one"
        )
    kept = [f"--{name}" for name in fixed if name in given]
    if kept:
        raise LilliputError(f"{continued} was made with its own {' and '.join(kept)}; leave that out with --continue")
    return model.set_params(**given)


def learn_and_save(
    model: TextClassifier,
    source: Source,
    out: str,
    *,
    continued: bool,
    quiet: bool,
    json: bool,
    kernels: bool = True,
) -> None:
    """Fit to a source, save (after Ctrl-C too), and report; `kernels`: the task has compiled code."""
    described = source.describe()  # names of columns are checked before anything is compiled
    if not quiet:
        typer.echo(f"learning from {described}", err=True)

    def learn() -> None:
        if kernels:
            compile_once(quiet)
        if continued:
            model.partial_fit(source)
        else:
            model.fit(source)

    save_learned(model, learn, out, lambda: source.bad, quiet=quiet, json=json)


def save_learned(
    model: Estimator,
    learn: Callable[[], object],
    out: str,
    bad: Callable[[], BadRows],
    *,
    quiet: bool,
    json: bool,
    try_next: str = "predict {} 'some text'",
) -> None:
    """Let `model` learn, save it (after Ctrl-C too), and write its report to standard output.

    `bad` tells which rows were left out; ``try_next``: a verb and what it takes, to try on the file.
    """
    try:
        learn()
    except KeyboardInterrupt:
        _save_interrupted(model, out)
        raise typer.Exit(130) from None
    if bad().count and not quiet:
        typer.echo(f"note: {bad()}", err=True)
    size = model.save(out)
    typer.echo(model.report_.to_json() if json else str(model.report_))
    if not quiet:
        hint = f"lilliput {try_next.format(shlex.quote(out))}"
        typer.echo(f"saved {out} ({format_bytes(size)}); try: {hint}", err=True)


def _save_interrupted(model: Estimator, out: str) -> None:
    """Save what there is after Ctrl-C, and say so."""
    if not getattr(model, "interrupted_", False):
        typer.echo("interrupted before anything was learned; nothing was saved", err=True)
        return
    size = model.save(out)
    typer.echo(f"interrupted; the best model so far was saved: {out} ({format_bytes(size)})", err=True)
