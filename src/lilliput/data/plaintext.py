"""Plain text, a text a line, and fastText's lines of ``__label__x __label__y some text``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lilliput.data.batch import Batch, Guard, find_column
from lilliput.data.files import LABEL_PREFIX, DataFile
from lilliput.data.lines import numbered_lines, utf8_fault

TEXT_NAMES = ["text"]
FASTTEXT_NAMES = ["label", "text"]


def read_text(file: DataFile, columns: Sequence[str], guard: Guard, longest: int | None = None) -> Iterator[Batch]:
    """A row a line, blank ones too, in the column "text"; lines far longer than `longest` bytes are several rows."""
    for column in columns:
        find_column(column, TEXT_NAMES, file.name)
    for rows, lines in _sound_lines(file, guard, skip_blank=False, longest=longest):
        yield Batch(rows, dict.fromkeys(columns, lines))


def read_fasttext(file: DataFile, columns: Sequence[str], guard: Guard) -> Iterator[Batch]:
    """A row a line that is not blank; "label" is the list of a row's labels without their prefix, "text" the rest."""
    places = {column: find_column(column, FASTTEXT_NAMES, file.name) for column in columns}
    for rows, lines in _sound_lines(file, guard, skip_blank=True):
        cells = [_labels_and_text(line) for line in lines]
        yield Batch(rows, {column: [cell[place] for cell in cells] for column, place in places.items()})


def _sound_lines(
    file: DataFile, guard: Guard, *, skip_blank: bool, longest: int | None = None
) -> Iterator[tuple[Sequence[int], list[str]]]:
    row = 0
    for first, lines, suspect in numbered_lines(file, longest):
        if not suspect and not (skip_blank and "" in lines):
            yield range(row + 1, row + 1 + len(lines)), lines
            row += len(lines)
            continue
        rows, kept = [], []
        for number, line in enumerate(lines, first):
            if skip_blank and not line:
                continue
            row += 1
            fault = utf8_fault(line)
            if fault:
                guard.reject(row, fault, number)
            else:
                rows.append(row)
                kept.append(line)
        yield rows, kept


def _labels_and_text(line: str) -> tuple[list[str], str]:
    labels = []
    while line.startswith(LABEL_PREFIX):
        label, *rest = line.split(None, 1)
        labels.append(label.removeprefix(LABEL_PREFIX))
        line = rest[0] if rest else ""
    if LABEL_PREFIX in line:  # fastText takes labels anywhere in the line
        words = line.split()
        labels += [word.removeprefix(LABEL_PREFIX) for word in words if word.startswith(LABEL_PREFIX)]
        line = " ".join(word for word in words if not word.startswith(LABEL_PREFIX))
    return labels, line
