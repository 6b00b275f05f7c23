"""A trained rectifier network in NumPy: what predicts without PyTorch, and how its weights lie in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import pack_codes, unpack_codes
from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.data.matrix import Compressed

Floats = NDArray[np.float32]
BITS = (32, 16, 8)
"""A weight's bits in the file: floats of 32 or 16, or whole numbers times a scale a unit."""
FEWEST = 4
"""Bits of the first layer, as whole numbers times a scale a row, where more rows are worth more than better ones; the
layers after it have 8."""
_ROWS, _ENTRIES = 2048, 16384
"""Rows, and entries of sparse rows, at a time."""
_LARGEST, _HALF = 127, 7


@dataclass(frozen=True)
class DenseNet:
    """Layers ``max(0, x W + b)``, the last one without the rectifier; W float32 (inputs, units), b float32 (units,)."""

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    @property
    def inputs(self) -> int:
        """Columns that it takes."""
        return len(self.weights[0])

    @property
    def outputs(self) -> int:
        """Numbers that it gives a row."""
        return self.weights[-1].shape[1]

    @property
    def widths(self) -> list[int]:
        """Units of the hidden layers."""
        return [weight.shape[1] for weight in self.weights[:-1]]

    def forward(self, rows: Floats) -> Floats:
        """The outputs for float32 rows (n, inputs): (n, outputs); some rows at a time."""
        if len(rows) > _ROWS:
            return np.concatenate([self.forward(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)])
        return self.after_first(rows @ self.weights[0])

    def after_first(self, products: Floats) -> Floats:
        """The outputs, where ``x W`` of the first layer (n, units) is there already."""
        values = products + self.biases[0]
        for weight, bias in zip(self.weights[1:], self.biases[1:], strict=True):
            np.maximum(values, 0, out=values)
            values = values @ weight
            values += bias
        return values

    def coded(self, bits: int) -> DenseNet:
        """The network as a file with so many bits a weight gives it back."""
        return self if bits == 32 else DenseNet.restored(self.arrays(bits), "")

    def arrays(self, bits: int) -> dict[str, NDArray[Any]]:
        """The layers by name, for a model file."""
        found: dict[str, NDArray[Any]] = {}
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if bits == 8 or (bits == FEWEST and number):
                scale = np.abs(weight).max(axis=0) / np.float32(_LARGEST)
                scale[scale == 0] = 1.0
                found[f"layer{number}.weight"] = np.rint(weight / scale).astype(np.int8)
                found[f"layer{number}.scale"] = scale.astype(np.float32)
            elif bits == FEWEST:
                found[f"layer{number}.weight"], found[f"layer{number}.scale"] = _packed(weight)
            else:
                found[f"layer{number}.weight"] = weight.astype(np.float16 if bits == 16 else np.float32)
            found[f"layer{number}.bias"] = bias
        return found

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]], path: StrPath) -> DenseNet:
        """The network that `arrays` gave; `ModelFileError` for layers that are missing or do not fit each other."""
        weights: list[Floats] = []
        biases: list[Floats] = []
        before: int | None = None
        while (name := f"layer{len(weights)}") and f"{name}.weight" in arrays:
            weight = arrays[f"{name}.weight"]
            kinds = [kind for kind in (np.float32, np.float16, np.int8, np.uint8) if weight.dtype == kind]
            require(arrays, {f"{name}.weight": (kinds[0] if kinds else np.float32, (before, None))}, path)
            if weight.dtype == np.uint8:
                require(arrays, {f"{name}.bias": (np.float32, (None,))}, path)
                require(arrays, {f"{name}.scale": (np.float16, (len(weight),))}, path)
                before = len(arrays[f"{name}.bias"])
                require(arrays, {f"{name}.weight": (np.uint8, (None, -(-before // 2)))}, path)
                floats = _unpacked(weight, arrays[f"{name}.scale"], before)
            else:
                before = weight.shape[1]
                require(arrays, {f"{name}.bias": (np.float32, (before,))}, path)
                floats = np.asarray(weight, dtype=np.float32)
            if weight.dtype == np.int8:
                require(arrays, {f"{name}.scale": (np.float32, (before,))}, path)
                floats = floats * arrays[f"{name}.scale"]
            weights.append(floats)
            biases.append(np.asarray(arrays[f"{name}.bias"]))
            if not np.isfinite(floats).all() or not np.isfinite(biases[-1]).all():
                raise ModelFileError(f"{path}: {name} holds what is no finite number")
        if not weights:
            raise ModelFileError(f"{path}: there are no layers; this file does not fit its task")
        return cls(tuple(weights), tuple(biases))


def _packed(weight: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Codes of 4 bits, two a byte of a row, and a scale a row."""
    exact = np.abs(weight).max(axis=1, initial=0) / np.float32(_HALF)
    scale = exact.astype(np.float16)
    # Rounded up, so that the largest weight has the largest code, and coding again changes nothing.
    scale = np.where(scale < exact, np.nextafter(scale, np.float16(np.inf)), scale)
    scale = np.clip(scale, np.float16(1e-4), np.finfo(np.float16).max)
    codes = np.clip(np.rint(weight / scale[:, None].astype(np.float32)), -_HALF, _HALF) + _HALF
    even = np.pad(codes.astype(np.uint8), ((0, 0), (0, weight.shape[1] % 2)))
    return pack_codes(even, FEWEST).reshape(len(weight), -1), scale


def _unpacked(packed: NDArray[np.uint8], scale: NDArray[np.float16], units: int) -> Floats:
    """What `_packed` had, as near as the codes are."""
    codes = unpack_codes(packed.reshape(-1), FEWEST, 2 * packed.size).reshape(len(packed), -1)[:, :units]
    found: Floats = (codes.astype(np.float32) - _HALF) * scale[:, None].astype(np.float32)
    return found


def sparse_products(rows: Compressed, weight: Floats) -> Floats:
    """``x W`` for sparse rows: float32 (rows, units); some rows at a time."""
    found = np.zeros((rows.shape[0], weight.shape[1]), dtype=np.float32)
    first = 0
    while first < rows.shape[0]:
        start = rows.indptr[first]
        last = max(first + 1, int(np.searchsorted(rows.indptr, start + _ENTRIES, side="right")) - 1)
        starts, end = rows.indptr[first:last], rows.indptr[last]
        full = np.flatnonzero(np.diff(np.append(starts, end)))
        if len(full):
            entries = weight[rows.indices[start:end]] * rows.data[start:end, None]
            found[first + full] = np.add.reduceat(entries, starts[full] - start, axis=0)
        first = last
    return found
