"""From tagged sentences and a budget to a trained net: which features get a row, and how it is trained and measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap
from lilliput.core.errors import BudgetError, DataError
from lilliput.features.windows import Window
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.kernels import SOFTMAX
from lilliput.nets.tagging import token_logits
from lilliput.planning.rows import Layout, candidates, fit_rows, scores
from lilliput.training.learner import Learner, Shape
from lilliput.training.passes import Passes, Schedule
from lilliput.training.sentences import Tagged, TokenSource, count_tokens

Floats = NDArray[np.float32]
BITS = 20
"""Buckets in which a group's features are first counted: 2 ** 20."""
SCOUT_PASSES = 2
LEAST_ROWS = 16
"""Rows a group without which a tagger is of no use."""
FEW_TOKENS = 50_000
"""Tokens below which a feature need not occur twice."""
HELD_SHARE, HELD_MOST = 10, 5_000
"""One sentence in so many is held out, at most so many."""
WINDOWS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (1.0, ("word[0]", "cased[0]")),
    (2.0, ("shape[0]", "prefix3[0]", "prefix4[0]", "suffix3[0]", "suffix4[0]")),
    (2.0, ("chars[0]",)),
    (1.0, ("shape[-1] shape[0]", "shape[0] shape[+1]")),
    (0.4, ("word[-1]",)),
    (0.4, ("shape[-1]", "suffix1[-1]", "suffix2[-1]", "suffix3[-1]", "suffix4[-1]")),
    (0.4, ("word[+1]",)),
    (0.4, ("shape[+1]", "suffix1[+1]", "suffix2[+1]", "suffix3[+1]", "suffix4[+1]")),
    (0.3, ("word[-1] word[0]", "word[0] word[+1]", "word[-1] word[+1]")),
    (0.15, ("word[-2]", "suffix3[-2]")),
    (0.15, ("word[+2]", "suffix3[+2]")),
)
"""The groups of a tagger, and how fast each learns: what a word is tells more than what stands around it."""
CLUSTER_WINDOW = 1.0, ("cluster[0]", "cluster[-1]", "cluster[+1]", "cluster[-1] cluster[0]", "cluster[0] cluster[+1]")


@dataclass(frozen=True)
class TagRecipe:
    """How a tagger is made: its groups, the width of their tables (0: as wide as the tags), rate, passes, bits.

    ``paces``: a factor of the rate for each group; ``sums``: see `Learner`.
    """

    groups: tuple[Window, ...]
    paces: tuple[float, ...]
    dim: int = 0
    rate: float = 0.2
    passes: int = 10
    code_bits: int = 4
    sums: float = 0.003

    def learner(self, layout: Layout, problem: TagProblem) -> Learner:
        """A net with the rows of `layout` that has learned nothing."""
        rates = [np.full(one.rows, pace, dtype=np.float32) for one, pace in zip(layout.maps, self.paces, strict=True)]
        shape = self.shape(layout.groups, problem.tags, self.code_bits)
        return Learner(shape, layout.maps, rates, problem.seed, self.sums)

    def shape(self, groups: tuple[Window, ...], tags: int, code_bits: int) -> Shape:
        """The shape of the net over `groups`, the recipe's own with their final buckets."""
        return Shape(groups, self.dim or tags, 0, tags, code_bits, linear=self.dim == 0, chain=True)


@dataclass
class TagProblem:
    """What to learn and within what.

    ``room``: bytes for tables and layers; ``end``: when training must be over, by `time.monotonic`; ``advance`` is told
    of every token seen.
    """

    tagged: Tagged
    tags: int
    seed: int
    threads: int
    room: float | None = None
    end: float | None = None
    advance: Callable[[int], None] = lambda tokens: None

    def seconds(self, share: float) -> float | None:
        """A share of the time that is left."""
        return None if self.end is None else max(0.01, (self.end - time.monotonic()) * share)


@dataclass
class TaggedNet:
    """A trained net, the features that have a row, and what it says of the sentences that it had not seen.

    ``transitions``: between tags, float16 as in the file, see `lilliput.nets.chain`; ``held``: the sentences held out;
    ``logits``, ``held_transitions``: of a net that never saw them; ``refitted``: ``net`` has learned from them too.
    """

    net: FeedForward
    transitions: NDArray[np.float16]
    layout: Layout
    held: Tagged
    logits: Floats
    held_transitions: NDArray[np.float16]
    refitted: bool
    interrupted: bool = False


