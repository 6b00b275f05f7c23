"""The one loop that trains every PyTorch module here.

It knows budgets (schedules run on the fraction of passes or seconds spent and end there), validation, early stopping,
checkpoints that resume to the same bits, Ctrl-C, and what to do when numbers break; it knows nothing of tasks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from torch import Tensor, nn

from lilliput.core.errors import DataError, LilliputError
from lilliput.core.progress import Progress
from lilliput.training.allowance import Allowance
from lilliput.training.batches import Rows, bounds, order_of
from lilliput.training.checkpoint import Checkpoint
from lilliput.training.devices import half_precision, random_state
from lilliput.training.divergence import DivergedError, diagnose
from lilliput.training.evaluation import evaluate
from lilliput.training.history import History, Record
from lilliput.training.interrupts import deferred_interrupt
from lilliput.training.optimisers import jump, land
from lilliput.training.penalties import DropoutSites, Penalties, penalised
from lilliput.training.place import Place
from lilliput.training.resume import read_checkpoint, write_checkpoint
from lilliput.training.schedules import Schedule, Setting, Trapezoid
from lilliput.training.watcher import Watcher

Loss = Callable[[Tensor, Tensor], Tensor]
Score = Callable[[Tensor, Tensor], float]

_EVALUATION_SHARE = 0.1
"""Of a time budget, validation takes no more than about this."""


class Loop:
    """A module, how it learns, and where it stands.

    Parameters
    ----------
    module, loss, optimiser : ``loss(module(inputs), targets)`` is a mean over rows; the optimiser's groups hold
        the base rates. It steps on gradients alone, as all do but LBFGS.
    schedule : factors on the rates, and momentum and dropout, by the fraction of the allowance spent.
    batch : rows a step, at most; all rows where there are fewer.
    clip : bound on the Euclidean norm of all gradients together; None: no bound.
    penalties : on the weights.
    score : of all outputs and targets of the held-out rows, lower is better; None: the loss.
    evaluate_every : passes between two validations.
    patience : validations without a better score after which to stop; None: go on.
    keep : weights in the end: of the "best" validation, or the "last".
    restarts : how often numbers that break lead back to the best weights with a third of the rate; then, or with 0,
        `DivergedError` names the first layer and the step.
    precision : True computes products in bfloat16 on a GPU that can, None where it can, False never.
    compiled : whether to run the module through `torch.compile`.
    watchers : told of steps and validations (`lilliput.training.health`).
    """

    def __init__(
        self,
        module: nn.Module,
        loss: Loss,
        optimiser: torch.optim.Optimizer,
        *,
        schedule: Schedule | None = None,
        batch: int = 64,
        clip: float | None = None,
        penalties: Penalties | None = None,
        score: Score | None = None,
        evaluate_every: float = 1.0,
        patience: int | None = None,
        keep: Literal["best", "last"] = "best",
        restarts: int = 0,
        seed: int = 0,
        precision: bool | None = None,
        compiled: bool = False,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        _check(optimiser, batch, clip, evaluate_every, patience, keep)
        self.module, self.loss, self.optimiser = module, loss, optimiser
        self.schedule: Schedule = Trapezoid() if schedule is None else schedule
        self.batch, self.clip, self.penalties, self.score = batch, clip, penalties or Penalties(), score
        self.evaluate_every, self.patience, self.keep = evaluate_every, patience, keep
        self.seed, self.watchers = seed, tuple(watchers)
        self.device = next((p.device for p in module.parameters()), torch.device("cpu"))
        self.forward: Callable[[Tensor], Tensor] = torch.compile(module) if compiled else module
        self.half = half_precision(self.device, precision)
        self.history = History()
        self.place = Place(restarts=restarts)
        self.setting = Setting(1.0)
        self.best: dict[str, Tensor] | None = None
        self.gradient_norm: float | None = None
        self.resumed: int | None = None
        self.sites = DropoutSites(module)
        self._weights = penalised(module)
        self._parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self.bases = [float(group["lr"]) for group in optimiser.param_groups]
        # plain descent and RMSProp have a momentum of zero, which no schedule is to raise
        self._with_momentum = [bool(group.get("momentum")) for group in optimiser.param_groups]
        self._evaluation_seconds, self._last_evaluation = 0.0, 0.0
        self._bar: Progress | None = None

    # The training

    def run(
        self,
        rows: Rows,
        allowance: Allowance,
        held_out: Rows | None = None,
        *,
        checkpoint: Checkpoint | None = None,
        progress: bool | Literal["auto"] = "auto",
        label: str = "training",
    ) -> History:
        """Train on `rows` until the allowance is spent, the schedule is over, or patience is; the history of it.

        Where `checkpoint` has a file, the training goes on from there, to the same bits as if it had never stopped if
        the allowance is in passes; `resumed` is then the step that it went on from. Ctrl-C ends the training early: the
        best weights so far are kept, and the history says so. Raises `DataError` without rows, `DivergedError` for
        numbers that break, `ModelFileError` for a checkpoint of another network, other rows or another plan.
        """
        if not len(rows):
            raise DataError("there are no rows to learn from")
        if held_out is not None and not len(held_out):
            raise DataError("there are no held-out rows; give some, or leave them out")
        if self.history.ended:
            raise LilliputError("this loop has run to its end; make another one")
        self.allowance, self.rows, self.held_out = allowance, rows, held_out
        with random_state(self.seed, self.device), deferred_interrupt() as interrupted:
            self.schedule.begin()
            if checkpoint is not None and read_checkpoint(self, checkpoint):
                self.resumed = self.place.step
            elif self.place.restarts:
                self.remember()
            in_seconds = allowance.epochs is None
            total, unit = (allowance.seconds, "s") if in_seconds else (allowance.epochs, "passes")
            with Progress(total, label, unit, progress) as bar:
                self._bar = bar
                if checkpoint is not None and self.resumed is not None:
                    self.tell(f"going on from {checkpoint.path} at step {self.resumed:,}")
                self._started = time.monotonic() - self.place.seconds
                for watcher in self.watchers:
                    watcher.begin(self)
                try:
                    self._train(checkpoint, bar, interrupted)
                except KeyboardInterrupt:
                    self.history.ended = "interrupted"
                self._finish()
        return self.history

    def _train(self, checkpoint: Checkpoint | None, bar: Progress, interrupted: Callable[[], bool]) -> None:
        """Passes until something ends them."""
        place, in_seconds = self.place, self.allowance.epochs is None
        edges = bounds(len(self.rows), self.batch)
        steps = len(edges) - 1
        interval = max(1, round(self.evaluate_every * steps))
        self.module.train()
        self.jump()
        while not self.history.ended:
            order = order_of(len(self.rows), self.seed, place.epoch).to(self.device)
            while place.batch < steps and not self._over(place.epoch + place.batch / steps):
                self._step(order[edges[place.batch] : edges[place.batch + 1]])
                place.batch += 1
                place.step += 1
                if place.step % interval == 0 and self._evaluation_is_affordable():
                    self._evaluate(place.epoch + place.batch / steps, bar)
                if interrupted():
                    self.history.ended = "interrupted"
                if checkpoint is not None and (self.history.ended or checkpoint.due(place.step)):
                    place.seconds = self._seconds()
                    self._save(checkpoint)
                if self.history.ended:
                    return
                if place.step & 15 == 0:
                    bar.update(self._seconds() if in_seconds else place.epoch + place.batch / steps)
            if place.batch >= steps:
                place.epoch, place.batch = place.epoch + 1, 0
        if not self.history.records or self.history.records[-1].step != place.step:
            self._evaluate(place.epoch + place.batch / steps, bar)

    def _save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; one that cannot be written, on a disk that is full, must not cost the training."""
        try:
            write_checkpoint(self, checkpoint)
        except LilliputError as error:
            note = f"no checkpoint since then: {error}"
            if note not in self.history.notes:
                self.history.notes.append(note)
                self.tell(note)
            checkpoint.put_off()

    def _step(self, chosen: Tensor) -> None:
        """One step of the optimiser on the rows `chosen`."""
        self.optimiser.zero_grad(set_to_none=True)
        loss = self._gradients(chosen)
        if not math.isfinite(loss) or not self._clipped():
            self._mend(chosen, loss)
            return
        self.place.loss_sum += loss
        self.place.loss_count += 1
        watchers = [watcher for watcher in self.watchers if self.place.step % watcher.every == 0]
        for watcher in watchers:
            watcher.watch(self, loss)
        self.optimiser.step()
        if self.penalties:
            self.penalties.apply(self._weights, self.optimiser.param_groups[0]["lr"])
        for watcher in watchers:
            watcher.stepped(self)

    def _clipped(self) -> bool:
        """Whether gradients are now within the bound, if there is one; False where they are not finite."""
        if self.clip is None:
            return True
        self.gradient_norm = nn.utils.clip_grad_norm_(self._parameters, self.clip, foreach=True).item()
        return math.isfinite(self.gradient_norm)

    def _gradients(self, chosen: Tensor) -> float:
        """The loss of the rows `chosen`, with its gradients; in pieces where the device has no room for all at once."""
        while True:
            try:
                if self.place.pieces == 1:
                    return self._backward(chosen, 1.0)
                parts = chosen.chunk(self.place.pieces)
                return sum(self._backward(part, len(part) / len(chosen)) for part in parts)
            except torch.OutOfMemoryError:
                if self.place.pieces >= len(chosen):
                    raise
                self.optimiser.zero_grad(set_to_none=True)
                self.place.pieces *= 2
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                self.history.notes.append(f"memory was short: each batch is computed in {self.place.pieces} pieces")

    def _backward(self, chosen: Tensor, share: float) -> float:
        inputs, targets = self.rows.take(chosen)
        with self.casting():
            loss = self.loss(self.forward(inputs), targets)
        if share != 1.0:
            loss = loss * share
        loss.backward()
        return loss.item()

    def casting(self) -> AbstractContextManager[Any]:
        """Products in half precision, where that is wanted."""
        return nullcontext() if self.half is None else torch.autocast(self.device.type, self.half)

    # Where it stands

    def _over(self, epochs: float) -> bool:
        """Whether the training ends before the next step; else the setting of that step is in force."""
        seconds = 0.0
        if self.allowance.seconds is not None:
            seconds = self._seconds() + self._last_evaluation  # which the last validation will take once more
        fraction = self.allowance.fraction(epochs, seconds)
        if fraction >= 1:
            self.history.ended = "allowance"
        elif self.schedule.over(fraction):
            self.history.ended = "schedule"
        elif self.patience is not None and self.history.waited() >= self.patience:
            self.history.ended = "patience"
        self.place.fraction = fraction
        self.apply(self.schedule.at(fraction))
        return bool(self.history.ended)

    def apply(self, setting: Setting) -> None:
        """Put a setting in force."""
        self.setting = setting
        factor = setting.rate * self.place.rate_factor
        for group, base, has in zip(self.optimiser.param_groups, self.bases, self._with_momentum, strict=True):
            group["lr"] = base * factor
            if setting.momentum is not None and has:
                group["momentum"] = setting.momentum
        self.sites.scale(setting.dropout)

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    # Validation

    def _evaluation_is_affordable(self) -> bool:
        if self.allowance.seconds is None or self.held_out is None:
            return True
        return self._evaluation_seconds + self._last_evaluation <= _EVALUATION_SHARE * self._seconds()

    def _evaluate(self, epochs: float, bar: Progress) -> None:
        """Validate, record, and keep the weights if they are the best."""
        began = time.monotonic()
        self.land()
        score = math.nan
        if self.held_out is not None:
            score = evaluate(self.forward, self.module, self.held_out, self.loss, self.score, self.batch, self.casting)
        loss = self.place.take_loss()
        momentum = next((group["momentum"] for group in self.optimiser.param_groups if "momentum" in group), None)
        rate = self.optimiser.param_groups[0]["lr"]
        seconds = self._seconds() if self.allowance.seconds is not None else 0.0
        record = Record(self.place.step, epochs, seconds, loss, score, rate, momentum, self.setting.dropout)
        validated = self.held_out is not None
        if self.history.add(record) and ((self.keep == "best" and validated) or self.place.restarts):
            self.remember()
        if validated:
            self.schedule.saw(self.place.fraction, score)
        for watcher in self.watchers:
            watcher.evaluated(self, record)
        bar.state(loss=loss, **({} if math.isnan(score) else {"held_out": score}))
        self.jump()
        self._last_evaluation = time.monotonic() - began
        self._evaluation_seconds += self._last_evaluation

    def remember(self) -> None:
        """Keep a copy of the weights as they stand."""
        state = self.module.state_dict()
        if self.best is None:
            self.best = {name: tensor.detach().clone() for name, tensor in state.items()}
            return
        for name, tensor in state.items():
            self.best[name].copy_(tensor)

    def _finish(self) -> None:
        """The weights that are kept, the dropout that the network was built with, evaluation mode."""
        self.land()
        if self.keep == "best" and self.best is not None and self.held_out is not None:
            self.module.load_state_dict(self.best)
        self.sites.scale(1.0)
        self.module.eval()
        for watcher in self.watchers:
            watcher.end(self)

    # Numbers that break

    def _mend(self, chosen: Tensor, loss: float) -> None:
        """Go back to the best weights with a third of the rate, or raise `DivergedError`."""
        found = diagnose(self.module, *self.rows.take(chosen), chosen, loss, self.place.step, self.place.epoch)
        self.optimiser.zero_grad(set_to_none=True)
        for watcher in self.watchers:
            watcher.broke(self, found)
        if self.place.restarts <= 0 or self.best is None:
            raise DivergedError(str(found))
        self.place.restarts -= 1
        self.restart(0.3, str(found))

    def restart(self, factor: float, why: str) -> None:
        """Go back to the best weights, forget what the optimiser holds, and multiply the rate by `factor`."""
        if self.best is not None:
            self.land()
            self.module.load_state_dict(self.best)
            self.optimiser.state.clear()
            self.jump()
        self.place.rate_factor *= factor
        self.place.take_loss()
        self.history.notes.append(f"{why}; restarted from the best weights with {factor:g} of the learning rate")

    def tell(self, text: str) -> None:
        """Say something beside the progress."""
        if self._bar is not None:
            self._bar.note(text)

    # Optimisers that look ahead hold other weights while they learn than they have found

    def land(self) -> None:
        """The module holds the weights that the optimiser has found."""
        land(self.optimiser)

    def jump(self) -> None:
        """The module holds the weights at which the optimiser wants gradients."""
        jump(self.optimiser)


def _check(
    optimiser: torch.optim.Optimizer,
    batch: int,
    clip: float | None,
    evaluate_every: float,
    patience: int | None,
    keep: str,
) -> None:
    """Raise `LilliputError` for what no training can go by."""
    if isinstance(optimiser, torch.optim.LBFGS):
        raise LilliputError("LBFGS asks for the loss several times a step, which this loop does not; take another one")
    for name, value, least in (("batch", batch, 1), ("patience", patience, 0)):
        if value is not None and not value >= least:
            raise LilliputError(f"{name}={value}; give {least} or more")
    for name, amount in (("clip", clip), ("evaluate_every", evaluate_every)):
        if amount is not None and not amount > 0:
            raise LilliputError(f"{name}={amount}; give a number above 0")
    if keep not in ("best", "last"):
        raise LilliputError(f'keep={keep!r}; give "best" or "last"')
