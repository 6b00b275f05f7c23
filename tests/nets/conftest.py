from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from lilliput.features.bags import SEGMENTS
from lilliput.features.buckets import BucketMap
from lilliput.features.clusters import cluster_map
from lilliput.features.plain import NGrams, buckets
from lilliput.nets.feedforward import FeedForward, Layers, Table
from lilliput.nets.kernels import Bags, Coding, Head, Scratch, Tables, Targets, coding_of

TEXTS = ["the fox ran", "", "the dog ran over the fox", "Straße 漢字 😀", "fox", "?!", "a dog, a fox & a cat", "x" * 40]
CLUSTERS = cluster_map(["the", "fox", "dog", "cat", "a", "漢"], np.arange(6, dtype=np.int32) // 2)


@dataclass
class Net:
    """A net that learns, as the kernels take it; ``bag_rows``: for each group the rows of each text."""

    dim: int
    rows: tuple[int, ...]
    bag_rows: list[list[np.ndarray]]
    tables: Tables
    head: Head
    bags: Bags
    targets: Targets
    scratch: Scratch
    coding: Coding = field(default_factory=lambda: coding_of(np.zeros(0, np.float32), 0.0))

    @property
    def outputs(self):
        return len(self.head.bias)

    @property
    def groups(self):
        """Slices of the rows of each group."""
        return [slice(first, first + rows) for first, rows in zip(self.tables.first.tolist(), self.rows, strict=True)]

    def dense_targets(self):
        """Wanted outputs, float64 (texts, outputs)."""
        wanted = np.zeros((len(self.targets.weights), self.outputs))
        for text in range(len(wanted)):
            span = slice(self.targets.indptr[text], self.targets.indptr[text + 1])
            wanted[text, self.targets.labels[span]] = self.targets.values[span]
        return wanted


def random_bags(rows, texts, generator):
    """Bags of random rows for every group, in the second with repeats; text 2 has none in the first, 5 none at all."""
    bounds = np.zeros((len(rows), texts, SEGMENTS + 1), dtype=np.int64)
    bag_rows, flat, used = [], [], 0
    for group, count in enumerate(rows):
        bag_rows.append([])
        for text in range(texts):
            size = 0 if text == 5 or (text == 2 and group == 0) else generator.integers(1, count + 1)
            bag = np.sort(generator.choice(count, size=size, replace=group == 1)).astype(np.int32)
            bounds[group, text] = used + np.searchsorted(bag * SEGMENTS // count, np.arange(SEGMENTS + 1))
            used += size
            bag_rows[-1].append(bag)
            flat.append(bag)
    return bag_rows, Bags(bounds, np.concatenate(flat))


def random_targets(outputs, texts, generator, kind):
    """One label a text, several or none, or soft values; weights between 1/2 and 2."""
    indptr, labels, values = [0], [], []
    for text in range(texts):
        size = (
            1 if kind == "single" else int(generator.integers(0 if kind == "multi" and text == 3 else 1, outputs + 1))
        )
        labels.extend(generator.choice(outputs, size=size, replace=False))
        shares = generator.uniform(0.1, 1, size=size)
        values.extend({"single": [1.0], "multi": [1.0] * size, "soft": shares, "shares": shares / shares.sum()}[kind])
        indptr.append(len(labels))
    weights = generator.uniform(0.5, 2, size=texts).astype(np.float32)
    return Targets(np.array(indptr), np.array(labels, dtype=np.int32), np.array(values, dtype=np.float32), weights)


@pytest.fixture
def make_net():
    """Random nets with a batch of texts: groups of 13 and 9 rows, `dim` wide."""

    def make(dim, groups=2, shared=False, hidden=0, output=True, outputs=3, kind="single", texts=8, seed=0):
        generator = np.random.default_rng(seed)
        rows = (13, 9)[:groups]
        width = dim if shared else dim * groups
        units = hidden or width

        def normal(*shape):
            return generator.normal(size=shape).astype(np.float32)

        size = (sum(rows), dim)
        tables = Tables(
            weights=normal(*size),
            sums=np.zeros(size, np.float32),
            stored=normal(*size),
            rates=generator.uniform(0.5, 2, size=sum(rows)).astype(np.float32),
            first=np.array([0, 13][:groups]),
            columns=np.array([0, 0 if shared else dim][:groups]),
        )
        layers = (
            normal(width, hidden) if hidden else np.zeros((0, 0), np.float32),
            normal(hidden),
            normal(units, outputs) if output else np.zeros((0, 0), np.float32),
            normal(outputs),
        )
        shapes = [(SEGMENTS, width), *((size,) for size in (width, units, outputs, outputs, units, width))]
        bag_rows, bags = random_bags(rows, texts, generator)
        return Net(
            dim,
            rows,
            bag_rows,
            tables,
            Head(*layers, *(np.zeros_like(layer) for layer in layers)),
            bags,
            random_targets(outputs, texts, generator, kind),
            Scratch(*(np.full((texts, *shape), np.nan, dtype=np.float32) for shape in shapes)),
        )

    return make


@pytest.fixture
def make_stored():
    """Stored nets with random codes, with a row for about half of the n-grams of `TEXTS`."""

    def make(dims, bits=8, shared=False, hidden=0, outputs=3, seed=0):
        generator = np.random.default_rng(seed)
        groups = (NGrams("word", 1, 2, 10), NGrams("char", 2, 4, 11), NGrams("cluster", 1, 2, 9, CLUSTERS))[: len(dims)]
        maps, tables = [], []
        for group, dim in zip(groups, dims, strict=True):
            occurring = sorted({bucket for text in TEXTS for bucket, _ in buckets(text, group)})
            maps.append(BucketMap.of(np.array(occurring)[generator.random(len(occurring)) < 0.5], group.bits))
            rows = maps[-1].rows
            top = 2**bits - 1
            codes = generator.integers(0, top, size=rows * dim).astype(np.uint8)
            if bits == 4:  # low half first
                codes = np.append(codes, np.zeros(len(codes) % 2, np.uint8))
                codes = codes[::2] | codes[1::2] << 4
            scales = generator.uniform(0.5, 2, size=rows if dim >= 8 else 1).astype(np.float16)
            tables.append(Table(codes, scales, dim, bits))
        width = dims[0] if shared else sum(dims)

        def normal(*shape):
            return generator.normal(size=shape).astype(np.float32)

        none = np.zeros((0, 0), np.float32)
        layers = Layers(
            normal(width, hidden) if hidden else none,
            normal(hidden),
            none if shared else normal(hidden or width, outputs),
            normal(outputs),
        )
        return FeedForward(groups, tuple(maps), tuple(tables), layers, shared)

    return make


@pytest.fixture
def texts():
    return list(TEXTS)
