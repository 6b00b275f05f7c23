"""Labels as people give them, as the kernels want them, and as the model file keeps them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError

if TYPE_CHECKING:
    from lilliput.nets.kernels import Targets

MODES = ("single", "multi", "soft")
LABEL_TYPES: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True)
class Labels:
    """The labels of a task in their order, all of one type, and how many of them a text has.

    `mode`: "single" (one), "multi" (any number) or "soft" (each with a value in [0, 1]).
    """

    names: tuple[Any, ...]
    mode: str

    @property
    def outputs(self) -> int:
        """Outputs of the net: one a label, but one for two labels of which exactly one holds."""
        return 1 if self.mode == "single" and len(self.names) == 2 else len(self.names)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The names as one UTF-8 buffer with offsets, for the model file."""
        encoded = [str(name).encode() for name in self.names]
        offsets = np.cumsum([0, *(len(name) for name in encoded)]).astype(np.int64)
        return {"labels.text": np.frombuffer(b"".join(encoded), dtype=np.uint8), "labels.offsets": offsets}

    @property
    def type_name(self) -> str:
        """Name of the labels' type, for the manifest."""
        return type(self.names[0]).__name__

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]], type_name: str, mode: str) -> Labels:
        """The labels that `arrays`, `type_name` and `mode` describe."""
        text, offsets = arrays["labels.text"].tobytes(), arrays["labels.offsets"]
        names = [text[first:last].decode() for first, last in pairwise(offsets)]
        if type_name == "bool":
            return cls(tuple(name == "True" for name in names), mode)
        return cls(tuple(LABEL_TYPES[type_name](name) for name in names), mode)


