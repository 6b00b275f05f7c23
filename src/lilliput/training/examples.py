"""Examples from packed texts: counting n-grams, gathering bags, and handing them to the passes part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.data.packed import Packed
from lilliput.features.bags import document_frequencies, gather_bags, lookup_of
from lilliput.features.buckets import BucketMap
from lilliput.features.ngrams import UNITS
from lilliput.features.plain import NGrams
from lilliput.features.unicode import tables
from lilliput.nets.kernels import Bags, Targets
from lilliput.training.passes import Examples

PIECE = 1 << 20
"""Bytes of text a piece of work for one thread."""
PART = 4 << 20
"""Bytes of text whose bags (some ten times as many bytes) are in memory at a time, beside those that are kept."""
CACHE = 400_000_000
"""Bytes of bags up to which all of them are kept in memory; more are made anew in every pass."""


Part = tuple[Bags, Targets, NDArray[np.int64]]
"""Bags and targets of some texts, and their row numbers."""


class Shards(Protocol):
    """Texts in parts that each fit in memory; see `lilliput.data.corpus.Corpus`."""

    @property
    def shards(self) -> int:
        """Number of parts."""

    def shard(self, number: int) -> tuple[Packed, NDArray[np.int64]]:
        """Packed texts of a part, and the row number of each."""


@dataclass(frozen=True)
class FirstShards:
    """The first so many parts of a corpus."""

    corpus: Shards
    shards: int

    def shard(self, number: int) -> tuple[Packed, NDArray[np.int64]]:
        """As of the corpus."""
        return self.corpus.shard(number)


@dataclass(frozen=True)
class TextSet:
    """Texts, the wanted outputs by row number, and which rows may be learned from (bool, one a row)."""

    corpus: Shards
    targets: Targets
    learn: NDArray[np.bool_]

    def parts(self) -> Iterator[tuple[Packed, NDArray[np.int64]]]:
        """All parts, in order."""
        for number in range(self.corpus.shards):
            yield self.corpus.shard(number)


def count_texts(parts: Iterator[tuple[Packed, NDArray[np.int64]]], group: NGrams, threads: int) -> NDArray[np.int32]:
    """In how many texts each bucket of `group` occurs; int32 (2 ** bits,)."""
    totals = [np.zeros(1 << group.bits, dtype=np.int32) for _ in range(threads)]
    for packed, _rows in parts:
        pieces = _pieces(packed)

        def count(worker: int, pieces: list[Packed] = pieces) -> None:
            for piece in pieces[worker::threads]:
                lookup = tables(piece.ascii)
                document_frequencies(
                    piece.buffer,
                    piece.offsets,
                    lookup.entries,
                    lookup.expansions,
                    UNITS[group.unit],
                    group.low,
                    group.high,
                    group.bits,
                    lookup_of(group),
                    totals[worker],
                )

        map_ordered(count, range(threads), threads)
    return np.sum(totals, axis=0, dtype=np.int32)


def gather(packed: Packed, groups: Sequence[NGrams], maps: Sequence[BucketMap], threads: int) -> Bags:
    """Bags of packed texts in every group."""
    pieces = _pieces(packed)
    work = [(group, bucket_map, piece) for group, bucket_map in zip(groups, maps, strict=True) for piece in pieces]
    made = map_ordered(lambda item: _gather_piece(*item), work, threads)
    bounds = np.empty((len(groups), len(packed), made[0][0].shape[1] if made else 1), dtype=np.int64)
    rows: list[NDArray[np.int32]] = []
    used = 0
    for group in range(len(groups)):
        text = 0
        for piece_bounds, piece_rows in made[group * len(pieces) : (group + 1) * len(pieces)]:
            bounds[group, text : text + len(piece_bounds)] = piece_bounds + used
            text += len(piece_bounds)
            rows.append(piece_rows)
            used += len(piece_rows)
    return Bags(bounds, np.concatenate(rows) if rows else np.zeros(0, dtype=np.int32))


class BagSource:
    """The examples of a `TextSet` for one choice of groups and maps: kept if they fit in memory, else made anew."""

    def __init__(self, texts: TextSet, groups: Sequence[NGrams], maps: Sequence[BucketMap], threads: int) -> None:
        self.texts = texts
        self.groups = groups
        self.maps = maps
        self.threads = threads
        self.kept: dict[int, list[Part]] = {}

    def __len__(self) -> int:
        corpus = self.texts.corpus
        if isinstance(corpus, FirstShards):
            return sum(int(self.texts.learn[corpus.shard(number)[1]].sum()) for number in range(corpus.shards))
        return int(self.texts.learn.sum())

    def parts(self, generator: np.random.Generator) -> Iterator[Examples]:
        """One pass, the shards in random order, each in parts of about `PART` bytes of text."""
        for number in generator.permutation(self.texts.corpus.shards):
            for bags, targets, rows in self._parts_of(int(number)):
                yield Examples(bags, targets, np.flatnonzero(self.texts.learn[rows]))

    def learning_from(self, learn: NDArray[np.bool_]) -> BagSource:
        """A source over the same texts for the rows flagged in `learn`, which shares the bags made so far."""
        other = copy(self)
        other.texts = replace(self.texts, learn=learn)
        return other

    def _parts_of(self, number: int) -> Iterator[Part]:
        """The parts of a shard; kept for the next pass if those of all shards, taken to be alike, fit in the cache."""
        if number in self.kept:
            yield from self.kept[number]
            return
        packed, rows = self.texts.corpus.shard(number)
        made: list[Part] = []
        size = 0
        for first, last in pairwise(_edges(packed, PART)):
            some = Packed(packed.buffer, packed.offsets[first : last + 1], packed.ascii)
            bags = gather(some, self.groups, self.maps, self.threads)
            part = (bags, targets_of(self.texts.targets, rows[first:last]), rows[first:last])
            size += bags.bounds.nbytes + bags.rows.nbytes
            if size * self.texts.corpus.shards <= CACHE:
                made.append(part)
            else:
                made.clear()
            yield part
        if size * self.texts.corpus.shards <= CACHE:
            self.kept[number] = made


def targets_of(targets: Targets, rows: NDArray[np.int64]) -> Targets:
    """The targets of `rows`, in their order."""
    counts = np.diff(targets.indptr)[rows]
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    places = np.repeat(targets.indptr[rows] - indptr[:-1], counts) + np.arange(indptr[-1])
    return Targets(indptr, targets.labels[places], targets.values[places], targets.weights[rows])


def dense_targets(targets: Targets, rows: NDArray[np.int64], outputs: int) -> NDArray[np.float32]:
    """The targets of `rows` as a matrix, float32 (rows, outputs)."""
    counts = np.diff(targets.indptr)[rows]
    ends = np.cumsum(counts)
    places = np.repeat(targets.indptr[rows] - (ends - counts), counts) + np.arange(ends[-1] if len(ends) else 0)
    matrix = np.zeros((len(rows), outputs), dtype=np.float32)
    matrix[np.repeat(np.arange(len(rows)), counts), targets.labels[places]] = targets.values[places]
    return matrix


def _gather_piece(group: NGrams, bucket_map: BucketMap, piece: Packed) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    lookup = tables(piece.ascii)
    bounds, rows = gather_bags(
        piece.buffer,
        piece.offsets,
        lookup.entries,
        lookup.expansions,
        UNITS[group.unit],
        group.low,
        group.high,
        group.bits,
        lookup_of(group),
        bucket_map.words,
        bucket_map.ranks,
        bucket_map.rows,
    )
    return bounds, rows


def _pieces(packed: Packed) -> list[Packed]:
    """Runs of whole texts of about `PIECE` bytes."""
    return [
        Packed(packed.buffer, packed.offsets[first : last + 1], packed.ascii)
        for first, last in pairwise(_edges(packed, PIECE))
    ]


def _edges(packed: Packed, size: int) -> list[int]:
    """Where to cut texts into runs of about `size` bytes; it depends on the texts alone."""
    if not len(packed):
        return []
    start, end = int(packed.offsets[0]), int(packed.offsets[-1])
    cuts = np.searchsorted(packed.offsets, np.arange(start + size, end, size))
    return np.unique(np.concatenate([[0], cuts, [len(packed)]])).tolist()
