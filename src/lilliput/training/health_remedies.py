"""What is done about findings, a bounded number of times; each is noted in the history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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

_MOSTLY = 0.9
"""Share of dead units from which on a layer is worth a restart."""


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
        """Restarts need weights to go back to, and numbers that break are worth one too."""
        if not loop.place.restarts:
            loop.place.restarts = self.left
        if loop.best is None:
            loop.remember()

    def apply(self, loop: Loop, finding: Finding, layers: Mapping[str, Tensor], words: Mapping[str, Any]) -> bool:
        """Do what `finding` asks for, if something can be done and is left; whether it was."""
        act = {
            "exploding gradients": self._clip_gradients,
            "steps too large": self._restart_slower,
            "steps too small": self._speed_up,
            "plateau": self._lower,
            "saddle": self._push,
            "dead units": self._revive,
        }.get(finding.kind)
        if act is None or self.left <= 0:
            return False
        done = act(loop, finding, layers, words)
        if not done:
            return False
        self.left -= 1
        loop.history.notes.append(f"step {loop.place.step}: {finding.kind}; {done}")
        loop.tell(f"{finding.kind}: {done}")
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

    def _clip_gradients(
        self, loop: Loop, finding: Finding, layers: Mapping[str, Tensor], words: Mapping[str, Any]
    ) -> str:
        loop.clip = self._clip = float(words["clip"])
        loop.restart(1.0, f"gradients exploded at step {loop.place.step}")
        return f"gradients are clipped to {loop.clip:.2g}"

    def _restart_slower(
        self, loop: Loop, finding: Finding, layers: Mapping[str, Tensor], words: Mapping[str, Any]
    ) -> str:
        loop.restart(0.3, f"steps were too large at step {loop.place.step}")
        return "restarted with 0.3 of the learning rate"

    def _speed_up(self, loop: Loop, finding: Finding, layers: Mapping[str, Tensor], words: Mapping[str, Any]) -> str:
        orders = math.floor(math.log10(_MOVED / max(float(words["travel"]), 1e-12)))
        factor = 10.0 ** min(_MOST_ORDERS, max(1, orders))
        loop.place.rate_factor *= factor
        return f"the learning rate is {factor:g} times as high from here on"

    def _lower(self, loop: Loop, finding: Finding, layers: Mapping[str, Tensor], words: Mapping[str, Any]) -> str:
        if self._lowered:  # lowering did not help: the other way, out of where it is
            self._lowered = False
            loop.place.rate_factor = 1.0
            loop.optimiser.state.clear()
            return "warm restart: the full learning rate again, and the optimiser begins anew"
        self._lowered = True
        loop.place.rate_factor *= 0.3
        return "the learning rate is 0.3 of what it was from here on"

    @torch.no_grad()
    def _push(self, loop: Loop, finding: Finding, layers: Mapping[str, Tensor], words: Mapping[str, Any]) -> str:
        """Step down from the saddle, to whichever side and as far as the loss of a thousand rows is lowest."""
        direction, self.direction = self.direction, None
        if direction is None:  # passed already
            return ""
        loop.land()
        inputs, targets = loop.rows.take(spread(loop.rows, 1000, loop.device))
        weights = list(layers.values())
        parts = direction.split([weight.numel() for weight in weights])
        ways = [part.view_as(weight) for part, weight in zip(parts, weights, strict=True)]
        length = max(1.0, float(torch.stack(torch._foreach_norm(weights)).norm()))
        origin = [weight.clone() for weight in weights]
        tried: list[tuple[float, float]] = []
        with as_evaluated(loop.module):
            for push in (0.0, *_PUSHES, *(-push for push in _PUSHES)):
                for weight, start, way in zip(weights, origin, ways, strict=True):
                    weight.copy_(start + push * length * way)
                tried.append((loop.loss(loop.module(inputs), targets).item(), push))
        best = min(tried)[1]
        for weight, start, way in zip(weights, origin, ways, strict=True):
            weight.copy_(start + best * length * way)
        if best:
            loop.optimiser.state.clear()
        loop.jump()
        return f"warm restart: weights were pushed down the saddle, by {abs(best) * length:.2g}" if best else ""

    @torch.no_grad()
    def _revive(self, loop: Loop, finding: Finding, layers: Mapping[str, Tensor], words: Mapping[str, Any]) -> str:
        """New weights into each dead unit (Kaiming, uniform), bias zero; or back to when the layer was alive."""
        if finding.layer is None:
            return ""
        units = self.dead[finding.layer]
        if not self.reinitialise:
            if finding.layer in self.stillborn or finding.measure < _MOSTLY:
                return ""
            loop.restart(
                0.3, f"{finding.measure:.0%} of the units of {finding.layer} were dead at step {loop.place.step}"
            )
            return "restarted with 0.3 of the learning rate"
        loop.land()
        layer = loop.module.get_submodule(finding.layer)
        weight = layers[finding.layer]
        generator = torch.Generator().manual_seed(loop.seed + loop.place.step)
        bound = (3.0 / max(1, weight[0].numel())) ** 0.5 * nn.init.calculate_gain("relu")
        fresh = torch.rand(weight.shape, generator=generator).mul_(2).sub_(1).mul_(bound).to(weight)
        weight[units] = fresh[units]
        bias = getattr(layer, "bias", None)
        if isinstance(bias, Tensor):
            bias[units] = 0.0
        loop.jump()
        return f"{int(units.sum())} dead units of {finding.layer} have new weights"
