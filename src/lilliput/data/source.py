"""A stream of texts and targets over files, which can be read as often as needed."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from lilliput.core.errors import DataError
from lilliput.data.batch import BadRows, Guard, find_column, listed
from lilliput.data.cells import TargetReader, read_texts
from lilliput.data.files import STDIN, DataFile, Format, PathLike, data_file, open_bytes, sniff
from lilliput.data.rows import column_names, read_columns

TEXT_NAMES = ("text", "texts", "sentence", "content", "message", "title", "tweet", "review", "comment", "body",
              "description", "ingredients", "question", "utterance", "document")  # fmt: skip
TARGET_NAMES = ("label", "labels", "target", "targets", "class", "category", "y", "sentiment", "emotion", "intent",
                "topic")  # fmt: skip


class Source:
    """Texts, with targets if `labelled`, of one or more files; ``"-"`` is standard input.

    Parameters
    ----------
    paths : a path or several; the format is told by the ending, or is `file_format` for all of them.
    text : the column of the texts. By default the one called "text", else the only one with a usual name such as
        "sentence" or "message", else the only one there is.
    target : the column of the targets, by default found like the text; ``"joy,anger"`` are several columns of numbers.
    labelled : whether targets are read at all.
    skip_bad : count bad rows in `bad` instead of raising `DataError` for the first.
    header : whether CSV and TSV begin with the names of the columns; without, they are called "1", "2", ...
    labels_separator : what several labels in one cell are separated by.

    A list as text (ingredients) is joined by ", ". A target is a str, int, float or bool as it stands in the file (in
    CSV and TSV always a str, without spaces around it), a list of those for several labels (in fastText files always),
    or a dict of label to number for soft targets.

    ``bad`` holds the bad rows of the last pass. ``longest`` may be set to have lines of plain text that are far longer,
    in bytes, in pieces that are cut at spaces.
    """

    def __init__(
        self,
        paths: PathLike | Sequence[PathLike],
        text: str | None = None,
        target: str | None = None,
        *,
        labelled: bool = True,
        skip_bad: bool = False,
        header: bool = True,
        labels_separator: str | None = None,
        file_format: Format | None = None,
    ) -> None:
        self.paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        if not self.paths:
            raise DataError("there is no data file; name at least one")
        self.text, self.target, self.labelled = text, target, labelled
        self.skip_bad, self.header, self.labels_separator = skip_bad, header, labels_separator
        self.file_format = file_format
        self.longest: int | None = None
        self.bad = BadRows()
        self._spool: weakref.finalize[..., Any] | None = None

    @cached_property
    def files(self) -> list[DataFile]:
        """The files; standard input has been copied to a temporary one."""
        spooled = self._spooled() if STDIN in self.paths else None
        return [spooled if spooled and path == STDIN else data_file(path, self.file_format) for path in self.paths]

    @cached_property
    def column_names(self) -> list[str]:
        """The columns of the first file. Raises `DataError` if it is empty."""
        names = column_names(self.files[0], header=self.header)
        if not names:
            raise DataError(f"{self.files[0].name} is empty")
        return names

    @cached_property
    def text_column(self) -> str:
        """The column of the texts. Raises `DataError` if it is not there or cannot be guessed."""
        column = self.text or self._guess(TEXT_NAMES) or self._only_column()
        if column is None:
            raise self._not_guessed("texts", "text")
        find_column(column, self.column_names, self.files[0].name)
        return column

    @cached_property
    def target_columns(self) -> list[str]:
        """The column of the targets, or several; none if not `labelled`. Raises `DataError` as `text_column` does."""
        if not self.labelled:
            return []
        if self.files[0].format == "text":
            raise DataError(f"{self.files[0].name} is plain text, which has no labels; use CSV, TSV or JSON Lines")
        column = self.target or self._guess(TARGET_NAMES)
        if column is None:
            raise self._not_guessed("labels", "target")
        columns = [column] if column in self.column_names else [part.strip() for part in column.split(",")]
        for name in columns:
            place = find_column(name, self.column_names, self.files[0].name)
            if place == find_column(self.text_column, self.column_names, self.files[0].name):
                raise DataError(f"{self.files[0].name}: {name!r} is both the text and the target; name two columns")
        return columns

    def batches(self) -> Iterator[tuple[list[str], list[Any] | None]]:
        """One pass: texts and their targets (``None`` if not `labelled`), some thousand rows at a time.

        Raises `DataError` for a bad row unless `skip_bad`, and if no row is left.
        """
        self.bad = BadRows()
        seen = False
        for file in self.files:
            for texts, targets in self._batches_of(file):
                seen = seen or bool(texts)
                yield texts, targets
        if not seen:
            raise DataError(f"{self._names()}: no row can be used; {self.bad}")

    def _batches_of(self, file: DataFile) -> Iterator[tuple[list[str], list[Any] | None]]:
        bad = self.bad if self.skip_bad else None
        guard = Guard(file.name, bad)
        reader = TargetReader(self.target_columns, self.labels_separator) if self.labelled else None
        columns = [self.text_column, *self.target_columns]
        for batch in read_columns(file, columns, bad=bad, header=self.header, longest=self.longest):
            batch = read_texts(batch, self.text_column, guard)
            targets = None
            if reader is not None:
                batch, targets = reader.read(batch, guard)
            if len(batch):
                yield batch.columns[self.text_column], targets

    def describe(self) -> str:
        """The files and columns in one line."""
        target = f", target {','.join(self.target_columns)!r}" if self.labelled else ""
        return f"{self._names()}: text {self.text_column!r}{target}"

    def close(self) -> None:
        """Remove the copy of standard input, if one was made; the source cannot be read any more then."""
        if self._spool is not None:
            self._spool()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _names(self) -> str:
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.files[0].name}{more}"

    def _guess(self, usual: Sequence[str]) -> str | None:
        """The column with the most usual name, else the only one with any of the usual names."""
        found = [name for name in self.column_names if name.lower() in usual]
        best = [name for name in found if name.lower() == usual[0]]
        return next((names[0] for names in (best, found) if len(names) == 1), None)

    def _only_column(self) -> str | None:
        return self.column_names[0] if len(self.column_names) == 1 else None

    def _not_guessed(self, what: str, option: str) -> DataError:
        return DataError(
            f"{self.files[0].name}: which column holds the {what}? There are {listed(self.column_names)}; "
            f"name one with --{option} ({option}=... in Python)"
        )

    def _spooled(self) -> DataFile:
        descriptor, name = tempfile.mkstemp(prefix="lilliput-stdin-")
        self._spool = weakref.finalize(self, Path(name).unlink, missing_ok=True)
        os.close(descriptor)
        with Path(name).open("wb") as spool:
            shutil.copyfileobj(open_bytes(STDIN), spool)
        with Path(name).open("rb") as spool:
            head = spool.read(1 << 16)
        table = self.labelled or self.text is not None
        return DataFile(Path(name), self.file_format or sniff(head, table=table), "standard input")
