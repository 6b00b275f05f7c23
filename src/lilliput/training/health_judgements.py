"""From what is measured to what it means: the thresholds of each finding, with the reason for each number.

Each judgement gives the measure and the words of its sentence, or None where all is well.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from lilliput.training.health_curve import LossCurve
from lilliput.training.health_signs import Look
from lilliput.training.history import Record

EXPLODING = 10.0
"""Gradient over weights from which on a plain step of 0.1 exchanges the weights for the gradient. Sound runs with
scaled targets stay below 1, also at the first step."""

JUMP = 30.0
"""Gradient over the median of those before. Batches differ by a factor of 3 or so, the passage of a cliff of a
recurrent network by 100 and more (Pascanu et al. 2013, section 2.3)."""

VANISHING = 1e-3
"""Gradient over weights of the weakest layer over that of the strongest. Layers of sound networks, with ReLU or with
normalisation, are within a factor of 30 of each other; each layer of sigmoids costs a factor of 4 or more (Glorot and
Bengio 2010)."""

DEAD = 0.5
"""Share of units. Sound networks have up to a third of rarely used units in a layer; with half of them gone the layer
is another one than was asked for."""

DEAD_AT_ONCE = 0.9
"""Share of units that is told at once; less must be so in two looks, for early on layers may come and go."""

TOO_LARGE = 0.003
"""Step over weights below which steps are not what makes a loss rise again: three times the 1e-3 that is the rule of
thumb for sound training."""

LEAPS = 0.02
"""Step over weights without which a loss does not leap above where it began: a dozen of such steps, and the weights are
others by a quarter. A lower bound would take the noise of heavy-tailed targets for a leap."""

ABOVE = 0.5
"""Of the first loss: so far above it no loss gets by the noise of batches, which at 256 rows is a tenth or so."""

SPIKE = 2.0
"""Of the first loss: so far above it not even one batch gets by noise,"""

THROWN = 0.1
"""where steps change the weights by a tenth."""

WRECKED = 0.5
"""One step over weights after which the first weights are gone; harmless only where these were next to zero, and then
the loss falls at once."""

TRAVEL = 0.05
"""Share of their length that the weights could move in a whole training, steps all in one direction, below which no
network learns anything from new: trained weights differ from the first ones by a half and more."""

HARDLY = 0.9
"""Loss over the loss at the start above which nothing much was learned."""

FLAT = 0.02
"""Share of its level by which a loss may still fall, two standard errors included, in a window that counts as flat."""

WINDOW = 0.2
"""Of the allowance: a loss flat that long costs a fifth of the training."""

LEAST_WINDOW = 32
"""Steps: with fewer a network has hardly had the time."""

ALIVE = 1e-4
"""Gradient over weights below which the ground is flat, and it is not the steps that are small."""

HIGH = 0.5
"""Of the base rate: below it the schedule is already doing what a plateau asks for."""

SOLVED = 0.1
"""Loss over the loss at the start below which a flat curve is an end, not a plateau."""

ESCAPE = 0.8
"""Recent loss over the level of a plateau from which on the plateau was a saddle that is now passed."""

NEGATIVE = 0.02
"""Lowest over highest curvature, with the sign turned. Networks have faint negative curvature everywhere, up to about
1 % of the highest (Sagun et al. 2017); at a saddle that holds a training up it is of the highest's order."""

WORTH = 0.01
"""Of the loss: what a step of length 1 along the lowest curvature must win, or the ground is as good as flat."""

RISE = 0.15
"""Of the way that the held-out score came down: lost again from which on the score has truly risen."""

WORSE = 0.1
"""Of the best score: less is the noise of a few hundred held-out rows."""

VALIDATIONS = 3
"""In a row above that, so that it is not one bad validation."""

PERFECT = 0.005
"""Held-out loss over that of a constant, after little more than one pass: MNIST stands at 0.05 there."""


class Verdict(NamedTuple):
    """What is not as it should be: kind, measure, layer (None: the whole network), and the words of its sentence."""

    kind: str
    measure: float
    layer: str | None
    words: dict[str, Any]


def exploding(looks: Sequence[Look]) -> Verdict | None:
    """Whether the latest gradients are far too long, for the weights or against those before."""
    latest = looks[-1]
    layer = max(latest.shares, key=latest.shares.__getitem__)
    before = [look.norm for look in looks[:-1]]
    usual = statistics.median(before) if len(before) >= 3 else 0.0
    words = {"step": latest.step, "clip": min(1.0, usual) if usual else 1.0}
    if latest.gradient > EXPLODING:
        return Verdict("exploding gradients", latest.gradient, layer, {**words, "what": "the weights"})
    if usual and latest.norm > JUMP * usual and latest.gradient > EXPLODING * 0.01:
        return Verdict("exploding gradients", latest.norm / usual, layer, {**words, "what": "usual"})
    return None


