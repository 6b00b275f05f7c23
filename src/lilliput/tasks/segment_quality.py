"""How well texts are cut: F1 of whole segments, F1 of the borders between them, and how true their chances are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, Sums, bootstrap
from lilliput.core.errors import DataError
from lilliput.core.report import Measure

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segmenter

BINS = 15
_Bools = NDArray[np.bool_]


class Cut(NamedTuple):
    """Pieces of texts and where segments begin: as they should, and as a model says and how likely it is.

    ``texts``: int64 (texts + 1,), where each begins, and the total; ``free``: pieces at which a border is not sure
    anyway; ``spaces``: pieces that belong to no segment; ``lost``: int64 (texts,), borders within pieces.
    """

    texts: NDArray[np.int64]
    wanted: _Bools
    given: _Bools
    chances: NDArray[np.float32]
    free: _Bools
    spaces: _Bools
    lost: NDArray[np.int64]


def quality(model: Segmenter, items: Iterable[Any]) -> dict[str, Measure]:
    """The measures of `measures` on texts that are cut already, sentences in runs of those that a fit learns from.

    Raises `DataError` where there are none.
    """
    from lilliput.features.pieces import pieces
    from lilliput.tasks.segment_texts import Answer, cut_of, joined_texts

    texts = [joined for joined in joined_texts(items, model.unit) if joined.spans]
    if not texts:
        raise DataError(f"there are no {model.unit}s to score")
    found = [pieces(joined.text, model.unit) for joined in texts]
    answers = model._answers([joined.text for joined in texts], found)
    whole = Answer(*map(np.concatenate, zip(*answers, strict=True)))
    return measures(cut_of(texts, found, whole, model.unit), model.unit)


def measures(cut: Cut, unit: str) -> dict[str, Measure]:
    """F1 of words (or sentences) and of the borders inside texts, and calibration error of the chances of borders."""
    parts = {f"{unit}_f1": _segment_parts(cut), "border_f1": _border_parts(cut)}
    statistics = {name: Statistic(columns, _f1) for name, columns in parts.items()}
    found = bootstrap(statistics, 0)
    free = np.flatnonzero(cut.free)
    if len(free):
        cells = np.zeros((len(free), BINS))
        place = np.minimum((cut.chances[free] * BINS).astype(np.int64), BINS - 1)
        cells[np.arange(len(free)), place] = cut.chances[free] - cut.wanted[free]
        error = Statistic(cells, lambda sums: np.abs(sums).sum(axis=-1) / len(free))
        found |= bootstrap({"calibration_error": error}, 0)
    return found


def _segment_parts(cut: Cut) -> NDArray[np.int64]:
    """Segments wanted, given, and both, of each text: int64 (texts, 3)."""
    both = cut.wanted & cut.given & (_ends(cut.wanted) == _ends(cut.given))
    counted = [_per_text(flags & ~cut.spaces, cut.texts) for flags in (cut.wanted, cut.given, both)]
    counted[0] += cut.lost
    return np.stack(counted, axis=1)


def _border_parts(cut: Cut) -> NDArray[np.int64]:
    """Borders wanted, given, and both, where they are not sure anyway: int64 (texts, 3)."""
    flags = cut.wanted, cut.given, cut.wanted & cut.given
    counted = [_per_text(one & cut.free, cut.texts) for one in flags]
    counted[0] += cut.lost
    return np.stack(counted, axis=1)


def _ends(begun: _Bools) -> NDArray[np.int64]:
    """For each piece where the next segment after it begins, or the end."""
    places = np.where(begun, np.arange(len(begun)), len(begun))
    after = np.minimum.accumulate(places[::-1])[::-1]
    return np.append(after[1:], len(begun))


def _per_text(flags: _Bools, texts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(np.concatenate([[0], np.cumsum(flags)])[texts])


def _f1(sums: Sums) -> Sums:
    wanted, given, both = sums[..., 0], sums[..., 1], sums[..., 2]
    return np.where(wanted + given > 0, 2 * both / np.maximum(wanted + given, 1), 1.0)
