"""The file of a ranking: what is kept of it within a budget, and the checks when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import BudgetError, LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.data.batch import BadRows
from lilliput.data.ids import Ids, Numbers, Texts
from lilliput.tasks.promise import Promise, round_memory
from lilliput.tasks.rank import NOBODY, Ranking
from lilliput.tasks.rank_parameters import check_parameters

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker

BEST = 5
"""Supporters of an account that are kept in a file without edges."""


def manifest(model: InfluencerRanker) -> dict[str, Any]:
    """Beside the parameters: size, and how exact the scores are."""
    return {
        "accounts": len(model.ranking_.order),
        "residual": model.residual_,
        "bound": model.bound_,
        "passes": model.passes_,
        "private": model.private_,
    }


def arrays(ranking: Ranking) -> dict[str, NDArray[Any]]:
    """By row, but for ids by number; followers and friends as whole numbers where they are."""
    found: dict[str, NDArray[Any]] = {**ranking.ids.arrays(), "order": ranking.order, "scores": ranking.scores}
    found |= {"followers": _small(ranking.followers), "friends": _small(ranking.friends)}
    found["suspicion"] = ranking.suspicion
    optional: dict[str, NDArray[Any] | None]
    optional = {"distance": ranking.distance, "parent": ranking.parent, "community": ranking.community}
    optional |= {"before": ranking.before, "best": ranking.best, "flows": ranking.flows}
    found |= {name: array for name, array in optional.items() if array is not None}
    if ranking.matrix is not None:
        matrix = ranking.matrix
        found |= {"lengths": np.diff(matrix.starts).astype(np.uint32), "sources": matrix.sources, "out": matrix.out}
        found |= {} if matrix.weights is None else {"weights": matrix.weights}
    return found


def _small(values: NDArray[np.float64]) -> NDArray[Any]:
    whole = values.astype(np.uint32) if len(values) and values.max() < 1 << 32 else None
    return whole if whole is not None and bool(np.all(whole == values)) else values


def within(draft: InfluencerRanker, promise: Promise) -> None:
    """Leave out edges, then supporters, until the file is no larger than allowed. Raises `BudgetError`."""
    if promise.excess(draft.file_size()) <= 0:
        return
    from lilliput.tasks.rank_explain import best_supporters

    best, flows = best_supporters(draft, BEST)
    full = draft.ranking_
    notes = draft.report_.notes
    for kept, what in ((replace(full, matrix=None, best=best, flows=flows), "edges"), (replace(full, matrix=None), "")):
        draft.ranking_ = kept
        left = f"its {BEST} best supporters" if what else "its score alone"
        draft.report_.notes = [*notes, f"the file has no room for the edges; of each account it keeps {left}"]
        size = draft.file_size()
        if promise.excess(size) <= 0:
            return
    smallest = round_memory(size)
    raise BudgetError(
        f"the scores and ids of {len(full.order):,} accounts alone take {size:,} bytes; "
        f"the smallest memory that would do is {smallest}",
        smallest,
    )


# Reading


def restore(
    model: InfluencerRanker, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath
) -> None:
    """Fill in a ranking from a file, all checked."""
    try:
        check_parameters(model)
    except LilliputError as error:
        raise ModelFileError(f"{path}: the parameters in the manifest cannot be used ({error})") from error
    count = manifest.get("accounts")
    if type(count) is not int or count < 1:
        raise ModelFileError(f"{path}: the manifest does not say how many accounts there are")
    ids = _ids(arrays, count, path)
    require(arrays, {"order": (np.uint32, (count,)), "scores": (np.float64, (count,))}, path)
    require(arrays, {"suspicion": (np.float32, (count,))}, path)
    order = arrays["order"]
    if not np.array_equal(np.bincount(np.minimum(order, count), minlength=count), np.ones(count, dtype=np.int64)):
        raise ModelFileError(f"{path}: the order of the accounts is no permutation")
    _finite(arrays["scores"], "scores", path)
    _finite(arrays["suspicion"], "suspicion", path)
    followers, friends = (_counts(arrays, name, count, path) for name in ("followers", "friends"))
    more = _optional(arrays, count, path)
    model.ranking_ = Ranking(
        ids, order, arrays["scores"], followers, friends, arrays["suspicion"], matrix=_matrix(arrays, ids, path), **more
    )
    numbers = [manifest.get(name) for name in ("residual", "bound", "passes")]
    if not all(isinstance(number, (int, float)) and number >= 0 for number in numbers):
        raise ModelFileError(f"{path}: residual, bound and passes are {numbers}; expected numbers from 0 on")
    model.residual_, model.bound_, model.passes_ = float(numbers[0]), float(numbers[1]), int(numbers[2])  # type: ignore[arg-type]
    if not isinstance(manifest.get("private"), bool):
        raise ModelFileError(f"{path}: the manifest does not say whether accounts have private neighbours")
    model.private_, model.bad_, model.interrupted_ = bool(manifest["private"]), BadRows(), False


def _ids(arrays: Mapping[str, NDArray[Any]], count: int, path: StrPath) -> Ids:
    if "id_starts" not in arrays:
        require(arrays, {"ids": (np.uint32, (count,))}, path)
        values = arrays["ids"]
        if np.any(values[1:] <= values[:-1]):
            raise ModelFileError(f"{path}: the ids do not rise")
        return Numbers(values)
    require(arrays, {"ids": (np.uint8, (None,)), "id_starts": (np.int64, (count + 1,))}, path)
    data, starts = arrays["ids"], arrays["id_starts"]
    if starts[0] != 0 or starts[-1] != len(data) or np.any(starts[1:] < starts[:-1]):
        raise ModelFileError(f"{path}: the ids do not fill their buffer")
    try:
        data.tobytes().decode()
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{path}: the ids are no text in UTF-8 ({error})") from error
    if np.any(data[starts[:-1][np.diff(starts) > 0]] & 0xC0 == 0x80):
        raise ModelFileError(f"{path}: an id begins within a character")
    return Texts(data, starts)


def _counts(arrays: Mapping[str, NDArray[Any]], name: str, count: int, path: StrPath) -> NDArray[np.float64]:
    kind = np.uint32 if name in arrays and arrays[name].dtype == np.uint32 else np.float64
    require(arrays, {name: (kind, (count,))}, path)
    values = arrays[name].astype(np.float64)
    _finite(values, name, path)
    return values


def _finite(values: NDArray[Any], name: str, path: StrPath, least: float = 0.0) -> None:
    if not np.all(np.isfinite(values)) or np.any(values < least):
        raise ModelFileError(f"{path}: {name} are not finite numbers from {least:g} on")


def _optional(arrays: Mapping[str, NDArray[Any]], count: int, path: StrPath) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "distance" in arrays or "parent" in arrays:
        require(arrays, {"distance": (np.int32, (count,)), "parent": (np.uint32, (count,))}, path)
        distance, parent = arrays["distance"], arrays["parent"]
        further = distance > 0
        if np.any(distance < -1) or np.any(parent[further] >= count) or np.any(parent[~further] != NOBODY):
            raise ModelFileError(f"{path}: a way to the seeds leads nowhere")
        if np.any(distance[parent[further]] != distance[further] - 1):
            raise ModelFileError(f"{path}: a way to the seeds does not get nearer to them")
        found |= {"distance": distance, "parent": parent}
    if "community" in arrays:
        require(arrays, {"community": (np.uint32, (count,))}, path)
        found["community"] = arrays["community"]
    if "before" in arrays:
        require(arrays, {"before": (np.float64, (count,))}, path)
        _finite(arrays["before"], "before", path, -1.0)
        found["before"] = arrays["before"]
    if "best" in arrays or "flows" in arrays:
        require(arrays, {"best": (np.uint32, (count, BEST)), "flows": (np.float32, (count, BEST))}, path)
        _finite(arrays["flows"], "flows", path)
        if np.any((arrays["best"] >= count) & (arrays["best"] != NOBODY)):
            raise ModelFileError(f"{path}: a supporter is no account")
        found |= {"best": arrays["best"], "flows": arrays["flows"]}
    return found


def _matrix(arrays: Mapping[str, NDArray[Any]], ids: Ids, path: StrPath) -> Any:
    if "sources" not in arrays:
        return None
    from lilliput.graph.matrix import Matrix

    count = len(ids)
    wanted: dict[str, Any] = {"lengths": (np.uint32, (count,)), "sources": (np.uint32, (None,))}
    require(arrays, {**wanted, "out": (np.float64, (count,))}, path)
    starts = np.concatenate(([0], np.cumsum(arrays["lengths"], dtype=np.int64)))
    sources, weights = arrays["sources"], arrays.get("weights")
    if starts[-1] != len(sources) or (len(sources) and sources.max() >= count):
        raise ModelFileError(f"{path}: the edges are not those of {count:,} accounts")
    if weights is not None:
        kind = np.float32 if weights.dtype == np.float32 else np.float64
        require(arrays, {"weights": (kind, (len(sources),))}, path)
        _finite(weights, "weights", path)
    _finite(arrays["out"], "out", path)
    return Matrix(starts, sources, weights, arrays["out"], arrays["order"], ids)
