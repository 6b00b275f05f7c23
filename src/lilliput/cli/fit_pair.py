"""``lilliput fit pair``: what goes with what, from baskets."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.compiling import compile_once
from lilliput.cli.learning import save_learned
from lilliput.core.budget import Budget

EXAMPLE = """\b
Example: recipes, an object a line with a list of ingredients and a cuisine
  lilliput fit pair recipes.jsonl --items ingredients --context cuisine -o r.safetensors --budget 1MB
  lilliput fit pair recipes.jsonl -o r.safetensors --side compounds.csv --side-item ingredient
  lilliput predict r.safetensors "tomato, basil" --adventurous 0.7 --context mexican
"""
Data = Annotated[list[str], typer.Argument(metavar="DATA", help="Baskets: JSONL, CSV, TSV or .txt files, or - .")]
Items = Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of the items; found by its name if usual.")]
Context = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column of what a basket comes from, such as a cuisine.")
]
Separator = Annotated[
    str | None, typer.Option(metavar="MARK", help="What parts the items of a cell of text; guessed if not given.")
]
Normalise = Annotated[
    str | None, typer.Option(metavar="KIND", help="ingredients: '2 cups chopped tomatoes' is 'tomato'.")
]
NoAliases = Annotated[
    bool, typer.Option("--no-aliases", help="With --normalise: do not look for names that mean the same.")
]
Least = Annotated[int | None, typer.Option(metavar="N", help="Items in fewer baskets are left out; 1 if not given.")]
Window = Annotated[int | None, typer.Option(metavar="N", help="Only items so near each other in a basket make a pair.")]
Subsample = Annotated[
    float | None, typer.Option(metavar="SHARE", help="Leave out at random items in a larger share of baskets.")
]
Side = Annotated[
    str | None, typer.Option(metavar="FILE", help="What items share beside baskets: an item and properties in a row.")
]
SideItem = Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of the item in --side; the first else.")]
SideProperties = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column of the properties in --side; the only other one else.")
]
Dim = Annotated[int | None, typer.Option(metavar="N", help="Length of the vectors; what the budget allows else.")]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("pair", epilog=EXAMPLE)(fit_pair)


def fit_pair(
    data: Data,
    out: asked.Out,
    items: Items = None,
    context: Context = None,
    separator: Separator = None,
    normalise: Normalise = None,
    no_aliases: NoAliases = False,
    side: Side = None,
    side_item: SideItem = None,
    side_properties: SideProperties = None,
    least: Least = None,
    window: Window = None,
    subsample: Subsample = None,
    dim: Dim = None,
    budget: asked.Budget = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    seed: asked.Seed = None,
    threads: asked.Threads = None,
    device: asked.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Learn from baskets what goes with what: recipes, carts, playlists, lists of imports.

    The report goes to standard output. After Ctrl-C what was learned so far is saved.
    """
    from lilliput.data.baskets import BasketSource
    from lilliput.data.side import SideSource
    from lilliput.tasks.pair import PairingRecommender

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"least": least, "window": window, "subsample": subsample, "dim": dim, "budget": budget}
    given |= {"normalise": normalise, "seed": seed, "threads": threads, "device": device}
    given |= {"items": items, "context": context, "progress": False if quiet else None}
    given |= {"aliases": False if no_aliases else None}
    model = PairingRecommender(**{name: value for name, value in given.items() if value is not None})
    beside = None if side is None else SideSource(side, side_item, side_properties, skip_bad=skip_bad)
    with BasketSource(data, items, context, separator=separator, skip_bad=skip_bad, header=not no_header) as source:
        described = source.describe()
        if not quiet:
            typer.echo(f"learning from {described}", err=True)
        compile_once(quiet)
        first = '{} "one item, another"'
        save_learned(
            model,
            lambda: model.fit(source, side=beside),
            out,
            lambda: source.bad,
            quiet=quiet,
            json=json,
            try_next=f"predict {first}",
        )
