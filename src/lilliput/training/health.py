"""Health: while a network trains, tell what ails it and what to do; with `remedy=True`, do it.

The network is looked at after some steps: a few early ones, every hundredth, and whenever the loss leaps. A look costs
about as much as a step. It does not change the training: with and without a watch that has no remedies, weights are the
same to the bit.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from torch import Tensor

from lilliput.training import health_judgements as judge
from lilliput.training.findings import Finding
from lilliput.training.health_curvature import lowest_curvature
from lilliput.training.health_curve import LossCurve
from lilliput.training.health_data import signs_of_data, spread
from lilliput.training.health_ends import early_perfection, judge_end
from lilliput.training.health_findings import sentence
from lilliput.training.health_judgements import Verdict
from lilliput.training.health_remedies import Case, Remedies
from lilliput.training.health_signs import (
    Look,
    as_evaluated,
    dead_shares,
    layers_of,
    look_at,
    undisturbed,
    update_share,
)
from lilliput.training.watcher import Watcher

if TYPE_CHECKING:
    from lilliput.training.divergence import Diagnosis
    from lilliput.training.history import Record
    from lilliput.training.loop import Loop

_EARLY = (2, 8, 24, 50)
"""Steps that are looked at before the first regular one: what goes wrong by itself goes wrong at once."""

_LEAP = 3.0
"""A loss that many times the recent mean is looked into at once."""

_KEPT = 32
"""Looks that are remembered."""

_CAUSES = frozenset({"dead units", "exploding gradients", "vanishing gradients", "steps too large", "steps too small"})
"""What explains a network that has learned too little; a larger one is not the answer then."""


class HealthWatch(Watcher):
    """Tells what ails a training; findings land in ``loop.history.findings`` and are told once beside the progress.

    Parameters
    ----------
    remedy : do what the findings ask for: a smaller or larger rate, restarts, clipping, at most `remedies` times, each
        noted in ``loop.history.notes``. Without, nothing is changed.
    remedies : how many at most.
    reinitialise : with `remedy`, give dead units new weights.
    interval : steps between two looks.
    probe : rows that are looked at for dead units and curvature, spread evenly over the training rows.
    estimator : whether sentences are for users of an estimator, which has no watch and no loop to set.

    The kinds of findings are those of `lilliput.training.health_findings.KINDS`.
    """

    def __init__(
        self,
        *,
        remedy: bool = False,
        remedies: int = 3,
        reinitialise: bool = False,
        interval: int = 100,
        probe: int = 64,
        estimator: bool = False,
    ) -> None:
        self.remedy, self.interval, self.probe, self.estimator = remedy, interval, probe, estimator
        self._remedies = Remedies(left=remedies if remedy else 0, reinitialise=reinitialise)
        self._curve = LossCurve(1, 1)
        self._looks: list[Look] = []
        self._before: list[Tensor] | None = None
        self._leapt = -interval
        self._plateau: float | None = None
        self._suspected: list[str] = []

    # What the loop calls

    def begin(self, loop: Loop) -> None:
        """Look at the data, and choose the probe."""
        self._layers = layers_of(loop.module)
        self._weights = list(self._layers.values())
        self._chosen = spread(loop.rows, self.probe, loop.device)
        self._unscaled = any(finding.kind == "targets unscaled" for finding in loop.history.findings)
        if self.remedy:
            self._remedies.prepare(loop)
        if loop.place.step:
            return
        self._forget()
        self._curve = LossCurve.of(len(loop.rows), loop.batch)
        with undisturbed(loop.device):
            signs = signs_of_data(loop.rows, loop.held_out, loop.device)
        for sign in signs:
            words = {**sign.words, "measure": sign.measure, "where": sign.where}
            self._find(loop, Finding(sign.kind, 0, 0.0, sign.where, sign.measure, self._sentence(sign.kind, **words)))
            self._unscaled |= sign.kind == "targets unscaled"

    def watch(self, loop: Loop, loss: float) -> None:
        """Note the loss; on some steps, the gradients too."""
        step = loop.place.step
        leaps = loss > _LEAP * abs(self._curve.recent) and self._curve.seen > 4 and step - self._leapt >= 16
        self._curve.add(loss)
        if not (leaps or step % self.interval == 0 or step in _EARLY) or not self._weights:
            return
        if leaps:
            self._leapt = step
        self._looks = [*self._looks[1 - _KEPT :], look_at(self._layers, step)]
        self._before = [weight.detach().clone() for weight in self._weights]

    def stepped(self, loop: Loop) -> None:
        """After a step that was looked at: judge."""
        if self._before is None:
            return
        acted = False
        self._looks[-1].update = update_share(self._before, self._weights)
        self._before = None
        with undisturbed(loop.device):  # rows and layers that draw random numbers may draw some here
            for verdict in self._verdicts(loop):
                acted = self._say(loop, verdict, act=not acted) or acted

    def evaluated(self, loop: Loop, record: Record) -> None:
        """Judge what only held-out rows tell."""
        history = loop.history
        if record.score != record.score:
            return
        if len(history.records) == 1 and loop.score is None:
            with undisturbed(loop.device):
                self._say(loop, early_perfection(loop, record))
        self._say(loop, judge.overfitting(history.records, history.best))

    def broke(self, loop: Loop, found: Diagnosis) -> None:
        """Keep what the loop found."""
        self._find(
            loop, Finding("not finite", found.step, self._epoch(loop), found.layer, float("nan"), found.sentence)
        )
        self._forget()

    def end(self, loop: Loop) -> None:
        """Judge what the training came to, unless it is known why it came to nothing."""
        late = [finding.kind for finding in loop.history.findings if finding.last >= loop.place.step / 2]
        if _CAUSES.isdisjoint(late):
            with undisturbed(loop.device):
                self._say(loop, judge_end(loop))

    def state(self) -> dict[str, Any]:
        """Losses, looks and remedies left, for checkpoints."""
        return {
            "curve": self._curve.to_dict(),
            "looks": [asdict(look) for look in self._looks],
            "leapt": self._leapt,
            "plateau": self._plateau,
            "suspected": self._suspected,
            "remedies": self._remedies.to_dict(),
        }

    def restore(self, loop: Loop, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
        self._curve = LossCurve.from_dict(state["curve"])
        self._looks = [Look(**look) for look in state["looks"]]
        self._leapt, self._plateau = state["leapt"], state["plateau"]
        self._suspected = list(state["suspected"])
        self._remedies.restore(loop, state["remedies"])

    # Judging

    def _verdicts(self, loop: Loop) -> list[Verdict]:
        """What the latest look tells; of a loss that does not fall only the cause, where one is seen."""
        fraction, rate = loop.place.fraction, loop.setting.rate
        regular = self._looks[-1].step % self.interval == 0
        found = [
            None if loop.clip is not None or self._unscaled else judge.exploding(self._looks),
            judge.vanishing(self._looks),
            judge.too_large(self._looks, self._curve),
            *(self._dead(loop) if regular else ()),
        ]
        causes = [verdict for verdict in found if verdict is not None]
        if causes:
            return causes
        small = judge.too_small(self._looks, self._curve, fraction, rate)
        if small is not None or not regular:
            return [] if small is None else [small]
        standing = self._standing(loop, judge.plateau(self._curve, loop.history.records, fraction, rate))
        return [] if standing is None else [standing]

    def _dead(self, loop: Loop) -> list[Verdict]:
        """Layers whose rectified units are mostly dead."""
        inputs, _ = loop.rows.take(self._chosen)
        shares = dead_shares(loop.module, inputs, loop.casting)
        self._remedies.dead = {name: units for name, (_, units) in shares.items() if name in self._layers}
        found = {name: share for name, (share, _) in shares.items() if share >= judge.DEAD}
        before, self._suspected = self._suspected, list(found)
        if not loop.place.step:
            self._remedies.stillborn = set(found)
        return [
            Verdict("dead units", share, name, {})
            for name, share in found.items()
            if name in before or share >= judge.DEAD_AT_ONCE
        ]

    def _standing(self, loop: Loop, found: Verdict | None) -> Verdict | None:
        """A loss that stands still is a saddle if the ground bends down, or if it falls again later."""
        if found is None:
            if self._plateau is None or self._curve.recent > judge.ESCAPE * self._plateau:
                return None
            text = (
                f"the loss stood at {self._plateau:.4g} and has fallen to {self._curve.recent:.4g} since: that was a "
                "saddle, and it is passed; momentum or a larger learning rate passes the next one sooner"
            )
            share, self._plateau = self._curve.recent / self._plateau, None
            return Verdict("saddle", share, None, {"found": text})
        self._plateau = found.words["level"]
        bent = self._curvature(loop)
        if bent is None or not judge.bends_down(bent[0], bent[1], self._plateau):
            return found
        self._remedies.direction = bent[2]
        text = (
            f"the loss has stood at {self._plateau:.4g} since step {found.words['since']}, but the ground bends down "
            f"in some direction (curvature {bent[0]:.2g}, at most {bent[1]:.2g}): a saddle, not the floor; use "
            "momentum, a larger learning rate or larger first weights"
        )
        return Verdict("saddle", bent[0] / bent[1] if bent[1] else bent[0], None, {"found": text})

    def _curvature(self, loop: Loop) -> tuple[float, float, Tensor] | None:
        """Lowest and highest curvature of the loss of the probe, without dropout, and the direction of the lowest."""
        inputs, targets = loop.rows.take(self._chosen)
        if not isinstance(inputs, Tensor):  # layers for such inputs may have backward passes of their own kind
            return None
        with as_evaluated(loop.module):
            return lowest_curvature(lambda: loop.loss(loop.module(inputs), targets), self._weights)

    # Telling and doing

    def _say(self, loop: Loop, verdict: Verdict | None, act: bool = True) -> bool:
        """Keep a verdict as a finding, tell it if it is new, and do what it asks for; whether something was done."""
        if verdict is None:
            return False
        text = self._sentence(verdict.kind, measure=verdict.measure, where=verdict.layer, **verdict.words)
        finding = Finding(verdict.kind, loop.place.step, self._epoch(loop), verdict.layer, verdict.measure, text)
        self._find(loop, finding)
        if not act or not self._remedies.apply(Case(loop, finding, self._layers, verdict.words)):
            return False
        self._forget()
        return True

    def _sentence(self, kind: str, **words: Any) -> str:
        return sentence(kind, self.estimator, **words)

    def _find(self, loop: Loop, finding: Finding) -> None:
        if loop.history.find(finding):
            loop.tell(finding.sentence)

    def _forget(self) -> None:
        """Something was changed: what was seen before says nothing of what comes."""
        self._curve.forget()
        self._looks.clear()
        self._plateau, self._suspected = None, []

    @staticmethod
    def _epoch(loop: Loop) -> float:
        return loop.place.epoch + loop.place.batch * loop.batch / max(1, len(loop.rows))
