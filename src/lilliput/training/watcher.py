"""What looks at a training: told at each step, each validation, and when numbers break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lilliput.training.divergence import Diagnosis
    from lilliput.training.history import Record
    from lilliput.training.loop import Loop


class Watcher:
    """Looks at a training and says what it sees (`lilliput.training.health`); this one sees nothing.

    every : it is shown each `every`-th step.
    """

    every: int = 1

    def begin(self, loop: Loop) -> None:
        """Training begins, or goes on."""

    def watch(self, loop: Loop, loss: float) -> None:
        """The gradients of a step are there, and the optimiser has not used them yet."""

    def stepped(self, loop: Loop) -> None:
        """The optimiser has used them; here a watcher may change weights and rates."""

    def evaluated(self, loop: Loop, record: Record) -> None:
        """A validation came in; `loop.history` holds it."""

    def broke(self, loop: Loop, found: Diagnosis) -> None:
        """Numbers are no longer finite; next comes a restart, or `DivergedError`."""

    def end(self, loop: Loop) -> None:
        """Training has ended."""

    def state(self) -> dict[str, Any]:
        """What it has seen, as plain JSON data, for checkpoints."""
        return {}

    def restore(self, loop: Loop, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
