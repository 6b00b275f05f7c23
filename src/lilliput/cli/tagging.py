"""What `predict` and `score` do with a tagger."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.tasks.tag import SequenceTagger

STDIN = "-"
PLAIN = ".txt"
CHUNK = 2000
"""Sentences scored together."""


def tag_input(model: SequenceTagger, given: str, out: str, *, json: bool, skip_bad: bool, quiet: bool) -> None:
    """Tag a text, a file of sentences (CoNLL-U or TSV), or a plain text file; `out` as its ending says, or the screen.

    A text: a line a token with its tag and probability. A file: CoNLL-U with the tags filled in, or JSON lines.
    """
    from lilliput.data.batch import BadRows
    from lilliput.data.sentences import SENTENCE_ENDINGS, read_sentences, write_sentences
    from lilliput.features.sentences import tokenised

    bad = BadRows()
    if not options.is_data(given, (*SENTENCE_ENDINGS, PLAIN)):
        if out != STDIN:
            raise LilliputError("-o is for files; one text is answered on standard output")
        for token in model.tag(given):
            cells = token._asdict()
            typer.echo(orjson.dumps(cells).decode() if json else f"{token.token}\t{token.tag}\t{token.probability:.4f}")
        return
    if given == STDIN or given.endswith(PLAIN):
        text = sys.stdin.read() if given == STDIN else _text_of(given)
        sentences = tokenised(text, model.language)
    else:
        sentences = read_sentences(given, column=model.column, bad=bad if skip_bad else None)
    tagged = model.predict_sentences(sentences)
    write_sentences(out, tagged, column=model.column, file_format="jsonl" if json and out == STDIN else None)
    if bad.count and not quiet:
        typer.echo(f"note: {bad}", err=True)


def score_tagger(model: SequenceTagger, files: list[str], *, json: bool, skip_bad: bool) -> None:
    """Write the share of the tokens that get the right tag."""
    from lilliput.cli.fit_tag import sentences_of
    from lilliput.core.errors import DataError
    from lilliput.core.report import Measure
    from lilliput.data.batch import BadRows

    bad = BadRows()
    right = tokens = 0
    wanted = sentences_of(files, model.column, bad if skip_bad else None)
    while chunk := list(islice(wanted, CHUNK)):
        for sentence, tags in zip(chunk, model.predict(chunk), strict=True):
            right += sum(tag == gold for tag, gold in zip(tags, sentence.column(model.column), strict=True))
            tokens += len(sentence)
    if not tokens:
        raise DataError("there are no tokens to score")
    measure = Measure.proportion(right, tokens)
    if json:
        typer.echo(
            orjson.dumps({"accuracy": measure.value, "low": measure.low, "high": measure.high, "n": tokens}).decode()
        )
    else:
        typer.echo(f"accuracy  {measure}")
    if bad.count:
        typer.echo(f"note: {bad}", err=True)


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LilliputError(f"{path} is not UTF-8 ({error.reason} at byte {error.start}); convert it first") from None
