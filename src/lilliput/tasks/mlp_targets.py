"""Numbers to predict, shifted and scaled, and the history of a fit as a file keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.modelfile import StrPath, require
from lilliput.tasks.array_input import standards, targets

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Number:
    """Mean and standard deviation of each target, float64 (outputs,); `flat`: there is one, given as (n,)."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    flat: bool

    def unscaled(self, outputs: Floats) -> NDArray[np.float64]:
        """Outputs of the network as numbers like the targets."""
        found: NDArray[np.float64] = outputs.astype(np.float64) * self.scale + self.mean
        return found

    @classmethod
    def restored(cls, flat: bool, arrays: Mapping[str, NDArray[Any]], outputs: int, path: StrPath) -> Number:
        """What a file holds of them."""
        require(arrays, dict.fromkeys(("target_mean", "target_scale"), (np.float64, (outputs,))), path)
        return cls(np.array(arrays["target_mean"]), np.array(arrays["target_scale"]), flat)


def number_targets(y: Any, rows: int, name: str) -> tuple[Number, Floats]:
    """Targets (rows,) or (rows, outputs), and the same with mean 0 and variance 1: float32 (rows, outputs)."""
    array = np.asarray(y) if y is not None else None
    flat = array is None or array.ndim != 2 or array.shape[1] == 1
    if flat:
        values = targets(y, rows, name)[:, None]
    else:
        assert array is not None
        values = _matrix(array, rows, name)
    mean, scale = standards(values)
    return Number(mean, scale, flat), ((values - mean) / scale).astype(np.float32)


def stored_history(history: dict[str, Any]) -> dict[str, Any]:
    """The history without what differs from run to run: seconds."""
    records = [{name: value for name, value in record.items() if name != "seconds"} for record in history["records"]]
    return {**history, "records": records}


def _matrix(array: NDArray[Any], rows: int, name: str) -> NDArray[np.float64]:
    if array.shape[1] < 1:
        raise DataError(f"y has shape {array.shape}; give one number or more for each row")
    columns = [targets(column, rows, name) for column in array.T]
    return np.stack(columns, axis=1)
