"""The rows that a language identifier learns from: counted as they come, but for some of each language, held out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.features.frequencies import Counter, Frequencies
from lilliput.features.plain import NGrams
from lilliput.tasks.language_pieces import LETTER, cut_text

HELD_MOST = 200
"""Rows of a language that are held out at most."""
HELD_SHARE = 5
"""One of so many rows of a language at most."""

Pieces = tuple[list[str], list[int]]
"""Texts, and the number of the language of each."""


class LanguageRows:
    """Takes rows batch by batch; no text is kept but those held out, a random choice (Vitter's algorithm R) of each.

    Vitter 1985, "Random Sampling with a Reservoir". What is held out does not depend on the batches.
    """

    def __init__(self, group: NGrams, seed: int, known: Sequence[str] = ()) -> None:
        self.group = group
        self.rows = 0
        self._known = list(known)
        self._numbers = {name: number for number, name in enumerate(known)}
        self._seen = [0] * len(known)
        self._held: list[list[str]] = [[] for _ in known]
        self._random = Random(seed)
        self._seed = seed
        self._counter = Counter(group)
        self._held_counter = Counter(group)
        self._digest = hashlib.blake2b(digest_size=8)

    def add(self, texts: Sequence[str], languages: Sequence[str]) -> None:
        """Take some rows; a text without letters says nothing."""
        learned: list[str] = []
        numbers: list[int] = []
        for text, language in zip(texts, languages, strict=True):
            if not LETTER.search(text):
                continue
            number = self._numbers.setdefault(language, len(self._seen))
            if number == len(self._seen):
                self._seen.append(0)
                self._held.append([])
            self._seen[number] += 1
            out = self._swapped(text, number)
            if out is not None:
                learned.append(out)
                numbers.append(number)
        self._counter.add(learned, numbers)
        self.rows += len(texts)
        self._digest.update("\0".join([*texts, *languages, ""]).encode("utf-8", "surrogatepass"))

    def finish(self) -> None:
        """Decide what is held out, once all rows are there. Raises `DataError` if there is nothing to tell apart."""
        names = self.languages
        if not names:
            raise DataError("there are no texts to learn from; give at least one row with letters")
        if len(names) < 2:
            raise DataError(
                f"every row has the same language, {names[0]!r}; there is nothing to tell apart: "
                "give rows of at least two languages"
            )
        for number, held in enumerate(self._held):
            most = min(HELD_MOST, self._seen[number] // HELD_SHARE)
            self._counter.add(held[most:], [number] * len(held[most:]))
            del held[most:]
            self._held_counter.add(held, [number] * len(held))

    @property
    def languages(self) -> list[str]:
        """Names in their order: those known before, then new ones, sorted."""
        return [*self._known, *sorted(list(self._numbers)[len(self._known) :])]

    @property
    def held_rows(self) -> int:
        """Number of rows held out."""
        return sum(map(len, self._held))

    @property
    def fingerprint(self) -> str:
        """Hash of texts and languages in the order they came; 16 hexadecimal digits."""
        return self._digest.hexdigest()

    def frequencies(self) -> tuple[Frequencies, Frequencies]:
        """Counts of the rows to learn from, and of those held out; classes as in `languages`."""
        places = self._places()
        counters = (self._counter, self._held_counter)
        learned, held = (counter.result(len(places)).renumbered(places) for counter in counters)
        return learned, held

    def held_pieces(self) -> tuple[Pieces, Pieces]:
        """Pieces of the rows held out, in random order: one half to tune by, one for the report."""
        places = self._places()
        rows = [(text, int(places[number])) for number, held in enumerate(self._held) for text in held]
        random = Random(self._seed)
        random.shuffle(rows)
        halves = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        tune, report = (
            [(piece, number) for text, number in half for piece in cut_text(text, random)] for half in halves
        )
        return _columns(tune), _columns(report)

    def _swapped(self, text: str, number: int) -> str | None:
        """What is to be learned now that `text` has come: it, one that was held out until now, or nothing."""
        held, seen = self._held[number], self._seen[number]
        if len(held) < HELD_MOST:
            held.append(text)
            return None
        place = self._random.randrange(seen)
        if place < HELD_MOST:
            text, held[place] = held[place], text
        return text

    def _places(self) -> NDArray[np.int64]:
        """Where each language, in the order they came, stands in `languages`."""
        place = {name: number for number, name in enumerate(self.languages)}
        return np.array([place[name] for name in self._numbers], dtype=np.int64)


def _columns(pairs: list[tuple[str, int]]) -> Pieces:
    return [text for text, _ in pairs], [number for _, number in pairs]
