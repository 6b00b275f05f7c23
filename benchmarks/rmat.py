"""R-MAT graphs of any size as CSV: Chakrabarti, Zhan, Faloutsos 2004, with the usual 0.57, 0.19, 0.19, 0.05.

    python benchmarks/rmat.py 10_000_000 edges.csv

Nodes are about a tenth of the edges (a power of two) and are renumbered at random, as ids in real files are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numba import njit

STEP = 1_000_000


@njit(cache=True)
def draw(edges, scale, seed, source, target):
    np.random.seed(seed)  # noqa: NPY002 (what numba has)
    for edge in range(edges):
        row = column = 0
        for _ in range(scale):
            chance = np.random.random()  # noqa: NPY002
            row, column = 2 * row, 2 * column
            if chance >= 0.57:
                if chance < 0.76:
                    column += 1
                elif chance < 0.95:
                    row += 1
                else:
                    row += 1
                    column += 1
        source[edge], target[edge] = row, column


@njit(cache=True)
def written(source, target, out):
    at = 0
    for edge in range(len(source)):
        for end in range(2):
            value = np.int64(source[edge] if end == 0 else target[edge])
            size = 1
            limit = 10
            while value >= limit:
                size += 1
                limit *= 10
            for place in range(size):
                out[at + size - 1 - place] = 48 + value % 10
                value //= 10
            at += size
            out[at] = 44 if end == 0 else 10
            at += 1
    return at


def scale_of(edges: int) -> int:
    return max(4, round(np.log2(edges / 10)))


def make(edges: int, path: Path, seed: int = 0) -> int:
    """Write the graph and return the number of nodes that there could be."""
    scale = scale_of(edges)
    names = np.random.default_rng(seed).permutation(1 << scale)
    with path.open("wb") as file:
        file.write(b"source,target\n")
        for first in range(0, edges, STEP):
            size = min(STEP, edges - first)
            source, target = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
            draw(size, scale, seed + 1 + first // STEP, source, target)
            out = np.empty(24 * size, dtype=np.uint8)
            file.write(out[: written(names[source], names[target], out)].data)
    return 1 << scale


if __name__ == "__main__":
    make(int(sys.argv[1]), Path(sys.argv[2]))
