"""Files of tagged sentences: CoNLL-U, TSV of token and tag with an empty line between sentences, and JSON Lines."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

from lilliput.core.atomic import write_atomically
from lilliput.core.errors import DataError
from lilliput.data.batch import BadRows, Guard
from lilliput.data.conllu import Fault, Sentence, cell_fault, parse_sentence, sentence_of, tag_column
from lilliput.data.files import ENDINGS, STDIN, DataFile, PathLike, split_ending
from lilliput.data.lines import numbered_lines, utf8_fault
from lilliput.data.unpack import COMPRESSIONS
from lilliput.data.write import write_rows

SentenceFormat = Literal["conllu", "tsv", "jsonl"]
SENTENCE_ENDINGS: dict[str, SentenceFormat] = {".conllu": "conllu"}
SENTENCE_ENDINGS |= {ending: "tsv" for ending, found in ENDINGS.items() if found == "tsv"}
SENTENCE_ENDINGS |= {ending: "jsonl" for ending, found in ENDINGS.items() if found == "jsonl"}

_SENTENCES_PER_CHUNK = 1024


def read_sentences(
    path: PathLike,
    *,
    column: str = "upos",
    bad: BadRows | None = None,
    file_format: Literal["conllu", "tsv"] | None = None,
) -> Iterator[Sentence]:
    """Stream the sentences of a file; ``"-"`` is standard input, once, as CoNLL-U if not said otherwise.

    The ending tells the format, CoNLL-U or TSV, plain or compressed. In TSV a line is a token, a tab and its tag, which
    goes to `column` of the sentence. Line ends become newlines, several empty lines one; all else is kept.

    A bad sentence (see `parse_sentence`; invalid UTF-8; in TSV a line of other than two cells) raises `DataError` with
    file, number of the sentence as the row, line and reason, or is counted in `bad` where that is given. So does a file
    without sentences, and, before any is asked for, an ending or column that is not known.
    """
    chosen = _format_of(path, file_format, ("conllu", "tsv"), COMPRESSIONS)
    name = "standard input" if os.fspath(path) == STDIN else os.fspath(path)
    return _read(DataFile(Path(path), "tsv", name), chosen, tag_column(column), bad)


def write_sentences(
    path: PathLike, sentences: Iterable[Sentence], *, column: str = "upos", file_format: SentenceFormat | None = None
) -> None:
    """Write sentences, streamed; ``"-"`` is standard output, as CoNLL-U if not said otherwise.

    The ending tells the format, plain or .gz. CoNLL-U is written as it was read. TSV has the words and their `column`;
    JSON Lines an object a sentence: ``tokens``, ``tags`` (the `column`) and ``probability`` (null if there is none). A
    file is replaced as a whole or, if anything fails, left as it was. Raises `DataError` for an ending that cannot be
    written, before any sentence is asked for.
    """
    chosen = _format_of(path, file_format, ("conllu", "tsv", "jsonl"), (".gz",))
    column = tag_column(column)
    if chosen == "jsonl":
        rows = ((each.forms, each.column(column), each.probability) for each in sentences)
        write_rows(path, ("tokens", "tags", "probability"), rows, file_format="jsonl")
        return
    chunks = _chunks(sentences, column if chosen == "tsv" else None)
    if os.fspath(path) == STDIN:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(chunks)
        sys.stdout.buffer.flush()
    else:
        write_atomically(path, (gzip.compress(chunk, mtime=0) for chunk in chunks) if split_ending(path)[1] else chunks)


def _format_of(
    path: PathLike, chosen: SentenceFormat | None, known: Sequence[SentenceFormat], compressions: Sequence[str]
) -> SentenceFormat:
    """The one of the `known` formats that is `chosen` or told by the ending of `path`, packed by `compressions`."""
    if os.fspath(path) == STDIN:
        return chosen or "conllu"
    ending, compression = split_ending(path)
    found = chosen or SENTENCE_ENDINGS.get(ending)
    if found is not None and found in known and compression in ("", *compressions):
        return found
    endings = " ".join(ending for ending, each in SENTENCE_ENDINGS.items() if each in known)
    what = f"ends in {ending + compression!r}" if ending or compression else "has no ending"
    raise DataError(
        f"{os.fspath(path)} {what}; files of tagged sentences end in {endings}, plain or followed by "
        + " ".join(compressions)
    )


def _read(file: DataFile, chosen: SentenceFormat, column: str, bad: BadRows | None) -> Iterator[Sentence]:
    guard = Guard(file.name, bad)
    before = bad.count if bad else 0
    good = False
    for number, (line, lines, suspect) in enumerate(_sentence_lines(file), 1):
        found: Sentence | Fault | None = _utf8_fault(lines) if suspect else None
        if found is None:
            found = parse_sentence(lines, line) if chosen == "conllu" else _parse_tsv(lines, line, column)
        if isinstance(found, Fault):
            guard.reject(number, found.reason, line + found.place)
        else:
            good = True
            yield found
    if not good:
        skipped = bad if bad and bad.count > before else None
        raise DataError(f"{file.name} has no good sentence; {skipped}" if skipped else f"{file.name} is empty")


def _sentence_lines(file: DataFile) -> Iterator[tuple[int, list[str], bool]]:
    """The lines between empty lines, with the number of the first and whether they may hold invalid UTF-8."""
    held: list[str] = []
    start, suspect = 1, False
    for number, lines, faulty in numbered_lines(file):
        at = 0
        suspect = suspect or faulty
        for end in [place for place, line in enumerate(lines) if not line]:
            if held or end > at:
                yield start if held else number + at, held + lines[at:end], suspect
            held, at, suspect = [], end + 1, faulty
        start = start if held else number + at
        held += lines[at:]
    if held:
        yield start, held, suspect


def _utf8_fault(lines: list[str]) -> Fault | None:
    faults = ((place, utf8_fault(line)) for place, line in enumerate(lines))
    return next((Fault(place, reason) for place, reason in faults if reason), None)


def _parse_tsv(lines: list[str], line: int, column: str) -> Sentence | Fault:
    rows = [text.split("\t") for text in lines]
    for place, cells in enumerate(rows):
        if len(cells) != 2:
            return Fault(place, f"{_counted(cells)} instead of 2: a token, a tab and its tag")
        for what, cell in zip(("the token", "the tag"), cells, strict=True):
            reason = cell_fault(cell)
            if reason:
                return Fault(place, f"{what} {reason}")
    forms, tags = zip(*rows, strict=True)
    return replace(sentence_of(forms, **{column: tags}), line=line)


def _counted(cells: list[str]) -> str:
    return f"{len(cells)} cells" if len(cells) > 1 else f"{cells[0]!r:.60} is one cell"


def _chunks(sentences: Iterable[Sentence], column: str | None) -> Iterator[bytes]:
    """CoNLL-U, or TSV of the words and `column` where that is given; a lone surrogate becomes a question mark."""
    sentences = iter(sentences)
    while batch := list(islice(sentences, _SENTENCES_PER_CHUNK)):
        texts = [each.to_conllu() if column is None else _tsv(each, column) for each in batch]
        yield "".join(texts).encode("utf-8", "replace")


def _tsv(sentence: Sentence, column: str) -> str:
    cells = zip(sentence.forms, sentence.column(column), strict=True)
    return "".join([f"{form}\t{tag}\n" for form, tag in cells]) + "\n"
