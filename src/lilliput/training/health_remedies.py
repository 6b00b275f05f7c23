"""What is done about findings, a bounded number of times; each is noted in the history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from lilliput.training.findings import Finding
from lilliput.training.health_data import spread
from lilliput.training.health_signs import as_evaluated

if TYPE_CHECKING:
    from lilliput.training.loop import Loop

_PUSHES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Lengths, against that of the weights or 1 where they are shorter, that are tried along the way down from a saddle."""

_MOVED = 2.0
"""Share of their length by which all steps together should be able to move the weights: in sound runs it is 2 to 10."""

_MOST_ORDERS = 4
"""Powers of ten by which a rate is raised at once."""

_SLOWER = 0.3
"""Factor on a rate that was too high."""

_MOSTLY = 0.9
"""Share of dead units from which on a layer is worth a restart."""


class Case(NamedTuple):
    """A finding, the loop it is of, the layers' weights by name, and the words of its sentence."""

    loop: Loop
    finding: Finding
    layers: Mapping[str, Tensor]
    words: Mapping[str, Any]

    @property
    def when(self) -> str:
        """What was found, and when."""
        return f"step {self.loop.place.step}: {self.finding.kind}"


class Remedies:
    """How many remedies are left, and what they need to know.

    dead : layer -> which of its units were dead in the last look.
    stillborn : layers that were so from the start, to which there is no way back.
    direction : in which the loss bends down, flat over all layers' weights.
    """

    def __init__(self, left: int, reinitialise: bool) -> None:
        self.left, self.reinitialise = left, reinitialise
        self.dead: dict[str, Tensor] = {}
        self.stillborn: set[str] = set()
        self.direction: Tensor | None = None
        self._clip: float | None = None
        self._lowered = False

    def prepare(self, loop: Loop) -> None:
        """Restarts need weights to go back to, and numbers that break are worth some too."""
        if not loop.place.step and not loop.place.restarts:
            loop.place.restarts = self.left
        if loop.best is None:
            loop.remember()

    def apply(self, case: Case) -> bool:
        """Do what a finding asks for, if something can be done and is left; whether it was."""
        act = {
            "exploding gradients": self._clip_gradients,
            "steps too large": self._restart_slower,
            "steps too small": self._speed_up,
            "plateau": self._lower,
            "saddle": self._push,
            "dead units": self._revive,
        }.get(case.finding.kind)
        done = act(case) if act is not None and self.left > 0 else ""
        if not done:
            return False
        self.left -= 1
        case.loop.history.notes.append(f"{case.when}; {done}")
        case.loop.tell(f"{case.when}; {done}")
        return True

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        plain = {"left": self.left, "clip": self._clip, "lowered": self._lowered}
        return {**plain, "stillborn": sorted(self.stillborn)}

    def restore(self, loop: Loop, plain: dict[str, Any]) -> None:
        """Take back what `to_dict` gave."""
        self.left, self._clip, self._lowered = plain["left"], plain["clip"], plain["lowered"]
        self.stillborn = set(plain["stillborn"])
        if self._clip is not None:
            loop.clip = self._clip

    # Each gives what it did, or nothing where there is nothing to do

    def _clip_gradients(self, case: Case) -> str:
        case.loop.clip = self._clip = float(case.words["clip"])
        case.loop.restart(1.0, case.when)
        return f"gradients are clipped to {self._clip:.2g}"

    def _restart_slower(self, case: Case) -> str:
        case.loop.restart(_SLOWER, case.when)
        return f"{_SLOWER:g} of the learning rate"

    def _speed_up(self, case: Case) -> str:
        orders = math.floor(math.log10(_MOVED / max(float(case.words["travel"]), 1e-12)))
        factor = 10.0 ** min(_MOST_ORDERS, max(1, orders))
        case.loop.place.rate_factor *= factor
        return f"the learning rate is {factor:g} times as high from here on"

    def _lower(self, case: Case) -> str:
        if self._lowered:  # lowering did not help: the other way, out of where it is
            self._lowered = False
            case.loop.place.rate_factor = 1.0
            case.loop.optimiser.state.clear()
            return "warm restart: the full learning rate again, and the optimiser begins anew"
        self._lowered = True
        case.loop.place.rate_factor *= _SLOWER
        return f"the learning rate is {_SLOWER:g} of what it was from here on"

    @torch.no_grad()
    def _push(self, case: Case) -> str:
        """Step down from the saddle, to whichever side and as far as the loss of a thousand rows is lowest."""
        loop, direction, self.direction = case.loop, self.direction, None
        if direction is None:  # passed already
            return ""
        loop.land()
        inputs, targets = loop.rows.take(spread(loop.rows, 1000, loop.device))
        weights = list(case.layers.values())
        ways = direction.split([weight.numel() for weight in weights])
        length = max(1.0, float(torch.stack(torch._foreach_norm(weights)).norm()))
        origin = [weight.clone() for weight in weights]

        def go(push: float) -> float:
            for weight, start, way in zip(weights, origin, ways, strict=True):
                weight.copy_(start + push * length * way.view_as(weight))
            found = loop.loss(loop.module(inputs), targets).item()
            return found if math.isfinite(found) else math.inf

        with as_evaluated(loop.module):
            best = min((go(push), abs(push), push) for push in (0.0, *_PUSHES, *(-push for push in _PUSHES)))[2]
            go(best)
        if best:
            loop.optimiser.state.clear()
        loop.jump()
        return f"warm restart: weights were pushed down the saddle, by {abs(best) * length:.2g}" if best else ""

    def _revive(self, case: Case) -> str:
        """New weights for dead units where that is wanted, or back to when the layer was alive."""
        layer = case.finding.layer
        if self.reinitialise:
            case.loop.land()
            counts = [self._draw(case, name, units) for name, units in self.dead.items() if bool(units.any())]
            case.loop.jump()
            return f"{sum(counts)} dead units have new weights"
        if layer in self.stillborn or case.finding.measure < _MOSTLY:
            return ""
        case.loop.restart(_SLOWER, case.when)
        return f"{_SLOWER:g} of the learning rate"

    @torch.no_grad()
    def _draw(self, case: Case, name: str, units: Tensor) -> int:
        """New weights into the dead `units` of a layer (Kaiming, uniform), bias zero; how many they are."""
        loop, weight = case.loop, case.layers[name]
        generator = torch.Generator().manual_seed(loop.seed + loop.place.step)
        bound = (3.0 / max(1, weight[0].numel())) ** 0.5 * nn.init.calculate_gain("relu")
        fresh = torch.rand(weight.shape, generator=generator).mul_(2).sub_(1).mul_(bound).to(weight)
        weight[units] = fresh[units]
        bias = getattr(loop.module.get_submodule(name), "bias", None)
        if isinstance(bias, Tensor):
            bias[units] = 0.0
        return int(units.sum())
