"""Baskets: the items of a recipe, a cart, a playlist, a list of imports, with their context if there is one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from lilliput.core.errors import DataError
from lilliput.data.batch import Batch, Guard, find_column, sieve
from lilliput.data.cells import is_null, kind_of
from lilliput.data.files import DataFile, Format, PathLike
from lilliput.data.rows import read_columns
from lilliput.data.source import Source

ITEM_NAMES = ("items", "ingredients", "basket", "baskets", "products", "tracks", "songs", "tags", "imports", "text")
"""Usual names of the column of items, the most usual first."""
SEPARATORS = ("\t", "|", ";", ",")
"""What may part the items of a cell, tried in this order when none is given."""


class Basket(NamedTuple):
    """Items, each once, in the order they came, and what they come from: a cuisine, a user, a year."""

    items: list[str]
    context: str | None = None


class BasketSource(Source):
    """Baskets of one or more files; ``"-"`` is standard input.

    Parameters
    ----------
    paths : a path or several, CSV, TSV, JSON Lines, plain text or Parquet, compressed or not.
    items : the column of the items; by default the one with a usual name, such as "ingredients", else the only one.
    context : the column of the contexts; without it there are none.
    separator : what parts the items of a cell that is text. By default the one of tab, ``|``, ``;`` and comma that most
        rows of the first thousands have, and in plain text without any of them, spaces.
    skip_bad, header, file_format : as in `Source`.

    A cell is a list of items (str, or whole numbers as identifiers) or a text that holds them. Items are stripped and
    brought to NFC, repeats left out; a context that is null or "" is none. ``empty`` counts the baskets of the last
    pass that had no item and were left out.
    """

    def __init__(
        self,
        paths: PathLike | Sequence[PathLike],
        items: str | None = None,
        context: str | None = None,
        *,
        separator: str | None = None,
        skip_bad: bool = False,
        header: bool = True,
        file_format: Format | None = None,
    ) -> None:
        if separator == "":
            raise DataError("separator is empty; give what parts the items of a cell, such as ';'")
        super().__init__(paths, items, labelled=False, skip_bad=skip_bad, header=header, file_format=file_format)
        self.context, self.separator = context, separator
        self.empty = 0

    @property
    def text_column(self) -> str:
        """The column of the items. Raises `DataError` if it is not there or cannot be guessed."""
        column = self.text or self._guess(ITEM_NAMES) or self._only_column()
        if column is None:
            raise self._not_guessed("items", "items")
        find_column(column, self.column_names, self.files[0].name)
        return column

    def __enter__(self) -> BasketSource:
        return self

    def describe(self) -> str:
        """The files and columns in one line."""
        context = f", context {self.context!r}" if self.context is not None else ""
        return f"{self._names()}: items {self.text_column!r}{context}"

    def baskets(self) -> Iterator[list[Basket]]:
        """One pass, some thousand baskets at a time, without the empty ones.

        Raises `DataError` for a bad row unless `skip_bad`, and if no basket is left.
        """
        self.bad, self.empty = type(self.bad)(), 0
        if self.context is not None:
            find_column(self.context, self.column_names, self.files[0].name)
        seen = False
        for file in self.files:
            for found in self._baskets_of(file):
                full = [basket for basket in found if basket.items]
                self.empty += len(found) - len(full)
                seen = seen or bool(full)
                yield full
        if not seen:
            raise DataError(f"{self._names()}: no basket has an item ({self.empty:,} empty ones; {self.bad})")

    def _baskets_of(self, file: DataFile) -> Iterator[list[Basket]]:
        guard = Guard(file.name, self.bad if self.skip_bad else None)
        items, context, separator = self.text_column, self.context, self.separator
        columns = [items] if context is None else list(dict.fromkeys((items, context)))
        for batch in read_columns(file, columns, bad=guard.bad, header=self.header):
            if separator is None:
                separator = self._guessed(batch.columns[items], file.format in ("text", "fasttext"))
            yield _read(batch, items, context, separator, guard)

    def _guessed(self, cells: Sequence[Any], spaces: bool) -> str:
        """The separator, told by the first cells."""
        return guess_separator(cells, spaces=spaces)


def _read(batch: Batch, items: str, context: str | None, separator: str, guard: Guard) -> list[Basket]:
    def fault(place: int) -> str | None:
        reason = items_fault(batch.columns[items][place])
        if reason is not None:
            return f"column {items!r}: {reason}"
        reason = None if context is None else context_fault(batch.columns[context][place])
        return None if reason is None else f"column {context!r}: {reason}"

    sound = sieve(batch, fault, guard)
    contexts = [None] * len(sound) if context is None else list(map(context_of, sound.columns[context]))
    baskets = [items_of(cell, separator) for cell in sound.columns[items]]
    return list(map(Basket, baskets, contexts))


def guess_separator(cells: Sequence[Any], *, spaces: bool) -> str:
    """The separator that most cells have; without any, " " where `spaces` may part items, else a comma."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    having = [sum(mark in text for text in texts) for mark in SEPARATORS]
    if max(having) == 0:
        return " " if spaces else ","
    return SEPARATORS[having.index(max(having))]


def items_fault(cell: object) -> str | None:
    """Why a cell holds no items, or ``None``: null, a text, and a list of texts and whole numbers do."""
    if isinstance(cell, (str, list)):
        wrong = [item for item in cell if not _is_item(item)] if isinstance(cell, list) else []
        return f"a list of items was expected, and it holds {wrong[0]!r:.60}" if wrong else None
    return None if is_null(cell) else f"{cell!r:.60} is {kind_of(cell)}, where a list of items was expected"


def context_fault(cell: object) -> str | None:
    """Why a cell is no context, or ``None``: null, a text, a number or a truth value are."""
    if is_null(cell) or isinstance(cell, (str, int, float)):
        return None
    return f"{cell!r:.60} is {kind_of(cell)}, where the name of a context was expected"


def items_of(cell: Any, separator: str = ",") -> list[str]:
    """The items of a sound cell, each once; ``" "`` as `separator` stands for any spaces."""
    if isinstance(cell, str):
        cell = cell.split(None if separator == " " else separator)
    elif cell is None or isinstance(cell, float):
        return []
    return [item for item in dict.fromkeys(map(clean, cell)) if item]


def context_of(cell: Any) -> str | None:
    """A context by name; ``None`` for null and empty text."""
    return None if is_null(cell) else clean(cell) or None


def clean(item: object) -> str:
    """An item in NFC, with single spaces inside and none around it."""
    text = item if isinstance(item, str) else str(item)
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())


def _is_item(item: object) -> bool:
    return isinstance(item, (str, int)) and not isinstance(item, bool)
