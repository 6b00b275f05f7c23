"""Sentences of words with columns, as CoNLL-U writes them, kept line by line so that nothing is lost.

The format: https://universaldependencies.org/format.html. A line is a comment (``# text = ...``), a word (ID 3), a
multiword range (3-4) or an empty node (3.1); all but comments have ten columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import NamedTuple

from lilliput.core.errors import DataError
from lilliput.data.batch import find_column

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
NOTHING = "_"
"""What stands in a column that is not known or has nothing to say."""

_NAMES = " ".join(COLUMNS).upper()
_NUMBER = "(0|[1-9][0-9]*)"
_ID = re.compile(rf"{_NUMBER}(?:([-.]){_NUMBER})?")
_LINE_END = re.compile("[\r\n]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of ``len(sentence)`` words.

    lines : all lines without their ends: comments, words, ranges and empty nodes.
    places : the places of the words among `lines`.
    line : the number of the first line in the file it was read from.
    probability : of each word's tag, where a model gave it.

    Made by `parse_sentence` or `sentence_of`, which check what they are given.
    """

    lines: tuple[str, ...]
    places: Sequence[int] = field(compare=False)
    line: int = field(default=1, compare=False)
    probability: Sequence[float] | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def forms(self) -> list[str]:
        """The words."""
        return self.column("form")

    def column(self, name: str) -> list[str]:
        """What stands in a column of `COLUMNS`, a cell a word. Raises `DataError` for another name."""
        place = _column(name)
        lines = self.lines
        return [lines[at].split("\t", place + 1)[place] for at in self.places]

    def with_column(self, name: str, values: Sequence[str], probability: Sequence[float] | None = None) -> Sentence:
        """The sentence with other `values` in one column of its words, and how probable they are.

        Raises `DataError` for the IDs, for another number of values than words, and for an empty value or one with a
        tab or a line end.
        """
        place = _column(name)
        if place == 0:
            raise DataError("the ID of a word is its number; replace another column")
        _check_cells(name, values, len(self))
        lines = list(self.lines)
        for at, value in zip(self.places, values, strict=True):
            cells = lines[at].split("\t")
            cells[place] = value
            lines[at] = "\t".join(cells)
        return replace(self, lines=tuple(lines), probability=probability)

    def to_conllu(self) -> str:
        """The lines and the empty line after them."""
        return "\n".join([*self.lines, "", ""])


class Fault(NamedTuple):
    """What is wrong with a sentence, and the place of the line among its lines."""

    place: int
    reason: str


def parse_sentence(lines: Sequence[str], line: int = 1) -> Sentence | Fault:
    """The sentence that stands in `lines`, the first of which is number `line` of its file, or its first fault.

    Words are numbered 1, 2, 3, ...; a range stands before its first word and an empty node after its word; no column
    is empty. A sentence may have comments only.
    """
    places: list[int] = []
    numbering = _Numbering()
    for place, text in enumerate(lines):
        if text.startswith("#"):
            continue
        reason = _columns_fault(text)
        if reason is None and text.startswith(f"{numbering.words + 1}\t"):
            numbering.next_word()
            places.append(place)
            continue
        reason = reason or numbering.fault(text.partition("\t")[0])
        if reason is not None:
            return Fault(place, reason)
    if numbering.covered > numbering.words:
        return Fault(len(lines) - 1, f"the sentence ends before word {numbering.covered}, to which a range reaches")
    return Sentence(tuple(lines), range(len(lines)) if len(places) == len(lines) else tuple(places), line)


