"""From texts, targets and a budget to a trained feed-forward net: what is tried, what is chosen, what is measured.

The rows are parted once: most are learned from, a tune part decides (early stopping, the choice among candidates, the
temperature), a report part is looked at once, for the report. Then, unless the held-out rows hardly count, the chosen
recipe is trained again on all rows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget, format_seconds
from lilliput.core.errors import BudgetError, DataError
from lilliput.data.packed import subset
from lilliput.features.plain import NGrams
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.kernels import SIGMOID, Targets, forward
from lilliput.nets.pooling import packed_logits
from lilliput.planning.holdout import Held, hold_out
from lilliput.planning.rows import Layout, candidates, fit_rows, scores
from lilliput.training.calibration import Calibration, fit_calibration, fit_temperature, probabilities
from lilliput.training.examples import BagSource, FirstShards, Shards, TextSet, count_texts, dense_targets, gather
from lilliput.training.learner import Learner, Shape
from lilliput.training.metrics import cross_entropy
from lilliput.training.passes import Passes, Schedule

Floats = NDArray[np.float32]
REFIT_BELOW = 20
"""Rows learned from for each held-out row from which on it is not worth training again on all of them."""
SCOUT_PASSES = 2
LEAST_ROWS = 64
"""Rows a group without which a net is of no use."""
PATIENCE = 2
"""Passes without a better likelihood on the tune part, after which training comes to its end."""
ANOTHER, REFIT = 2.5, 0.5
"""Attempts' worth of time that must be left to try another recipe, and to train the best again on all rows."""
MOST_WEIGHTS = 10_000_000
"""Weights that the tables may have while they learn; each takes up to 12 bytes then."""
CLEARLY = 0.05
"""The share by which its loss must be less to prefer another kind of network to the one first guessed."""
SCOUT_TEXTS = 200_000
"""Texts that a scout learns from, about, at most."""


@dataclass(frozen=True)
class Recipe:
    """How a net is made: n-gram groups, table width (0: linear, as wide as the outputs), hidden units, loss, passes.

    ``sums``: see `Learner`.
    """

    groups: tuple[NGrams, ...]
    dim: int = 0
    hidden: int = 0
    loss: int = SIGMOID
    rate: float = 0.15
    passes: int = 6
    sums: float = 0.001

    def shape(self, groups: tuple[NGrams, ...], outputs: int, code_bits: int) -> Shape:
        """The shape of the net over `groups`, the recipe's own with their final buckets."""
        return Shape(groups, self.dim or outputs, self.hidden, outputs, code_bits, linear=self.dim == 0)


@dataclass
class Problem:
    """What to learn and within what; `single`: the outputs compete (else each is judged by itself).

    ``room``: bytes for tables and layers; ``seconds``: wall-clock time left; ``advance`` is told of every text seen,
    ``tell`` of the loss on the tune part after each pass.
    """

    corpus: Shards
    targets: Targets
    outputs: int
    single: bool
    seed: int
    threads: int
    room: float | None = None
    seconds: float | None = None
    advance: Callable[[int], None] = lambda texts: None
    tell: Callable[[float], None] = lambda loss: None

    @property
    def rows(self) -> int:
        """Number of texts."""
        return len(self.targets.weights)


@dataclass
class Fitted:
    """A net trained by a recipe: its rows, the pass it landed after, and its loss on the tune part (None: no such)."""

    recipe: Recipe
    net: FeedForward
    layout: Layout
    source: BagSource
    code_bits: int
    landed: int
    loss: float | None


@dataclass
class Trained:
    """The chosen net and what is known of it; ``held_logits`` are of a net that never saw the held rows."""

    fitted: Fitted
    held: Held
    held_logits: Floats
    calibration: Calibration
    refitted: bool
    tried: list[Fitted]
    interrupted: bool = False


