"""Checkpoints: all that a training needs to go on to the same bits, in one file that is replaced as a whole.

A checkpoint is a model file (`lilliput.core.modelfile`): arrays and plain JSON, never pickle. It knows the network it
belongs to, by names and shapes, and the rows, by a fingerprint.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath, read_model, write_model

KIND = "checkpoint"
Arrays = dict[str, NDArray[Any]]


class Checkpoint:
    """Where a training is kept, and how often: each `every` seconds, and after each `steps` steps if given."""

    def __init__(self, path: StrPath, every: float = 30.0, steps: int | None = None) -> None:
        self.path = Path(path)
        self.every = every
        self.steps = steps
        self._last = time.monotonic()

    def due(self, step: int) -> bool:
        """Whether it is time to save, after `step` steps."""
        if self.steps is not None and step % self.steps == 0:
            return True
        return time.monotonic() - self._last >= self.every

    def save(self, manifest: Mapping[str, Any], arrays: Arrays) -> None:
        """Write everything; a killed process leaves the checkpoint before."""
        write_model(self.path, {**manifest, "task": KIND}, arrays)
        self.put_off()

    def put_off(self) -> None:
        """Wait as long as after a file that was written."""
        self._last = time.monotonic()

    def read(self) -> tuple[dict[str, Any], Arrays] | None:
        """Manifest and arrays of the file, or None if there is none; `ModelFileError` if it is something else.

        Also where there is no folder for it: better at the start than when it is to be written.
        """
        if not self.path.exists():
            if not self.path.absolute().parent.is_dir():
                raise ModelFileError(f"there is no folder {self.path.absolute().parent} for the checkpoint; make it")
            return None
        manifest, arrays = read_model(self.path)
        if manifest.get("task") != KIND:
            raise ModelFileError(f"{self.path} holds a model, not a checkpoint; name another file for checkpoints")
        return manifest, arrays


def network_arrays(state: Mapping[str, Tensor], prefix: str) -> Arrays:
    """A network's state as arrays; they share its memory where it lies on the CPU."""
    return {f"{prefix}.{name}": tensor.detach().cpu().numpy() for name, tensor in state.items()}


def network_state(
    module: nn.Module, arrays: Mapping[str, NDArray[Any]], prefix: str, path: StrPath
) -> dict[str, Tensor]:
    """The state of `module` that a checkpoint holds; `ModelFileError` where it is of another network."""
    state = {}
    for name, tensor in module.state_dict().items():
        array = arrays.get(f"{prefix}.{name}")
        if array is None or array.shape != tuple(tensor.shape):
            found = "nothing" if array is None else f"shape {array.shape}"
            raise ModelFileError(
                f"{path} is a checkpoint of another network: it holds {found} for {name}, where this network has shape "
                f"{tuple(tensor.shape)}; delete it to begin anew, or name another file"
            )
        state[name] = torch.from_numpy(np.array(array))
    known = {f"{prefix}.{name}" for name in state}
    extra = [name for name in arrays if name.startswith(f"{prefix}.") and name not in known]
    if extra:
        raise ModelFileError(
            f"{path} is a checkpoint of another network: it also holds {extra[0].removeprefix(prefix + '.')}; "
            "delete it to begin anew, or name another file"
        )
    return state


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> tuple[dict[str, Any], Arrays]:
    """An optimiser's state: groups and plain values as JSON data, and tensors as arrays."""
    state = optimiser.state_dict()
    arrays: Arrays = {}
    plain: dict[str, dict[str, Any]] = {}
    for index, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                arrays[f"optimiser.{index}.{name}"] = value.detach().cpu().numpy()
            else:
                plain.setdefault(str(index), {})[name] = value
    groups = [{k: v for k, v in group.items() if _is_plain(v)} for group in state["param_groups"]]
    return {"groups": groups, "plain": plain}, arrays


def restore_optimiser(
    optimiser: torch.optim.Optimizer, saved: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath
) -> None:
    """Put back what `optimiser_arrays` gave; `ModelFileError` where it is of another optimiser."""
    current = optimiser.state_dict()["param_groups"]
    if [len(group["params"]) for group in current] != [len(group["params"]) for group in saved["groups"]]:
        raise ModelFileError(f"{path} is a checkpoint of another optimiser; delete it to begin anew")
    state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in saved["plain"].items()}
    for name, array in arrays.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = torch.from_numpy(np.array(array))
    groups = [{**now, **then} for now, then in zip(current, saved["groups"], strict=True)]
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))
