"""What a map is drawn of: names and their vectors, a category each or none, and where they move under a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError

LEAST = 5
"""Points that make a map."""


@dataclass(frozen=True, eq=False)
class MapPoints:
    """Points of a map, the most important first: labels are placed in this order.

    ``names``: str; ``vectors``: floats (points, dim); ``weights``: how large each is drawn, from its square root, or
    None; ``categories``: what gives it its colour, or None for clusters of the vectors; ``moved``: the vectors under a
    condition (points, dim), drawn as a second map beside the first, or None; ``title``, ``moved_title``: what stands
    above the maps; ``note``: a line below.
    """

    names: Sequence[str]
    vectors: NDArray[np.floating]
    weights: NDArray[np.floating] | None = None
    categories: Sequence[str] | None = None
    moved: NDArray[np.floating] | None = None
    title: str = "map"
    moved_title: str = ""
    note: str = ""

    def checked(self) -> MapPoints:
        """The points themselves; raises `DataError` where they make no map."""
        count = len(self.names)
        if count < LEAST:
            raise DataError(f"{count} points make no map; give {LEAST} or more")
        for what, array in (("vectors", self.vectors), ("moved", self.moved)):
            if array is not None and (array.ndim != 2 or len(array) != count or not np.isfinite(array).all()):
                raise DataError(f"{what} of shape {array.shape} for {count} names; expected a finite row for each")
        if self.moved is not None and self.moved.shape != self.vectors.shape:
            raise DataError(f"moved has shape {self.moved.shape}, vectors {self.vectors.shape}; expected the same")
        for what, given in (("weights", self.weights), ("categories", self.categories)):
            if given is not None and len(given) != count:
                raise DataError(f"{len(given)} {what} for {count} names; expected one each")
        return self
