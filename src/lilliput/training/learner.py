"""A feed-forward network while it learns: float tables with Adagrad's sums, and how it is coded in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import linear_levels, nearest_codes, pack_codes, tree_levels
from lilliput.core.arrays import constant
from lilliput.features.bags import SEGMENTS
from lilliput.features.buckets import BucketMap
from lilliput.features.groups import Group
from lilliput.nets.chain import fresh_transitions
from lilliput.nets.feedforward import ROW_SCALE_DIM, FeedForward, Layers, Table
from lilliput.nets.kernels import Head, Scratch, Tables, coding_of, row_scales, store_rows

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """The form of a net: groups of n-grams, the width of their tables, hidden units (0: none), outputs, bits a weight.

    `linear`: the tables are as wide as the outputs and the bags are summed; there are no dense layers but a bias.
    `chain`: texts follow one another in chains, and the transitions between their outputs are learned too.
    """

    groups: tuple[Group, ...]
    dim: int
    hidden: int
    outputs: int
    code_bits: int
    linear: bool
    chain: bool = False

    @property
    def width(self) -> int:
        """Length of the pooled vector."""
        return self.dim if self.linear else self.dim * len(self.groups)

    @property
    def row_scaled(self) -> bool:
        """Whether each row has a scale of its own."""
        return self.dim >= ROW_SCALE_DIM

    def row_bytes(self) -> float:
        """Bytes in the file for a row, its scale included."""
        return self.dim * self.code_bits / 8 + (2 if self.row_scaled else 0)

    def layer_bytes(self) -> int:
        """Bytes in the file for the dense layers and, in 16 bits, the transitions."""
        chain = 2 * (self.outputs + 1) * self.outputs if self.chain else 0
        if self.linear:
            return 4 * self.outputs + chain
        units = self.hidden or self.width
        return 4 * ((self.width + 1) * self.hidden + (units + 1) * self.outputs) + chain


class Learner:
    """All that changes while a net of `shape` learns, for one `BucketMap` a group and a learning rate a row.

    ``sums``: where Adagrad's sums of squares begin in the tables. At 0 the first step of a weight is a whole one,
    however small its gradient; from more than that, what says little moves little.
    """

    def __init__(
        self, shape: Shape, maps: Sequence[BucketMap], rates: Sequence[Floats], seed: int, sums: float = 0.0
    ) -> None:
        self.shape = shape
        self.maps = tuple(maps)
        counts = [bucket_map.rows for bucket_map in maps]
        self.first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        columns = np.arange(len(counts)) * (0 if shape.linear else shape.dim)
        generator = np.random.default_rng(seed)
        size = (int(self.first[-1]), shape.dim)
        if shape.linear:
            weights = np.zeros(size, dtype=np.float32)
        else:
            weights = generator.uniform(-1 / shape.dim, 1 / shape.dim, size=size).astype(np.float32)
        self.tables = Tables(
            weights,
            np.full(size, sums, dtype=np.float32),
            np.zeros((0, shape.dim), dtype=np.float32),
            np.concatenate(rates).astype(np.float32),
            self.first[:-1],
            columns.astype(np.int64),
        )
        self.head = _fresh_head(shape, generator)
        self.transitions = fresh_transitions(shape.outputs if shape.chain else 0)
        self.coding = coding_of(np.zeros(0, dtype=np.float32), 0.0)

    @property
    def coded(self) -> bool:
        """Whether the last phase has begun."""
        return len(self.coding.levels) > 0

    @property
    def read(self) -> Floats:
        """The weights that the forward pass reads, (rows, dim)."""
        return self.tables.stored if self.coded else self.tables.weights

    def weights(self, group: int) -> Floats:
        """Float weights of a group's table (rows, dim), as they stand; a view."""
        return self.tables.weights[self.first[group] : self.first[group + 1]]

    def start_coding(self) -> None:
        """From now on the forward pass sees the weights as the file will hold them."""
        weights = self.tables.weights
        row_scaled = self.shape.row_scaled
        levels = (linear_levels if row_scaled else tree_levels)(self.shape.code_bits)
        self.coding = coding_of(levels, 0.0 if row_scaled else _table_scale(weights))
        self.tables = self.tables._replace(stored=np.empty_like(weights))
        rows = np.arange(len(weights), dtype=np.int32)
        store_rows(weights.reshape(-1), self.tables.stored.reshape(-1), rows, 0, self.shape.dim, self.coding)

    def scratch(self, texts: int) -> Scratch:
        """Working space for `texts` texts at a time."""
        units = self.shape.hidden or self.shape.width
        widths = (self.shape.width, units, self.shape.outputs, self.shape.outputs, units, self.shape.width)
        parts = np.zeros((texts, SEGMENTS, self.shape.width), dtype=np.float32)
        return Scratch(parts, *(np.zeros((texts, width), dtype=np.float32) for width in widths))

    def freeze(self) -> FeedForward:
        """The net in its stored form; `start_coding` must have come first."""
        tables = tuple(self._coded(group) for group in range(len(self.maps)))
        head = self.head
        layers = Layers(head.hidden.copy(), head.hidden_bias.copy(), head.output.copy(), head.bias.copy())
        return FeedForward(self.shape.groups, self.maps, tables, layers, self.shape.linear)

    def _coded(self, group: int) -> Table:
        weights, stored = self.weights(group), self.tables.stored[self.first[group] : self.first[group + 1]]
        scales = row_scales(weights) if self.shape.row_scaled else np.array([self.coding.scale], dtype=np.float32)
        codes = nearest_codes(stored / scales[:, None], self.coding.levels)  # what training saw, ties and all
        bits = self.shape.code_bits
        return Table(constant(pack_codes(codes, bits)), scales.astype(np.float16), self.shape.dim, bits)


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
