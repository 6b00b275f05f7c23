"""Matrices in files: .npy, sparse .npz, and tables of numbers as CSV, TSV or Parquet, read in blocks of rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.data.files import PathLike, open_bytes, split_ending

ENDINGS = (".npy", ".npz", ".csv", ".tsv", ".parquet")
_ROWS, _CELLS = 65_536, 4_000_000
"""Rows and numbers in a block of a table, at most."""


class Compressed(NamedTuple):
    """A sparse matrix by rows, as scipy's CSR: row r has ``data[indptr[r]:indptr[r + 1]]`` at ``indices``."""

    data: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]
    shape: tuple[int, int]


class MatrixSource:
    """The rows of some files, one below the other; they may be larger than memory, and are read again for each pass.

    .npy files are mapped; .npz hold one sparse matrix each, as `scipy.sparse.save_npz` writes it, and are read as a
    whole; CSV and TSV have a header unless told otherwise, and numbers only.
    """

    def __init__(self, paths: PathLike | Sequence[PathLike], *, header: bool = True) -> None:
        given = list(paths) if isinstance(paths, Sequence) and not isinstance(paths, str) else [paths]
        if not given:
            raise DataError("there is no file of rows; name at least one")
        self.paths, self._header = [Path(path) for path in given], header
        kinds = {self._kind(path) for path in self.paths}
        self.mapped = self._map(self.paths[0]) if len(self.paths) == 1 and kinds == {".npy"} else None
        self._sparse = {path: _read_npz(path) for path in self.paths if self._kind(path) == ".npz"}

    def whole(self) -> NDArray[Any] | Compressed | None:
        """The matrix, if it is one that is mapped or in memory; else None."""
        if self.mapped is not None:
            return self.mapped
        return self._sparse.get(self.paths[0]) if len(self.paths) == 1 else None

    def blocks(self) -> Iterator[NDArray[Any] | Compressed]:
        """All rows, in order."""
        for path in self.paths:
            kind = self._kind(path)
            if kind == ".npy":
                mapped = self._map(path)
                step = max(1, _CELLS // max(1, mapped.shape[1]))
                yield from (mapped[first : first + step] for first in range(0, len(mapped), step))
            elif kind == ".npz":
                yield self._sparse[path]
            elif kind == ".parquet":
                yield from _parquet(path)
            else:
                yield from _table(path, "\t" if kind == ".tsv" else ",", self._header)

    def _kind(self, path: Path) -> str:
        kind = split_ending(path)[0]
        if kind not in ENDINGS:
            raise DataError(f"{path} has no ending of a matrix; known are {' '.join(ENDINGS)}")
        return kind

    def _map(self, path: Path) -> NDArray[Any]:
        try:
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise DataError(f"{path} does not exist") from None
        except (ValueError, EOFError, OSError) as error:
            raise DataError(f"{path} is no .npy file that can be read ({error})") from None
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise DataError(f"{path} holds {array.dtype} of shape {array.shape}; give a matrix of numbers, 2-D")
        return array


def _read_npz(path: Path) -> Compressed:
    """A sparse matrix as scipy saves it in CSR, or the same arrays without its `format`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            kind = file["format"].item() if "format" in file else b"csr"
            parts = {name: file[name] for name in ("data", "indices", "indptr", "shape")}
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except KeyError as error:
        raise DataError(
            f"{path} has no array {error}; give a sparse matrix as scipy.sparse.save_npz writes it"
        ) from None
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no .npz file that can be read ({error})") from None
    kind = kind.decode() if isinstance(kind, bytes) else kind
    if kind != "csr":
        raise DataError(f"{path} is sparse by {kind}, not by rows; save X.tocsr()")
    rows, columns = (int(n) for n in parts["shape"])
    indptr, indices, data = parts["indptr"], parts["indices"], parts["data"]
    ordered = len(indptr) == rows + 1 and indptr[0] == 0 and (np.diff(indptr) >= 0).all() and indptr[-1] == len(data)
    inside = len(indices) == len(data) and (not len(indices) or (indices.min() >= 0 and indices.max() < columns))
    if not ordered or not inside:
        raise DataError(f"{path} is damaged: its entries do not fit {rows:,} rows and {columns:,} columns")
    return Compressed(data, indices, indptr, (rows, columns))


def _table(path: Path, separator: str, header: bool) -> Iterator[NDArray[Any]]:
    """Blocks of a table of numbers, float64."""
    width, seen = 0, 0
    with io.TextIOWrapper(open_bytes(path), encoding="utf-8", newline="") as text:
        lines: Iterator[str] = iter(text)
        first = next(lines, "")
        if header:
            seen = 1
        else:
            lines = chain([first], lines)
        step = min(_ROWS, max(1, _CELLS // (first.count(separator) + 1)))
        while chunk := list(islice(lines, step)):
            block = _parsed(path, chunk, separator, seen, width)
            width = width or block.shape[1]
            seen += len(chunk)
            if len(block):
                yield block


def _parsed(path: Path, lines: list[str], separator: str, before: int, width: int) -> NDArray[Any]:
    """Numbers of some lines; `DataError` names the line that is not of numbers or of another length than `width`."""
    full = [line for line in lines if line.strip()]
    if not full:
        return np.zeros((0, width))
    width = width or full[0].count(separator) + 1
    try:
        block: NDArray[Any] = np.loadtxt(full, delimiter=separator, ndmin=2, comments=None, quotechar='"')
    except ValueError as error:
        block, reason = np.zeros((0, 0)), str(error)
    if block.shape[1] == width:
        return block
    for number, line in enumerate(lines, before + 1):
        cells = line.strip("\r\n").split(separator)
        if line.strip() and len(cells) != width:
            raise DataError(
                f"{path}: line {number:,} has {len(cells):,} cells and those before have {width:,}; "
                "give rows of one length"
            )
        for column, cell in enumerate(cells if line.strip() else [], 1):
            if not _is_number(cell):
                raise DataError(
                    f"{path}: line {number:,}, column {column:,} is {cell!r:.40}, no number; leave such columns out"
                )
    raise DataError(f"{path}: lines from {before + 1:,} are no table of numbers ({reason})")


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip().strip('"'))
    except ValueError:
        return False
    return True


def _parquet(path: Path) -> Iterator[NDArray[Any]]:
    from lilliput.core.extras import require_extra

    parquet: Any = require_extra("pyarrow.parquet", "parquet", "reading Parquet")
    try:
        file = parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no Parquet file that can be read ({error})") from None
    with file:
        width = max(1, len(file.schema_arrow.names))
        for batch in file.iter_batches(min(_ROWS, max(1, _CELLS // width))):
            columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
            for name, column in zip(batch.schema.names, columns, strict=True):
                if column.dtype.kind not in "biuf":
                    raise DataError(f"{path}: column {name!r} holds no numbers; leave it out")
            yield np.stack(columns, axis=1)
