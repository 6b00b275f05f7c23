"""Texts with their languages from files: tables, or plain text, one file a language."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from lilliput.core.errors import DataError
from lilliput.data.files import STDIN, DataFile, split_ending
from lilliput.data.source import Source

LANGUAGE_NAMES = ("language", "lang", "language_code", "locale", "iso")


class LanguageSource(Source):
    """A `Source` whose targets are languages.

    Of a table the column called "language", "lang" or the like is the target if none is named. A plain text file is
    all in one language, which its name tells: de.txt, or de.txt.gz.
    """

    @classmethod
    def of(cls, source: Source) -> Source:
        """`source` if it is a table; plain texts as one file a language."""
        if isinstance(source, cls) or any(file.format != "text" for file in source.files):
            return source
        return cls(source.paths, skip_bad=source.skip_bad, file_format=source.file_format)

    @cached_property
    def plain(self) -> bool:
        """Whether there is one file a language. Raises `DataError` for plain text beside tables."""
        formats = {file.format == "text" for file in self.files}
        if len(formats) > 1:
            raise DataError("plain text, one file a language, and tables of both cannot be mixed; fit on one kind")
        if formats == {True} and STDIN in self.paths:
            raise DataError("standard input is plain text and has no name to tell its language; use a table")
        return formats == {True}

    @cached_property
    def target_columns(self) -> list[str]:
        """As of a `Source`; none if there is one file a language."""
        if self.plain:
            if self.target is not None:
                raise DataError(f"{self.files[0].name} is plain text and has no column {self.target!r}; leave it out")
            return []
        if self.target is None:
            lower = {name.lower(): name for name in self.column_names}
            self.target = next((lower[name] for name in LANGUAGE_NAMES if name in lower), None)
        return super().target_columns

    def describe(self) -> str:
        """As of a `Source`; of plain texts the languages."""
        if not self.labelled or self.target_columns:
            return super().describe()
        return f"one file a language: {', '.join(_language_of(file) for file in self.files)}"

    def _batches_of(self, file: DataFile) -> Iterator[tuple[list[str], list[Any] | None]]:
        if not self.labelled or self.target_columns:  # of plain text there are none
            yield from super()._batches_of(file)
            return
        language = _language_of(file)
        with Source(file.path, labelled=False, skip_bad=self.skip_bad, file_format="text") as texts:
            for batch, _ in texts.batches():
                yield batch, [language] * len(batch)
            self.bad.count += texts.bad.count
            self.bad.examples += texts.bad.examples[: self.bad.KEPT - len(self.bad.examples)]


def _language_of(file: DataFile) -> str:
    ending, compression = split_ending(file.path)
    name = Path(file.path).name
    return name[: len(name) - len(ending + compression)]
