"""Passes over examples: mini-batches, threads that own rows, and a learning rate that falls to zero."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lilliput.core.threads import available_threads
from lilliput.nets.barrier import fresh_barrier, together
from lilliput.nets.chain import chain_scratch, train_chains
from lilliput.nets.kernels import Bags, Targets, train_texts
from lilliput.training.learner import Learner

BATCH = 64
BLOCK = 256
"""Batches between two looks at the clock, the progress bar and Ctrl-C."""
UNCROWDED, SHORT = 0.85, 0.005
"""The share of its time that a thread has a processor if it shares it with none; seconds that are too few to tell."""
WORTH_THREADS = 10_000
"""Weights touched by a batch from which on several threads are faster than one (some ten microseconds of work)."""


@dataclass(frozen=True)
class Examples:
    """Bags and targets of some texts; ``texts`` are the positions (int64) that may be learned from.

    ``chains``: for a learner of chains, the number of the chain that each text belongs to (int64); a chain is a run of
    texts and comes whole.
    """

    bags: Bags
    targets: Targets
    texts: NDArray[np.int64]
    chains: NDArray[np.int64] | None = None


class Block(NamedTuple):
    """Some texts of the same examples in the order of training; batch i is ``texts[edges[i]:edges[i + 1]]``."""

    examples: Examples
    texts: NDArray[np.int64]
    edges: NDArray[np.int64]


class ExampleSource(Protocol):
    """Where the passes get their examples: as many parts as fit in memory at once, in an order of its own choice."""

    def parts(self, generator: np.random.Generator) -> Iterable[Examples]:
        """One pass over all examples, in parts."""

    def __len__(self) -> int:
        """Texts in a pass."""


@dataclass(frozen=True)
class Schedule:
    """The learning rate, falling linearly from `rate` to zero over `passes`, or over `seconds` if that is less.

    After pass `land_after` (0: never) the rest of the way down is made in one more pass. In the last `coded` part of
    the schedule the net sees its weights as they will be stored.
    """

    rate: float
    passes: int
    seconds: float | None = None
    land_after: int = 0
    coded: float = 0.25


@dataclass
class Clock:
    """How much of a schedule is spent, by texts seen and by time: ``start + (1 - start) * (texts - since) / span``."""

    span: float
    seconds: float | None
    start: float = 0.0
    since: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def spent(self, texts: float) -> float:
        """Fraction of the schedule that is over when `texts` texts have been seen."""
        ahead = 1 - (texts - self.since) / self.span if self.span else 0.0
        fraction = 1 - (1 - self.start) * ahead  # exactly 1 at the end of the span
        if self.seconds is not None:
            fraction = max(fraction, (time.monotonic() - self.began) / self.seconds)
        return min(1.0, fraction)

    def land(self, texts: float, span: float) -> None:
        """Spend what is left within the next `span` texts."""
        self.start, self.since, self.span = self.spent(texts), texts, span


class Passes:
    """Trains a learner over examples, in an order drawn from `seed`."""

    def __init__(self, learner: Learner, loss: int, threads: int, seed: int) -> None:
        self.learner = learner
        self.loss = loss
        self.threads = min(threads, available_threads())  # more would wait for one another
        self.crowded = Crowded()
        self.generator = np.random.default_rng([seed, 1])
        self.scratch = learner.scratch(BATCH)
        self.chain_scratch = chain_scratch(0, 0)

    def run(
        self,
        source: ExampleSource,
        schedule: Schedule,
        advance: Callable[[int], None] = lambda texts: None,
        stalled: Callable[[int], bool] = lambda passes: False,
    ) -> int:
        """Train until the schedule is over; lands early once `stalled(passes done)`. Returns the pass it landed after.

        That is 0 if the schedule ran its full length. Ctrl-C between two blocks leaves a learner that can be frozen.
        """
        with ThreadPoolExecutor(self.threads) as pool:
            return self._run(pool, source, schedule, advance, stalled)

    def _run(
        self,
        pool: Executor,
        source: ExampleSource,
        schedule: Schedule,
        advance: Callable[[int], None],
        stalled: Callable[[int], bool],
    ) -> int:
        total = len(source)
        clock = Clock(total * schedule.passes, schedule.seconds)
        done = passes = landed = 0
        while clock.spent(done) < 1:
            for block in self._blocks(source):
                spent = clock.spent(done)
                if spent >= 1:
                    break
                if spent >= 1 - schedule.coded and not self.learner.coded:
                    self.learner.start_coding()
                self._train(pool, block, _rates(block, schedule.rate, clock, done))
                done += len(block.texts)
                advance(len(block.texts))
            passes += 1
            if not landed and (passes == schedule.land_after or (not schedule.land_after and stalled(passes))):
                landed = passes
                clock.land(done, total)
        if not self.learner.coded:
            self.learner.start_coding()
        return landed

    def _blocks(self, source: ExampleSource) -> Iterator[Block]:
        """One pass: blocks of texts, or of whole chains, in random order, part by part."""
        for examples in source.parts(self.generator):
            if examples.chains is None:
                order, edges = self.generator.permutation(examples.texts), np.arange(0, len(examples.texts), BATCH)
            else:
                order, edges = _chains_in_order(examples.texts, examples.chains, self.generator)
            edges = np.append(edges, len(order))
            for start in range(0, len(edges) - 1, BLOCK):
                some = edges[start : start + BLOCK + 1]
                yield Block(examples, order[some[0] : some[-1]], some - some[0])

    def _train(self, pool: Executor, block: Block, rates: NDArray[np.float32]) -> None:
        learner = self.learner
        bags, targets, chains = block.examples.bags, block.examples.targets, block.examples.chains
        touched = len(bags.rows) / max(1, bags.bounds.shape[1]) * BATCH * learner.shape.dim
        workers = self.threads if touched > WORTH_THREADS and not self.crowded.now() else 1
        barrier = fresh_barrier()
        model = bags, learner.tables, learner.read, learner.head, targets
        self._make_room(block)

        def work(worker: int) -> None:
            rest = learner.coding, rates, self.scratch, worker, workers, barrier
            if chains is None:
                train_texts(block.texts, block.edges, *model, self.loss, *rest)
            else:
                more = chains, learner.transitions, self.chain_scratch
                train_chains(block.texts, block.edges, *model, *more, *rest)

        wall, processor = time.perf_counter(), time.process_time()
        together(work, workers, barrier, pool)
        if workers > 1:
            self.crowded.note(time.perf_counter() - wall, (time.process_time() - processor) / workers)

    def _make_room(self, block: Block) -> None:
        """Have working space for the largest batch; chains make some larger than `BATCH`."""
        most = int(np.diff(block.edges).max())
        if most > len(self.scratch.logits):
            self.scratch = self.learner.scratch(most)
        if block.examples.chains is not None and most > len(self.chain_scratch.norms):
            self.chain_scratch = chain_scratch(max(BATCH, most), self.learner.shape.outputs)


def _chains_in_order(
    texts: NDArray[np.int64], chains: NDArray[np.int64], generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The texts, whole chains in random order, and where each batch begins: with the chain that comes at or after."""
    starts = np.flatnonzero(np.diff(chains[texts], prepend=-1))
    sizes = np.diff(starts, append=len(texts))
    drawn = generator.permutation(len(starts))
    ends = np.cumsum(sizes[drawn])
    order = texts[np.repeat(starts[drawn] - ends + sizes[drawn], sizes[drawn]) + np.arange(len(texts))]
    borders = np.concatenate([[0], ends])
    batches = np.unique(np.searchsorted(borders, np.arange(0, len(texts), BATCH)))
    return order, borders[batches[borders[batches] < len(texts)]]


@dataclass
class Crowded:
    """Whether other programs keep the threads from running at the same time; then they would only wait for each other.

    After such a block the next ones are left to one thread, twice as many each time. That changes no result.
    """

    alone: int = 0
    next: int = 8

    def now(self) -> bool:
        """Whether the next block is better left to one thread."""
        self.alone = max(0, self.alone - 1)
        return self.alone > 0

    def note(self, wall: float, processor: float) -> None:
        """Tell of a block of several threads: its wall-clock seconds, and those that each thread had a processor."""
        if wall > SHORT and processor < UNCROWDED * wall:
            self.alone, self.next = self.next, 2 * self.next


def _rates(block: Block, rate: float, clock: Clock, done: int) -> NDArray[np.float32]:
    """Learning rate of each batch of a block."""
    spends = [clock.spent(done + first) for first in block.edges[:-1].tolist()]
    return (rate * (1 - np.array(spends))).astype(np.float32)
