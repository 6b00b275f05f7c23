"""``lilliput fit TASK``: a module a task."""

from __future__ import annotations

from importlib import import_module

import typer

TASKS = ("label", "language", "tag", "segment", "clusters", "vectors", "pair", "rank", "pca")
"""Each is a module ``fit_<task>`` of this package with ``add_to(app)``."""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    fit = typer.Typer(
        no_args_is_help=True,
        help="Learn from data within a budget.",
        epilog="Example: lilliput fit label train.csv --text text --target label -o m.safetensors --budget 1MB",
    )
    for task in TASKS:
        import_module(f"lilliput.cli.fit_{task}").add_to(fit)
    app.add_typer(fit, name="fit")
