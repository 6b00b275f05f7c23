"""Predicting the rows of a file: one row out for each row in, in the same order, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lilliput.cli.answers import answer_columns, answers
from lilliput.cli.kept import KeptFields
from lilliput.core.progress import Progress
from lilliput.data.batch import BadRows, Batch, Guard
from lilliput.data.cells import read_texts
from lilliput.data.files import STDIN
from lilliput.data.rows import read_columns
from lilliput.data.write import write_rows

if TYPE_CHECKING:
    from lilliput.cli.labeller import Labeller
    from lilliput.data.source import Source

KEPT_PREFIX = "input_"
"""Before the name of an input column that is also the name of an answer."""


def predict_file(
    model: Labeller, source: Source, out: str, *, json: bool, top: int | None, keep: bool, show: bool
) -> BadRows:
    """Write an answer for each row of the one file of `source`, as the ending of `out` says; returns the bad rows.

    A bad row raises `DataError` or, if the source skips bad rows, gets empty cells. `json`: JSON lines on standard
    output. `keep`: the input's own columns come first. `show`: progress on standard error.
    """
    made = answer_columns(model, top)
    kept = source.column_names if keep else []
    names = [KEPT_PREFIX + name if name in made else name for name in kept]
    bad = BadRows()
    with Progress(None, "predicting", "texts", "auto" if show and out != STDIN else False) as progress:
        rows = _rows(model, _batches(source, kept, bad), source.text_column, top, kept, bad, progress)
        write_rows(out, [*names, *made], rows, file_format="jsonl" if json and out == STDIN else None)
    return bad


def _batches(source: Source, kept: list[str], bad: BadRows) -> Iterator[Batch]:
    """Texts, and the columns to keep, with the numbers of their rows; gaps in these are bad rows."""
    (file,) = source.files
    fields = KeptFields(file, kept) if kept and file.format == "jsonl" else None
    columns = [source.text_column, *(() if fields else kept)]
    skipped = bad if source.skip_bad else None
    guard = Guard(file.name, skipped)
    for batch in read_columns(file, list(dict.fromkeys(columns)), bad=skipped, header=source.header):
        good = read_texts(batch, source.text_column, guard)
        yield replace(good, columns={**fields.of(good), **good.columns}) if fields else good


def _rows(
    model: Labeller,
    batches: Iterator[Batch],
    text: str,
    top: int | None,
    kept: list[str],
    bad: BadRows,
    progress: Progress,
) -> Iterator[list[Any]]:
    """The cells of every row, empty ones for bad rows."""
    empty = [None] * (len(kept) + len(answer_columns(model, top)))
    last = good = 0
    for batch in batches:
        answered = answers(model, model.predict_proba(batch.columns[text]), top)
        for place, (row, cells) in enumerate(zip(batch.rows, answered, strict=True)):
            yield from [empty] * (row - last - 1)
            yield [batch.columns[name][place] for name in kept] + cells
            last = row
        good += len(batch)
        progress.advance(len(batch))
    yield from [empty] * (good + bad.count - last)
