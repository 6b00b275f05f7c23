"""Edge lists: streamed from files into pairs of numbers, by several threads, on disk where memory is short."""

from __future__ import annotations

import mmap
import shutil
import tempfile
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.threads import resolve_threads
from lilliput.data.batch import BadRows, Batch, Guard
from lilliput.data.edge_blocks import Block, Plan, open_plan, parse
from lilliput.data.edge_columns import EdgeColumns
from lilliput.data.edge_ids import Interner
from lilliput.data.files import DataFile, PathLike, data_file
from lilliput.data.ids import Ids, Numbers

DENSE, SPARE = 4, 1 << 20
"""Numbers as ids are codes as they stand up to so many times the edges, and so many more."""
IN_MEMORY = 2_000_000_000
"""Bytes of edges that are kept in memory; the rest goes into a temporary file."""
LARGE = 1 << 17
"""Bytes from which an array gets memory of its own."""


@dataclass(frozen=True)
class Chunk:
    """Some edges: uint32 `ends` (2, n), codes of sources and targets; float64 (n,) `weights`, 1 each if None."""

    ends: NDArray[np.uint32]
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return self.ends.shape[1]


@dataclass
class Edges:
    """Edges in the order of the files: `chunks` of codes below `codes`, which `ids` (by code) names.

    Where ids are numbers they may be the codes themselves, so that some codes are of no edge; `ids` then is None.
    """

    chunks: list[Chunk]
    codes: int
    ids: Ids | None
    bad: BadRows = field(default_factory=BadRows)

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def named(self, present: NDArray[np.bool_]) -> Ids:
        """The ids of the codes that are `present`, bool (codes,), in their order."""
        places = np.flatnonzero(present)
        return Numbers(places.astype(np.uint32)) if self.ids is None else self.ids.take(places)


def read_edges(
    paths: Iterable[PathLike],
    columns: EdgeColumns | None = None,
    *,
    header: bool = True,
    skip_bad: bool = False,
    threads: int | None = None,
    in_memory: int = IN_MEMORY,
    watch: Callable[[int], None] | None = None,
) -> Edges:
    """Read edge lists: CSV, TSV, JSONL, Parquet, or text with blanks between cells and ``#`` before comments.

    An id is the text of its cell. Ids are numbered in rising order if all are whole numbers below 2^32 - 1, else in
    order of first appearance, whatever the number of threads. `watch` is called with the rows of each block. Raises
    `DataError` for bad rows (see `EdgeColumns`) unless `skip_bad`, and for files without edges.
    """
    reader = _Reader(columns or EdgeColumns(), BadRows() if skip_bad else None, in_memory)
    for path in paths:
        reader.read(data_file(path), header, resolve_threads(threads), watch)
    return reader.edges()


def edges_of(pairs: Iterable[Sequence[Any]], columns: EdgeColumns | None = None) -> Edges:
    """The edges of rows (source, target) or (source, target, weight), as `read_edges` reads them.

    Raises `DataError` for rows of another kind.
    """
    rows = [tuple(pair) for pair in pairs]
    if not rows:
        raise DataError("there is no edge; give pairs of ids, (source, target)")
    width = len(rows[0])
    for number, row in enumerate(rows):
        if len(row) != width or width not in (2, 3):
            raise DataError(f"edge {number}: {row!r:.80} is no (source, target) or (source, target, weight)")
    names = ("source", "target", "weight")[:width]
    plan = Plan(EdgeColumns(), {name: place for place, name in enumerate(names)}, 0, False, width)
    reader = _Reader(columns or EdgeColumns(), None, IN_MEMORY)
    cells = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    reader.take(plan, "edges", [Batch(range(1, len(rows) + 1), cells)])
    return reader.edges()


