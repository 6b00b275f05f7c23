"""The rows that a language identifier learns from: counted as they come, and some of each language kept."""

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
KEPT_MOST = 2000
"""Rows of a language that are kept to discriminate by, at most, beside those held out."""

Pieces = tuple[list[str], list[int]]
"""Texts, and the number of the language of each."""


class LanguageRows:
    """Takes rows batch by batch; of each language a random choice is kept, the others only counted.

    The choice is by algorithm R of Vitter 1985, "Random Sampling with a Reservoir", and does not depend on the batches.
    In the end some of it are held out, the others counted too.
    """

    def __init__(self, group: NGrams, seed: int, known: Sequence[str] = ()) -> None:
        self.group = group
        self.rows = 0
        self._known = list(known)
        self._numbers = {name: number for number, name in enumerate(known)}
        self._seen = [0] * len(known)
        self._kept: list[list[str]] = [[] for _ in known]
        self._held: list[list[str]] = []
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
                self._kept.append([])
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
        for number, kept in enumerate(self._kept):
            self._random.shuffle(kept)
            most = min(HELD_MOST, self._seen[number] // HELD_SHARE)
            self._held.append(kept[:most])
            del kept[:most]
            self._held_counter.add(self._held[-1], [number] * most)
            self._counter.add(kept, [number] * len(kept))

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
        rows = self._numbered(self._held)
        random = Random(self._seed)
        random.shuffle(rows)
        half = len(rows) // 2
        return _pieces(rows[:half], random), _pieces(rows[half:], random)

    def kept_pieces(self) -> Pieces:
        """Pieces of the rows that were kept and counted."""
        return _pieces(self._numbered(self._kept), Random(self._seed))

    def _swapped(self, text: str, number: int) -> str | None:
        """What is to be counted now that `text` has come: it, one that was kept until now, or nothing."""
        kept, seen = self._kept[number], self._seen[number]
        if len(kept) < HELD_MOST + KEPT_MOST:
            kept.append(text)
            return None
        place = self._random.randrange(seen)
        if place < len(kept):
            text, kept[place] = kept[place], text
        return text

    def _numbered(self, rows: list[list[str]]) -> list[tuple[str, int]]:
        """Each text with the place of its language in `languages`."""
        places = self._places()
        return [(text, int(places[number])) for number, texts in enumerate(rows) for text in texts]

    def _places(self) -> NDArray[np.int64]:
        """Where each language, in the order they came, stands in `languages`."""
        place = {name: number for number, name in enumerate(self.languages)}
        return np.array([place[name] for name in self._numbers], dtype=np.int64)


def _pieces(rows: list[tuple[str, int]], random: Random) -> Pieces:
    found = [(piece, number) for text, number in rows for piece in cut_text(text, random)]
    return [piece for piece, _ in found], [number for _, number in found]
