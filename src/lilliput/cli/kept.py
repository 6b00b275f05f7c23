"""The columns of an input file that are repeated before its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

from lilliput.data.batch import Batch
from lilliput.data.files import DataFile, open_bytes
from lilliput.data.lines import blocks


class KeptFields:
    """Fields of the rows of a JSON Lines file, which any row may lack: read beside the texts, row by row."""

    def __init__(self, file: DataFile, names: Sequence[str]) -> None:
        self._objects = _objects(file)
        self._names = names
        self._last = 0

    def of(self, batch: Batch) -> dict[str, list[Any]]:
        """The fields of a batch's rows by name, None where one is missing; batches come in the order of the file."""
        rows = []
        for row in batch.rows:
            rows.append(next(islice(self._objects, row - self._last - 1, None)))
            self._last = row
        return {name: [found.get(name) for found in rows] for name in self._names}


def _objects(file: DataFile) -> Iterator[dict[str, Any]]:
    """The object of every line that is not blank; an empty one where there is none."""
    with open_bytes(file.path) as stream:
        for block in blocks(stream, file.name):
            for line in block.split(b"\n"):
                if line.strip():
                    yield _object(line)


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:  # a bad row, which the reader of the texts reports
        return {}
    return value if isinstance(value, dict) else {}
