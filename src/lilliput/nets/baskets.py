"""The basket network: what is missing from a basket, by rows of pairs and by short vectors, under one softmax.

The score of item j for the items S of a basket, with k = |S|:

    score(j | S) = bias[j] + k^-power * sum over i in S of (rows[i, j] + inputs[i] . outputs[j])

`rows` has a weight for each pair that occurs often enough, which says what is particular to a pair; the vectors carry
over to pairs that were never seen. It is a linear autoencoder as EASE (Steck 2019, "Embarrassingly shallow autoencoders
for sparse data") and EDLAE (Steck 2020, "Autoencoders that don't overfit towards the identity"), but trained as it is
used: some items of a basket are hidden, and the cross-entropy of the softmax over all items that are not shown is
lessened (Liang et al. 2018, "Variational autoencoders for collaborative filtering", section 2.2), by Adagrad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.nets.basket_kernels import forward, hide, move_inputs, move_outputs

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float32]

SHARD = 16
"""Baskets that a thread takes at a time."""
ITEMS = 64
"""Items that a thread takes at a time."""


@dataclass
class Rows:
    """A sparse square matrix by rows: ``items[offsets[i]:offsets[i + 1]]`` are the columns of row i, ascending."""

    offsets: Longs
    items: Ints
    values: Floats


@dataclass
class BasketNet:
    """Weights: inputs and outputs float32 (items, d), bias float32 (items,), rows of pairs, and the power of k."""

    inputs: Floats
    outputs: Floats
    bias: Floats
    rows: Rows
    power: float

    @classmethod
    def fresh(cls, counts: Longs, rows: Rows, dim: int, power: float, seed: int) -> BasketNet:
        """A network that gives popularity until it has learned; `counts`: in how many baskets each item is."""
        random = np.random.default_rng(seed)
        inputs, outputs = (random.standard_normal((2, len(counts), dim)) * 0.1).astype(np.float32)
        bias = np.log((counts + 0.5) / max(1, counts.sum())).astype(np.float32)
        return cls(inputs, outputs, bias, rows, power)

    def scores(self, basket: Ints) -> Floats:
        """The score of every item for a basket, float32 (items,)."""
        scale = np.float32(max(1, len(basket)) ** -self.power)
        found = self.outputs @ (self.inputs[basket].sum(axis=0) * scale) + self.bias
        offsets = self.rows.offsets
        for item in basket.tolist():
            part = slice(offsets[item], offsets[item + 1])
            found[self.rows.items[part]] += scale * self.rows.values[part]
        return found


@dataclass(frozen=True)
class Plan:
    """How the network is trained.

    passes : over the baskets. rate, row_rate : of Adagrad, for vectors and for rows. decay, row_decay : the share of a
    weight that is taken off with a rate of one. shown : the share of a basket that is shown. batch : baskets of one.
    candidates : items up to which all compete; of more, so many are drawn for a batch beside its targets. subsample :
    share of baskets beyond which items are left out at random; 0: never.
    """

    passes: int = 12
    rate: float = 0.1
    row_rate: float = 0.1
    decay: float = 0.0
    row_decay: float = 0.0
    shown: float = 0.7
    batch: int = 256
    candidates: int = 8192
    subsample: float = 0.0


class Trainer:
    """Trains a network; Adagrad's sums live here."""

    def __init__(self, net: BasketNet, offsets: Longs, items: Ints, plan: Plan, seed: int, threads: int) -> None:
        self.net, self.offsets, self.items, self.plan, self.seed = net, offsets, items, plan, seed
        self.threads = threads
        sizes = np.diff(offsets)
        self.usable = np.flatnonzero(sizes > 1)
        self._squares = [np.full_like(a, 1e-6) for a in (net.inputs, net.outputs, net.bias, net.rows.values)]
        self._sampled, self._inclusion = self._sampling(sizes)

    def steps(self, spent: Callable[[], float] | None = None) -> Iterator[tuple[int, float]]:
        """Train, a batch a time: the number of baskets it had and their mean cross-entropy.

        The rate falls to nothing with the passes; with `spent`, the share of the time that is over, with that if it is
        more, and when the time is over the training is.
        """
        total = self.plan.passes * -(-len(self.usable) // self.plan.batch)
        done = 0
        whole = self.offsets, self.items
        with ThreadPoolExecutor(self.threads) as pool:
            for number in range(self.plan.passes):
                random = np.random.Generator(np.random.PCG64([self.seed, number]))
                self.offsets, self.items = self._thinned(*whole, random)
                order = random.permutation(np.flatnonzero(np.diff(self.offsets) > 1))
                for first in range(0, len(order), self.plan.batch):
                    rows = order[first : first + self.plan.batch]
                    over = max(done / total, spent() if spent else 0.0)
                    if over >= 1:
                        return
                    yield len(rows), self._step(rows, random, 1 - over, pool)
                    done += 1

    def _thinned(self, offsets: Longs, items: Ints, random: np.random.Generator) -> tuple[Longs, Ints]:
        """Baskets without some of the common items: one in a share f of them stays with chance sqrt(subsample / f).

        Mikolov et al. 2013, "Distributed representations of words and phrases", section 2.3.
        """
        if not self.plan.subsample:
            return offsets, items
        shares = np.bincount(items, minlength=len(self.net.bias)) / max(1, len(offsets) - 1)
        stays = np.sqrt(self.plan.subsample / np.maximum(shares, self.plan.subsample))
        kept = random.random(len(items)) < stays[items]
        ends = np.concatenate([[0], np.cumsum(kept)])[offsets]
        return ends.astype(np.int64), items[kept]

    def _sampling(self, sizes: Longs) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
        """Chance of each item to be drawn as a candidate, and to be one at all, drawn or hidden; None: all are."""
        count = len(self.net.bias)
        if count <= self.plan.candidates:
            return None, np.ones(count)
        often = np.bincount(self.items, minlength=count) / max(1, len(self.items))
        weights = often**0.75
        drawn = np.minimum(1.0, weights * (self.plan.candidates / weights.sum()))
        hidden = sizes[self.usable].sum() * (1 - self.plan.shown) / max(1, len(self.usable)) * self.plan.batch
        return drawn, np.maximum(1 - (1 - drawn) * np.exp(-hidden * often), 1e-12)

    def _step(self, rows: Longs, random: np.random.Generator, left: float, pool: ThreadPoolExecutor) -> float:
        net, plan, size, dim = self.net, self.plan, len(rows), self.net.inputs.shape[1]
        most = int((self.offsets[rows + 1] - self.offsets[rows]).sum())
        shown, hidden = np.empty((2, most), np.int32)
        shown_offsets, hidden_offsets = np.empty((2, size + 1), np.int64)
        secret = np.uint64(random.integers(1 << 63))
        hide(rows, self.offsets, self.items, plan.shown, secret, shown, shown_offsets, hidden, hidden_offsets)
        shown, hidden = shown[: shown_offsets[-1]], hidden[: hidden_offsets[-1]]
        candidates, place, shift = self._candidates(hidden, random)
        scales = (np.diff(shown_offsets) ** -net.power).astype(np.float32)
        state, back = np.empty((2, size, dim), np.float32)
        errors = np.empty((size, len(candidates)), np.float32)
        table = (net.rows.offsets, net.rows.items, net.rows.values)

        def forwards(first: int) -> float:
            return float(
                forward(
                    first, min(first + SHARD, size), shown, shown_offsets, hidden, hidden_offsets, scales, candidates,
                    place, shift, net.inputs, net.outputs, net.bias, *table, state, errors, back,
                )
            )  # fmt: skip

        loss = sum(pool.map(forwards, range(0, size, SHARD)))
        in_squares, out_squares, bias_squares, row_squares = self._squares
        rate, row_rate = np.float32(plan.rate * left), np.float32(plan.row_rate * left)

        def outwards(first: int) -> None:
            last = min(first + ITEMS, len(candidates))
            move_outputs(
                first, last, state, errors, candidates, net.outputs, net.bias, out_squares, bias_squares, rate,
                np.float32(plan.decay),
            )  # fmt: skip

        used, used_offsets, used_rows = _by_item(shown, shown_offsets)

        def inwards(first: int) -> None:
            last = min(first + ITEMS, len(used))
            move_inputs(
                first, last, used, used_offsets, used_rows, scales, back, errors, place, net.inputs, in_squares, *table,
                row_squares, rate, np.float32(plan.decay), row_rate, np.float32(plan.row_decay),
            )  # fmt: skip

        list(pool.map(outwards, range(0, len(candidates), ITEMS)))
        list(pool.map(inwards, range(0, len(used), ITEMS)))
        return loss / size

    def _candidates(self, hidden: Ints, random: np.random.Generator) -> tuple[Ints, Ints, Floats]:
        """The items that compete in a batch, the place of each item among them (-1: none), and their shifts."""
        count = len(self.net.bias)
        if self._sampled is None:
            every = np.arange(count, dtype=np.int32)
            return every, every, np.zeros(count, np.float32)
        taken = random.random(count) < self._sampled
        taken[hidden] = True
        candidates = np.flatnonzero(taken).astype(np.int32)
        place = np.full(count, -1, np.int32)
        place[candidates] = np.arange(len(candidates), dtype=np.int32)
        return candidates, place, np.log(self._inclusion[candidates]).astype(np.float32)


def _by_item(shown: Ints, offsets: Longs) -> tuple[Ints, Longs, Ints]:
    """The items shown, where each begins in the third, and the baskets that each is shown in."""
    baskets = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    order = np.argsort(shown, kind="stable")
    used, starts = np.unique(shown[order], return_index=True)
    return used.astype(np.int32), np.append(starts, len(shown)).astype(np.int64), baskets[order]
