"""What `predict` and `score` do with a recommender."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson
import typer

from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.tasks.pair import PairingRecommender
    from lilliput.tasks.pair_suggest import Suggestion


def suggest_for(
    model: PairingRecommender, given: str, *, k: int | None, adventurous: float, context: str | None, json: bool
) -> None:
    """Write what goes with the items of a text, a line each; they are parted as those of a cell are."""
    from lilliput.data.baskets import guess_separator, items_of

    items = items_of(given, guess_separator([given], spaces=False))
    if not items:
        raise LilliputError('there is no item; give some, parted by commas, such as "tomato, basil"')
    found = model.suggest(items, 10 if k is None else k, adventurous, context)
    if json:
        typer.echo(orjson.dumps([asdict(one) for one in found]).decode())
        return
    if not found:
        typer.echo("nothing goes with these that the data does not speak against", err=True)
    width = max((len(one.item) for one in found), default=0)
    for one in found:
        typer.echo(f"{one.item:<{width}}  {one.score:6.1%}  {told(one, model.known_.pairs.least)}")


def told(one: Suggestion, least: int) -> str:
    """Why, in a line; `least`: how many baskets all pairs that are not kept are fewer than."""
    counts = {item: f"under {least}" if count is None else f"{count:,}" for item, count in one.why.baskets.items()}
    many = ", ".join(f"{count} with {item}" for item, count in counts.items())
    shared = f"; both go with {', '.join(one.why.shared)}" if one.why.shared else ""
    number = max(one.why.properties.values(), default=0)
    beside = f"; {number} in common: {', '.join(one.why.rarest)}" if number else ""
    return f"in baskets: {many}; {one.why.lift:.1f} times chance{shared}{beside}"


def score_pairing(
    model: PairingRecommender,
    data: list[str],
    *,
    items: str | None,
    separator: str | None,
    header: bool,
    skip_bad: bool,
    json: bool,
) -> None:
    """Write hit@10 and MRR of completing baskets, beside those of popularity."""
    from lilliput.data.baskets import BasketSource
    from lilliput.tasks.pair_score import score_baskets

    column = model.items if items is None else items
    with BasketSource(data, column, separator=separator, skip_bad=skip_bad, header=header) as source:
        measures = score_baskets(model, source)
    if json:
        values = {name: {"value": one.value, "low": one.low, "high": one.high} for name, one in measures.items()}
        typer.echo(orjson.dumps({**values, "rows": next(iter(measures.values())).n}).decode())
    else:
        width = max(map(len, measures))
        for name, measure in measures.items():
            typer.echo(f"{name:<{width}}  {measure}")
    if source.bad.count:
        typer.echo(f"note: {source.bad}", err=True)
