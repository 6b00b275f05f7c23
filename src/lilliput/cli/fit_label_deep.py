"""``lilliput fit label --targets soft``: the deep network, where there is room and PyTorch for it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import typer

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.data.source import Source

ROOM, SECONDS, LATENCY = 1_000_000, 20.0, 0.01
"""Bytes of a file, seconds of a fit and of a prediction from which on a budget has room for the deep network."""


def fits_deep(budget: str | None, continued: str | None) -> bool:
    """Whether the deep network is what soft targets get: PyTorch is there, and the budget has room."""
    allowed = Budget.parse(budget)
    roomy = (
        (allowed.memory is None or allowed.memory >= ROOM)
        and (allowed.time is None or allowed.time >= SECONDS)
        and (allowed.latency is None or allowed.latency >= LATENCY)
    )
    return roomy and continued is None and all(find_spec(name) is not None for name in ("torch", "scipy"))


def refuse(names: Sequence[str]) -> None:
    """Raise `LilliputError` for options that the deep network has no use for."""
    if names:
        raise LilliputError(f"the deep network has no use for {' '.join(names)}; leave it out, or add: --network auto")


def fit_deep(
    source: Source, out: str, given: dict[str, Any], groups: Sequence[str], *, quiet: bool, json: bool
) -> None:
    """Fit a `TextRegressor` to a source of texts with soft targets, save it, and report."""
    from lilliput.cli.compiling import compile_once
    from lilliput.cli.learning import save_learned
    from lilliput.tasks.text_regressor import TextRegressor

    asked_for = {name: value for name, value in given.items() if value is not None}
    model = TextRegressor(groups=[group.split(",") for group in groups], **asked_for)
    if not quiet:
        typer.echo(f"learning from {source.describe()}, by a deep network and ridge regression", err=True)

    def learn() -> None:
        compile_once(quiet)
        model.fit(source)

    save_learned(model, learn, out, lambda: source.bad, quiet=quiet, json=json)
