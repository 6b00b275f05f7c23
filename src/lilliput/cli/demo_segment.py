"""The demonstration of segmenting: the words of the standard library's docstrings, written without spaces."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import typer

BUDGET = "100KB"
SENTENCES = 1_500
"""Learned from, at most."""
SHOWN = 4
"""Sentences kept back to be shown."""
SHORTEST, LONGEST = 4, 25
"""Words of a sentence."""


def demo_segment(folder: Path) -> None:
    """Learn to find the words of sentences without spaces, and show some that were kept back."""
    from lilliput.data.builtin import docstrings
    from lilliput.tasks.segment import Segmenter
    from lilliput.tasks.segment_source import Segments

    sentences = _sentences(docstrings()[0])
    step = max(1, len(sentences) // (SENTENCES + SHOWN))
    chosen = sentences[::step][: SENTENCES + SHOWN]
    kept = chosen[:: max(1, len(chosen) // SHOWN)][:SHOWN]
    learned = [words for words in chosen if words not in kept]
    typer.echo(f"\nsegment: where do words begin, if nobody writes spaces? {len(learned)} sentences, {BUDGET}.\n")
    model = Segmenter(budget=BUDGET).fit(Segments(words, [False] * len(words)) for words in learned)
    typer.echo(f"{model.report_}\n\nSentences that it has not seen:\n")
    for words in kept:
        text = "".join(words)
        typer.echo(f"  {text}\n    {' '.join(model.predict([text])[0])}")
    path = folder / "segments.safetensors"
    model.save(path)
    typer.echo(f"\nThe segmenter is in {path}; try: lilliput predict {shlex.quote(str(path))} 'returnthelistoffiles'")


def _sentences(texts: list[str]) -> list[list[str]]:
    """The words of each different sentence, in lower case."""
    found = [tuple(re.findall("[a-z]+", part.lower())) for text in texts for part in re.split(r"\.\s|\n\s*\n", text)]
    return [list(words) for words in dict.fromkeys(found) if SHORTEST <= len(words) <= LONGEST]
