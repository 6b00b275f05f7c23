"""Lines of labels and text in fastText's training format, with any prefix of the labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lilliput.core.errors import DataError
from lilliput.core.modelfile import StrPath
from lilliput.data.files import LABEL_PREFIX
from lilliput.data.source import Source

EOS = "</s>"
_BLANKS = " \t\n\r\v\f\0"
_WORD = re.compile(f"[^{_BLANKS}]+")
_WORD_OR_END = re.compile(f"\n|{_WORD.pattern}")


def tokenize(text: str) -> list[str]:
    """The words of a text, parted by ASCII blanks alone, with ``</s>`` for each newline."""
    return [EOS if token == "\n" else token for token in _WORD_OR_END.findall(text)]


@dataclass(frozen=True)
class LineParser:
    """Parts lines into text and labels: the words that begin with `prefix`, anywhere, less those in `rare`."""

    prefix: str = LABEL_PREFIX
    rare: Collection[str] = frozenset()

    def parse(self, line: str) -> tuple[str, list[str]]:
        """The text of a line, and its labels without their prefix, each once."""
        if self.prefix not in line:
            return line, []
        found: list[str] = []
        text = line
        while (rest := text.lstrip(_BLANKS)).startswith(self.prefix):
            label, text = _first_word(rest)
            found.append(label)
        if self.prefix in text:
            words = _WORD.findall(text)
            found += [word for word in words if word.startswith(self.prefix)]
            text = " ".join(word for word in words if not word.startswith(self.prefix))
        labels = dict.fromkeys(word.removeprefix(self.prefix) for word in found)
        return text, [label for label in labels if label not in self.rare]


class LabelledLines(Source):
    """The texts of a file and, for each, the list of its labels; lines without a label are passed over, as in fastText.

    `parser` may be changed between passes.
    """

    def __init__(self, path: StrPath, prefix: str = LABEL_PREFIX) -> None:
        if not prefix:
            raise DataError("label='': without a prefix every word is a label; give one, such as '__label__'")
        super().__init__(path, labelled=False, file_format="text")
        self.parser = LineParser(prefix)

    def batches(self) -> Iterator[tuple[list[str], list[Any] | None]]:
        """One pass over the labelled lines: texts and lists of labels, some thousand rows at a time."""
        for lines, _ in super().batches():
            rows = [row for row in map(self.parser.parse, lines) if row[1]]
            if rows:
                yield [text for text, _ in rows], [labels for _, labels in rows]

    def survey(self) -> tuple[Counter[str], bool]:
        """In how many lines each label stands, and whether one line has several; one pass over the file.

        Raises `DataError` when no line has a label.
        """
        counts: Counter[str] = Counter()
        several = False
        for _, targets in self.batches():
            counts.update(chain.from_iterable(targets or ()))
            several = several or any(len(labels) > 1 for labels in targets or ())
        if not counts:
            raise DataError(
                f"{self.files[0].name}: no line has a label to learn, a word that begins with {self.parser.prefix!r}; "
                "check the file, and the arguments label and minCountLabel"
            )
        return counts, several

    def words(self) -> Counter[str]:
        """How often each word stands in the file, labels left out, and ``</s>`` for the ends of the lines."""
        counts: Counter[str] = Counter()
        for lines, _ in super().batches():
            counts[EOS] += len(lines)
            for line in lines:
                counts.update(word for word in _WORD.findall(line) if not word.startswith(self.parser.prefix))
        return counts


def _first_word(line: str) -> tuple[str, str]:
    """The word that `line` begins with, and what comes after it."""
    found = _WORD.match(line)
    end = found.end() if found else 0
    return line[:end], line[end:]
