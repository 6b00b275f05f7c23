"""Files of text that is cut into words or sentences already: CoNLL-U, and plain text with a sentence a line.

In plain text words are parted by spaces, and an empty line parts documents. In CoNLL-U a word is what stands in the
text: a multiword range in place of the words that it stands for; empty nodes are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lilliput.core.errors import DataError
from lilliput.data.batch import BadRows, Guard
from lilliput.data.conllu import COLUMNS, Sentence
from lilliput.data.files import STDIN, DataFile, PathLike, split_ending
from lilliput.data.lines import numbered_lines, utf8_fault
from lilliput.data.sentences import read_sentences
from lilliput.features.joining import join, takes_spaces

_FORM, _MISC = COLUMNS.index("form"), COLUMNS.index("misc")
_TEXT = "# text = "


class Segments(NamedTuple):
    """A text as its words or sentences; ``spaces``: whether a space follows each, or None if the file does not say."""

    parts: list[str]
    spaces: list[bool] | None = None


def read_segments(path: PathLike, unit: str, *, bad: BadRows | None = None) -> Iterator[Segments]:
    """The texts of a file: for words a sentence each, for sentences a document each; ``"-"`` is plain standard input.

    CoNLL-U says where spaces are if a word of the file has ``SpaceAfter=No``; a sentence is its ``# text`` or, without
    such a comment, its words. Raises `DataError` for an ending that is not known, for a file without text, and for a
    line that cannot be read, or counts it in `bad` where that is given.
    """
    name = os.fspath(path)
    ending = ".txt" if name == STDIN else split_ending(name)[0]
    if ending == ".conllu":
        return _conllu(path, unit, bad)
    if ending == ".txt":
        return _plain(path, unit, bad)
    raise DataError(f"{name}: segments are read from CoNLL-U (.conllu) and plain text (.txt)")


def _conllu(path: PathLike, unit: str, bad: BadRows | None) -> Iterator[Segments]:
    sentences = [sentence for sentence in read_sentences(path, bad=bad) if len(sentence)]
    words = [_surface(sentence) for sentence in sentences]
    says = any(not space for found in words for _, space in found)
    if unit == "word":
        for found in words:
            yield Segments([form for form, _ in found], [space for _, space in found] if says else None)
        return
    always = takes_spaces(form for found in words for form, _ in found)
    texts = (_text(sentence, found, says, always) for sentence, found in zip(sentences, words, strict=True))
    yield Segments(list(texts))


def _surface(sentence: Sentence) -> list[tuple[str, bool]]:
    """The words as they stand in the text, parted at spaces inside, and whether a space follows each."""
    found: list[tuple[str, bool]] = []
    covered = 0
    for line in sentence.lines:
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        number, _, last = cells[0].partition("-")
        if "." in number or int(number) <= covered:
            continue
        covered = int(last or 0) or covered
        *parts, last_part = cells[_FORM].split() or [cells[_FORM]]
        found += [(part, True) for part in parts]
        found.append((last_part, "SpaceAfter=No" not in cells[_MISC].split("|")))
    return found


def _text(sentence: Sentence, words: list[tuple[str, bool]], says: bool, always: bool) -> str:
    for line in sentence.lines:
        if line.startswith(_TEXT) and line[len(_TEXT) :].strip():
            return line[len(_TEXT) :].strip()
    return join([form for form, _ in words], [space if says else always for _, space in words]).text


def text_lines(path: PathLike, bad: BadRows | None = None) -> Iterator[str]:
    """The lines of a plain text file, empty ones too; a line that is no UTF-8 raises `DataError`, or is empty."""
    name = "standard input" if os.fspath(path) == STDIN else os.fspath(path)
    guard = Guard(name, bad)
    for first, lines, suspect in numbered_lines(DataFile(Path(path), "text", name)):
        for number, line in enumerate(lines, first):
            fault = utf8_fault(line) if suspect else None
            if fault:
                guard.reject(number, fault, number)
            yield "" if fault else line


def _plain(path: PathLike, unit: str, bad: BadRows | None) -> Iterator[Segments]:
    document: list[str] = []
    good = False
    for line in map(str.strip, text_lines(path, bad)):
        good = good or bool(line)
        if unit == "word":
            if line:
                yield Segments(line.split())
        elif line:
            document.append(line)
        elif document:
            yield Segments(document)
            document = []
    if document:
        yield Segments(document)
    if not good:
        raise DataError(f"{os.fspath(path)} holds no text")
