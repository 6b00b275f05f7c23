"""``lilliput fit label``: label texts."""

from __future__ import annotations

from typing import Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.fit_label_deep import fit_deep, fits_deep, refuse
from lilliput.cli.learning import learn_and_save, new_or_continued
from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError

EXAMPLE = """\b
Example: two classes of messages in a CSV file, within 100 KB and a minute
  lilliput fit label train.csv --text message --target class -o spam.safetensors --budget 100KB,1min
  lilliput predict spam.safetensors "you have won a prize"
"""
FIXED = ("targets", "words", "chars", "network", "clusters")
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
    group: asked.Group = None,
    clusters: asked.Clusters = None,
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
    from lilliput.tasks.label import TextClassifier

    options.check_model_path(out)
    Budget.parse(budget)
    if network == "deep" or (network is None and targets == "soft" and fits_deep(budget, continued)):
        names = {"--balanced": balanced, "--abstain": abstain, "--clusters": clusters, "--continue": continued}
        refuse([name for name, value in names.items() if value])
        if targets not in (None, "soft"):
            raise LilliputError(f"the deep network is for soft targets, not {targets} ones; add: --network auto")
        deep: dict[str, Any] = {
            "words": options.span("--words", words),
            "chars": options.span("--chars", chars),
            "seed": seed,
        }
        deep |= {"budget": budget, "threads": threads, "device": device, "progress": False if quiet else None}
        with Source(data, text, target, skip_bad=skip_bad, header=not no_header, labels_separator=separator) as source:
            fit_deep(source, out, deep, group or [], quiet=quiet, json=json)
        return
    if group:
        raise LilliputError("--group is for the deep network; add: --targets soft --network deep")
    given: dict[str, Any] = {"budget": budget, "targets": targets, "abstain": abstain, "network": network, "seed": seed}
    given |= {"clusters": clusters, "words": options.span("--words", words), "chars": options.span("--chars", chars)}
    given |= {"balanced": balanced or None, "threads": threads, "device": device, "progress": False if quiet else None}
    asked_for = {name: value for name, value in given.items() if value is not None}
    model = new_or_continued(TextClassifier, continued, asked_for, FIXED)
    with Source(data, text, target, skip_bad=skip_bad, header=not no_header, labels_separator=separator) as source:
        learn_and_save(model, source, out, continued=continued is not None, quiet=quiet, json=json)
