"""Rectifier networks in a model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.nets.dense import BITS, DenseNet
from lilliput.tasks.mlp_parameters import check_parameters

if TYPE_CHECKING:
    from lilliput.tasks.mlp import Network
    from lilliput.tasks.promise import Promise


def hold_memory(draft: Network, promise: Promise) -> None:
    """Give the weights as many bits as the file has room for; `BudgetError` if there is none for the fewest."""
    whole = draft.net_
    for bits in BITS:
        draft.bits_, draft.net_ = bits, whole.coded(bits)
        if promise.excess(draft.file_size()) <= 0:
            break
    promise.hold_memory(draft.file_size())
    if draft.bits_ < BITS[0]:
        draft.report_.notes.append(f"weights have {draft.bits_} bits, for the budget")


def restore(model: Network, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    """Fill `model` from a file; `ModelFileError` for what does not fit."""
    model.hidden = tuple(model.hidden)
    if isinstance(model.momentum, list):
        model.momentum = (model.momentum[0], model.momentum[1])
    net = DenseNet.restored(arrays, path)
    require(arrays, dict.fromkeys(("shift", "scale"), (np.float32, (net.inputs,))), path)
    try:
        check_parameters(model)
        model.bits_, model.history_ = int(manifest["bits"]), dict(manifest["history"])
        model.interrupted_ = bool(manifest["interrupted"])
    except (KeyError, TypeError, ValueError, LilliputError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe a network ({error!r})") from error
    if model.bits_ not in BITS:
        raise ModelFileError(f"{path}: weights of {model.bits_} bits; known are {', '.join(map(str, BITS))}")
    model.net_, model.n_features_in_ = net, net.inputs
    model.shift_, model.scale_ = np.array(arrays["shift"]), np.array(arrays["scale"])
