"""The feed-forward network as it is stored and used: coded tables, a dense head, and prediction by NumPy alone.

`lilliput.nets.kernels` trains it and states the formula; `lilliput.nets.pooling` runs it over many texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import linear_levels, tree_levels, unpack_codes
from lilliput.compress.valuemap import ValueMap, holds_map
from lilliput.features.buckets import BucketMap
from lilliput.features.groups import Group, restored

Floats = NDArray[np.float32]
ROW_SCALE_DIM = 8
"""From this width on a row carries a scale of its own: two bytes that then cost less than they bring."""


@dataclass(frozen=True)
class Table:
    """Rows of `dim` weights coded in `bits` (4 or 8) each.

    ``codes``: packed uint8; ``scales``: float16 (rows,) over linear levels for wide rows, else (1,) over the tree's.
    """

    codes: NDArray[np.uint8]
    scales: NDArray[np.float16]
    dim: int
    bits: int

    @property
    def row_scaled(self) -> bool:
        """Whether each row has a scale of its own."""
        return self.dim >= ROW_SCALE_DIM

    @property
    def levels(self) -> Floats:
        """Sorted float32 levels that the codes index."""
        return linear_levels(self.bits) if self.row_scaled else tree_levels(self.bits)

    def weights(self, rows: NDArray[np.int64]) -> Floats:
        """Decoded weights of `rows`; float32 (rows, dim)."""
        cells = rows[:, None] * self.dim + np.arange(self.dim)
        if self.bits == 8:
            codes = self.codes[cells]
        else:
            codes = self.codes[cells >> 1] >> ((cells & 1) << 2).astype(np.uint8) & 15
        scales = self.scales[rows] if self.row_scaled else self.scales
        return self.levels[codes] * scales.astype(np.float32)[:, None]

    def all_weights(self) -> Floats:
        """Every row decoded; float32 (rows, dim), in 4 bits perhaps one row more than there are if `dim` is 1."""
        count = len(self.codes) * 8 // self.bits
        codes = unpack_codes(self.codes, self.bits, count - count % self.dim).reshape(-1, self.dim)
        return self.levels[codes] * self.scales.astype(np.float32)[:, None]


@dataclass(frozen=True)
class Layers:
    """The dense head, float32: ``hidden`` (pooled, units), ``output`` (units, outputs); no rows where there is none."""

    hidden: Floats
    hidden_bias: Floats
    output: Floats
    bias: Floats

    def __call__(self, pooled: Floats) -> Floats:
        """Logits (texts, outputs) of pooled vectors (texts, columns)."""
        units = pooled
        if len(self.hidden):
            units = np.maximum(pooled @ self.hidden + self.hidden_bias, 0)
        return (units @ self.output if len(self.output) else units) + self.bias

    def parameters(self) -> int:
        """Number of weights, biases included."""
        return sum(array.size for array in (self.hidden, self.hidden_bias, self.output, self.bias))


@dataclass(frozen=True)
class FeedForward:
    """Groups of features, each with a bucket map and a coded table, under a dense head.

    The pooled vector is the concatenation of the groups' bags or, with ``shared`` columns, their sum.
    """

    groups: tuple[Group, ...]
    maps: tuple[BucketMap, ...]
    tables: tuple[Table, ...]
    layers: Layers
    shared: bool

    @property
    def outputs(self) -> int:
        """Length of the logits."""
        return len(self.layers.bias)

    @property
    def clusters(self) -> ValueMap | None:
        """The clusters of words that a group goes by; one map for all of them."""
        return next((group.clusters for group in self.groups if group.clusters is not None), None)

    @cached_property
    def caches(self) -> list[Any]:
        """What `lilliput.nets.pooling` keeps from call to call."""
        return []

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "caches"}

    @property
    def columns(self) -> list[int]:
        """First column of each group in the pooled vector."""
        if self.shared:
            return [0] * len(self.tables)
        return [sum(table.dim for table in self.tables[:at]) for at in range(len(self.tables))]

    @property
    def width(self) -> int:
        """Length of the pooled vector."""
        dims = [table.dim for table in self.tables]
        return dims[0] if self.shared else sum(dims)

    def parameters(self) -> int:
        """Number of weights, biases included."""
        rows = sum(bucket_map.rows * table.dim for bucket_map, table in zip(self.maps, self.tables, strict=True))
        return rows + self.layers.parameters()

    def bag(self, item: Any, group: int) -> tuple[NDArray[np.int64], list[str]]:
        """Rows of the bag of a text (or of what else the groups take) in `group`, and what each stands for."""
        once = self.groups[group].once
        rows: list[int] = []
        shown: list[str] = []
        seen: set[int] = set()
        for bucket, ngram in self.groups[group].bag(item):
            row = self.maps[group].row(bucket)
            if row < 0 or (once and row in seen):
                continue
            seen.add(row)
            rows.append(row)
            shown.append(ngram)
        return np.array(rows, dtype=np.int64), shown

    def pooled(self, item: Any) -> Floats:
        """Pooled vector of one text (or token), float32 (width,), by plain Python and NumPy."""
        pooled = np.zeros(self.width, dtype=np.float32)
        for group, (table, column) in enumerate(zip(self.tables, self.columns, strict=True)):
            rows, _ = self.bag(item, group)
            if len(rows):
                total = table.weights(rows).sum(axis=0)
                pooled[column : column + table.dim] += total / np.float32(np.sqrt(len(rows)))
        return pooled

    def logits(self, texts: list[str]) -> Floats:
        """Logits (texts, outputs), one text after the other without compiled code; for few texts and cold starts."""
        pooled = np.array([self.pooled(text) for text in texts], dtype=np.float32).reshape(len(texts), self.width)
        return self.layers(pooled)

    def contributions(self, text: str) -> list[tuple[str, Floats]]:
        """What each n-gram of `text` adds to the logits: (n-gram, float32 (outputs,)), exact for linear heads.

        With a hidden layer the units that `text` switches on are taken as they are, so that the parts and the biases
        still add up to the logits.
        """
        slope = self._slope(text)
        parts: list[tuple[str, Floats]] = []
        for group, (table, column) in enumerate(zip(self.tables, self.columns, strict=True)):
            rows, ngrams = self.bag(text, group)
            if not len(rows):
                continue
            weights = table.weights(rows) / np.float32(np.sqrt(len(rows)))
            says = weights if slope is None else weights @ slope[column : column + table.dim]
            parts.extend(zip(ngrams, says, strict=True))
        return parts

    def _slope(self, text: str) -> Floats | None:
        """Derivative of the logits by the pooled vector (width, outputs); None for the identity."""
        layers = self.layers
        if not len(layers.output):
            return None
        if not len(layers.hidden):
            return layers.output
        active = self.pooled(text) @ layers.hidden + layers.hidden_bias > 0
        return (layers.hidden * active) @ layers.output

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for the model file."""
        found: dict[str, NDArray[Any]] = {} if self.clusters is None else self.clusters.arrays()
        for at, (bucket_map, table) in enumerate(zip(self.maps, self.tables, strict=True)):
            found[f"group{at}.map"] = bucket_map.words
            found[f"group{at}.codes"] = table.codes
            found[f"group{at}.scales"] = table.scales
        for name in ("hidden", "hidden_bias", "output", "bias"):
            array = getattr(self.layers, name)
            if array.size:
                found[f"layers.{name}"] = array
        return found

    def shape(self) -> dict[str, Any]:
        """What, beside the arrays, is needed to build the net again; for the model file's manifest."""
        groups = [
            {**group.to_dict(), "dim": table.dim, "code_bits": table.bits}
            for group, table in zip(self.groups, self.tables, strict=True)
        ]
        return {"groups": groups, "shared": self.shared, "outputs": self.outputs}

    @classmethod
    def build(cls, shape: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> FeedForward:
        """The net of `shape()` and `arrays()`; see `expected_arrays` for the checks that come first."""
        groups: list[Group] = []
        maps, tables = [], []
        clusters = ValueMap.restore(arrays) if holds_map(arrays) else None
        for at, spec in enumerate(shape["groups"]):
            groups.append(restored(spec, clusters))
            maps.append(BucketMap(arrays[f"group{at}.map"]))
            tables.append(
                Table(arrays[f"group{at}.codes"], arrays[f"group{at}.scales"], spec["dim"], spec["code_bits"])
            )
        empty = np.zeros(0, dtype=np.float32)
        layers = Layers(
            arrays.get("layers.hidden", empty.reshape(0, 0)),
            arrays.get("layers.hidden_bias", empty),
            arrays.get("layers.output", empty.reshape(0, 0)),
            arrays["layers.bias"],
        )
        return cls(tuple(groups), tuple(maps), tuple(tables), layers, shape["shared"])