class LabelReader:
    """Collects the targets of a stream, batch by batch, finding the labels as they come.

    `mode` None: as the rows say. Mappings hold soft values; else a row has one label, as it is or in a list, until one
    comes that has several or none: then any number is allowed, and the rows before it are read so too.
    """

    def __init__(self, mode: str | None = None, known: Sequence[Any] = ()) -> None:
        if mode is not None and mode not in MODES:
            raise DataError(f'targets={mode!r}: expected "single", "multi" or "soft", or nothing to find it out')
        self.mode = mode
        self.free = mode is None
        self.numbers: dict[Any, int] = {name: number for number, name in enumerate(known)}
        self.known = len(self.numbers)
        self.type = type(known[0]) if known else None
        self.sizes = array("q")
        self.labels = array("l" if array("l").itemsize == 4 else "i")
        self.values = array("f")

    def add(self, targets: Sequence[Any]) -> None:
        """Take the targets of the next rows; DataError names the first that does not fit the others."""
        if self.mode is None and targets:
            self.mode = "soft" if isinstance(targets[0], Mapping) else "single"
        row = len(self.sizes)
        for target in targets:
            row += 1
            items = self._items(target, row)
            self.sizes.append(len(items))
            for label, value in items:
                number = self.numbers.get(label) if type(label) is self.type else None  # as True == 1
                if number is None:
                    number = self._new(label, row)
                self.labels.append(number)
                self.values.append(value)

    def finish(self, balanced: bool = False) -> tuple[Labels, Targets]:
        """The labels (new ones sorted, behind those known before) and the targets of all rows.

        `balanced`: texts weigh in inverse proportion to how often their labels occur, one on average.
        """
        from lilliput.nets.kernels import Targets  # not on import: a prediction needs no compiler

        names = [*list(self.numbers)[: self.known], *sorted(list(self.numbers)[self.known :])]
        if not names:
            raise DataError("there are no labels; every row is without one")
        place = {name: number for number, name in enumerate(names)}
        renumber = np.array([place[name] for name in self.numbers], dtype=np.int32)
        labels = Labels(tuple(names), self.mode or "single")
        if labels.mode == "single" and len(names) < 2:
            raise DataError(
                f"every row has the same label, {names[0]!r}; there is nothing to tell apart: "
                "give rows of at least two labels"
            )
        numbers = renumber[np.frombuffer(self.labels, dtype=np.int32)]
        indptr = np.concatenate([[0], np.cumsum(np.frombuffer(self.sizes, dtype=np.int64))]).astype(np.int64)
        values = np.frombuffer(self.values, dtype=np.float32)
        weights = _balance(numbers, values, indptr) if balanced else np.ones(len(self.sizes), dtype=np.float32)
        if labels.outputs == 1 and labels.mode == "single":
            return labels, Targets(indptr, np.zeros_like(numbers), numbers.astype(np.float32), weights)
        return labels, Targets(indptr, numbers, values, weights)

    def _items(self, target: Any, row: int) -> list[tuple[Any, float]]:
        """(label, value) pairs of one row."""
        found = _mode_of(target)
        if self.free and self.mode == "single" and found == "multi" and len(target) != 1:
            self.mode = "multi"  # what was read so far reads the same
        if self.mode == "soft" and found == "soft":
            return _soft_items(target, row)
        if self.mode == "multi" and found == "multi":
            return [(label, 1.0) for label in dict.fromkeys(target)]
        if self.mode == "multi" and found == "single":
            return [(target, 1.0)]
        if self.mode == "single" and found == "multi" and len(target) == 1:
            return [(next(iter(target)), 1.0)]
        if self.mode == found == "single":
            return [(target, 1.0)]
        wanted = {"single": "one label", "multi": "a list of labels", "soft": "a mapping of label to value"}
        hint = '; if texts may have several labels, say targets="multi"' if found == "multi" else ""
        raise DataError(
            f"row {row}: found {target!r}, expected {wanted[self.mode or 'single']} as in the rows before{hint}"
        )

    def _new(self, label: Any, row: int) -> int:
        if type(label).__name__ not in LABEL_TYPES:
            raise DataError(f"row {row}: {label!r} cannot be a label; use text or numbers")
        if self.type not in (None, type(label)):
            first = next(iter(self.numbers))
            raise DataError(
                f"row {row}: the label {label!r} is {_kind(label)}, but {first!r} before it is {_kind(first)}; "
                "give all labels as text, or all as numbers"
            )
        if isinstance(label, str) and not _is_utf8(label):
            raise DataError(f"row {row}: the label {label!r} holds half a character (a lone surrogate); mend it")
        self.type = type(label)
        self.numbers[label] = number = len(self.numbers)
        return number


def _is_utf8(label: str) -> bool:
    return label.isascii() or not any("\ud800" <= character <= "\udfff" for character in label)


def _mode_of(target: Any) -> str:
    if isinstance(target, Mapping):
        return "soft"
    return "multi" if isinstance(target, (list, tuple, set, frozenset)) else "single"


def _soft_items(target: Mapping[Any, Any], row: int) -> list[tuple[Any, float]]:
    for label, value in target.items():
        if not isinstance(value, Real) or not 0 <= float(value) <= 1:  # NaN fails too
            raise DataError(f"row {row}: the target of {label!r} is {value!r}, expected a value between 0 and 1")
    return [(label, float(value)) for label, value in target.items()]


def _kind(label: Any) -> str:
    return {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}[type(label).__name__]


def _balance(numbers: NDArray[np.int32], values: NDArray[np.float32], indptr: NDArray[np.int64]) -> NDArray[np.float32]:
    """A weight a text: the mean over its labels of the inverse frequencies, scaled to a mean of one."""
    frequency = np.maximum(np.bincount(numbers, values), 1e-9)  # a soft label may be zero everywhere
    sizes = np.diff(indptr)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    sums = np.bincount(rows, values / frequency[numbers], minlength=len(sizes))
    totals = np.bincount(rows, values, minlength=len(sizes))
    labelled = totals > 0
    weights = sums / np.maximum(totals, 1e-9)
    weights[~labelled] = weights[labelled].mean() if labelled.any() else 1.0
    return (weights / weights.mean()).astype(np.float32)
