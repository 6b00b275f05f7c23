"""``lilliput bench``: how optimisers do, and what this machine does with a network."""

from __future__ import annotations

from typing import Annotated

import typer

from lilliput.cli import options

EXAMPLE = "Example: lilliput bench optimisers --picture race.png --animation race.gif"
OPTIMISERS = """\b
Examples
  lilliput bench optimisers --picture race.png --animation race.gif
  lilliput bench optimisers table.csv --target price --time 30s --picture curves.png
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    bench = typer.Typer(no_args_is_help=True, help="Measure optimisers, and this machine.", epilog=EXAMPLE)
    bench.callback()(_bench)
    bench.command("optimisers", epilog=OPTIMISERS)(optimisers)
    app.add_typer(bench, name="bench")


def _bench() -> None:
    """Nothing: the commands of the group do the work."""


def optimisers(
    picture: Annotated[str | None, typer.Option(metavar="FILE", help="Draw the paths, as .png.")] = None,
    animation: Annotated[str | None, typer.Option(metavar="FILE", help="Draw them moving, as .gif.")] = None,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Give up after N steps.")] = 1000,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Race all optimisers over a saddle, a ravine, Beale's and Rosenbrock's surface.

    Each has the learning rate of ten that serves it best on each surface. Needs the extra `deep`, and `plots` to draw.
    """
    from lilliput.cli.bench_optimisers import race_surfaces

    race_surfaces(picture, animation, steps, quiet=quiet, json=json)
