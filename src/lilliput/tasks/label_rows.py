"""The rows that a text classifier learns from, read once from a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from lilliput.data.corpus import Corpus
from lilliput.data.packed import Packed
from lilliput.nets.kernels import Targets
from lilliput.tasks.labels import LabelReader, Labels

Batches: TypeAlias = Iterator[tuple[list[str], list[Any]]]
"""Texts and their targets, some at a time."""

CORPUS_MEMORY = 128_000_000
"""Bytes of text from which on the texts are kept on disk."""


@dataclass
class Rows:
    """All rows: packed texts, labels, and targets by row number."""

    corpus: Corpus
    labels: Labels
    targets: Targets

    @cached_property
    def fingerprint(self) -> str:
        """Hash of texts and targets in the order they came; 16 hexadecimal digits."""
        digest = hashlib.blake2b(self.corpus.fingerprint.encode(), digest_size=8)
        for part in (self.targets.indptr, self.targets.labels, self.targets.values):
            digest.update(np.ascontiguousarray(part).data)
        digest.update("\0".join(map(str, self.labels.names)).encode())
        return digest.hexdigest()


def read_rows(batches: Batches, reader: LabelReader, seed: int, balanced: bool) -> Rows:
    """Read all batches; texts go to the corpus, targets to `reader`."""

    def texts() -> Iterator[list[str]]:
        for batch, targets in batches:
            reader.add(targets)
            yield batch

    corpus = Corpus.build(texts(), seed, memory=CORPUS_MEMORY)
    labels, targets = reader.finish(balanced)
    return Rows(corpus, labels, targets)


def first_texts(packed: Packed, most: int) -> list[str]:
    """The first of the packed texts as str."""
    edges = packed.offsets[: most + 1].tolist()
    return [bytes(packed.buffer[first : last - 1]).decode() for first, last in pairwise(edges)]
