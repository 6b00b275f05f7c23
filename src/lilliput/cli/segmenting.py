"""What `predict` and `score` do with a segmenter."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import orjson
import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segment, Segmenter

STDIN = "-"
PLAIN = ".txt"


def segment_input(model: Segmenter, given: str, out: str, *, json: bool, skip_bad: bool, quiet: bool) -> None:
    """Cut a text, or a plain text file; `out` as its ending says (.txt or .jsonl, or those with .gz), or the screen.

    For words a line of the file is a text, and comes out as a line with its words between spaces; for sentences the
    file is one text, and each of its sentences a line. JSON: an object a text.
    """
    from lilliput.data.batch import BadRows
    from lilliput.data.files import ENDINGS, split_ending
    from lilliput.data.sentences import SENTENCE_ENDINGS
    from lilliput.data.write import write_rows
    from lilliput.tasks.segment_source import text_lines

    as_json = json or split_ending(out)[0] == ".jsonl"
    if out != STDIN and split_ending(out)[0] not in (PLAIN, ".jsonl"):
        raise LilliputError(f"{out}: segments are written to .txt or .jsonl, or those with .gz")
    bad = BadRows()
    if options.is_data(given, (PLAIN,)):
        if split_ending(given)[0] in (ENDINGS.keys() | SENTENCE_ENDINGS.keys()) - {PLAIN}:
            raise LilliputError(f"{given}: texts to cut are read from plain text, a text a line (.txt)")
        texts: Iterable[str] = text_lines(given, bad if skip_bad else None)
        if model.unit == "sentence":
            texts = ["\n".join(texts)]
    elif out != STDIN:
        raise LilliputError("-o is for files; one text is answered on standard output")
    else:
        texts = [given]
    found = model.predict_segments(texts)
    if as_json:
        names = [f"{model.unit}s", "starts", "ends", "probability"]
        rows: Iterator[list[Any]] = (list(map(list, zip(*segments, strict=True))) or [[]] * 4 for segments in found)
        write_rows(out, names, rows, file_format="jsonl")
    else:
        _write_lines(out, _lines(found, model.unit))
    if bad.count and not quiet:
        typer.echo(f"note: {bad}", err=True)


def score_segmenter(model: Segmenter, files: list[str], *, json: bool, skip_bad: bool) -> None:
    """Write F1 of segments and borders, and the calibration error of the chances of borders."""
    from lilliput.cli.fit_segment import segments_of
    from lilliput.data.batch import BadRows
    from lilliput.tasks.segment_quality import quality

    bad = BadRows()
    measures = quality(model, segments_of(files, model.unit, bad if skip_bad else None))
    if json:
        values = {name: {"value": one.value, "low": one.low, "high": one.high} for name, one in measures.items()}
        typer.echo(orjson.dumps(values).decode())
    else:
        width = max(map(len, measures))
        for name, measure in measures.items():
            typer.echo(f"{name:<{width}}  {measure}")
    if bad.count:
        typer.echo(f"note: {bad}", err=True)


def _lines(found: Iterable[list[Segment]], unit: str) -> Iterator[str]:
    for segments in found:
        if unit == "word":
            yield " ".join(segment.text for segment in segments)
        else:
            yield from (" ".join(segment.text.split()) for segment in segments)


def _write_lines(out: str, lines: Iterator[str]) -> None:
    from lilliput.core.atomic import write_atomically
    from lilliput.data.files import split_ending

    encoded = (f"{line}\n".encode("utf-8", "replace") for line in lines)
    if out == STDIN:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(encoded)
        sys.stdout.buffer.flush()
    else:
        packed = split_ending(out)[1] == ".gz"
        write_atomically(out, (gzip.compress(line, mtime=0) for line in [b"".join(encoded)]) if packed else encoded)
