"""Components in a model file, within its budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.spectral.moments import Moments

if TYPE_CHECKING:
    from lilliput.tasks.pca import StreamingPCA
    from lilliput.tasks.promise import Promise

HALF_NOTE = "components are rounded to 16 bits, for the budget"


def hold_memory(draft: StreamingPCA, promise: Promise) -> None:
    """Round the components to 16 bits if the file has no room for them; `BudgetError` if it has none for those."""
    if promise.excess(draft.file_size()) > 0:
        draft.components_ = draft.components_.T.astype(np.float16).astype(np.float32).T
        draft.mean_ = draft.mean_.astype(np.float32)
        draft.report_.notes.append(HALF_NOTE)
    promise.hold_memory(draft.file_size())


def stored(model: StreamingPCA) -> NDArray[Any]:
    """The components as they are in the file: as columns, (columns, k), which is how they lie in memory."""
    directions = model.components_.T
    return directions.astype(np.float16) if HALF_NOTE in model.report_.notes else directions


def restore(
    model: StreamingPCA, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath
) -> None:
    """Fill `model` from a file; `ModelFileError` for what does not fit."""
    from lilliput.tasks.pca_fit import check_parameters

    directions = arrays.get("directions")
    if directions is None or directions.ndim != 2 or directions.dtype not in (np.float16, np.float32, np.float64):
        raise ModelFileError(f"{path}: the array 'directions' is missing or no matrix of floats")
    columns, count = directions.shape
    expected = {
        "variance": (np.float64, (count,)),
        "residuals": (np.float64, (count,)),
        "mean": (np.float64, (columns,)),
    }
    require(arrays, expected, path)
    if not all(np.isfinite(array).all() for array in arrays.values()) or not count or not columns:
        raise ModelFileError(f"{path}: the components hold what is no finite number, or there are none")
    try:
        check_parameters(model)
        weight, squared_weight, squares = (float(value) for value in manifest["weights"])
        moments = Moments(columns, model.half_life)
        moments.rows, moments.weight = int(manifest["rows"]), weight
        moments.squared_weight, moments.squares = squared_weight, squares
        model.total_variance_, model.passes_ = float(manifest["total_variance"]), int(manifest["passes"])
        model.solver_, model.interrupted_ = str(manifest["solver"]), bool(manifest["interrupted"])
    except (KeyError, TypeError, ValueError, LilliputError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe principal components ({error!r})") from error
    if not weight > 0:
        raise ModelFileError(f"{path}: the components were learned from rows of weight {weight}")
    moments.shift = np.array(arrays["mean"])  # sums of distances to the mean are zero
    kept = np.float32 if directions.dtype == np.float16 else directions.dtype
    model.components_ = np.array(directions, dtype=kept).T
    model.explained_variance_, model.residuals_ = np.array(arrays["variance"]), np.array(arrays["residuals"])
    model.mean_, model.moments_, model.n_features_in_ = moments.mean.astype(kept), moments, columns
