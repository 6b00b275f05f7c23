"""Parquet, a row group at a time (extra "parquet")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from lilliput.core.errors import DataError
from lilliput.core.extras import require_extra
from lilliput.data.batch import ROWS_PER_BATCH, Batch, Guard, find_column
from lilliput.data.files import DataFile, open_bytes

_BYTES_PER_BATCH = 4_000_000


def parquet_names(file: DataFile) -> list[str]:
    """The names of the top-level columns."""
    with open_bytes(file.path) as stream:
        return list(_opened(stream, file.name).schema_arrow.names)


def read_parquet(file: DataFile, columns: Sequence[str], guard: Guard) -> Iterator[Batch]:
    """Rows in the order of the file; lists and structs become lists and dicts."""
    with open_bytes(file.path) as stream:
        parquet = _opened(stream, file.name)
        names = parquet.schema_arrow.names
        wanted = {column: names[find_column(column, names, file.name)] for column in columns}
        row = 1
        for batch in _record_batches(parquet, list(wanted.values()), file.name):
            cells = {column: batch.column(name).to_pylist() for column, name in wanted.items()}
            yield Batch(range(row, row + batch.num_rows), cells)
            row += batch.num_rows


def _opened(stream: BinaryIO, name: str) -> Any:
    parquet: Any = require_extra("pyarrow.parquet", "parquet", "reading Parquet")
    try:
        return parquet.ParquetFile(stream)
    except (OSError, ValueError) as error:  # what pyarrow raises for damage
        raise DataError(f"{name} is damaged or no Parquet file: {error}") from error


def _record_batches(parquet: Any, names: list[str], file: str) -> Iterator[Any]:
    metadata = parquet.metadata
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    rows = max(1, min(ROWS_PER_BATCH, _BYTES_PER_BATCH * metadata.num_rows // max(1, size)))
    try:
        yield from parquet.iter_batches(batch_size=rows, columns=names, use_threads=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{file} is damaged: {error}") from error
