"""``python -m lilliput.web.race FILE``: the race of the optimisers over surfaces, as JSON for the page that shows it.

A process of its own, since PyTorch would stay in the studio's memory.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from lilliput.core.atomic import write_atomically

if TYPE_CHECKING:
    from lilliput.training.surface_race import Run
    from lilliput.training.surfaces import Surface

GRID = 96
"""Places along a side at which a surface's height is told."""
FLOOR = 1e-6
"""Heights are told as logarithms; lower ones are all the same."""
SHOWN_STEPS = 200
"""Of a path, closer to each other in the beginning, where most happens."""


def main(out: str) -> None:
    """Run it and write the result."""
    from lilliput.training.surface_race import race

    runs = race()
    surfaces = list(dict.fromkeys(run.surface for run in runs))
    told = {"surfaces": [_surface(surface, [run for run in runs if run.surface is surface]) for surface in surfaces]}
    write_atomically(out, [orjson.dumps(told)])


def _surface(surface: Surface, runs: list[Run]) -> dict[str, Any]:
    left, right, low, high = surface.window
    x, y = np.meshgrid(np.linspace(left, right, GRID), np.linspace(low, high, GRID))
    heights = np.log10(np.maximum(surface.gap(x, y), FLOOR))
    return {
        "name": surface.name,
        "window": surface.window,
        "start": surface.start,
        "side": GRID,
        "heights": heights.round(2).ravel().tolist(),
        "runs": [_run(run) for run in runs],
    }


def _run(run: Run) -> dict[str, Any]:
    steps = np.unique(np.geomspace(1, len(run.path), SHOWN_STEPS).round().astype(int)) - 1
    left, right, low, high = run.surface.window
    lower, upper = np.array([left, low]), np.array([right, high])
    places = np.clip(run.path[steps], 2 * lower - upper, 2 * upper - lower)  # what left is seen leaving
    return {
        "optimiser": run.optimiser,
        "rate": float(f"{run.rate:.2g}"),
        "steps": run.steps,
        "at": steps.tolist(),
        "path": places.round(4).tolist(),
    }


if __name__ == "__main__":
    main(sys.argv[1])
