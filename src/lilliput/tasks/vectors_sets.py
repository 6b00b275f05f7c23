"""Files that word vectors are judged by: pairs of words with how alike people find them, and analogies.

A similarity set has two words and a score a line, between tabs, commas or spaces; lines that begin with ``#`` and a
line of headings are passed over. An analogy file has four words a line, "Athens Greece Oslo Norway", under headings
that begin with ``:`` (the format of word2vec's questions-words.txt).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lilliput.core.errors import DataError
from lilliput.data.files import PathLike, open_bytes

HEAD = 20
"""Lines by which the two kinds of files are told apart."""


@dataclass(frozen=True)
class SimilaritySet:
    """Pairs of words, and the score that people gave each."""

    name: str
    pairs: list[tuple[str, str]] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class AnalogySet:
    """Questions (a, b, c, d), a to b as c to d, and the section that each is in."""

    name: str
    questions: list[tuple[str, str, str, str]] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)


def kind_of(path: PathLike) -> Literal["similarity", "analogies"]:
    """What a file holds, by its first lines. Raises `DataError` for one that is neither."""
    words = [len(line.split()) for _, line in _lines(path, HEAD)]
    if any(line.startswith(":") for _, line in _lines(path, HEAD)) or (words and set(words) == {4}):
        return "analogies"
    if any(_score_column(_fields(line)) is not None for _, line in _lines(path, HEAD)):
        return "similarity"
    raise DataError(
        f"{path} is neither a similarity set (two words and a score a line) nor an analogy file (four words a line, "
        "headings begin with ':')"
    )


def read_similarity(path: PathLike) -> SimilaritySet:
    """The pairs of a similarity set. Raises `DataError`, which names the line, for what is none."""
    found = SimilaritySet(_name(path))
    column = None
    for number, line in _lines(path):
        cells = _fields(line)
        if column is None:
            column = _score_column(cells)
            if column is None and number == 1:
                continue  # headings
        score = _number(cells[column]) if column is not None and column < len(cells) else None
        if score is None:
            raise DataError(f"{path}, line {number}: found {line!r:.60}; expected two words and a score")
        found.pairs.append((cells[0], cells[1]))
        found.scores.append(score)
    if not found.pairs:
        raise DataError(f"{path} has no pair of words; expected two words and a score a line")
    return found


def read_analogies(path: PathLike) -> AnalogySet:
    """The questions of an analogy file. Raises `DataError`, which names the line, for what is none."""
    found = AnalogySet(_name(path))
    section = ""
    for number, line in _lines(path):
        if line.startswith(":"):
            section = line[1:].strip()
            continue
        words = line.split()
        if len(words) != 4:
            raise DataError(f"{path}, line {number}: found {len(words)} words ({line!r:.60}); expected four")
        found.questions.append((words[0], words[1], words[2], words[3]))
        found.sections.append(section)
    if not found.questions:
        raise DataError(f"{path} has no question; expected four words a line")
    return found


def _lines(path: PathLike, most: int | None = None) -> Iterator[tuple[int, str]]:
    """Numbers and texts of the lines that say something, the first `most`."""
    with open_bytes(path) as stream:
        given = 0
        for number, line in enumerate(stream, 1):
            if number == 1 and b"\0" in line:
                raise DataError(f"{path} is not text: its first line holds NUL bytes")
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError as error:
                raise DataError(f"{path}, line {number}: not UTF-8 ({error.reason} at byte {error.start})") from None
            if text and not text.startswith("#"):
                yield number, text
                given += 1
            if given == most:
                return


def _fields(line: str) -> list[str]:
    for mark in ("\t", ",", ";"):
        if line.count(mark) >= 2:
            return [cell.strip() for cell in line.split(mark)]
    return line.split()


def _score_column(cells: list[str]) -> int | None:
    """Which of the fields after the words is a number, the first of them."""
    return next((place for place, cell in enumerate(cells) if place > 1 and _number(cell) is not None), None)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _name(path: PathLike) -> str:
    name = Path(path).name
    for ending in (".gz", ".xz", ".bz2", ".zst", ".txt", ".csv", ".tsv"):
        name = name.removesuffix(ending)
    return name