class Planner:
    """Tries recipes on a problem, chooses one by the tune part, and trains it on all rows."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.held = hold_out(problem.corpus, problem.rows, problem.seed)
        self.deadline = None if problem.seconds is None else time.monotonic() + problem.seconds
        self.interrupted = False
        self.slowest = 0.0
        self._counts: dict[NGrams, NDArray[np.int32]] = {}
        self._running: Callable[[], Fitted] | None = None

    def train(self, recipes: Sequence[Recipe]) -> Trained:
        """The best of `recipes`; raises `BudgetError` when nothing fits the room."""
        learn = np.ones(self.problem.rows, dtype=bool)
        learn[self.held.rows] = False
        tried: list[Fitted] = []
        try:
            for recipe in recipes:
                if tried and not self._time_for(ANOTHER):
                    break
                if tried and self.problem.room is not None and self.problem.room < self.least_room([recipe]):
                    continue
                started = time.monotonic()
                tried.append(self._attempt(recipe, learn))
                self.slowest = max(self.slowest, time.monotonic() - started)
        except KeyboardInterrupt:
            self.interrupted = True
            if self._running is not None:
                tried.append(self._running())
            if not tried:
                raise
        best = _choice(tried)
        try:
            logits, calibration = self._calibrated(best)
        except KeyboardInterrupt:  # this takes a moment, and without it what was learned is lost
            self.interrupted = True
            logits, calibration = self._calibrated(best)
        refit = len(self.held.rows) > 0 and REFIT_BELOW * len(self.held.rows) > self.problem.rows
        refitted = refit and not self.interrupted and self._time_for(REFIT)
        if refitted:
            try:
                best = self._refit(best)
            except KeyboardInterrupt:
                self.interrupted, refitted = True, False
        return Trained(best, self.held, logits, calibration, refitted, tried, self.interrupted)

    def _calibrated(self, fitted: Fitted) -> tuple[Floats, Calibration]:
        """Logits of the held rows, and the calibration that suits the tune part best."""
        logits = packed_logits(fitted.net, self.held.packed, self.problem.threads)
        tune = slice(0, self.held.tune)
        if not self.held.tune:
            return logits, Calibration()
        wanted = self.wanted(self.held.rows[tune])
        return logits, fit_calibration(logits[tune], wanted, self.problem.single, fitted.recipe.loss == SIGMOID)

    def least_room(self, recipes: Sequence[Recipe]) -> float:
        """Bytes that the leanest of `recipes` needs for its layers, maps and a few rows."""
        return min(
            shape.layer_bytes() + (LEAST_ROWS * shape.row_bytes() + 64) * len(shape.groups)
            for shape in (recipe.shape(recipe.groups, self.problem.outputs, 4) for recipe in recipes)
        )

    def wanted(self, rows: NDArray[np.int64]) -> Floats:
        """Wanted outputs of `rows` as a dense matrix (rows, labels); a lone output becomes two columns."""
        targets = self.problem.targets
        dense = dense_targets(targets, rows, self.problem.outputs)
        if self.problem.single and self.problem.outputs == 1:
            return np.concatenate([1 - dense, dense], axis=1)
        return dense

    def _attempt(self, recipe: Recipe, learn: NDArray[np.bool_]) -> Fitted:
        """Choose rows for `recipe` within the room, and train on the rows that may be learned from."""
        counts = [self._count(group) for group in recipe.groups]
        layout = self._candidates(recipe, counts)
        if not layout.rows:
            raise DataError(
                "the texts hold nothing to learn from: no word and no run of characters occurs in two of them; "
                "check which column holds the texts, and the lengths of n-grams (words, chars)"
            )
        shape = recipe.shape(layout.groups, self.problem.outputs, code_bits=8)
        fitting = self._fit(shape, layout, counts, None)
        if fitting is None or fitting.rows < 0.97 * layout.rows:  # folding merges a few rows
            scout = self._learner(recipe, layout, shape.code_bits)
            schedule = Schedule(recipe.rate, SCOUT_PASSES, self._seconds(1 / 6), coded=0)
            self._passes(scout, recipe.loss).run(self._scout_source(layout, learn), schedule)
            shape = recipe.shape(layout.groups, self.problem.outputs, code_bits=4)
            fitting = self._fit(shape, layout, counts, scores(scout, counts))
        if fitting is None:
            raise BudgetError(f"not one row fits into {self.problem.room:.0f} bytes")
        self._expect_time()
        return self._run(recipe, fitting, self._source(fitting, learn), shape.code_bits, 1 / 2, land_after=None)

    def _refit(self, best: Fitted) -> Fitted:
        everything = np.ones(self.problem.rows, dtype=bool)
        source = best.source.learning_from(everything)
        return self._run(best.recipe, best.layout, source, best.code_bits, 1, land_after=best.landed)

    def _run(
        self,
        recipe: Recipe,
        layout: Layout,
        source: BagSource,
        code_bits: int,
        share: float,
        land_after: int | None,
    ) -> Fitted:
        learner = self._learner(recipe, layout, code_bits)
        watch = _Watch(self, learner) if land_after is None and self.held.tune else None

        def fitted(landed: int = 0) -> Fitted:
            if not learner.coded:
                learner.start_coding()
            return Fitted(recipe, learner.freeze(), layout, source, code_bits, landed, watch.loss() if watch else None)

        self._running = fitted
        schedule = Schedule(recipe.rate, recipe.passes, self._seconds(share), land_after or 0)
        stalled = watch.stalled if watch else lambda passes: False
        landed = self._passes(learner, recipe.loss).run(source, schedule, self.problem.advance, stalled)
        self._running = None
        return fitted(landed)

    def _seconds(self, share: float) -> float | None:
        """A share of the seconds that are left."""
        return None if self.deadline is None else max(0.01, (self.deadline - time.monotonic()) * share)

    def _time_for(self, attempts: float) -> bool:
        """Whether there is time for so many more runs as long as the longest attempt so far."""
        return self.deadline is None or self.deadline - time.monotonic() > attempts * self.slowest

    def _expect_time(self) -> None:
        """Raise `BudgetError` if no time at all is left to train the first net."""
        seconds = self.problem.seconds
        if self.deadline is None or seconds is None or self.slowest or time.monotonic() < self.deadline:
            return
        spent = time.monotonic() - self.deadline + seconds
        smallest = str(Budget(time=math.ceil(4 * spent)))
        raise BudgetError(
            f"counting and choosing n-grams alone took {format_seconds(spent)}, more than is left of the time; "
            f"the smallest time that would do is about {smallest}",
            smallest,
        )

    def _count(self, group: NGrams) -> NDArray[np.int32]:
        if group not in self._counts:
            parts = (self.problem.corpus.shard(number) for number in range(self.problem.corpus.shards))
            self._counts[group] = count_texts(parts, group, self.problem.threads)
        return self._counts[group]

    def _candidates(self, recipe: Recipe, counts: list[NDArray[np.int32]]) -> Layout:
        """All n-grams that occur twice (in few texts: once), or more often if these are too many to train."""
        dim = recipe.dim or self.problem.outputs
        least = 1 if self.problem.rows < 200 else 2
        while sum(int((count >= least).sum()) for count in counts) * dim > MOST_WEIGHTS:
            least = max(least + 1, least * 5 // 4)
        return candidates(recipe.groups, counts, self.problem.rows, least)

    def _fit(
        self, shape: Shape, layout: Layout, counts: list[NDArray[np.int32]], worth: list[Floats] | None
    ) -> Layout | None:
        room = np.inf if self.problem.room is None else self.problem.room - shape.layer_bytes()
        return fit_rows(layout, counts, self.problem.rows, worth, shape.row_bytes(), room)

    def _learner(self, recipe: Recipe, layout: Layout, code_bits: int) -> Learner:
        shape = recipe.shape(layout.groups, self.problem.outputs, code_bits)
        return Learner(shape, layout.maps, layout.rates, self.problem.seed, recipe.sums)

    def _passes(self, learner: Learner, loss: int) -> Passes:
        return Passes(learner, loss, self.problem.threads, self.problem.seed)

    def _scout_source(self, layout: Layout, learn: NDArray[np.bool_]) -> BagSource:
        """Examples from as many parts of the corpus (each a random choice of texts) as a scout needs."""
        corpus, rows = self.problem.corpus, self.problem.rows
        parts = FirstShards(corpus, min(corpus.shards, -(-SCOUT_TEXTS * corpus.shards // rows)))
        some = TextSet(parts, self.problem.targets, learn)
        return BagSource(some, layout.groups, layout.maps, self.problem.threads)

    def _source(self, layout: Layout, learn: NDArray[np.bool_]) -> BagSource:
        texts = TextSet(self.problem.corpus, self.problem.targets, learn)
        return BagSource(texts, layout.groups, layout.maps, self.problem.threads)


def _choice(tried: Sequence[Fitted]) -> Fitted:
    """The net with the least loss on the tune part, where one of the other kind than the first must be clearly better.

    What is a little better on rows like those that were learned from is often worse on others.
    """
    first = tried[0]

    def cost(fitted: Fitted) -> float:
        other = (fitted.recipe.dim > 0) != (first.recipe.dim > 0)
        return (fitted.loss or 0.0) * (1 + CLEARLY * other)

    return min(tried, key=cost)


class _Watch:
    """Follows the likelihood of the tune part while a learner trains, at its best temperature."""

    def __init__(self, planner: Planner, learner: Learner) -> None:
        self.learner, self.tell = learner, planner.problem.tell
        self.single = planner.problem.single
        tune = planner.held.tune
        packed = subset(planner.held.packed, np.arange(tune))
        self.bags = gather(packed, learner.shape.groups, learner.maps, planner.problem.threads)
        self.wanted = planner.wanted(planner.held.rows[:tune])
        self.scratch = learner.scratch(tune)
        self.best, self.best_pass = np.inf, 0

    def loss(self) -> float:
        """Cross-entropy of the tune part with the weights as they stand."""
        learner, tune = self.learner, len(self.wanted)
        texts = np.arange(tune)
        forward(texts, self.bags, learner.tables, learner.read, learner.head, self.scratch)
        calibration = fit_temperature(self.scratch.logits, self.wanted, self.single)
        return cross_entropy(self.wanted, probabilities(self.scratch.logits, calibration, self.single), self.single)

    def stalled(self, passes: int) -> bool:
        """Whether the last passes have brought nothing."""
        loss = self.loss()
        self.tell(loss)
        if loss < self.best:
            self.best, self.best_pass = loss, passes
        return passes - self.best_pass >= PATIENCE
