"""Text regressors in a model file, within its budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.features.buckets import BucketMap
from lilliput.features.groups import restored as restored_group
from lilliput.features.tfidf import TfIdf
from lilliput.nets.dense import BITS, DenseNet
from lilliput.tasks.labels import Labels
from lilliput.tasks.mlp_targets import stored_history
from lilliput.tasks.text_regressor_input import check_parameters
from lilliput.training.ridge import Ridge

if TYPE_CHECKING:
    from lilliput.tasks.promise import Promise
    from lilliput.tasks.text_regressor import TextRegressor


def hold_memory(draft: TextRegressor, promise: Promise, describe: Callable[[], None]) -> None:
    """Give the weights as many bits as the file has room for; `BudgetError` if there is none for the fewest.

    `describe` completes the report, which is in the file too, and to which the bits make a difference.
    """
    network, ridge, stack, notes = draft.network_, draft.ridge_, draft.stack_, draft.report_.notes
    for bits in BITS:
        draft.bits_ = bits
        draft.network_ = None if network is None else network.coded(bits)
        draft.ridge_, draft.stack_ = _coded(ridge, bits), _coded(stack, bits)
        draft.report_.notes = notes + ([f"weights have {bits} bits, for the budget"] if bits < BITS[0] else [])
        describe()
        if promise.excess(draft.file_size()) <= 0:
            break
    promise.hold_memory(draft.file_size())


def manifest_of(model: TextRegressor) -> dict[str, Any]:
    """What was learned and is no array."""
    groups = None if model.features_ is None else [group.to_dict() for group in model.features_.groups]
    return {
        "features": groups,
        "outputs": model.n_outputs_,
        "label_type": model.labels_.type_name,
        "columns": model.n_features_in_,
        "alpha": model.alpha_,
        "blend": model.blend_,
        "bits": model.bits_,
        "history": stored_history(model.history_),
        "interrupted": model.interrupted_,
    }


def arrays_of(model: TextRegressor) -> dict[str, NDArray[Any]]:
    """What was learned, by name."""
    found: dict[str, NDArray[Any]] = {"narrow": model.narrow_, **model.labels_.arrays()}
    if model.features_ is not None:
        found["idf"] = model.features_.weights
        found |= {f"columns{number}": one.words for number, one in enumerate(model.features_.maps)}
    if model.network_ is not None:
        found |= model.network_.arrays(model.bits_)
    for name, ridge in (("ridge", model.ridge_), ("stack", model.stack_)):
        if ridge is not None:
            found |= {f"{name}.{key}": array for key, array in _linear(ridge).arrays(model.bits_).items()}
    return found


def restore(
    model: TextRegressor, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath
) -> None:
    """Fill `model` from a file; `ModelFileError` for what does not fit."""
    arrays_of_labels: dict[str, Any] = {"labels.text": (np.uint8, (None,)), "labels.offsets": (np.int64, (None,))}
    require(arrays, {"narrow": (np.int32, (None,)), **arrays_of_labels}, path)
    try:
        model.labels_ = Labels.restored(arrays, manifest["label_type"], "soft")
        model.n_outputs_, model.n_features_in_ = int(manifest["outputs"]), int(manifest["columns"])
        model.alpha_, model.blend_ = float(manifest["alpha"]), float(manifest["blend"])
        model.bits_, model.history_ = int(manifest["bits"]), dict(manifest["history"])
        model.interrupted_, specs = bool(manifest["interrupted"]), manifest["features"]
        groups = [restored_group(spec, None) for spec in specs or []]
    except (KeyError, TypeError, ValueError, LilliputError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe a text regressor ({error!r})") from error
    try:
        check_parameters(model)
        grouped = set().union(*model.groups)
    except (TypeError, LilliputError) as error:
        raise ModelFileError(f"{path}: the parameters are none of a text regressor ({error})") from error
    if len(model.labels_.names) != model.n_outputs_ or not grouped <= set(model.labels_.names):
        raise ModelFileError(f"{path}: the labels do not fit {model.n_outputs_} outputs and their groups")
    for name in ("words", "chars", "hidden", "alphas"):
        setattr(model, name, tuple(getattr(model, name)))
    narrow = model.narrow_ = np.array(arrays["narrow"])
    if len(narrow) and (narrow.min() < 0 or narrow.max() >= model.n_features_in_ or (np.diff(narrow) <= 0).any()):
        raise ModelFileError(f"{path}: the columns of the network are none of {model.n_features_in_:,}")
    model.features_ = None if specs is None else _features(groups, arrays, model.n_features_in_, path)
    model.network_ = DenseNet.restored(arrays, path) if "layer0.weight" in arrays else None
    model.ridge_, model.stack_ = _ridge("ridge", arrays, path), _ridge("stack", arrays, path)
    _check(model, path)


def _check(model: TextRegressor, path: StrPath) -> None:
    """Raise `ModelFileError` unless the parts fit each other."""
    columns, outputs = model.n_features_in_, model.n_outputs_
    shapes = {(model.network_.inputs, model.network_.outputs)} if model.network_ else set()
    right = shapes <= {(len(model.narrow_), outputs)} and (model.network_ is not None or model.ridge_ is not None)
    for ridge, width in ((model.ridge_, columns), (model.stack_, columns + 2 * outputs)):
        right = right and (ridge is None or ridge.weights.shape == (width, outputs))
    if not right or not 0 <= model.blend_ <= 1 or model.bits_ not in BITS:
        raise ModelFileError(f"{path}: the parts of the text regressor do not fit each other")


def _features(groups: list[Any], arrays: Mapping[str, NDArray[Any]], columns: int, path: StrPath) -> TfIdf:
    names = {f"columns{number}": (np.uint64, ((1 << group.bits) // 64,)) for number, group in enumerate(groups)}
    require(arrays, {"idf": (np.float32, (columns,)), **names}, path)
    found = TfIdf(tuple(groups), tuple(BucketMap(arrays[name]) for name in names), np.array(arrays["idf"]))
    if found.first[-1] != columns:
        raise ModelFileError(f"{path}: {found.first[-1]:,} n-grams are columns, {columns:,} are expected")
    return found


def _ridge(name: str, arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Ridge | None:
    own = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
    if not own:
        return None
    net = DenseNet.restored(own, path)
    return Ridge(net.weights[0], net.biases[0])


def _linear(ridge: Ridge) -> DenseNet:
    return DenseNet((ridge.weights,), (ridge.intercepts,))


def _coded(ridge: Ridge | None, bits: int) -> Ridge | None:
    if ridge is None:
        return None
    net = _linear(ridge).coded(bits)
    return Ridge(net.weights[0], net.biases[0])
