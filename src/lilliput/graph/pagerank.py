"""Weighted PageRank that says how far it is from the exact one.

The chain (Page, Brin, Motwani, Winograd 1999; Langville & Meyer, "Google's PageRank and Beyond", chapter 5): from a
node, with the chance `damping`, along an edge, chosen by its weight; else, and always from a node whose edges weigh
nothing, to a node chosen by the teleport. So one rule holds for all: a node without weight that goes out (dangling, or
with edges of weight 0) is left for the teleport, which with seeds is to seeds. igraph and networkx have the same one.

Values y that are not scaled obey ``y = level * teleport + damping * P'y``, where the level is what makes the sums of
both sides equal. A pass sets the level, then renews the rows run by run, each with what the runs before have just got
(Gauss-Seidel between runs, Jacobi within one: Langville & Meyer, chapter 9), which does not depend on the threads.
Where passes bring little, as in networks with groups that nobody leaves, they are mixed (see `lilliput.graph.mixing`).
When a pass changes little, a Jacobi pass of all rows measures the residual ``r = |Gx - x|`` in the L1 norm. G contracts
such differences by the damping, so that the result ``Gx`` is within ``r * damping / (1 - damping)`` of the exact ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered, resolve_threads
from lilliput.graph import pagerank_kernels as kernels
from lilliput.graph.matrix import BLOCKS, Matrix
from lilliput.graph.mixing import Mixing
from lilliput.nets.barrier import fresh_barrier, together

STAGES = 4
"""Runs of rows that are renewed one after the other in a pass."""
MOST_PASSES = 1000
SLOW = 0.4
"""Of the change in the pass before: where more is left, passes are mixed."""
SMALL = 2_000_000
"""Edges and nodes below which threads cost more than they bring."""
NOTHING, NO_JUMPS = np.zeros(0), np.zeros(1)
NO_WEIGHTS = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True)
class Teleport:
    """Where jumps go, by row, and the two private neighbours of each account (see `lilliput.tasks.rank`).

    to : float64 (nodes,) or (1,) for all alike.
    followers, friends : float64 (nodes,), totals; None where accounts have no private neighbours.
    private : whether jumps go to the private neighbours too.
    """

    to: NDArray[np.float64]
    followers: NDArray[np.float64] | None = None
    friends: NDArray[np.float64] | None = None
    private: bool = False


@dataclass(frozen=True)
class Ranks:
    """Ranks by row, float64, with sum 1, and what is known of their error.

    residual : L1 distance of the last values from what one more step of the chain makes of them.
    bound : how far the ranks are at most from the exact ones, in the L1 norm.
    level : what a node gets by jumps for each 1 of its teleport.
    passes : times that all edges were read; `converged`: the residual is within the tolerance.
    interrupted : Ctrl-C ended the passes early.
    """

    values: NDArray[np.float64]
    residual: float
    bound: float
    level: float
    passes: int
    converged: bool
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False


def pagerank(
    matrix: Matrix,
    *,
    damping: float = 0.85,
    tolerance: float = 1e-10,
    teleport: Teleport | None = None,
    start: NDArray[np.float64] | None = None,
    threads: int | None = None,
    watch: Callable[[int], None] | None = None,
) -> Ranks:
    """The ranks of a network's nodes; see the module for the method and the error.

    `start`: values by row to begin with, of an earlier ranking. `watch` is called with the number of each pass.
    """
    threads = resolve_threads(threads) if len(matrix.sources) + len(matrix) >= SMALL else 1
    chain = _Chain(matrix, damping, teleport or Teleport(np.ones(1)))
    progress = _Progress()
    said = notes(len(matrix), damping, tolerance)
    try:
        with ThreadPoolExecutor(threads) as pool:
            chain.run, chain.pool, chain.workers = map if threads == 1 else pool.map, pool, threads
            chain.begin(start)
            _iterate(chain, tolerance, progress, watch)
    except KeyboardInterrupt:  # the pool has ended what it had begun
        if not progress.passes:
            raise
        chain.run = map
        chain.begin(chain.values)
        progress.residual = chain.step()
        ranks = chain.ranks(progress.residual, progress.passes + 1, progress.residual <= tolerance, said)
        return replace(ranks, notes=[*ranks.notes, "ended early by Ctrl-C"], interrupted=True)
    return chain.ranks(progress.residual, progress.passes, progress.residual <= tolerance, said)


@dataclass
class _Progress:
    """How far passes are."""

    passes: int = 0
    residual: float = 1.0


def _iterate(chain: _Chain, tolerance: float, progress: _Progress, watch: Callable[[int], None] | None) -> None:
    """Passes until the residual is within the tolerance, or there were too many."""
    change = 1.0
    while progress.passes < MOST_PASSES and progress.residual > tolerance:
        before, change = change, chain.sweep()
        progress.passes += 1
        if change <= 4 * tolerance or progress.passes >= MOST_PASSES - 1:
            progress.residual = chain.step()
            progress.passes += 1
        elif progress.passes > 2:
            chain.mix(change > SLOW * before)
        if watch is not None:
            watch(progress.passes)


def received(matrix: Matrix, given: NDArray[np.float64], damping: float, threads: int) -> NDArray[np.float64]:
    """What each row gets from the nodes that point at it, where these give `given` to an edge of weight 1."""
    found, cuts = np.empty(len(matrix)), matrix.cuts

    def run(block: int) -> None:
        rest = (given, NO_JUMPS, 0, 0.0, damping, cuts[block], cuts[block + 1], found)
        if matrix.weights is None:
            kernels.gather(matrix.starts, matrix.sources, *rest)
        else:
            kernels.gather_weighted(matrix.starts, matrix.sources, matrix.weights, *rest)

    map_ordered(run, range(len(cuts) - 1), threads)
    return found


def notes(nodes: int, damping: float, tolerance: float) -> list[str]:
    """What a user should know of a tolerance for so many nodes."""
    error = tolerance * damping / (1 - damping)
    if error * nodes < 1:
        return []
    return [
        f"tolerance {tolerance:g} says little about {nodes:,} accounts: it allows an error of {error:.1g}, "
        f"more than the mean score of {1 / nodes:.1g}; take less than {(1 - damping) / damping / nodes:.1g}"
    ]


class _Chain:
    """`values` and what they give, by row, worked on by `run`, a map over blocks of rows, and by all `workers`."""

    def __init__(self, matrix: Matrix, damping: float, teleport: Teleport) -> None:
        self._matrix, self._damping, self._teleport = matrix, damping, teleport
        self.run: Callable[..., Any] = map
        self.pool: ThreadPoolExecutor
        self.workers = 1
        size = len(matrix)
        base, friends = teleport.to, teleport.friends
        if teleport.followers is not None and teleport.private:
            base = base + damping * teleport.followers
        self._base, self._stride = base, int(len(base) > 1)
        self._mass = float(base.sum()) * (1 if self._stride else size)
        self._strength = matrix.out if friends is None else matrix.out + friends
        self._flow = NOTHING
        if friends is not None:
            self._flow = np.divide(matrix.out, self._strength, out=np.zeros(size), where=self._strength > 0)
        self.values, self._given, self._fresh = np.zeros(size), np.zeros(size), np.empty(size)
        self._sum = self._passed = 0.0
        self._level = 1.0
        self._mixing: Mixing | None = None

    def begin(self, start: NDArray[np.float64] | None) -> None:
        """Take the values to begin with: `start`, or the teleport."""
        if start is not None and start.sum() > 0:
            self._fresh[:] = start / start.sum()
        else:
            self._fresh[:] = self._base / self._mass
        self._sums(self._accept(range(BLOCKS)))

    def sweep(self) -> float:
        """Renew all rows, run by run; returns how much the values changed, as a share of their sum."""
        self._balance()
        matrix, told, barrier = self._matrix, np.zeros((BLOCKS, 3)), fresh_barrier()
        weights = NO_WEIGHTS if matrix.weights is None else matrix.weights
        rest = (
            barrier, matrix.cuts, STAGES, matrix.starts, matrix.sources, weights, self._given, self._base, self._stride,
            self._level, self._damping, self._fresh, self._strength, self._flow, self.values, told,
        )  # fmt: skip
        together(lambda worker: kernels.sweep(worker, self.workers, *rest), self.workers, barrier, self.pool)
        return self._sums(told.tolist())

    def mix(self, slow: bool) -> None:
        """Go on from a mixture of the last passes, once these are `slow`."""
        if self._mixing is None and slow:
            self._mixing = Mixing(self.values, self._matrix.cuts, self.run)
        elif self._mixing is not None and self._mixing.mix(self.values, self._fresh):
            self._sums(self._accept(range(BLOCKS)))

    def step(self) -> float:
        """One step of the chain for all rows at once; returns the residual of the values before."""
        self._mixing = None
        self._balance()
        self._gather(range(BLOCKS))
        total = self._total()
        change = self._sums(self._accept(range(BLOCKS)))
        return change * self._sum / total

    def _balance(self) -> None:
        self._level = (self._sum - self._damping * self._passed) / self._mass

    def _gather(self, blocks: range) -> None:
        cuts, matrix = self._matrix.cuts, self._matrix

        def run(block: int) -> None:
            rest = (self._given, self._base, self._stride, self._level, self._damping, cuts[block], cuts[block + 1])
            if matrix.weights is None:
                kernels.gather(matrix.starts, matrix.sources, *rest, self._fresh)
            else:
                kernels.gather_weighted(matrix.starts, matrix.sources, matrix.weights, *rest, self._fresh)

        list(self.run(run, blocks))

    def _accept(self, blocks: range) -> list[tuple[float, float, float]]:
        cuts = self._matrix.cuts

        def run(block: int) -> tuple[float, float, float]:
            vectors = (self._fresh, self._strength, self._flow, self.values, self._given)
            return kernels.accept(cuts[block], cuts[block + 1], *vectors)

        return list(self.run(run, blocks))

    def _sums(self, parts: Sequence[Sequence[float]]) -> float:
        """Add up what the blocks told, in their order; returns the change as a share of the values."""
        change, self._sum, self._passed = (sum(part) for part in zip(*parts, strict=True))
        return change / self._sum

    def _total(self) -> float:
        """The values of all nodes, private neighbours included, at this level."""
        extra = 0.0
        if self._teleport.private:
            for totals in (self._teleport.followers, self._teleport.friends):
                extra += 0.0 if totals is None else self._level * float(totals.sum())
        if self._teleport.friends is not None:
            alive = self._strength > 0
            extra += self._damping * float((self.values * (1 - self._flow))[alive].sum())
        return self._sum + extra

    def ranks(self, residual: float, passes: int, converged: bool, said: list[str]) -> Ranks:
        """What the last step left."""
        bound = residual * self._damping / (1 - self._damping)
        share = self._sum / self._total()
        if self._teleport.friends is not None or self._teleport.followers is not None:
            bound *= 2 / share  # scores are a part of the whole, scaled to 1
        if not converged:
            said = [*said, f"not converged after {passes} passes: the residual is {residual:.1g}"]
        return Ranks(self.values / self._sum, residual, bound, self._level / self._sum, passes, converged, said)
