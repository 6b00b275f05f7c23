"""What the model file of a language identifier must hold, checked before anything is built from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams
from lilliput.nets.naive_bayes import CODE_BITS, LEVELS, owner_type
from lilliput.tasks.label_file import LEAST_BITS, check_labels, finite
from lilliput.training.calibration import Calibration


def check_arrays(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    """Raise `ModelFileError` unless the arrays are those that the manifest's net and labels need."""
    try:
        net, calibration = manifest["net"], Calibration(**manifest["calibration"])
        group = NGrams(**net["ngrams"])
        numbers = (net["low"], net["step"], net["power"], manifest["threshold"])
        sound = all(map(finite, (*numbers, calibration.temperature, calibration.floor)))
        sound = sound and calibration.shift is None and calibration.temperature > 0 and 0 <= calibration.floor < 1
        require(arrays, {"totals": (np.float64, (None,))}, path)
        check_labels(manifest["labels"], len(arrays["totals"]), arrays, path)
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe a language identifier ({error!r})") from error
    if group.unit != "char" or group.bits < LEAST_BITS:
        raise ModelFileError(f"{path}: {group} cannot be used to tell languages; this file does not fit its task")
    if not (sound and net["step"] > 0 and 0 <= net["power"] <= 1 and abs(net["low"]) + 16 * net["step"] < 1000):
        raise ModelFileError(f"{path}: {calibration} and the numbers {numbers} cannot be used")
    _check_pairs(group, arrays, path)


def _check_pairs(group: NGrams, arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    totals = arrays["totals"]
    kind = owner_type(len(totals))
    require(arrays, {"map": (np.uint64, ((1 << group.bits) // 64,)), "owners": (kind, (None,))}, path)
    owners = arrays["owners"]
    rows = BucketMap(arrays["map"]).rows
    codes = {"codes": len(owners), "means": rows}
    require(arrays, {name: (np.uint8, (-(-count * CODE_BITS // 8),)) for name, count in codes.items()}, path)
    require(arrays, {"levels": (np.float32, (LEVELS,)), "biases": (np.float64, totals.shape)}, path)
    top = 8 * owners.itemsize - 1
    first = owners >> top
    if int(first.sum()) != rows or (len(owners) and not first[0]):
        raise ModelFileError(f"{path}: the pairs of n-grams and languages do not fit the map of n-grams")
    if len(owners) and int((owners & owners.dtype.type((1 << top) - 1)).max()) >= len(totals):
        raise ModelFileError(f"{path}: there are pairs of languages beyond the {len(totals)} that are named")
    finite_all = all(np.isfinite(arrays[name]).all() for name in ("totals", "levels", "biases"))
    if not (finite_all and (totals >= 0).all()):
        raise ModelFileError(f"{path}: the totals, levels or biases hold numbers that cannot be used")
