"""A loop to a checkpoint and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lilliput.core.errors import ModelFileError
from lilliput.training.batches import fingerprint
from lilliput.training.checkpoint import (
    Checkpoint,
    network_arrays,
    network_state,
    optimiser_arrays,
    restore_optimiser,
)
from lilliput.training.history import History
from lilliput.training.place import Place

if TYPE_CHECKING:
    from lilliput.training.loop import Loop


def write_checkpoint(loop: Loop, checkpoint: Checkpoint) -> None:
    """All that `loop` needs to go on: weights, best weights, optimiser, random state, place in the data, history."""
    optimiser, arrays = optimiser_arrays(loop.optimiser)
    arrays |= network_arrays(loop.module.state_dict(), "module")
    if loop.best is not None:
        arrays |= network_arrays(loop.best, "best")
    arrays["random"] = torch.get_rng_state().numpy()
    if loop.device.type == "cuda":
        arrays["random_cuda"] = torch.cuda.get_rng_state(loop.device).numpy()
    checkpoint.save({**_plan(loop), **_place(loop), "optimiser": optimiser}, arrays)


def read_checkpoint(loop: Loop, checkpoint: Checkpoint) -> bool:
    """Put `loop` where a checkpoint was made; False where there is no file yet."""
    found = checkpoint.read()
    if found is None:
        return False
    manifest, arrays = found
    state = network_state(loop.module, arrays, "module", checkpoint.path)
    for name, value in _plan(loop).items():
        if manifest.get(name) != value:
            raise ModelFileError(
                f"{checkpoint.path} is a checkpoint of another training: its {name} is {manifest.get(name)}, here it "
                f"is {value}; delete it to begin anew, or name another file"
            )
    loop.module.load_state_dict(state)
    if any(name.startswith("best.") for name in arrays):
        best = network_state(loop.module, arrays, "best", checkpoint.path)
        loop.best = {name: tensor.to(loop.device) for name, tensor in best.items()}
    restore_optimiser(loop.optimiser, manifest["optimiser"], arrays, checkpoint.path)
    torch.set_rng_state(torch.from_numpy(np.array(arrays["random"])))
    if "random_cuda" in arrays and loop.device.type == "cuda":
        torch.cuda.set_rng_state(torch.from_numpy(np.array(arrays["random_cuda"])), loop.device)
    loop.place = Place(**manifest["place"])
    loop.schedule.restore(manifest["schedule"])
    loop.history = History.from_dict(manifest["history"])
    loop.history.ended = ""
    for watcher, seen in zip(loop.watchers, manifest.get("watchers", []), strict=False):
        watcher.restore(loop, seen)
    return True


def _plan(loop: Loop) -> dict[str, Any]:
    """What must be the same when a training goes on."""
    return {
        "rows": fingerprint(loop.rows),
        "seed": loop.seed,
        "batch": loop.batch,
        "epochs": loop.allowance.epochs,
        "optimiser_kind": type(loop.optimiser).__name__,
        "rates": loop.bases,
        "schedule_kind": type(loop.schedule).__name__,
        "clip": loop.clip,
        "penalties": asdict(loop.penalties),
        "dropout": loop.sites.rates,
    }


def _place(loop: Loop) -> dict[str, Any]:
    return {
        "place": asdict(loop.place),
        "schedule": loop.schedule.state(),
        "history": loop.history.to_dict(),
        "watchers": [watcher.state() for watcher in loop.watchers],
    }
