"""Rectifier networks in a model file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import BudgetError, LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.nets.dense import BITS, DenseNet
from lilliput.tasks.mlp_parameters import check_parameters
from lilliput.tasks.promise import round_memory

if TYPE_CHECKING:
    from lilliput.tasks.mlp import Network
    from lilliput.tasks.promise import Promise


REPORT = 2000
"""Bytes that a report takes which is not yet complete."""


def check_room(draft: Network, net: DenseNet, promise: Promise) -> None:
    """Raise `BudgetError` before the training where weights of the fewest bits are larger than the file may be."""
    bits = BITS[-1]
    draft.bits_, draft.net_, draft.history_, draft.interrupted_ = bits, net.coded(bits), {"records": []}, False
    size = draft.file_size()
    if promise.excess(size) > 0:
        smallest = round_memory(size + REPORT)
        raise BudgetError(
            f"the network alone takes {size:,} bytes, {promise.excess(size):,} more than allowed; the smallest memory "
            f"that would do is {smallest}, or give narrower layers (hidden)",
            smallest,
        )


def hold_memory(draft: Network, promise: Promise, describe: Callable[[], None]) -> None:
    """Give the weights as many bits as the file has room for; `BudgetError` if there is none for the fewest.

    `describe` completes the report, which is in the file too, and to which the bits make a difference.
    """
    whole = draft.net_
    for bits in BITS:
        draft.bits_, draft.net_ = bits, whole.coded(bits)
        describe()
        if draft.bits_ < BITS[0]:
            draft.report_.notes.append(f"weights have {draft.bits_} bits, for the budget")
        if promise.excess(draft.file_size()) <= 0:
            break
    promise.hold_memory(draft.file_size())


def restore(model: Network, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    """Fill `model` from a file; `ModelFileError` for what does not fit."""
    model.hidden = tuple(model.hidden)
    if isinstance(model.momentum, list):
        model.momentum = (model.momentum[0], model.momentum[1])
    net = DenseNet.restored(arrays, path)
    narrow = "shift" in arrays and arrays["shift"].dtype == np.float32  # as files had it at first
    shift = np.float32 if narrow else np.float64
    require(arrays, {"shift": (shift, (net.inputs,)), "scale": (np.float32, (net.inputs,))}, path)
    try:
        check_parameters(model)
        model.bits_, model.history_ = int(manifest["bits"]), dict(manifest["history"])
        model.interrupted_ = bool(manifest["interrupted"])
    except (KeyError, TypeError, ValueError, LilliputError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe a network ({error!r})") from error
    if model.bits_ not in BITS:
        raise ModelFileError(f"{path}: weights of {model.bits_} bits; known are {', '.join(map(str, BITS))}")
    model.net_, model.n_features_in_ = net, net.inputs
    model.shift_, model.scale_ = arrays["shift"].astype(np.float64), np.array(arrays["scale"])
