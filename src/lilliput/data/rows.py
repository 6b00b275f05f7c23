"""Reading data files of any format as batches of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lilliput.core.errors import DataError
from lilliput.data.batch import BadRows, Batch, Guard
from lilliput.data.delimited import delimited_names, read_delimited
from lilliput.data.files import DataFile
from lilliput.data.jsonlines import jsonl_names, read_jsonl
from lilliput.data.parquet import parquet_names, read_parquet
from lilliput.data.plaintext import FASTTEXT_NAMES, TEXT_NAMES, read_fasttext, read_text


def column_names(file: DataFile, *, header: bool = True) -> list[str]:
    """The columns of a file in its order; for CSV and TSV without `header` they are "1", "2", ...

    Raises `DataError` for an empty file.
    """
    if file.format in ("csv", "tsv"):
        return delimited_names(file, header)
    if file.format == "jsonl":
        return jsonl_names(file)
    if file.format == "parquet":
        return parquet_names(file)
    return list(FASTTEXT_NAMES if file.format == "fasttext" else TEXT_NAMES)


def read_columns(
    file: DataFile,
    columns: Sequence[str],
    *,
    bad: BadRows | None = None,
    header: bool = True,
    longest: int | None = None,
) -> Iterator[Batch]:
    """Stream some columns of a file, given by name or, in CSV, TSV and Parquet, by a number from 1.

    A batch has up to 8,192 rows and, but for rows longer than that, a few megabytes of text. CSV and TSV cells are
    str; JSON Lines and Parquet cells are what stands there, with lists and dicts. A bad row (wrong number of fields,
    invalid UTF-8, broken JSON, a field that is not there, a quote that is never closed) raises `DataError` with file,
    row and reason, or is counted in `bad` where that is given. Lines of plain text far longer than `longest` bytes come
    in pieces. A file without rows and a column that is not there raise `DataError`.
    """
    guard = Guard(file.name, bad)
    before = bad.count if bad else 0
    seen = 0
    for batch in _batches(file, columns, guard, header, longest):
        if len(batch):
            seen += len(batch)
            yield batch
    if not seen:
        raise DataError(_no_rows(file, bad if bad and bad.count > before else None, header))


def _batches(
    file: DataFile, columns: Sequence[str], guard: Guard, header: bool, longest: int | None
) -> Iterator[Batch]:
    if file.format in ("csv", "tsv"):
        return read_delimited(file, columns, guard, header)
    if file.format == "jsonl":
        return read_jsonl(file, columns, guard)
    if file.format == "parquet":
        return read_parquet(file, columns, guard)
    if file.format == "fasttext":
        return read_fasttext(file, columns, guard)
    return read_text(file, columns, guard, longest)


def _no_rows(file: DataFile, bad: BadRows | None, header: bool) -> str:
    if bad:
        return f"{file.name} has no good row; {bad}"
    if file.format in ("csv", "tsv") and header:
        return f"{file.name} has a header and no rows"
    return f"{file.name} is empty"
