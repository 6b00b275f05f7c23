"""The names of accounts: whole numbers, or texts in one buffer, numbered from 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 10
"""Of a number below 2^32, at most."""


@dataclass(frozen=True)
class Numbers:
    """Ids that are whole numbers below 2^32, each by its own place: uint32 `values` (n,), rising."""

    values: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.values)

    def name(self, number: int) -> str:
        """The id as it stands in the file."""
        return str(int(self.values[number]))

    def find(self, name: str) -> int:
        """The place of an id, -1 if it is not there."""
        if not (name.isascii() and name.isdecimal() and len(name) <= DIGITS):
            return -1
        if str(int(name)) != name or int(name) >= 1 << 32:
            return -1
        place = int(np.searchsorted(self.values, np.uint32(int(name))))
        return place if place < len(self) and int(self.values[place]) == int(name) else -1

    def take(self, places: NDArray[Any]) -> Numbers:
        """The ids at `places`, which rise."""
        return Numbers(self.values[places])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a file keeps."""
        return {"ids": self.values}


@dataclass(frozen=True)
class Texts:
    """Ids that are texts: bytes of UTF-8 `data`, int64 `starts` (n + 1,)."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def name(self, number: int) -> str:
        """The id as it stands in the file, without its quotes."""
        return self.data[self.starts[number] : self.starts[number + 1]].tobytes().decode()

    def find(self, name: str) -> int:
        """The place of an id, -1 if it is not there."""
        wanted = name.encode("utf-8", "replace")
        places = np.flatnonzero(np.diff(self.starts) == len(wanted))
        for at, byte in enumerate(wanted):
            places = places[self.data[self.starts[places] + at] == byte]
        return int(places[0]) if len(places) else -1

    def take(self, places: NDArray[Any]) -> Texts:
        """The ids at `places`, which rise."""
        if len(places) == len(self):
            return self
        lengths = np.diff(self.starts)
        kept = np.zeros(len(self), dtype=bool)
        kept[places] = True
        starts = np.concatenate(([0], np.cumsum(lengths[places])))
        return Texts(self.data[np.repeat(kept, lengths)], starts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a file keeps."""
        return {"ids": self.data, "id_starts": self.starts}


Ids = Numbers | Texts


def places_of(ids: Ids, names: Iterable[str]) -> dict[str, int]:
    """The place of each name that is there."""
    found = {name: ids.find(name) for name in names}
    return {name: place for name, place in found.items() if place >= 0}
