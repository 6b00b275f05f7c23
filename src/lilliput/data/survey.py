"""One pass over a source that counts what `inspect` judges by."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.data.source import Source

MOST_LABELS = 100_000  # that are counted one by one

_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*", re.IGNORECASE | re.ASCII)
_FRACTION = re.compile(r"[-+]?\d*\.\d+(e[-+]?\d+)?", re.IGNORECASE | re.ASCII)
_IDENTIFIER = re.compile(r"[\w.:/#-]*\d[\w.:/#-]*", re.ASCII)


class Survey:
    """What the texts and targets of a source are like; holds 20 bytes a row.

    ``ascii``, ``numbers`` and ``identifiers`` count texts that are these, ``fractions`` targets such as 0.25,
    ``sentences`` targets of five words or more, ``copies`` targets equal to their text; ``several`` says whether some
    row has a list or a dict as target. ``labels`` counts rows for each label (in a dict, those above zero).
    """

    def __init__(self, source: Source) -> None:
        self.rows = self.empty = self.ascii = self.numbers = self.identifiers = 0
        self.fractions = self.sentences = self.copies = 0
        self.several = False
        self.labels: Counter[str] = Counter()
        self._texts, self._targets, self._lengths = array("Q"), array("Q"), array("I")
        for texts, targets in source.batches():
            self._add_texts(texts)
            if targets is not None:
                self._add_targets(texts, targets)

    @property
    def texts(self) -> NDArray[np.uint64]:
        """A hash of each text: uint64 (rows,)."""
        return np.frombuffer(self._texts, dtype=np.uint64)

    @property
    def targets(self) -> NDArray[np.uint64]:
        """A hash of each target: uint64 (rows,), or (0,) without targets."""
        return np.frombuffer(self._targets, dtype=np.uint64)

    @property
    def lengths(self) -> NDArray[np.uint32]:
        """The characters of each text: uint32 (rows,)."""
        return np.frombuffer(self._lengths, dtype=np.uint32)

    def conflicts(self) -> int:
        """How many texts stand there with different targets."""
        if not len(self.targets):
            return 0
        order = np.lexsort((self.targets, self.texts))
        texts, targets = self.texts[order], self.targets[order]
        differ = (texts[1:] == texts[:-1]) & (targets[1:] != targets[:-1])
        return len(np.unique(texts[1:][differ]))

    def _add_texts(self, texts: list[str]) -> None:
        self.rows += len(texts)
        self.empty += sum(not text or text.isspace() for text in texts)
        self.ascii += sum(map(str.isascii, texts))
        self.numbers += sum(_NUMBER.fullmatch(text) is not None for text in texts)
        self.identifiers += sum(_IDENTIFIER.fullmatch(text) is not None for text in texts)
        self._texts.extend(map(_hash, texts))
        self._lengths.extend(map(len, texts))

    def _add_targets(self, texts: list[str], targets: list[Any]) -> None:
        names = list(map(str, targets))
        self._targets.extend(map(_hash, names))
        self.copies += sum(text.strip() == name for text, name in zip(texts, names, strict=True))
        self.fractions += sum(_FRACTION.fullmatch(name) is not None for name in names)
        self.sentences += sum(name.count(" ") >= 4 for name in names)
        for name, target in zip(names, targets, strict=True):
            if isinstance(target, dict):
                self._count(str(label) for label, value in target.items() if value > 0)
            elif isinstance(target, list):
                self._count(map(str, set(target)))
            else:
                self._count([name])
                continue
            self.several = True

    def _count(self, labels: Iterable[str]) -> None:
        for label in labels:
            if len(self.labels) < MOST_LABELS or label in self.labels:
                self.labels[label] += 1


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
