"""``lilliput fit segment``: cut texts into words or sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.compiling import compile_once
from lilliput.cli.learning import save_learned
from lilliput.core.budget import Budget

if TYPE_CHECKING:
    from lilliput.data.batch import BadRows
    from lilliput.tasks.segment_source import Segments

EXAMPLE = """\b
Example: Chinese words from a treebank, within a megabyte
  lilliput fit segment train.conllu -o seg.safetensors --budget 1MB
  lilliput predict seg.safetensors "今天天氣很好"
  lilliput score seg.safetensors test.conllu
"""
Data = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA",
        help="CoNLL-U (.conllu), or .txt with a sentence a line, its words parted by spaces; plain or compressed.",
    ),
]
Unit = Annotated[str, typer.Option(metavar="KIND", help="What texts are cut into: word or sentence.")]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("segment", epilog=EXAMPLE)(fit_segment)


def fit_segment(
    data: Data,
    out: asked.Out,
    unit: Unit = "word",
    clusters: asked.Clusters = None,
    budget: asked.Budget = None,
    skip_bad: options.SkipBad = False,
    seed: asked.Seed = None,
    threads: asked.Threads = None,
    device: asked.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Learn where words, or sentences, begin in text.

    The report goes to standard output. After Ctrl-C the best model so far is saved.
    """
    from lilliput.data.batch import BadRows
    from lilliput.tasks.segment import Segmenter

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"unit": unit, "clusters": clusters, "budget": budget, "seed": seed, "device": device}
    given |= {"threads": threads, "progress": False if quiet else None}
    model = Segmenter(**{name: value for name, value in given.items() if value is not None})
    bad = BadRows()

    def learn() -> None:
        compile_once(quiet)
        model.fit(segments_of(data, unit, bad if skip_bad else None))

    save_learned(model, learn, out, lambda: bad, quiet=quiet, json=json)


def segments_of(files: list[str], unit: str, bad: BadRows | None) -> Iterator[Segments]:
    """The texts of all files, one after the other."""
    from lilliput.tasks.segment_source import read_segments

    return chain.from_iterable([read_segments(file, unit, bad=bad) for file in files])
