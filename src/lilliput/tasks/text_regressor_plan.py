"""What gives way for a small file, planned before anything is trained: bits, hidden units, columns."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from lilliput.core.report import Measure
from lilliput.features.buckets import BucketMap
from lilliput.features.tfidf import TfIdf
from lilliput.nets.dense import BITS, FEWEST, DenseNet
from lilliput.tasks.array_fit import ENDED_EARLY
from lilliput.tasks.text_regressor_columns import most_steps
from lilliput.training.ridge import Ridge

if TYPE_CHECKING:
    from lilliput.tasks.promise import Promise
    from lilliput.tasks.text_regressor import TextRegressor

LEAST_COLUMNS, LEAST_UNITS = 64, 8
"""Columns, and units of a hidden layer, without which a model is of no use; fewer where there are no more."""
UNITS = 1 / 8
"""Units of a hidden layer over the root of the bytes for all arrays: measured, as is what follows."""
FEW_COLUMNS = 3000
"""Columns below which more of them with 4 bits a weight are worth more than 8 bits."""
_ONE = np.zeros(1, dtype=np.int32)
SLACK = 640
"""Bytes for what is not known before: digits of sizes and of choices."""
STORY, MOST_STORY = 0.02, 8_000
"""The share of a file for the history of the network and what its watch says, and the most bytes for these."""


@dataclass(frozen=True)
class Sizes:
    """Bits of a weight, columns of all and of the network, units of its hidden layers."""

    bits: int
    columns: int
    narrow: int
    hidden: tuple[int, ...]


@dataclass(frozen=True)
class Frame:
    """What sizes a model has without a budget, and what its arrays take.

    whole : the sizes.
    outputs, ridges : outputs; ridge regressions, the second one on the predictions of two models too.
    network : whether there is one.
    texts : whether each column has a weight of its own.
    numbers : that the columns are chosen from, all groups together.
    """

    whole: Sizes
    outputs: int
    ridges: int
    network: bool
    texts: bool
    numbers: int

    def bytes_of(self, sizes: Sizes) -> int:
        """Bytes of the arrays, at most."""
        outputs, columns, later = self.outputs, sizes.columns, max(8, sizes.bits) // 8
        total = 0
        if self.ridges:
            total += _layer(columns, outputs, sizes.bits)
            total += (self.ridges - 1) * _layer(columns + 2 * outputs, outputs, sizes.bits)
        if self.texts or columns < self.whole.columns:
            total += 2 * most_steps(columns, self.numbers)
        if self.texts:
            total += columns * (4 if sizes.bits == BITS[0] else 2)
        if self.network:
            total += _layer(sizes.narrow, sizes.hidden[0], sizes.bits) + -(-columns // 8)
            total += sum(a * b * later + 8 * b for a, b in pairwise((*sizes.hidden, outputs)))
        return total

    @property
    def least(self) -> Sizes:
        """The smallest sizes that are of use."""
        columns = min(LEAST_COLUMNS, self._most)
        return min((self._sizes(bits, columns, LEAST_UNITS) for bits in (BITS[-1], FEWEST)), key=self.bytes_of)

    @property
    def _most(self) -> int:
        """Columns that there is a use for."""
        return self.whole.columns if self.ridges else self.whole.narrow

    def fitting(self, room: int) -> Sizes | None:
        """The sizes to choose where the arrays may take `room` bytes; None where the smallest take more."""
        for bits in BITS:
            if self.bytes_of(replace(self.whole, bits=bits)) <= room:
                return replace(self.whole, bits=bits)
        if self.bytes_of(self.least) > room:
            return None
        units = max(LEAST_UNITS, int(UNITS * math.sqrt(room)))
        found = self._best(units, room) or self._best(LEAST_UNITS, room)
        assert found is not None
        if found.columns < self._most or not self.network:
            return found
        widest, bits, columns = max(self.whole.hidden), found.bits, found.columns
        narrowest = min(LEAST_UNITS, widest)
        return _largest(lambda units: self._sizes(bits, columns, units), narrowest, widest, self._fits(room))

    def _best(self, units: int, room: int) -> Sizes | None:
        """The most columns in eight bits a weight, or in fewer bits where these are few."""
        finer, coarser = (self._most_columns(bits, units, room) for bits in (BITS[-1], FEWEST))
        if finer is None or coarser is None:
            return finer or coarser
        return finer if finer.columns >= min(FEW_COLUMNS, coarser.columns) else coarser

    def _sizes(self, bits: int, columns: int, units: int) -> Sizes:
        hidden = tuple(min(units, width) for width in self.whole.hidden)
        return Sizes(bits, columns, min(columns, self.whole.narrow), hidden)

    def _fits(self, room: int) -> Callable[[Sizes], bool]:
        return lambda sizes: self.bytes_of(sizes) <= room

    def _most_columns(self, bits: int, units: int, room: int) -> Sizes | None:
        least, most = min(LEAST_COLUMNS, self._most), self._most
        return _largest(lambda columns: self._sizes(bits, columns, units), least, most, self._fits(room))


def _layer(inputs: int, units: int, bits: int) -> int:
    """Bytes of a first layer at most, with its bias and its scales."""
    if bits == FEWEST:
        return inputs * (2 + -(-units // 2)) + 4 * units
    return inputs * units * bits // 8 + 8 * units


def _largest(of: Callable[[int], Sizes], low: int, high: int, fits: Callable[[Sizes], bool]) -> Sizes | None:
    """The sizes of the largest number from `low` to `high` that fit; None where those of `low` do not."""
    if not fits(of(low)):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(of(middle)) else (low, middle - 1)
    return of(low)


def planned(draft: TextRegressor, promise: Promise) -> Sizes:
    """The sizes of `draft`, whose labels and columns are known; `BudgetError` where the least do not fit its file."""
    frame = frame_of(draft)
    memory = promise.budget.memory
    if memory is None:
        return frame.whole
    fixed = _fixed_bytes(draft)
    room = memory - fixed - (round(min(MOST_STORY, STORY * memory)) if frame.network else 0)
    sizes = frame.fitting(room)
    if sizes is None:
        needed = fixed + frame.bytes_of(frame.least)
        promise.hold_room("text regressor", room, memory - room, needed / (1 - STORY) - (memory - room) + 16)
    assert sizes is not None
    return sizes


def frame_of(draft: TextRegressor) -> Frame:
    """What `draft`, whose labels and columns are known, has without a budget."""
    network, features = draft.model != "ridge", draft.features_
    columns, most = draft.n_features_in_, draft.n_features_in_
    if features is not None:
        most = min(int(draft.columns), columns)
    hidden = tuple(int(width) for width in draft.hidden)
    return Frame(
        Sizes(BITS[0], columns, most, hidden),
        draft.n_outputs_,
        {"network": 0, "stack": 2}.get(draft.model, 1),
        network,
        features is not None,
        columns if features is None else sum(1 << group.bits for group in features.groups),
    )


def _fixed_bytes(draft: TextRegressor) -> int:
    """Bytes of the file of `draft` beside its arrays and the story of its network, at most."""
    frame = frame_of(draft)
    blank = copy.copy(draft)
    one = np.zeros((1, 1), dtype=np.float32)
    blank.network_ = DenseNet((one,) * (1 + len(draft.hidden)), (one[0],) * (1 + len(draft.hidden)))
    blank.network_ = blank.network_ if frame.network else None
    blank.ridge_ = Ridge(one, one[0]) if frame.ridges else None
    blank.stack_ = Ridge(one, one[0]) if frame.ridges > 1 else None
    blank.alpha_ = blank.blend_ = 1 / 3
    blank.bits_, blank.interrupted_, blank.history_ = FEWEST, False, {"records": []}
    blank.n_features_in_ = 1  # else the flags of the network's columns would count; `SLACK` has room for its digits
    blank.narrow_, blank.kept_ = _ONE, None if draft.features_ is not None else _ONE
    if draft.features_ is not None:
        maps = tuple(BucketMap(one_map.words[:8]) for one_map in draft.features_.maps)
        blank.features_ = TfIdf(draft.features_.groups, maps, draft.features_.weights[:0])
    names = ("rmse", "rmse of network", "rmse of ridge")
    plan = dict.fromkeys(("alpha", "alpha of the stack", "weight of the network", "passes"), 1 / 3)
    blank.report_ = replace(
        draft.report_,
        quality=dict.fromkeys(names, Measure(1 / 3, 1 / 3, 1 / 3, 10**9)),
        plan={**draft.report_.plan, **described(frame.whole), **plan},
        notes=[ENDED_EARLY, too_few_folds(10**9, draft.folds), note_of(frame.least, frame)],
    )
    return blank.file_size() + SLACK


def trainee(draft: TextRegressor, sizes: Sizes) -> TextRegressor:
    """`draft` as its network is trained: with the hidden units that it has, and less dropout where these are fewer."""
    found = copy.copy(draft)
    found.hidden = sizes.hidden
    found.dropout = draft.dropout * math.sqrt(sum(sizes.hidden) / sum(draft.hidden))
    return found


def described(sizes: Sizes) -> dict[str, Any]:
    """The sizes for the plan of a report."""
    return {
        "columns": sizes.columns,
        "columns of the network": sizes.narrow,
        "hidden": list(sizes.hidden),
        "bits a weight": sizes.bits,
    }


def note_of(sizes: Sizes, frame: Frame) -> str:
    """What gave way, in a sentence."""
    whole = frame.whole
    fewer = [f"weights have {sizes.bits} bits"]
    if sizes.columns < whole.columns:
        fewer.append(f"{sizes.columns:,} of {whole.columns:,} columns are kept")
    if frame.network and sizes.hidden != whole.hidden:
        fewer.append(
            f"hidden layers have {' and '.join(map(str, sizes.hidden))} units, not "
            f"{' and '.join(map(str, whole.hidden))}"
        )
    return f"for the budget {', '.join(fewer)}"


def too_few_folds(rows: int, folds: int) -> str:
    """Why a model is not stacked."""
    return f"{rows} rows are too few for {folds} folds: blended instead of stacked"