def recipe_for(clusters: ValueMap | None) -> TagRecipe:
    """The recipe of a tagger, with word clusters or without."""
    paces, groups = [pace for pace, _ in WINDOWS], [Window(templates, BITS) for _, templates in WINDOWS]
    if clusters is not None:
        pace, templates = CLUSTER_WINDOW
        paces, groups = [*paces, pace], [*groups, Window(templates, BITS, clusters)]
    return TagRecipe(tuple(groups), tuple(paces))


def train_tagger(problem: TagProblem, recipe: TagRecipe) -> TaggedNet:
    """Choose features, train, hold out, and train again on all sentences; Ctrl-C ends it with the net as it stands."""
    sentences = len(problem.tagged.sentences) - 1
    held = held_sentences(sentences, problem.seed)
    learn = np.ones(sentences, dtype=bool)
    learn[held] = False
    counts = [count_tokens(problem.tagged, window) for window in recipe.groups]
    layout = _layout(problem, recipe, counts, learn)
    training = _Training(problem, recipe, layout)
    net, transitions = measured = training.run(learn, 1 / 2)
    unseen = problem.tagged.chosen(held)
    logits = token_logits(net, unseen.tokens(), problem.threads)
    refitted = len(held) > 0 and not training.interrupted
    if refitted:
        net, transitions = training.run(np.ones(sentences, dtype=bool), 1)
    return TaggedNet(net, transitions, layout, unseen, logits, measured[1], refitted, training.interrupted)


def least_room(recipe: TagRecipe, tags: int) -> float:
    """Bytes that layers, maps and a few rows need."""
    shape = recipe.shape(recipe.groups, tags, recipe.code_bits)
    return shape.layer_bytes() + len(recipe.groups) * (LEAST_ROWS * shape.row_bytes() + 64)


def held_sentences(sentences: int, seed: int) -> NDArray[np.int64]:
    """The sentences that are held out, of so many, in order."""
    count = min(sentences // HELD_SHARE, HELD_MOST)
    return np.sort(np.random.default_rng([seed, 2]).permutation(sentences)[:count])


def _layout(
    problem: TagProblem, recipe: TagRecipe, counts: list[NDArray[np.int32]], learn: NDArray[np.bool_]
) -> Layout:
    """The features that get a row: all that occur often enough, or the best by a scout if not all fit the room."""
    tokens = len(problem.tagged)
    layout = candidates(recipe.groups, counts, tokens, 1 if tokens < FEW_TOKENS else 2)
    if not layout.rows:
        raise DataError("the sentences hold nothing to learn from: no feature occurs")
    shape = recipe.shape(layout.groups, problem.tags, recipe.code_bits)
    room = np.inf if problem.room is None else problem.room - shape.layer_bytes()
    fitting = fit_rows(layout, counts, tokens, None, shape.row_bytes(), room)
    if fitting is None or fitting.rows < 0.97 * layout.rows:
        scout = recipe.learner(layout, problem)
        source = TokenSource(problem.tagged, layout.groups, layout.maps, learn, problem.threads)
        schedule = Schedule(recipe.rate, SCOUT_PASSES, problem.seconds(1 / 6), coded=0)
        Passes(scout, SOFTMAX, problem.threads, problem.seed).run(source, schedule, problem.advance)
        fitting = fit_rows(layout, counts, tokens, scores(scout, counts), shape.row_bytes(), room)
    if fitting is None:
        raise BudgetError(f"not one row fits into {room:.0f} bytes")
    return fitting


@dataclass
class _Training:
    """Trains nets of one layout; Ctrl-C leaves the net as it stands."""

    problem: TagProblem
    recipe: TagRecipe
    layout: Layout
    interrupted: bool = False

    def run(self, learn: NDArray[np.bool_], share: float) -> tuple[FeedForward, NDArray[np.float16]]:
        """A net and its transitions, trained on the sentences flagged in `learn` in a share of the time left."""
        problem, recipe, layout = self.problem, self.recipe, self.layout
        learner = recipe.learner(layout, problem)
        source = TokenSource(problem.tagged, layout.groups, layout.maps, learn, problem.threads)
        schedule = Schedule(recipe.rate, recipe.passes, problem.seconds(share))
        try:
            Passes(learner, SOFTMAX, problem.threads, problem.seed).run(source, schedule, problem.advance)
        except KeyboardInterrupt:
            self.interrupted = True
            if not learner.coded:
                learner.start_coding()
        return learner.freeze(), learner.transitions.weights.astype(np.float16)
