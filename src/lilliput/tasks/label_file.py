"""What the model file of a text classifier must hold, checked before anything is built from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap, holds_map
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.features.buckets import BucketMap
from lilliput.features.groups import Group, restored
from lilliput.features.plain import NGrams
from lilliput.nets.feedforward import ROW_SCALE_DIM
from lilliput.tasks.label_parameters import check_parameters
from lilliput.tasks.labels import LABEL_TYPES, MODES, Labels
from lilliput.training.calibration import Calibration

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

LEAST_BITS = 6
"""Of a group's buckets: a word of its bucket map."""


def check_saved_parameters(model: TextClassifier, path: StrPath) -> None:
    """Raise `ModelFileError` unless the parameters of a loaded model can be used."""
    try:
        check_parameters(model)
    except LilliputError as error:
        raise ModelFileError(f"{path}: the parameters in the manifest cannot be used ({error})") from error


def check_arrays(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    """Raise `ModelFileError` unless the arrays are those that the manifest's net and labels need."""
    try:
        groups = check_net(manifest["net"], arrays, path)
        check_labels(manifest["labels"], manifest["net"]["outputs"], arrays, path)
        calibration, threshold = Calibration(**manifest["calibration"]), manifest["threshold"]
        shift = 0.0 if calibration.shift is None else calibration.shift
        sound = all(map(finite, (calibration.temperature, shift, calibration.floor, threshold)))
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe a text classifier ({error!r})") from error
    if not all(isinstance(group, NGrams) for group in groups):
        raise ModelFileError(f"{path}: the net takes no texts; this file does not fit its task")
    if not (sound and calibration.temperature > 0 and 0 <= calibration.floor < 1):
        raise ModelFileError(f"{path}: {calibration} and the threshold {threshold} cannot be used")


def finite(value: Any) -> bool:
    """Whether a value of a manifest is a number, and a finite one."""
    return type(value) in (int, float) and math.isfinite(value)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value


def check_net(shape: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> list[Group]:
    """The groups of a net, or `ModelFileError` unless its arrays are those that its shape asks for."""
    width = 0
    groups = []
    clusters = ValueMap.restore(arrays, path) if holds_map(arrays) else None
    shared = shape["shared"]
    dims = [_whole(group["dim"]) for group in shape["groups"]]
    if not dims or type(shared) is not bool or (shared and len(set(dims)) > 1):
        raise ModelFileError(
            f"{path}: the net has tables {dims} wide, shared: {shared}; this file does not fit its task"
        )
    for number, (group, dim) in enumerate(zip(shape["groups"], dims, strict=True)):
        for name in {"low", "high", "bits"} & set(group):
            _whole(group[name])
        features = restored(group, clusters)
        groups.append(features)
        code_bits = _whole(group["code_bits"])
        if dim < 1 or code_bits not in (4, 8) or features.bits < LEAST_BITS:
            raise ModelFileError(
                f"{path}: group {number} has {dim} weights of {code_bits} bits a row, 2^{features.bits} buckets"
            )
        name = f"group{number}"
        require(arrays, {f"{name}.map": (np.uint64, ((1 << features.bits) // 64,))}, path)
        rows = BucketMap(arrays[f"{name}.map"]).rows
        scales = rows if dim >= ROW_SCALE_DIM else 1
        codes = (rows * dim * code_bits + 7) // 8
        require(arrays, {f"{name}.codes": (np.uint8, (codes,)), f"{name}.scales": (np.float16, (scales,))}, path)
        _check_codes(arrays[f"{name}.codes"], code_bits, name, path)
        width = dim if shared else width + dim
    outputs = _whole(shape["outputs"])
    require(arrays, {"layers.bias": (np.float32, (outputs,))}, path)
    units = width
    if "layers.hidden" in arrays:
        require(arrays, {"layers.hidden": (np.float32, (width, None))}, path)
        units = arrays["layers.hidden"].shape[1]
        require(arrays, {"layers.hidden_bias": (np.float32, (units,))}, path)
    if "layers.output" in arrays:
        require(arrays, {"layers.output": (np.float32, (units, outputs))}, path)
    _check_finite(arrays, path)
    if "layers.output" not in arrays and units != outputs:
        raise ModelFileError(f"{path}: the net gives {units} values where {outputs} outputs are expected")
    return groups


def _check_codes(codes: NDArray[np.uint8], bits: int, name: str, path: StrPath) -> None:
    """Raise `ModelFileError` for a code that stands for no level; there are ``2 ** bits - 1`` of these."""
    beyond = 2**bits - 1
    halves = (codes,) if bits == 8 else (codes & 15, codes >> 4)
    if any((half == beyond).any() for half in halves):
        raise ModelFileError(f"{path}: the array '{name}.codes' holds the code {beyond}, beyond the levels")


def _check_finite(arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelFileError(f"{path}: the array {name!r} holds numbers that are not finite")


def check_labels(labels: Mapping[str, Any], outputs: int, arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    """Raise `ModelFileError` unless the arrays hold a name for each output."""
    if labels["mode"] not in MODES or labels["type"] not in LABEL_TYPES:
        raise ModelFileError(f"{path}: labels of type {labels['type']!r}, mode {labels['mode']!r} are not known here")
    count = 2 if labels["mode"] == "single" and outputs == 1 else outputs
    expected = {"labels.text": (np.uint8, (None,)), "labels.offsets": (np.int64, (count + 1,))}
    require(arrays, expected, path)
    offsets = arrays["labels.offsets"]
    if offsets[0] != 0 or offsets[-1] != len(arrays["labels.text"]) or (np.diff(offsets) < 0).any():
        raise ModelFileError(f"{path}: the labels are cut wrongly")
    Labels.restored(arrays, labels["type"], labels["mode"])  # a ValueError for what is no text, or no number
