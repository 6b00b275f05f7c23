"""``lilliput fit pca``: principal components of a matrix, or of texts, that need not fit in memory."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.compiling import compile_once
from lilliput.cli.learning import save_learned
from lilliput.core.budget import Budget

EXAMPLE = """\b
Examples
  lilliput fit pca rows.npy -o p.safetensors -k 10
  lilliput fit pca table.csv -o p.safetensors -k 3
  lilliput fit pca news.jsonl --text body -o p.safetensors -k 100 --budget 50MB
  lilliput predict p.safetensors rows.npy -o coordinates.npy
"""
Data = Annotated[
    list[str], typer.Argument(metavar="DATA", help=".npy, sparse .npz, CSV, TSV or Parquet of numbers; texts: --text.")
]
Components = Annotated[int | None, typer.Option("-k", "--components", metavar="K", help="How many; 50 if not given.")]
Solver = Annotated[str | None, typer.Option(metavar="NAME", help="auto, gram, krylov, gradient or oja.")]
Tolerance = Annotated[float | None, typer.Option(metavar="T", help="Of the residuals; 1e-5 if not given.")]
Passes = Annotated[int | None, typer.Option(metavar="N", help="Over the rows, at most; 200 if not given.")]
Memory = Annotated[str | None, typer.Option("--working-memory", metavar="SIZE", help="For directions; 1GB.")]
Text = Annotated[str | None, typer.Option("--text", metavar="COLUMN", help="Rows are the texts of this column.")]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("pca", epilog=EXAMPLE)(fit_pca)


def fit_pca(
    data: Data,
    out: asked.Out,
    components: Components = None,
    text: Text = None,
    solver: Solver = None,
    tolerance: Tolerance = None,
    passes: Passes = None,
    working_memory: Memory = None,
    budget: asked.Budget = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    seed: asked.Seed = None,
    threads: asked.Threads = None,
    device: asked.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Find the directions of most variance, exactly centred, with the residual of each.

    Rows are read once where columns are few, else once for each pass; they may be larger than memory.
    """
    from lilliput.data.batch import BadRows
    from lilliput.data.matrix import MatrixSource
    from lilliput.data.source import Source
    from lilliput.tasks.pca import StreamingPCA

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"n_components": components, "solver": solver, "tolerance": tolerance, "passes": passes}
    given |= {"working_memory": working_memory, "budget": budget, "seed": seed, "threads": threads, "device": device}
    given["progress"] = False if quiet else None
    model = StreamingPCA(**{name: value for name, value in given.items() if value is not None})
    rows = (
        MatrixSource(data, header=not no_header)
        if text is None
        else Source(data, text, labelled=False, skip_bad=skip_bad, header=not no_header)
    )
    compile_once(quiet)
    bad = rows.bad if isinstance(rows, Source) else BadRows()
    save_learned(
        model, lambda: model.fit(rows), out, lambda: bad, quiet=quiet, json=json, try_next=f"predict {{}} {data[0]}"
    )
