"""Blocks of an edge list: how a file is cut into whole rows, and how such a block is read, by any thread."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.data import edge_kernels as kernels
from lilliput.data.batch import Batch, listed
from lilliput.data.delimited import delimited_names
from lilliput.data.edge_columns import EdgeColumns
from lilliput.data.files import DataFile, open_bytes
from lilliput.data.rows import column_names, read_columns

BLOCK = 1 << 22
"""Bytes of a block."""
ROW_LIMIT = 1 << 28
"""Bytes of a row, at most: a block that has none that ends has an open quote."""
MARKS = {"csv": ord(","), "tsv": kernels.TAB, "text": kernels.SPACES}
OPEN_QUOTE = "a quote that opens here is never closed; double it if it belongs to the text"


class Fault(NamedTuple):
    """A bad row of a block, both counted from 0."""

    row: int
    line: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """How the blocks of a file are read: places of columns by what they hold; `width`: cells of a row, 0: any."""

    columns: EdgeColumns
    places: dict[str, int]
    mark: int
    quotes: bool
    width: int
    first_line: int = 1
    spare: list[bytearray] = field(default_factory=list)

    def take_back(self, given: Any) -> None:
        """A block that nobody reads any more: its memory serves again, as fresh memory costs more than reading."""
        while isinstance(given, np.ndarray):
            given = given.base
        if isinstance(given, bytearray) and len(given) == BLOCK + 1:
            self.spare.append(given)


@dataclass
class Block:
    """What is in a block: `ends` uint32 (2, n) where ids are numbers, else places of texts (see `Interner`)."""

    rows: int
    lines: int
    kept: NDArray[np.int64]
    ends: NDArray[np.uint32] | None = None
    data: NDArray[np.uint8] | None = None
    spans: NDArray[np.int32] | None = None
    hashed: NDArray[np.uint64] | None = None
    weights: NDArray[np.float64] | None = None
    times: NDArray[np.float64] | None = None
    faults: list[Fault] = field(default_factory=list)


def open_plan(file: DataFile, columns: EdgeColumns, header: bool) -> tuple[Plan, Iterable[Any]]:
    """How a file is read, and its blocks: bytes of whole rows, or batches."""
    if file.format not in MARKS:
        names = column_names(file)
        places = columns.wanted(names, file.name, True)
        wanted = [names[place] for place in places.values()]
        plan = Plan(columns, dict(zip(places, range(len(places)), strict=True)), 0, False, len(places))
        return plan, read_columns(file, wanted)
    mark = MARKS[file.format]
    quotes = file.format == "csv"
    if file.format == "text":
        names, header = _text_names(file), False
        plan = Plan(columns, columns.wanted(names, file.name, False), mark, False, 0)
        return plan, _blocks(file, plan, header)
    names = delimited_names(file, header)
    plan = Plan(columns, columns.wanted(names, file.name, header), mark, quotes, len(names))
    if header:
        plan = replace(plan, first_line=2 + sum(name.count("\n") for name in names))
    return plan, _blocks(file, plan, header)


def _text_names(file: DataFile) -> list[str]:
    """The columns of text, which are numbered from 1, by its first row that is no comment."""
    with open_bytes(file.path) as stream:
        for line in stream:
            cells = line.removeprefix(codecs.BOM_UTF8).split()
            if cells and not cells[0].startswith(b"#"):
                return [str(number) for number in range(1, len(cells) + 1)]
    raise DataError(f"{file.name} has no edge")


def _blocks(file: DataFile, plan: Plan, header: bool) -> Iterator[NDArray[np.uint8]]:
    """Whole rows, the last of a block with a newline, without the byte order mark and the header."""
    with open_bytes(file.path) as stream:
        rest = stream.read(3)
        if rest.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DataError(f"{file.name} is UTF-16; save it as UTF-8")
        rest = b"" if rest == codecs.BOM_UTF8 else rest
        for block in _whole_rows(stream, rest, plan):
            if header:
                header = not block.tobytes().strip(b"\r\n")  # the header is still to come
                block = _without_first(block, plan.mark, plan.quotes)
            if len(block):
                yield block


def _whole_rows(stream: BinaryIO, rest: bytes, plan: Plan) -> Iterator[NDArray[np.uint8]]:
    size = BLOCK
    while True:
        block = plan.spare.pop() if plan.spare and size == BLOCK else bytearray(size + 1)
        block[: len(rest)] = rest
        with memoryview(block) as view:
            end = len(rest) + _fill(stream, view[len(rest) : size])
        last = end < size
        if last and end and block[end - 1] != kernels.NEWLINE:
            block[end] = kernels.NEWLINE
            end += 1
        whole = end if last else _row_end(block, end, plan.mark, plan.quotes)
        if whole:
            yield np.frombuffer(block, dtype=np.uint8)[:whole]
            rest, size = bytes(memoryview(block)[whole:end]), BLOCK
        else:
            rest, size = bytes(memoryview(block)[:end]), 2 * size
        if last:
            return
        if size > ROW_LIMIT:
            raise DataError(f"a row has more than {ROW_LIMIT >> 1:,} bytes; is a quote never closed?")


def _fill(stream: BinaryIO, view: memoryview) -> int:
    """Read until `view` is full or the stream ends; returns the number of bytes."""
    done = 0
    while done < len(view):
        part = view[done:]
        if isinstance(stream, io.BufferedReader):
            read = stream.readinto(part)
        else:
            data = stream.read(len(part))
            part[: len(data)] = data
            read = len(data)
        if not read:
            break
        done += read
    return done


def _row_end(block: bytearray, end: int, mark: int, quotes: bool) -> int:
    if not quotes or block.find(b'"', 0, end) < 0:
        return block.rfind(b"\n", 0, end) + 1
    return int(kernels.last_row_end(np.frombuffer(block, dtype=np.uint8)[:end], mark))


def _without_first(block: NDArray[np.uint8], mark: int, quotes: bool) -> NDArray[np.uint8]:
    """The block without its first row that is not blank."""
    text = bytes(block[: 1 << 16])
    start = len(text) - len(text.lstrip(b"\r\n"))
    spans, lines = np.empty((1, 1, 2), dtype=np.int32), np.empty((1, 3), dtype=np.int32)
    newline = text.find(b"\n", start)
    while quotes and newline >= 0:
        row = np.frombuffer(bytearray(text[start : newline + 1]), dtype=np.uint8)
        rows, _ = kernels.cells(row, mark, quotes, 0, np.zeros(1, dtype=np.int64), spans, lines)
        if rows and lines[0, 2] != kernels.UNCLOSED:
            break
        newline = text.find(b"\n", newline + 1)
    return block[newline + 1 :]


# A block


def parse(plan: Plan, given: Any) -> Block:
    """What is in a block of bytes, or in a batch."""
    if isinstance(given, Batch):
        return _of_batch(plan, given)
    data: NDArray[np.uint8] = given
    count = int(np.count_nonzero(data == kernels.NEWLINE))
    if not {"kind", "time"} & plan.places.keys():
        block = _pairs(plan, data, count)
        if block is not None:
            return block
    wanted = np.array(list(plan.places.values()), dtype=np.int64)
    spans = np.empty((count, len(wanted), 2), dtype=np.int32)
    lines = np.empty((count, 3), dtype=np.int32)
    rows, height = kernels.cells(data, plan.mark, plan.quotes, plan.width, wanted, spans, lines)
    faults = _row_faults(plan, lines[:rows])
    return _converted(plan, data, spans[:rows], lines[:rows, 0], int(height), faults)


def _pairs(plan: Plan, data: NDArray[np.uint8], count: int) -> Block | None:
    ends = np.empty((2, count), dtype=np.uint32)
    weight = plan.places.get("weight", -1)
    weights = np.empty(count if weight >= 0 else 0)
    source, target = plan.places["source"], plan.places["target"]
    edges = kernels.pairs(data, plan.mark, plan.width, source, target, weight, ends[0], ends[1], weights)
    if edges < 0:
        return None
    if edges < count:
        ends = np.ascontiguousarray(ends[:, :edges])
    return Block(edges, count, np.zeros(0, dtype=np.int64), ends, weights=weights[:edges] if weight >= 0 else None)


def _row_faults(plan: Plan, lines: NDArray[np.int32]) -> dict[int, str]:
    found: dict[int, str] = {}
    for row in np.flatnonzero(lines[:, 2]).tolist():
        _, count, kind = lines[row].tolist()
        least = plan.width or 1 + max(plan.places.values())
        reasons = {
            kernels.UNCLOSED: OPEN_QUOTE,
            kernels.STRAY: "text after a closing quote; double the quotes that belong to the text",
        }
        found[row] = reasons.get(kind, f"{count} field{'s' * (count > 1)} instead of {least}")
    return found


def _of_batch(plan: Plan, batch: Batch) -> Block:
    """The cells of a batch as if they stood in bytes."""
    faults: dict[int, str] = {}
    texts: list[bytes] = []
    for row, cells in enumerate(zip(*batch.columns.values(), strict=True)):
        texts += [_as_text(cell) for cell in cells]
        if any(isinstance(cell, (list, dict, bool)) for cell in cells):
            faults[row] = f"a cell is a {type(next(c for c in cells if isinstance(c, (list, dict, bool)))).__name__}"
    ends = np.cumsum([len(text) for text in texts])
    starts = np.concatenate(([0], ends[:-1]))
    spans = np.stack([starts, ends], axis=1).astype(np.int32).reshape(len(batch), -1, 2)
    data = np.frombuffer(bytearray(b"".join(texts) + b"\n"), dtype=np.uint8)
    return _converted(plan, data, spans, np.arange(len(batch), dtype=np.int32), len(batch), faults)


def _as_text(cell: Any) -> bytes:
    if isinstance(cell, str):
        return cell.encode("utf-8", "replace")
    if isinstance(cell, bytes):
        return cell
    return b"" if cell is None else orjson.dumps(cell, default=str)


def _converted(
    plan: Plan,
    data: NDArray[np.uint8],
    spans: NDArray[np.int32],
    lines: NDArray[np.int32],
    height: int,
    faults: dict[int, str],
) -> Block:
    """Numbers, or texts, weights and times of the rows whose cells stand at `spans`."""
    rows, at = len(spans), {what: place for place, what in enumerate(plan.places)}
    spans = np.ascontiguousarray(spans)
    _check_texts(data, spans, faults)
    weights = _weights(plan, data, spans, at, faults)
    times = _times(data, spans, at["time"], faults) if "time" in at else None
    good = np.ones(rows, dtype=bool)
    good[list(faults)] = False
    kept = np.flatnonzero(good)
    told = [Fault(row, int(lines[row]), faults[row]) for row in sorted(faults)]
    block = Block(rows, height, kept, faults=told)
    block.weights = None if weights is None else weights[kept]
    block.times = None if times is None else times[kept]
    ends = np.empty((2, len(kept)), dtype=np.uint32)
    if kernels.whole(data, spans, kept, ends):
        block.ends = ends
        return block
    block.hashed = np.empty((rows, 2), dtype=np.uint64)
    kernels.hashes(data, spans, rows, 2, block.hashed)
    block.data, block.spans = data, spans
    return block


def _check_texts(data: NDArray[np.uint8], spans: NDArray[np.int32], faults: dict[int, str]) -> None:
    """Find ids that are empty or no UTF-8."""
    empty = spans[:, :2, 0] >= spans[:, :2, 1]
    for row in np.flatnonzero(empty.any(axis=1)).tolist():
        faults.setdefault(row, f"the {'source' if empty[row, 0] else 'target'} is empty; an edge has two ends")
    text = data.tobytes()
    try:
        text.decode()
    except UnicodeDecodeError:
        for row, places in enumerate(spans[:, :2].tolist()):
            try:
                for first, end in places:
                    text[first:end].decode()
            except UnicodeDecodeError as error:
                faults.setdefault(row, f"invalid UTF-8 (byte 0x{error.object[error.start]:02x}); save it as UTF-8")


def _cell(data: NDArray[np.uint8], span: NDArray[np.int32]) -> str:
    return data[span[0] : span[1]].tobytes().decode("utf-8", "replace")


def _weights(
    plan: Plan, data: NDArray[np.uint8], spans: NDArray[np.int32], at: dict[str, int], faults: dict[int, str]
) -> NDArray[np.float64] | None:
    weights = None
    if "weight" in at:
        weights = np.empty(len(spans))
        slow = np.empty(len(spans), dtype=bool)
        kernels.numbers(data, spans, len(spans), at["weight"], weights, slow)
        for row in np.flatnonzero(slow).tolist():
            weights[row] = _number(_cell(data, spans[row, at["weight"]]))
        for row in np.flatnonzero(~(weights >= 0) | np.isinf(weights)).tolist():
            cell = _cell(data, spans[row, at["weight"]])
            what = "negative" if weights[row] < 0 else "no number"
            faults.setdefault(row, f"the weight {cell!r} is {what}; a weight is a finite number from 0 on")
    if "kind" in at:
        factors = _factors(plan, data, spans[:, at["kind"]], faults)
        weights = factors if weights is None else weights * factors
    return weights


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _factors(
    plan: Plan, data: NDArray[np.uint8], spans: NDArray[np.int32], faults: dict[int, str]
) -> NDArray[np.float64]:
    """The weights of the rows' kinds."""
    kinds = plan.columns.kinds or {}
    hashed = np.empty((len(spans), 1), dtype=np.uint64)
    kernels.hashes(data, np.ascontiguousarray(spans[:, None]), len(spans), 1, hashed)
    _, first, which = np.unique(hashed[:, 0], return_index=True, return_inverse=True)
    names = [_cell(data, spans[row]) for row in first]
    known = np.array([kinds.get(name, np.nan) for name in names], dtype=np.float64)
    factors = known[which.reshape(-1)]
    for row in np.flatnonzero(np.isnan(factors)).tolist():
        name = _cell(data, spans[row])
        faults.setdefault(row, f"the kind {name!r} has no weight; those of {listed(list(kinds))} are given")
    return factors


def _times(
    data: NDArray[np.uint8], spans: NDArray[np.int32], place: int, faults: dict[int, str]
) -> NDArray[np.float64]:
    times = np.empty(len(spans))
    slow = np.empty(len(spans), dtype=bool)
    kernels.numbers(data, spans, len(spans), place, times, slow)
    for row in np.flatnonzero(slow).tolist():
        cell = _cell(data, spans[row, place])
        times[row] = _seconds(cell)
        if not np.isfinite(times[row]):
            faults.setdefault(row, f"the time {cell!r} is neither seconds nor a date such as 2024-05-31T18:00")
    return times


@lru_cache(maxsize=1 << 16)
def _seconds(text: str) -> float:
    try:
        found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return _number(text)
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()
