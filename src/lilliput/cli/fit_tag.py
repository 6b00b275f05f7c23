"""``lilliput fit tag``: tag the tokens of sentences."""

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
    from lilliput.data.conllu import Sentence

EXAMPLE = """\b
Example: parts of speech from a treebank, within 500 KB
  lilliput fit tag train.conllu -o pos.safetensors --budget 500KB
  lilliput predict pos.safetensors "They saw her duck."
  lilliput score pos.safetensors test.conllu
"""
Data = Annotated[
    list[str], typer.Argument(metavar="DATA", help="CoNLL-U (.conllu) or two columns (.tsv), plain or compressed.")
]
Column = Annotated[str, typer.Option("--column", metavar="NAME", help="Column of CoNLL-U that holds the tags.")]
Language = Annotated[
    str | None, typer.Option(metavar="CODE", help="Language of raw texts, for rules of its own: en, fr, af.")
]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("tag", epilog=EXAMPLE)(fit_tag)


def fit_tag(
    data: Data,
    out: asked.Out,
    column: Column = "upos",
    language: Language = None,
    clusters: asked.Clusters = None,
    budget: asked.Budget = None,
    skip_bad: options.SkipBad = False,
    seed: asked.Seed = None,
    threads: asked.Threads = None,
    device: asked.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Learn to tag the tokens of sentences, such as with their parts of speech.

    The report goes to standard output. After Ctrl-C the best model so far is saved.
    """
    from lilliput.data.batch import BadRows
    from lilliput.tasks.tag import SequenceTagger

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"budget": budget, "column": column, "language": language, "seed": seed, "device": device}
    given |= {"clusters": clusters, "threads": threads, "progress": False if quiet else None}
    model = SequenceTagger(**{name: value for name, value in given.items() if value is not None})
    bad = BadRows()

    def learn() -> None:
        compile_once(quiet)
        model.fit(sentences_of(data, column, bad if skip_bad else None))

    save_learned(model, learn, out, lambda: bad, quiet=quiet, json=json)


def sentences_of(files: list[str], column: str, bad: BadRows | None) -> Iterator[Sentence]:
    """The sentences of all files, one after the other."""
    from lilliput.data.sentences import read_sentences

    return chain.from_iterable([read_sentences(file, column=column, bad=bad) for file in files])
