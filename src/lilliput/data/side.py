"""What is known of items beside baskets: properties such as the flavour compounds of an ingredient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lilliput.core.errors import DataError
from lilliput.data.baskets import BasketSource
from lilliput.data.batch import listed
from lilliput.data.files import Format, PathLike

ITEM_NAMES = ("item", "ingredient", "name", "product", "track", "song", "module")
"""Usual names of the column of the item, the most usual first."""
SEPARATORS = ("\t", "|", ";", ", ")
"""What may part the properties of a cell. A comma does so only before a space: there is 2,5-dimethylpyrazine."""


class SideSource(BasketSource):
    """Items and their properties, of one or more files: CSV, TSV, JSON Lines or Parquet, compressed or not.

    A row has an item and its properties, or one of them; the rows of an item are taken together.

    Parameters
    ----------
    paths : a path or several.
    item : the column of the item; by default the one with a usual name, such as "ingredient", else the first.
    properties : the column of the properties, by default the only other one: a list, or a text that is parted.
    separator : what parts the properties of a text. By default the one of tab, ``|``, ``;`` and comma with a space that
        most of the first rows have.
    skip_bad, header, file_format : as in `Source`.
    """

    def __init__(
        self,
        paths: PathLike | Sequence[PathLike],
        item: str | None = None,
        properties: str | None = None,
        *,
        separator: str | None = None,
        skip_bad: bool = False,
        header: bool = True,
        file_format: Format | None = None,
    ) -> None:
        super().__init__(
            paths, properties, separator=separator, skip_bad=skip_bad, header=header, file_format=file_format
        )
        self.context = item
        if self.files[0].format in ("text", "fasttext"):
            raise DataError(f"{self.files[0].name} is plain text; properties of items need two columns: use CSV or TSV")
        if item is None:
            self.context = self._guess(ITEM_NAMES) or self.column_names[0]

    @property
    def text_column(self) -> str:
        """The column of the properties. Raises `DataError` if it is not there or cannot be guessed."""
        if self.text is not None:
            return super().text_column
        others = [name for name in self.column_names if name != self.context]
        if len(others) != 1:
            raise DataError(
                f"{self.files[0].name}: which column holds the properties? There are {listed(self.column_names)}; "
                "name one with --side-properties (properties=... in Python)"
            )
        return others[0]

    def properties(self) -> Iterator[tuple[str, list[str]]]:
        """One pass: items and properties, as they come; rows without an item are left out."""
        for found in self.baskets():
            for held, item in found:
                if item is not None:
                    yield item, held

    def _guessed(self, cells: Sequence[Any], spaces: bool) -> str:
        texts = [cell for cell in cells if isinstance(cell, str)]
        having = [sum(mark in text for text in texts) for mark in SEPARATORS]
        return SEPARATORS[having.index(max(having))] if max(having) else SEPARATORS[-1]