class _Reader:
    def __init__(self, columns: EdgeColumns, bad: BadRows | None, in_memory: int) -> None:
        self._columns, self._bad = columns, bad
        self._interner: Interner | None = None
        self._chunks: list[Chunk] = []
        self._times: list[NDArray[np.float64]] = []
        self._disk = _Disk(in_memory)
        self._names: list[str] = []

    def read(self, file: DataFile, header: bool, threads: int, watch: Callable[[int], None] | None) -> None:
        plan, blocks = open_plan(file, self._columns, header)
        self.take(plan, file.name, blocks, threads, watch)

    def take(
        self,
        plan: Plan,
        name: str,
        blocks: Iterable[Any],
        threads: int = 1,
        watch: Callable[[int], None] | None = None,
    ) -> None:
        guard, row, line = Guard(name, self._bad), 0, plan.first_line
        self._names.append(name)
        for block in _in_order(plan, blocks, threads):
            for fault in block.faults:
                guard.reject(row + fault.row + 1, fault.reason, line + fault.line)
            self._take(block)
            row, line = row + block.rows, line + block.lines
            if watch is not None:
                watch(block.rows)

    def _take(self, block: Block) -> None:
        ends = block.ends
        if self._interner is None and ends is None:
            self._begin_texts()
        if self._interner is not None:
            ends = self._interner.numbered_pairs(ends) if ends is not None else self._interner.numbered(block)
        assert ends is not None
        if not ends.shape[1]:
            return
        self._chunks.append(self._disk.keep(Chunk(ends, block.weights)))
        if block.times is not None:
            self._times.append(block.times)

    def _begin_texts(self) -> None:
        """From here on ids are texts; the numbers so far become texts too."""
        self._interner = Interner()
        for chunk in self._chunks:
            chunk.ends[:] = self._interner.numbered_pairs(chunk.ends)

    def edges(self) -> Edges:
        """All that was read."""
        bad = self._bad or BadRows()
        if not self._chunks:
            raise DataError(f"there is no edge in {', '.join(self._names)}{f'; {bad}' if bad.count else ''}")
        chunks = _aged(self._chunks, self._times, self._columns.half_life)
        if self._interner is not None:
            ids = self._interner.ids()
            return Edges(chunks, len(ids), ids, bad)
        codes = 1 + max(int(chunk.ends.max()) for chunk in chunks)
        if codes <= DENSE * sum(map(len, chunks)) + SPARE:
            return Edges(chunks, codes, None, bad)
        values = np.unique(np.concatenate([np.unique(chunk.ends) for chunk in chunks]))
        for chunk in chunks:
            chunk.ends[:] = np.searchsorted(values, chunk.ends)
        return Edges(chunks, len(values), Numbers(values), bad)


def _in_order(plan: Plan, blocks: Iterable[Any], threads: int) -> Iterator[Block]:
    """The blocks parsed by threads, in their order; the one before is done with when the next is asked for."""
    if threads == 1:
        for given in blocks:
            yield parse(plan, given)
            plan.take_back(given)
        return
    waiting: deque[tuple[Any, Future[Block]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for given in blocks:
                waiting.append((given, pool.submit(parse, plan, given)))
                while len(waiting) > threads or (waiting and waiting[0][1].done()):
                    done, future = waiting.popleft()
                    yield future.result()
                    plan.take_back(done)
            while waiting:
                yield waiting.popleft()[1].result()
        finally:
            for _, future in waiting:
                future.cancel()


def _aged(chunks: list[Chunk], times: list[NDArray[np.float64]], half_life: float | None) -> list[Chunk]:
    """Weights that halve with each half-life before the newest edge."""
    if not times or half_life is None:
        return chunks
    newest = max(float(part.max()) for part in times)
    aged = []
    for chunk, part in zip(chunks, times, strict=True):
        decay = np.exp2((part - newest) / half_life)
        aged.append(Chunk(chunk.ends, decay if chunk.weights is None else chunk.weights * decay))
    return aged


def apart(array: NDArray[Any]) -> NDArray[Any]:
    """A copy with memory of its own, which goes back to the system with it.

    Arrays of some megabytes that come and go are kept by the C library for later ones, 8 bytes an edge in all.
    """
    if array.nbytes < LARGE:
        return array.copy()
    found: NDArray[Any] = np.frombuffer(mmap.mmap(-1, array.nbytes), dtype=array.dtype).reshape(array.shape)
    found[:] = array
    return found


class _Disk:
    """Keeps chunks in memory and, when that is full, in a temporary file that is gone with them."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._file: Path | None = None
        self._end = 0

    def keep(self, chunk: Chunk) -> Chunk:
        """The chunk, or a map of it on disk."""
        size = chunk.ends.nbytes + (0 if chunk.weights is None else chunk.weights.nbytes)
        place = self._mapped
        if size <= self._room:
            self._room -= size
            place = apart
        return Chunk(place(chunk.ends), None if chunk.weights is None else place(chunk.weights))

    def _mapped(self, array: NDArray[Any]) -> Any:
        if self._file is None:
            folder = tempfile.mkdtemp(prefix="lilliput-edges-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._file = Path(folder, "edges")
        with self._file.open("ab") as file:
            self._end = file.tell()
            array.tofile(file)
            file.write(bytes(-array.nbytes % 8))
        return np.memmap(self._file, dtype=array.dtype, mode="r+", offset=self._end, shape=array.shape)
