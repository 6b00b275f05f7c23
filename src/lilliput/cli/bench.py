"""``lilliput bench``: how optimisers do, and what this machine does with a network."""

from __future__ import annotations

from typing import Annotated

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

EXAMPLE = "Example: lilliput bench optimisers --picture race.png --animation race.gif"
OPTIMISERS = """\b
Examples
  lilliput bench optimisers --picture race.png --animation race.gif
  lilliput bench optimisers table.csv --target price --time 30s --picture curves.png
"""
DEVICES = "Example: lilliput bench devices --network 784-1024-1024-10 --error 0.1"


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    bench = typer.Typer(no_args_is_help=True, help="Measure optimisers, and this machine.", epilog=EXAMPLE)
    bench.callback()(_bench)
    bench.command("optimisers", epilog=OPTIMISERS)(optimisers)
    bench.command("devices", epilog=DEVICES)(devices)
    app.add_typer(bench, name="bench")


def _bench() -> None:
    """Nothing: the commands of the group do the work."""


def optimisers(
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="A table of numbers, .csv .tsv .jsonl .parquet or .npy.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="What to predict: a name, or a number from 1.")
    ] = None,
    time: Annotated[str, typer.Option(metavar="TIME", help="For the whole race on a table.")] = "30s",
    picture: Annotated[str | None, typer.Option(metavar="FILE", help="Draw paths or curves, as .png.")] = None,
    animation: Annotated[str | None, typer.Option(metavar="FILE", help="Draw paths moving, as .gif.")] = None,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="On surfaces, give up after N steps.")] = 1000,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of weights and orders.")] = 0,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Threads; if not given, one unless a step is worth more.")
    ] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Race all optimisers, on a table of one's own or over four surfaces that tell them apart.

    On a table each has an equal share of the time, for trials of five learning rates and a run with the best. Over a
    saddle, a ravine, Beale's and Rosenbrock's surface each has the rate of ten that serves it best. Needs the extra
    `deep`, and `plots` to draw.
    """
    from lilliput.cli.bench_optimisers import race_surfaces, race_table

    if data is None:
        if target is not None:
            raise LilliputError(f"--target {target} needs a table, as in: bench optimisers table.csv --target {target}")
        race_surfaces(picture, animation, steps, quiet=quiet, json=json)
    else:
        if animation is not None:
            raise LilliputError("--animation is of the surfaces; leave it out, or leave the table out")
        race_table(data, target, time, picture, seed=seed, threads=threads, quiet=quiet, json=json)


def devices(
    network: Annotated[
        str, typer.Option(metavar="N-N-...", help="Widths: inputs, hidden layers, classes.")
    ] = "784-1024-1024-10",
    batch: Annotated[int, typer.Option(metavar="N", min=1, help="Rows a step.")] = 128,
    time: Annotated[str, typer.Option(metavar="TIME", help="For all devices together.")] = "20s",
    error: Annotated[float, typer.Option(metavar="SHARE", help="Error on made-up classes to reach.")] = 0.1,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads; all if not given.")] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Measure a network on this machine: CPU with one thread and with all, and each GPU.

    Rows a second to learn and to predict, time to an error, and watts where the machine tells. Needs the extra `deep`.
    """
    from lilliput.cli.bench_devices import measure_devices

    measure_devices(network, batch, time, error, threads, quiet=quiet, json=json)
