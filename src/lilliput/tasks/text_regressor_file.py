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
from lilliput.features.plain import NGrams
from lilliput.features.tfidf import TfIdf
from lilliput.nets.dense import BITS, FEWEST, DenseNet
from lilliput.tasks.labels import Labels
from lilliput.tasks.mlp_targets import stored_history
from lilliput.tasks.text_regressor_columns import from_steps, to_steps, weight_type
from lilliput.tasks.text_regressor_input import check_parameters
from lilliput.training.ridge import Ridge

if TYPE_CHECKING:
    from lilliput.tasks.promise import Promise
    from lilliput.tasks.text_regressor import TextRegressor

MOST_BITS = 24
"""Binary logarithm of the buckets that n-grams are hashed to, at most: a table in memory has as many places."""


def hold_memory(draft: TextRegressor, promise: Promise, describe: Callable[[], None]) -> None:
    """Give the weights the bits that were planned, and leave out of the file what has no room; else `BudgetError`.

    `describe` completes the report, which is in the file too, and to which the bits make a difference.
    """
    bits = draft.bits_
    draft.network_ = None if draft.network_ is None else draft.network_.coded(bits)
    draft.ridge_, draft.stack_ = _coded(draft.ridge_, bits), _coded(draft.stack_, bits)
    describe()
    while promise.excess(draft.file_size()) > 0 and draft.history_["records"]:
        draft.history_ = _thinned(draft.history_)
    if promise.excess(draft.file_size()) > 0 and len(draft.history_) > 1:
        said = [finding["sentence"] for finding in draft.history_["findings"]] + draft.history_["notes"]
        draft.report_.notes = [note for note in draft.report_.notes if note not in said]
        draft.history_ = {**draft.history_, "findings": [], "notes": []}
    promise.hold_memory(draft.file_size())


def _thinned(history: dict[str, Any]) -> dict[str, Any]:
    """The history with the best record and every second one, from the last; of few records none."""
    records, best = history["records"], history["best"]
    last = len(records) - 1
    kept = [place for place in range(len(records)) if place == best or (last - place) % 2 == 0] if last > 1 else []
    return {**history, "records": [records[place] for place in kept], "best": kept.index(best) if best in kept else -1}


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
    found: dict[str, NDArray[Any]] = model.labels_.arrays()
    if model.features_ is not None:
        found["idf"] = model.features_.weights.astype(weight_type(model.bits_))
        found |= {f"columns{number}": to_steps(one.buckets()) for number, one in enumerate(model.features_.maps)}
    if model.kept_ is not None:
        found["columns"] = to_steps(model.kept_)
    if model.network_ is not None:
        flags = np.zeros(model._width, dtype=np.uint8)
        flags[model.narrow_] = 1
        found["narrow"] = np.packbits(flags)
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
    require(arrays, arrays_of_labels, path)
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
    if model.bits_ not in (*BITS, FEWEST) or model.n_features_in_ < 0:
        raise ModelFileError(f"{path}: {model.bits_} bits, {model.n_features_in_} columns; the file is damaged")
    if len(model.labels_.names) != model.n_outputs_ or not grouped <= set(model.labels_.names):
        raise ModelFileError(f"{path}: the labels do not fit {model.n_outputs_} outputs and their groups")
    for name in ("words", "chars", "hidden", "alphas"):
        setattr(model, name, tuple(getattr(model, name)))
    model.features_ = None if specs is None else _features(groups, arrays, model, path)
    model.kept_ = None
    if "columns" in arrays:
        require(arrays, {"columns": (np.uint16, (None,))}, path)
        model.kept_ = from_steps(arrays["columns"], model.n_features_in_, path).astype(np.int32)
    model.network_ = DenseNet.restored(arrays, path) if "layer0.weight" in arrays else None
    model.narrow_ = np.zeros(0, dtype=np.int32)
    if model.network_ is not None:
        require(arrays, {"narrow": (np.uint8, (-(-model._width // 8),))}, path)
        model.narrow_ = np.flatnonzero(np.unpackbits(arrays["narrow"])).astype(np.int32)
    model.ridge_, model.stack_ = _ridge("ridge", arrays, path), _ridge("stack", arrays, path)
    _check(model, path)


def _check(model: TextRegressor, path: StrPath) -> None:
    """Raise `ModelFileError` unless the parts fit each other."""
    columns, outputs, narrow = model._width, model.n_outputs_, model.narrow_
    shapes = {(model.network_.inputs, model.network_.outputs)} if model.network_ else set()
    right = shapes <= {(len(narrow), outputs)} and (model.network_ is not None or model.ridge_ is not None)
    right = right and (not len(narrow) or narrow[-1] < columns)
    for ridge, width in ((model.ridge_, columns), (model.stack_, columns + 2 * outputs)):
        right = right and (ridge is None or ridge.weights.shape == (width, outputs))
    if not right or not 0 <= model.blend_ <= 1:
        raise ModelFileError(f"{path}: the parts of the text regressor do not fit each other")


def _features(groups: list[NGrams], arrays: Mapping[str, NDArray[Any]], model: TextRegressor, path: StrPath) -> TfIdf:
    columns = model.n_features_in_
    names = {f"columns{number}": (np.uint16, (None,)) for number in range(len(groups))}
    require(arrays, {"idf": (weight_type(model.bits_), (columns,)), **names}, path)
    if any(group.bits > MOST_BITS or group.unit == "cluster" for group in groups):
        raise ModelFileError(f"{path}: the n-grams are none of a text regressor")
    maps = [
        BucketMap.of(from_steps(arrays[name], 1 << group.bits, path), group.bits)
        for name, group in zip(names, groups, strict=True)
    ]
    found = TfIdf(tuple(groups), tuple(maps), np.asarray(arrays["idf"], dtype=np.float32))
    if not np.isfinite(found.weights).all():
        raise ModelFileError(f"{path}: the weights of columns are no finite numbers; the file is damaged")
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
