"""The two matrices of a fastText model: dense, and product-quantised.

A quantised row is a byte for each part of it, which picks one of that part's 256 centroids (Jégou et al. 2011, "Product
Quantization for Nearest Neighbor Search"). Its length may be quantised apart (``qnorm``): a byte that picks one of 256.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import ModelFileError

CENTROIDS = 256


@dataclass(frozen=True)
class DenseMatrix:
    """``values``: float32 (rows, columns), often a view into a memory map."""

    values: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.values.shape[0], self.values.shape[1]

    def directions(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows as float32 (len(rows), columns)."""
        return self.values[rows]

    def lengths(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Ones, float32 (len(rows),): nothing is apart."""
        return np.ones(len(rows), dtype=np.float32)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """What a model file holds of it."""
        return {name: self.values}


@dataclass(frozen=True)
class QuantMatrix:
    """Rows in codes of a byte for every ``width`` columns; the last part may be narrower.

    ``codes``: uint8 (rows, parts); ``centroids``: float32 (256 * columns,), those of one part after those of the other;
    ``norm_codes``: uint8 (rows,) and ``norms``: float32 (256,), or both empty when the length is not apart.
    """

    codes: NDArray[np.uint8]
    centroids: NDArray[np.float32]
    width: int
    norm_codes: NDArray[np.uint8]
    norms: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.codes), len(self.centroids) // CENTROIDS

    def directions(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows before they are scaled by their `lengths`, as float32 (len(rows), columns)."""
        parts = []
        for part in range(self.codes.shape[1]):
            first = part * self.width
            last = min(first + self.width, self.shape[1])
            table = self.centroids[CENTROIDS * first : CENTROIDS * last].reshape(CENTROIDS, last - first)
            parts.append(table[self.codes[rows, part]])
        return np.concatenate(parts, axis=1)

    def lengths(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """What to multiply `directions` by, as float32 (len(rows),)."""
        if not len(self.norms):
            return np.ones(len(rows), dtype=np.float32)
        return self.norms[self.norm_codes[rows]]

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """What a model file holds of it, besides its width."""
        arrays: dict[str, NDArray[Any]] = {f"{name}_codes": self.codes, f"{name}_centroids": self.centroids}
        if len(self.norms):
            arrays |= {f"{name}_norm_codes": self.norm_codes, f"{name}_norms": self.norms}
        return arrays


Matrix: TypeAlias = "DenseMatrix | QuantMatrix"


def sum_in_order(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum over the first axis, from first to last in 32 bits as fastText does it; `numpy.sum` may add in pairs."""
    return np.add.accumulate(values, axis=0)[-1]


def mean_of_rows(matrix: Matrix, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean of rows as float32 (columns,); zeros when there are none."""
    if len(rows) == 0:
        return np.zeros(matrix.shape[1], dtype=np.float32)
    scaled = matrix.directions(rows) * matrix.lengths(rows)[:, None]
    return sum_in_order(scaled) * np.float32(1.0 / len(rows))


def check_quantiser(columns: int, parts: int, width: int, where: str) -> None:
    """Raise `ModelFileError` unless parts of that width make up the columns."""
    if columns < 1 or width < 1 or parts != -(-columns // width):
        raise ModelFileError(
            f"{where} is quantised in {parts} parts of {width} columns, which do not make up {columns} columns; "
            "the file is damaged"
        )
