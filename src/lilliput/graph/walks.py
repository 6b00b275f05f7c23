"""Ways through a network: distances from seeds, who introduces whom, who hears an account, communities, farms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.graph import walk_kernels as kernels
from lilliput.graph.matrix import Matrix
from lilliput.graph.pagerank import received

ROUNDS = 50
"""Of label propagation, at most; it may go round in circles."""
NOBODY = np.uint32(0xFFFFFFFF)
NO_WEIGHTS = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True)
class Distances:
    """Steps to the nearest seed along edges in either direction, by row.

    distance : int32 (nodes,), 0 for seeds, -1 where no way leads there.
    parent : uint32 (nodes,), the next one on the way to the seed, `NOBODY` for seeds and where there is no way.
    """

    distance: NDArray[np.int32]
    parent: NDArray[np.uint32]

    def introducers(self) -> NDArray[np.uint32]:
        """Who in the neighbourhood of the seeds leads to each node: itself a neighbour of a seed, or the seed."""
        found = np.full(len(self.parent), NOBODY, dtype=np.uint32)
        kernels.introduce(self.distance, self.parent, found)
        return found


def distances(matrix: Matrix, seeds: NDArray[np.int64]) -> Distances:
    """Distances from the rows of seeds."""
    distance = np.full(len(matrix), -1, dtype=np.int32)
    parent = np.full(len(matrix), NOBODY, dtype=np.uint32)
    distance[seeds] = 0
    level = 0
    while kernels.spread_out(matrix.starts, matrix.sources, level, distance, parent, True):
        level += 1
    return Distances(distance, parent)


def heard_by(matrix: Matrix, row: int, steps: int) -> list[int]:
    """How many nodes are within 1, 2, ... `steps` steps against the edges: those who point at a row, and so on."""
    distance = np.full(len(matrix), -1, dtype=np.int32)
    parent = np.zeros(len(matrix), dtype=np.uint32)
    distance[row] = 0
    counts, total = [], 0
    for level in range(steps):
        total += kernels.spread_out(matrix.starts, matrix.sources, level, distance, parent, False)
        counts.append(total)
    return counts


def communities(matrix: Matrix) -> NDArray[np.uint32]:
    """The community of each row, numbered from 0 by falling size; uint32 (nodes,).

    Label propagation (Raghavan, Albert, Kumara 2007) over edges in both directions, from the nodes that point at
    fewest to those that point at most, so that the result depends on the edges alone.
    """
    size = len(matrix)
    labels = np.arange(size, dtype=np.uint32)
    out_starts, targets = np.zeros(size + 1, dtype=np.int64), np.empty(len(matrix.sources), dtype=np.uint32)
    kernels.turned(matrix.starts, matrix.sources, out_starts, targets)
    order, counts = np.arange(size, dtype=np.uint32)[::-1].copy(), np.zeros(size, dtype=np.int32)
    for _ in range(ROUNDS):
        changed = kernels.adopt(matrix.starts, matrix.sources, out_starts, targets, order, labels, counts)
        if changed <= size // 10_000:
            break
    sizes = np.bincount(labels, minlength=size)
    rank = np.empty(size, dtype=np.uint32)
    rank[np.lexsort((np.arange(size), -sizes))] = np.arange(size, dtype=np.uint32)
    return rank[labels]


def suspicions(
    matrix: Matrix,
    values: NDArray[np.float64],
    strength: NDArray[np.float64],
    jumps: NDArray[np.float64],
    unseen: NDArray[np.float64] | float,
    damping: float,
    least: float,
    threads: int,
) -> NDArray[np.float64]:
    """How much of what each row is worth has no diverse support, from 0 to 1; 0 for rows with values below `least`.

    A node has earned what it gets from nodes that somebody points at, and from followers `unseen`. A supporter counts
    as doubtful for the part of its value that it has not earned, but has by `jumps`, from nodes at which nobody points,
    or from the very row that it supports: as those of a link farm (Gyongyi & Garcia-Molina 2005, "Link Spam
    Alliances"), one or two steps deep. `strength`: the weights that go out of each row.
    """
    cuts, size = matrix.cuts, len(matrix)
    weights = NO_WEIGHTS if matrix.weights is None else matrix.weights
    given = np.divide(values, strength, out=np.zeros(size), where=strength > 0)
    kept = np.divide(values - jumps, values, out=np.zeros(size), where=values > 0)
    earnings = received(matrix, np.maximum(kept, 0) * given, damping, threads) + unseen
    found = np.zeros(size)

    def suspect(block: int) -> None:
        vectors = (matrix.starts, matrix.sources, weights, given, values, earnings)
        kernels.suspect(*vectors, damping, least, cuts[block], cuts[block + 1], found)

    map_ordered(suspect, range(len(cuts) - 1), threads)
    return found
