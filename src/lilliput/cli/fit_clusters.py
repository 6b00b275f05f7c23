"""``lilliput fit clusters``: group words that stand in the same places."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.compiling import compile_once
from lilliput.cli.learning import save_learned
from lilliput.core.budget import Budget

EXAMPLE = """\b
Example: a thousand clusters of the words of a corpus
  lilliput fit clusters corpus.txt -o clusters.safetensors --clusters 1000
  lilliput inspect clusters.safetensors
"""
Clusters = Annotated[int | None, typer.Option(metavar="N", help="How many clusters; 1000 if not given.")]
Least = Annotated[int | None, typer.Option(metavar="N", help="Words seen less often are unknown; 5 if not given.")]
Cased = Annotated[bool, typer.Option("--cased", help="Tell capital letters from small ones.")]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("clusters", epilog=EXAMPLE)(fit_clusters)


def fit_clusters(
    data: asked.Data,
    out: asked.Out,
    text: options.Text = None,
    clusters: Clusters = None,
    least: Least = None,
    cased: Cased = False,
    budget: asked.Budget = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    seed: asked.Seed = None,
    threads: asked.Threads = None,
    device: asked.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Group the words of a corpus into clusters, by the exchange algorithm on class bigrams.

    The report goes to standard output. After Ctrl-C the clusters so far are saved.
    """
    from lilliput.data.source import Source
    from lilliput.tasks.clusters import WordClusters

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"clusters": clusters, "least": least, "budget": budget, "seed": seed, "threads": threads}
    given |= {"lowercase": False if cased else None, "device": device, "progress": False if quiet else None}
    model = WordClusters(**{name: value for name, value in given.items() if value is not None})
    with Source(data, text, labelled=False, skip_bad=skip_bad, header=not no_header) as source:
        compile_once(quiet)
        save_learned(
            model, lambda: model.fit(source), out, lambda: source.bad, quiet=quiet, json=json, try_next="inspect {}"
        )
