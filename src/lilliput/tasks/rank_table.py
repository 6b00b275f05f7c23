"""The table of a ranking: CSV, TSV, JSON Lines, one JSON document, or a page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lilliput.core.arrays import constant
from lilliput.core.atomic import write_atomically
from lilliput.core.errors import DataError
from lilliput.core.modelfile import StrPath
from lilliput.core.threads import resolve_threads
from lilliput.data.files import split_ending
from lilliput.data.ids import Numbers
from lilliput.data.write import write_rows
from lilliput.graph.walks import Distances
from lilliput.tasks.rank import NOBODY, Ranking

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker

ROWS = 1 << 16
"""Lines that are written at a time."""
ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".html")
CELLS = 130
"""Bytes of a line, at most, without its ids."""


def columns(ranking: Ranking) -> list[str]:
    """Names of the columns; suspicion is in percent."""
    names = ["id", "rank", "score", "followers", "friends", "suspicion"]
    names += [] if ranking.distance is None else ["distance", "introducer"]
    return names + ([] if ranking.community is None else ["community"])


def write(model: InfluencerRanker, path: StrPath) -> None:
    """Write the table; a file is replaced as a whole. Raises `DataError` for an ending that is not known."""
    ranking = model.ranking_
    ending, compression = split_ending(path)
    if ending in (".csv", ".tsv") and not compression and os.fspath(path) != "-":
        mark = "," if ending == ".csv" else "\t"
        write_atomically(path, _texts(ranking, mark, resolve_threads(model.threads)))
    elif ending in (".csv", ".tsv", ".jsonl") or os.fspath(path) == "-":
        write_rows(path, columns(ranking), rows(ranking))
    elif ending == ".json":
        names = columns(ranking)
        write_atomically(path, _document([dict(zip(names, row, strict=True)) for row in rows(ranking)]))
    elif ending == ".html":
        from lilliput.tasks.rank_page import page

        write_atomically(path, [page(model).encode()])
    else:
        raise DataError(f"{os.fspath(path)} has no ending that can be written; call it {' '.join(ENDINGS)}")


def _document(found: list[dict[str, Any]]) -> Iterator[bytes]:
    yield orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def rows(ranking: Ranking, most: int | None = None) -> Iterator[list[Any]]:
    """The cells of the first accounts, the first first."""
    introducer = introducers(ranking)
    for row in ranking.by_rank[:most].tolist():
        yield cells(ranking, row, introducer)


def cells(ranking: Ranking, row: int, introducer: NDArray[np.uint32]) -> list[Any]:
    """The cells of a row, in the order of the columns; `introducer`: what `introducers` gives."""
    found: list[Any] = [ranking.name(row), int(ranking.rank_of[row]), float(f"{ranking.scores[row]:.9e}")]
    found += [int(ranking.followers[row]), int(ranking.friends[row]), round(100 * float(ranking.suspicion[row]))]
    if ranking.distance is not None:
        distance = int(ranking.distance[row])
        found.append(distance if distance >= 0 else None)
        found.append(None if introducer[row] == NOBODY else ranking.name(int(introducer[row])))
    if ranking.community is not None:
        found.append(int(ranking.community[row]))
    return found


def introducers(ranking: Ranking) -> NDArray[np.uint32]:
    """Who leads to each row from the seeds (see `Distances.introducers`); empty without seeds."""
    if ranking.distance is None or ranking.parent is None:
        return np.zeros(0, dtype=np.uint32)
    return Distances(ranking.distance, ranking.parent).introducers()


def _texts(ranking: Ranking, mark: str, threads: int) -> Iterator[Any]:
    """The table as bytes, a piece at a time, made by threads."""
    from concurrent.futures import ThreadPoolExecutor

    from lilliput.graph import rank_kernels as kernels

    ids, introducer = ranking.ids, introducers(ranking)
    none = np.zeros(0, dtype=np.uint32)
    if isinstance(ids, Numbers):
        told = (constant(ids.values), constant(np.zeros(0, dtype=np.uint8)), constant(np.zeros(1, dtype=np.int64)))
        lengths = np.full(len(ids), 10)
    else:
        told, lengths = (constant(none), constant(ids.data), constant(ids.starts)), 2 * np.diff(ids.starts) + 2
    distance = np.zeros(0, dtype=np.int32) if ranking.distance is None else ranking.distance
    community = none if ranking.community is None else ranking.community
    numbers = (ranking.order, ranking.scores, ranking.followers, ranking.friends, ranking.suspicion)
    vectors = [constant(array) for array in (*numbers, distance, introducer, community)]

    def piece(first: int) -> Any:
        part = ranking.by_rank[first : first + ROWS]
        room = CELLS * len(part) + int(lengths[ranking.order[part]].sum())
        if len(introducer):
            known = introducer[part][introducer[part] != NOBODY]
            room += int(lengths[ranking.order[known]].sum())
        out = np.empty(room, dtype=np.uint8)
        end = kernels.lines(part, first + 1, ord(mark), *vectors, told, out)
        return out[:end].data

    yield (mark.join(columns(ranking)) + "\n").encode()
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(piece, range(0, len(ranking.order), ROWS))
