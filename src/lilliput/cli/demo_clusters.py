"""The demonstration of word clusters: which words stand in the same places in the standard library's docstrings."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

CLUSTERS = 150
SHOWN = ("list", "open", "email", "thread", "integer", "cannot")
"""Words whose clusters are shown."""
MOST = 10
"""Words of a cluster that are shown."""


def demo_clusters(folder: Path) -> None:
    """Sort the words of the docstrings into clusters, and show some."""
    from lilliput.data.builtin import docstrings
    from lilliput.tasks.clusters import WordClusters

    typer.echo(f"\nclusters: which words stand in the same places in these docstrings? {CLUSTERS} clusters.\n")
    model = WordClusters(CLUSTERS).fit(docstrings()[0])
    typer.echo(f"{model.report_}\n\nThe most frequent words of some clusters:\n")
    groups = model.listing(MOST)
    for word, cluster in zip(SHOWN, model.predict(SHOWN).tolist(), strict=True):
        if cluster >= 0:
            typer.echo(f"  with {word!r}: {', '.join(other for other in groups[cluster] if other != word)}")
    path = folder / "clusters.safetensors"
    model.save(path)
    typer.echo(f"\nThe clusters are in {path}; other tasks learn from them with --clusters {shlex.quote(str(path))}")
