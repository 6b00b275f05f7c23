"""A feed-forward network while it learns: float tables with Adagrad's sums, and how it is coded in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import linear_levels, nearest_codes, pack_codes, tree_levels
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams
from lilliput.nets.feedforward import ROW_SCALE_DIM, FeedForward, Layers, Table
from lilliput.nets.kernels import STORED, WEIGHTS, Coding, Head, Scratch, Tables, row_scale, store_all

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """The form of a net: groups of n-grams, a table width each, hidden units (0: none), outputs, bits a weight.

    `linear`: every table is as wide as the outputs and the bags are summed; there are no dense layers but a bias.
    """

    groups: tuple[NGrams, ...]
    dims: tuple[int, ...]
    hidden: int
    outputs: int
    code_bits: int
    linear: bool

    @property
    def width(self) -> int:
        """Length of the pooled vector."""
        return self.outputs if self.linear else sum(self.dims)

    def row_bytes(self, group: int) -> float:
        """Bytes in the file for a row of `group`, its scale included."""
        dim = self.dims[group]
        return dim * self.code_bits / 8 + (2 if dim >= ROW_SCALE_DIM else 0)

    def layer_bytes(self) -> int:
        """Bytes in the file for the dense layers."""
        if self.linear:
            return 4 * self.outputs
        units = self.hidden or self.width
        return 4 * ((self.width + 1) * self.hidden + (units + 1) * self.outputs)


class Learner:
    """All that changes while a net of `shape` learns, for one `BucketMap` a group and a learning rate a row."""

    def __init__(self, shape: Shape, maps: Sequence[BucketMap], rates: Sequence[Floats], seed: int) -> None:
        self.shape = shape
        self.maps = tuple(maps)
        self.rows = np.array([bucket_map.rows for bucket_map in maps], dtype=np.int64)
        dims = np.array(shape.dims, dtype=np.int64)
        sizes = self.rows * (1 + 3 * dims)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        columns = np.zeros_like(dims) if shape.linear else np.concatenate([[0], np.cumsum(dims)[:-1]])
        self.tables = Tables(np.zeros(int(sizes.sum()), dtype=np.float32), starts, dims, columns.astype(np.int64))
        generator = np.random.default_rng(seed)
        for group, rate in enumerate(rates):
            cells = self._cells(group)
            cells[:, 0] = rate
            if not shape.linear:
                dim = shape.dims[group]
                cells[:, 1 : 1 + dim] = generator.uniform(-1 / dim, 1 / dim, size=(len(cells), dim))
        self.head = _fresh_head(shape, generator)
        self.coding = Coding(np.zeros(0, dtype=np.float32), np.zeros(len(dims), dtype=np.float32))

    @property
    def part(self) -> int:
        """Which part of a row the forward pass reads."""
        return STORED if len(self.coding.levels) else WEIGHTS

    def weights(self, group: int) -> Floats:
        """Float weights of a group's table (rows, dim), as they stand; a view."""
        return self._cells(group)[:, 1 : 1 + self.shape.dims[group]]

    def start_coding(self) -> None:
        """From now on the forward pass sees the weights as the file will hold them."""
        bits = self.shape.code_bits
        row_scaled = self._row_scaled(0)
        scales = [0.0 if row_scaled else _table_scale(self.weights(group)) for group in range(len(self.rows))]
        levels = linear_levels(bits) if row_scaled else tree_levels(bits)
        self.coding = Coding(levels, np.array(scales, dtype=np.float32))
        store_all(self.tables, self.coding, self.rows)

    def scratch(self, texts: int) -> Scratch:
        """Working space for `texts` texts at a time."""
        units = self.shape.hidden or self.shape.width
        widths = (self.shape.width, units, self.shape.outputs, self.shape.outputs, units, self.shape.width)
        return Scratch(*(np.zeros((texts, width), dtype=np.float32) for width in widths))

    def freeze(self) -> FeedForward:
        """The net in its stored form; `start_coding` must have come first."""
        tables = tuple(self._coded(group) for group in range(len(self.rows)))
        head = self.head
        layers = Layers(head.hidden.copy(), head.hidden_bias.copy(), head.output.copy(), head.bias.copy())
        return FeedForward(self.shape.groups, self.maps, tables, layers, self.shape.linear)

    def _coded(self, group: int) -> Table:
        weights = self.weights(group)
        if self._row_scaled(group):
            scales = np.array([row_scale(row) for row in weights], dtype=np.float32)
        else:
            scales = self.coding.scales[group : group + 1]
        codes = nearest_codes(weights / scales[:, None], self.coding.levels)
        bits, dim = self.shape.code_bits, self.shape.dims[group]
        return Table(pack_codes(codes, bits), scales.astype(np.float16), dim, bits)

    def _row_scaled(self, group: int) -> bool:
        return self.shape.dims[group] >= ROW_SCALE_DIM

    def _cells(self, group: int) -> Floats:
        dim, start = self.shape.dims[group], int(self.tables.starts[group])
        return self.tables.cells[start : start + int(self.rows[group]) * (1 + 3 * dim)].reshape(-1, 1 + 3 * dim)


def _table_scale(weights: Floats) -> float:
    """A table's scale: its largest magnitude but for one weight in ten thousand, exact in float16."""
    if not weights.size:
        return 1.0
    scale = np.quantile(np.abs(weights), 0.9999)
    return float(np.float16(max(float(scale), 2.0**-14)))


def _fresh_head(shape: Shape, generator: np.random.Generator) -> Head:
    width, hidden, outputs = shape.width, shape.hidden, shape.outputs
    hidden_weights = np.zeros((0, 0), dtype=np.float32)
    if hidden:
        bound = np.sqrt(6 / (width + hidden))  # Glorot and Bengio 2010
        hidden_weights = generator.uniform(-bound, bound, size=(width, hidden)).astype(np.float32)
    output = np.zeros((0, 0) if shape.linear else (hidden or width, outputs), dtype=np.float32)
    layers = (hidden_weights, np.zeros(hidden, dtype=np.float32), output, np.zeros(outputs, dtype=np.float32))
    return Head(*layers, *(np.zeros_like(layer) for layer in layers))
