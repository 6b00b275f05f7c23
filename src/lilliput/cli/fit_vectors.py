"""``lilliput fit vectors``: learn vectors of words from a corpus."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.compiling import compile_once
from lilliput.cli.learning import save_learned
from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError

EXAMPLE = """\b
Example: vectors of a corpus of words between spaces, then the words nearest to one
  lilliput fit vectors corpus.txt -o v.safetensors --dim 100 --epochs 5
  lilliput predict v.safetensors "king - man + woman"
"""
Dim = Annotated[int | None, typer.Option(metavar="N", help="Numbers a vector has; 100 if not given.")]
Epochs = Annotated[int | None, typer.Option(metavar="N", help="Passes over the texts; 5 if not given.")]
Method = Annotated[str | None, typer.Option(metavar="NAME", help="skipgram (the default) or cbow.")]
Window = Annotated[int | None, typer.Option(metavar="N", help="The farthest neighbour learned from; 5 if not given.")]
Negatives = Annotated[int | None, typer.Option(metavar="N", help="Random words beside each; 5 if not given.")]
Rate = Annotated[float | None, typer.Option(metavar="R", help="Of learning, at the beginning.")]
Sample = Annotated[float | None, typer.Option(metavar="T", help="Words with a larger share of the text are thinned.")]
Least = Annotated[int | None, typer.Option(metavar="N", help="Words seen less often get no vector; 5 if not given.")]
Subwords = Annotated[
    str | None, typer.Option(metavar="A-B", help="Learn n-grams of so many characters for unknown words, as 3-6.")
]
Cased = Annotated[bool, typer.Option("--cased", help="Tell capital letters from small ones.")]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("vectors", epilog=EXAMPLE)(fit_vectors)


def fit_vectors(
    data: asked.Data,
    out: asked.Out,
    text: options.Text = None,
    dim: Dim = None,
    epochs: Epochs = None,
    method: Method = None,
    window: Window = None,
    negatives: Negatives = None,
    rate: Rate = None,
    sample: Sample = None,
    least: Least = None,
    subwords: Subwords = None,
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
    """Learn vectors of words, by what stands beside them. Words are what stands between spaces.

    The report goes to standard output. After Ctrl-C the vectors so far are saved.
    """
    from lilliput.data.source import Source
    from lilliput.tasks.vectors import WordVectors
    from lilliput.tasks.vectors_parameters import check_parameters

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"dim": dim, "epochs": epochs, "method": method, "window": window, "negatives": negatives}
    given |= {"rate": rate, "sample": sample, "least": least, "subwords": _lengths(subwords), "budget": budget}
    given |= {"seed": seed, "threads": threads, "lowercase": False if cased else None, "device": device}
    given |= {"progress": False if quiet else None}
    model = WordVectors(**{name: value for name, value in given.items() if value is not None})
    check_parameters(model)
    with Source(data, text, labelled=False, skip_bad=skip_bad, header=not no_header) as source:
        compile_once(quiet)
        save_learned(
            model, lambda: model.fit(source), out, lambda: source.bad, quiet=quiet, json=json, try_next="inspect {}"
        )


def _lengths(given: str | None) -> tuple[int, int] | None:
    """The shortest and the longest n-gram of "3-6"."""
    if given is None:
        return None
    shortest, dash, longest = given.partition("-")
    if not (dash and shortest.isdigit() and longest.isdigit()):
        raise LilliputError(f"--subwords {given!r}: expected two numbers of characters, such as 3-6")
    return int(shortest), int(longest)