def sentence_of(forms: Sequence[str], *, comments: Sequence[str] = (), **columns: Sequence[str]) -> Sentence:
    """A sentence of these words, with `comments` (whole lines, ``"# text = ..."``) and columns, ``upos=["DET", ...]``.

    Raises `DataError` for a column that CoNLL-U does not have, one of another length than `forms`, an empty cell or one
    with a tab or line end, and a comment that does not begin with ``#`` or has a line end.
    """
    for comment in comments:
        if not comment.startswith("#") or _LINE_END.search(comment):
            raise DataError(f"comment {comment!r:.60} is no line that begins with '#'; write '# text = ...'")
    cells = {tag_column(name): values for name, values in columns.items()}
    cells |= {"id": [str(number) for number in range(1, len(forms) + 1)], "form": forms}
    for name, values in cells.items():
        _check_cells(name, values, len(forms))
    rows = zip(*(cells.get(name) or repeat(NOTHING, len(forms)) for name in COLUMNS), strict=True)
    lines = (*comments, *map("\t".join, rows))
    return Sentence(lines, range(len(comments), len(lines)))


def tag_column(name: str) -> str:
    """The column that `name`, or a number from 1, stands for, if it may hold tags; raises `DataError` if not."""
    place = _column(name)
    if place < 2:
        raise DataError(f"column {COLUMNS[place]!r} says which word it is and holds no tags; name one of {_NAMES[8:]}")
    return COLUMNS[place]


def cell_fault(value: str) -> str | None:
    """Why `value` cannot stand in a column; ``None`` if it can."""
    if not value:
        return f"is empty; write {NOTHING} for nothing"
    return "has a tab or line end" if "\t" in value or _LINE_END.search(value) else None


def _column(name: str) -> int:
    return find_column(name, COLUMNS, "a CoNLL-U sentence")


def _check_cells(name: str, values: Sequence[str], words: int) -> None:
    if len(values) != words:
        raise DataError(f"{len(values)} values of column {name!r} for {words} words; give one for each word")
    for number, value in enumerate(values, 1):
        reason = cell_fault(value)
        if reason:
            raise DataError(f"column {name!r}, word {number}: {value!r:.60} {reason}")


def _columns_fault(text: str) -> str | None:
    """What is wrong with the columns of a line that is no comment."""
    tabs = text.count("\t")
    if tabs == len(COLUMNS) - 1 and "\t\t" not in text and text[-1] != "\t" and text[0] != "\t":
        return None
    if not text.strip():
        return "a line of spaces; leave the line between sentences empty"
    if not tabs:
        return f"{text!r:.60} has no tab; write a word a line, with tabs between the columns {_NAMES}"
    if tabs != len(COLUMNS) - 1:
        return f"{tabs + 1} columns instead of {len(COLUMNS)} ({_NAMES}); write {NOTHING} for what is not known"
    return f"column {COLUMNS[text.split(chr(9)).index('')].upper()} is empty; write {NOTHING} for nothing"


class _Numbering:
    """Where a sentence has come to: `words` so far, the last word that a range has `covered`, its last empty node."""

    def __init__(self) -> None:
        self.words = self.covered = self.empty = 0

    def next_word(self) -> None:
        self.words += 1
        self.empty = 0

    def fault(self, name: str) -> str | None:
        """What is wrong with an ID that is not the next word's; ranges and empty nodes in their place are counted."""
        match = _ID.fullmatch(name)
        if match is None:
            return f"ID {name!r:.60} is no word (3), range (3-4) or empty node (3.1); write numbers without spaces"
        if match[2] is None:
            return (
                f"ID {name} where {self.words + 1} was expected; number the words of a sentence 1, 2, 3, ... and leave "
                "an empty line between sentences"
            )
        first, last = int(match[1]), int(match[3])
        return self._range_fault(first, last) if match[2] == "-" else self._empty_fault(first, last)

    def _range_fault(self, first: int, last: int) -> str | None:
        if last < first:
            return f"range {first}-{last} ends before it begins; write the smaller number first"
        if first != self.words + 1:
            return f"range {first}-{last} where word {self.words + 1} comes next; put it before word {first}"
        if first <= self.covered:
            return f"range {first}-{last} overlaps one that ends at {self.covered}; a word is in one range at most"
        self.covered = last
        return None

    def _empty_fault(self, word: int, number: int) -> str | None:
        if (word, number) != (self.words, self.empty + 1):
            expected = f"{self.words}.{self.empty + 1}"
            return f"empty node {word}.{number} where {expected} was expected; put it after word {word}, in order"
        self.empty = number
        return None
