"""From tagged sentences and a budget to a trained net: which features get a row, and how it is trained and measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import BudgetError, DataError
from lilliput.features.windows import Window
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.kernels import SOFTMAX
from lilliput.nets.tagging import greedy, token_logits, transitions
from lilliput.planning.rows import Layout, candidates, fit_rows, scores
from lilliput.training.learner import Learner, Shape
from lilliput.training.passes import Passes, Schedule
from lilliput.training.sentences import Tagged, TokenSource, count_tokens

Floats = NDArray[np.float32]
BITS = 20
"""Buckets in which a group's features are first counted: 2 ** 20."""
SCOUT_PASSES = 2
HELD_SHARE, HELD_MOST = 10, 5_000
"""One sentence in so many is held out, at most so many."""
WINDOWS = (
    ("word[0]", "cased[0]"),
    ("shape[0]", *(f"{side}{size}[0]" for side in ("prefix", "suffix") for size in (1, 2, 3, 4))),
    ("chars[0]",),
    ("word[-1]",),
    ("shape[-1]", *(f"{side}{size}[-1]" for side in ("prefix", "suffix") for size in (1, 2, 3, 4))),
    ("word[+1]",),
    ("shape[+1]", *(f"{side}{size}[+1]" for side in ("prefix", "suffix") for size in (1, 2, 3, 4))),
    ("word[-2]", "suffix3[-2]"),
    ("word[+2]", "suffix3[+2]"),
    ("word[-1] word[0]", "word[0] word[+1]", "word[-1] word[+1]"),
    ("tag[-1]", "tag[-2]", "tag[-2] tag[-1]"),
)
CLUSTER_WINDOW = ("cluster[0]", "cluster[-1]", "cluster[+1]", "cluster[-1] cluster[0]", "cluster[0] cluster[+1]")


@dataclass(frozen=True)
class TagRecipe:
    """How a tagger is made: its groups, the width of their tables (0: as wide as the tags), rate, passes, bits."""

    groups: tuple[Window, ...]
    dim: int = 16
    rate: float = 0.07
    passes: int = 10
    code_bits: int = 8

    def shape(self, groups: tuple[Window, ...], tags: int, code_bits: int) -> Shape:
        """The shape of the net over `groups`, the recipe's own with their final buckets."""
        return Shape(groups, self.dim or tags, 0, tags, code_bits, linear=self.dim == 0)


@dataclass
class TagProblem:
    """What to learn and within what; ``room``: bytes for tables and layers; ``advance`` is told of every token seen."""

    tagged: Tagged
    tags: int
    seed: int
    threads: int
    room: float | None = None
    advance: Callable[[int], None] = lambda tokens: None


@dataclass
class TaggedNet:
    """A trained net, the features that have a row, and what it says of the sentences that it has not seen."""

    net: FeedForward
    layout: Layout
    held: NDArray[np.int64]
    right: NDArray[np.bool_]
    chances: Floats


def recipe_for(clusters: bool) -> TagRecipe:
    """The recipe of a tagger, with word clusters or without."""
    groups = [*WINDOWS, *((CLUSTER_WINDOW,) if clusters else ())]
    return TagRecipe(tuple(Window(templates, BITS) for templates in groups))


def train_tagger(problem: TagProblem, recipe: TagRecipe) -> TaggedNet:
    """Choose features, train, measure on held-out sentences, and train again on all of them."""
    sentences = len(problem.tagged.sentences) - 1
    held = _held(sentences, problem.seed)
    learn = np.ones(sentences, dtype=bool)
    learn[held] = False
    counts = [count_tokens(problem.tagged, window) for window in recipe.groups]
    layout, code_bits = _layout(problem, recipe, counts, learn)
    net = _trained(problem, recipe, layout, code_bits, learn, problem.advance)
    right, chances = measured(net, problem.tagged, held, problem.threads)
    if len(held):
        net = _trained(problem, recipe, layout, code_bits, np.ones(sentences, dtype=bool), problem.advance)
    return TaggedNet(net, layout, held, right, chances)


def measured(
    net: FeedForward, tagged: Tagged, held: NDArray[np.int64], threads: int
) -> tuple[NDArray[np.bool_], Floats]:
    """Which tokens of the `held` sentences a net tags right, and how sure it is of each."""
    right, chances = [np.zeros(0, dtype=bool)], [np.zeros(0, dtype=np.float32)]
    table = transitions(net)
    for sentence in held.tolist():
        some = tagged.part(sentence, sentence + 1)
        tags, sure = greedy(token_logits(net, some.tokens(tagged=False), 1), table, some.sentences, 1.0)
        right.append(tags == some.tags)
        chances.append(sure)
    return np.concatenate(right), np.concatenate(chances)


def _held(sentences: int, seed: int) -> NDArray[np.int64]:
    count = min(sentences // HELD_SHARE, HELD_MOST)
    return np.sort(np.random.default_rng([seed, 2]).permutation(sentences)[:count])


def _layout(
    problem: TagProblem, recipe: TagRecipe, counts: list[NDArray[np.int32]], learn: NDArray[np.bool_]
) -> tuple[Layout, int]:
    """The features that get a row, the best of them by a scout if not all fit the room; and the bits of a weight."""
    tokens = len(problem.tagged)
    layout = candidates(recipe.groups, counts, tokens, 1 if tokens < 1000 else 2)
    if not layout.rows:
        raise DataError("the sentences hold nothing to learn from: no feature occurs in two tokens")
    shape = recipe.shape(layout.groups, problem.tags, recipe.code_bits)
    room = np.inf if problem.room is None else problem.room - shape.layer_bytes()
    fitting = fit_rows(layout, counts, tokens, None, shape.row_bytes(), room)
    if fitting is None or fitting.rows < 0.97 * layout.rows:
        scout = Learner(shape, layout.maps, layout.rates, problem.seed)
        source = TokenSource(problem.tagged, layout.groups, layout.maps, learn, problem.threads)
        schedule = Schedule(recipe.rate, SCOUT_PASSES, coded=0)
        Passes(scout, SOFTMAX, problem.threads, problem.seed).run(source, schedule)
        fitting = fit_rows(layout, counts, tokens, scores(scout, counts), shape.row_bytes(), room)
    if fitting is None:
        raise BudgetError(f"not one row fits into {room:.0f} bytes")
    return fitting, recipe.code_bits


def _trained(
    problem: TagProblem,
    recipe: TagRecipe,
    layout: Layout,
    code_bits: int,
    learn: NDArray[np.bool_],
    advance: Callable[[int], None],
) -> FeedForward:
    learner = Learner(recipe.shape(layout.groups, problem.tags, code_bits), layout.maps, layout.rates, problem.seed)
    source = TokenSource(problem.tagged, layout.groups, layout.maps, learn, problem.threads)
    Passes(learner, SOFTMAX, problem.threads, problem.seed).run(source, Schedule(recipe.rate, recipe.passes), advance)
    return learner.freeze()