def vanishing(looks: Sequence[Look]) -> Verdict | None:
    """Whether one layer got next to no gradient, in each of the last three looks."""
    last = looks[-3:]
    if len(last) < 3 or len(last[0].shares) < 3:
        return None
    strongest = [max(look.shares.values()) or 1.0 for look in last]
    each = {
        name: max(look.shares[name] / most for look, most in zip(last, strongest, strict=True))
        for name in last[0].shares
    }
    layer = min(each, key=each.__getitem__)
    if not 0.0 < each[layer] < VANISHING:  # none at all is another matter: dead units, or a layer not used
        return None
    return Verdict("vanishing gradients", each[layer], layer, {})


def too_large(looks: Sequence[Look], curve: LossCurve) -> Verdict | None:
    """Whether the loss leaps above where it began, stays there under huge steps, or loses half of what was won."""
    update = max(look.update for look in looks[-3:])
    (peak, worst), start, lowest = curve.take_peak(), curve.start, curve.lowest()
    if update < TOO_LARGE:
        return None
    won = start - lowest
    if peak > start + ABOVE * abs(start) and update > LEAPS:
        return Verdict("steps too large", update, None, {"now": peak, "then": start})
    if worst > start + SPIKE * abs(start) and update > THROWN:
        return Verdict("steps too large", update, None, {"now": worst, "then": start})
    thrown = statistics.median(look.update for look in looks[-3:]) > THROWN or update > WRECKED
    if thrown and curve.settled and curve.recent > HARDLY * start:
        return Verdict("steps too large", update, None, {"now": curve.recent, "then": start})
    if curve.settled and won > 0.3 * abs(start) and curve.recent > lowest + 0.5 * won:
        return Verdict("steps too large", update, None, {"now": curve.recent, "then": lowest})
    return None


def too_small(looks: Sequence[Look], curve: LossCurve, fraction: float, rate: float) -> Verdict | None:
    """Whether all steps of the training together could not move the weights anywhere.

    rate : the factor of the schedule, which must be high for the steps to tell something.
    """
    full = [look for look in looks if look.gradient > ALIVE]
    if len(full) < 3 or fraction <= 0 or rate < HIGH or not curve.settled:
        return None
    steps = round(curve.steps / fraction)
    update = statistics.median(look.update for look in full[-3:])
    if update * steps >= TRAVEL or curve.recent < HARDLY * curve.start or curve.recent > 1.1 * curve.start:
        return None
    words = {"steps": steps, "travel": update * steps, "now": curve.recent, "then": curve.start}
    return Verdict("steps too small", update, None, words)


def plateau(curve: LossCurve, records: Sequence[Record], fraction: float, rate: float) -> Verdict | None:
    """Whether the loss, and the held-out score where there is one, have stood still for long at a high rate."""
    if fraction <= WINDOW or rate < HIGH:
        return None
    window = max(LEAST_WINDOW, 6 * curve.block, round(WINDOW * curve.steps / fraction))
    trend = curve.trend(window)
    if trend is None or trend.most >= FLAT or trend.level < SOLVED * curve.start:
        return None
    if trend.fall < -FLAT * abs(trend.level):  # it rises: not a plateau
        return None
    since = max(0, curve.steps - window)
    scores = [record.score for record in records if record.score == record.score]
    late = [record.score for record in records if record.step > since and record.score == record.score]
    early = scores[: len(scores) - len(late)]
    if late and early and min(late) < min(early) - FLAT * abs(min(early)):
        return None
    return Verdict("plateau", trend.most, None, {"level": trend.level, "since": since})


def bends_down(lowest: float, highest: float, level: float) -> bool:
    """Whether curvature `lowest` makes a saddle of a place where the loss is `level`."""
    return lowest < -NEGATIVE * highest and -lowest / 2 > WORTH * abs(level)


def overfitting(records: Sequence[Record], best: int) -> Verdict | None:
    """Whether the held-out score has risen for good since its best, while the training loss went on falling."""
    last = records[-VALIDATIONS:]
    if len(records) - 1 - best < VALIDATIONS or best < 0:
        return None
    lowest, first = records[best].score, records[0].score
    steps = sorted(abs(second.score - one.score) for one, second in pairwise(records))
    won = max(first - lowest, 0.1 * abs(lowest))
    bound = lowest + max(RISE * won, WORSE * abs(lowest), 2 * steps[len(steps) // 4])
    if min(record.score for record in last) < bound or last[-1].loss > 0.95 * records[best].loss:
        return None
    words = {"then": lowest, "since": records[best].step, "now": last[-1].score, "loss": last[-1].loss}
    return Verdict("overfitting", last[-1].score / lowest if lowest else last[-1].score, None, words)
