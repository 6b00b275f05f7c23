"""Where a training stands between two steps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Place:
    """All plain numbers that change from step to step, to be kept in a checkpoint.

    epoch, batch : passes finished, and batches of the current pass.
    step : steps of the optimiser in all.
    seconds : wall-clock time spent, with that before a checkpoint.
    fraction : of the allowance that was spent before the last step.
    loss_sum, loss_count : over the steps since the last validation.
    rate_factor, restarts : what restarts have made of the learning rate, and how many are left.
    pieces : parts a batch is computed in.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    fraction: float = 0.0
    loss_sum: float = 0.0
    loss_count: int = 0
    rate_factor: float = 1.0
    restarts: int = 0
    pieces: int = 1

    def take_loss(self) -> float:
        """The mean loss since the last validation, which is then forgotten; NaN without a step."""
        mean = self.loss_sum / self.loss_count if self.loss_count else float("nan")
        self.loss_sum, self.loss_count = 0.0, 0
        return mean
