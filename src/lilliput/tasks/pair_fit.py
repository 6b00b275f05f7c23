"""How a recommender is fitted: read, hold some baskets out, count, choose a size, train, measure."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError
from lilliput.core.measure import peak_memory
from lilliput.core.progress import Progress
from lilliput.core.threads import resolve_threads
from lilliput.data.basket_table import BasketTable
from lilliput.nets.baskets import BasketNet, Plan, Rows, Trainer
from lilliput.tasks.machine_code import ready
from lilliput.tasks.pair_aliases import Named, alias_bytes, one_name_each, tell_aliases
from lilliput.tasks.pair_count import both_ways, count_contexts, count_pairs
from lilliput.tasks.pair_input import hold_out, read_baskets
from lilliput.tasks.pair_model import Coded, Known, Pairs
from lilliput.tasks.pair_parameters import check_parameters
from lilliput.tasks.pair_report import ENDED_EARLY, measure_here, qualities, report_of, tell_side
from lilliput.tasks.pair_side import side_bytes, side_of
from lilliput.tasks.pair_side_input import read_side
from lilliput.tasks.pair_sizes import Size, fit_size, smallest
from lilliput.tasks.promise import Promise, round_memory

if TYPE_CHECKING:
    from lilliput.tasks.pair import PairingRecommender

TRIES = 3
"""Models that are made, each in less room than the last, until the file is no larger than allowed."""
CLOSING = 0.15
"""The share of a time budget that is kept back for the end."""


def fit(model: PairingRecommender, X: Any, y: Any, side: Any, started: float) -> None:
    """Fit `model` within its budget, whose time began at `started` (`time.monotonic`).

    `model` changes in the end and as a whole. Raises KeyboardInterrupt when that has ended the training early.
    """
    check_parameters(model)
    budget = Budget.parse(model.budget)
    promise = Promise(budget, started + ready(budget, model.progress))
    table, empty = read_baskets(model, X, y)
    promise.hold_reading()
    named = one_name_each(table) if model.normalise and model.aliases else Named(table, [], [])
    table = named.table
    train, held = hold_out(table, int(model.seed))
    draft = type(model)(**model.get_params())
    keys, counts = count_pairs(train, model.window)
    room = budget.memory
    least = smallest(train) + alias_bytes(named.aliases)
    if room is not None and room < least:
        raise BudgetError(
            f"{len(train.names):,} items do not fit into {room:,} bytes with their names and vectors; the smallest "
            f"memory that would do is {round_memory(least)}, or leave rare items out with least=2 or more",
            round_memory(least),
        )
    taken = None if side is None else read_side(side, model, train.names, named.aliases)
    shared, dropped = (None, 0) if taken is None else side_of(taken.held, None if room is None else room - least)
    numbers = {name: number for number, name in enumerate(train.names)}
    aliases = {alias.name: numbers[alias.of] for alias in named.aliases if alias.of in numbers}
    if room is not None:
        room -= side_bytes(shared) + alias_bytes(named.aliases)
    context = count_contexts(train)
    learned: _Learned | None = None
    for _ in range(TRIES):
        size = fit_size(train, counts, context[1], room, model.dim)
        if learned is None or learned.net.inputs.shape[1] != size.dim:  # else there is only less to be kept of it
            learned = _learned(model, train, (keys, counts), size, promise)
        known = _kept(learned, train, context, size)
        draft.known_, draft.interrupted_ = replace(known, side=shared, aliases=aliases), learned.interrupted
        draft.report_ = report_of(draft, table, held, empty, size, train)
        draft.report_.quality = qualities(draft, held)
        if model.normalise and model.aliases:
            tell_aliases(draft.report_, named)
        if taken is not None:
            tell_side(draft.report_, taken, shared, dropped)
        draft.report_.notes += [ENDED_EARLY] * draft.interrupted_
        excess = promise.excess(draft.file_size())
        if room is None or excess <= 0 or draft.interrupted_:
            break
        room -= excess + 64
    measure_here(draft, held, resolve_threads(model.threads))
    _close(draft, promise)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


class _Learned(NamedTuple):
    """A network, with the pairs that it has weights for."""

    net: BasketNet
    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    weights: tuple[NDArray[np.float32], NDArray[np.float32]]
    """Of each pair, there and back."""
    interrupted: bool
    """Whether Ctrl-C ended the training."""


def _learned(
    model: PairingRecommender,
    train: BasketTable,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    size: Size,
    promise: Promise,
) -> _Learned:
    """Train a network for the pairs that `size` has learned."""
    keys, counts = (part[pairs[1] >= size.least_learned] for part in pairs)
    offsets, items, there, back = both_ways(keys, len(train.names))
    rows = Rows(offsets, items, np.zeros(len(items), np.float32))
    net = BasketNet.fresh(train.counts, rows, size.dim, POWER, int(model.seed))
    interrupted = not _trained(net, train, model, promise)
    return _Learned(net, keys, counts, (rows.values[there], rows.values[back]), interrupted)


def _kept(
    learned: _Learned,
    train: BasketTable,
    context: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    size: Size,
) -> Known:
    """What is kept of it in `size`: the most frequent pairs, and those with the largest weights."""
    keys, counts, (one, other), count = learned.keys, learned.counts, learned.weights, len(train.names)
    if len(keys) > size.pairs:
        strength = np.maximum(np.abs(one), np.abs(other))
        strength[counts >= size.least] = np.inf
        best = np.sort(np.argsort(-strength, kind="stable")[: size.pairs])
        keys, counts, one, other = keys[best], counts[best], one[best], other[best]
    offsets, items, there, back = both_ways(keys, count)
    together, values = np.empty(len(items), np.int32), np.empty(len(items), np.float32)
    together[there] = together[back] = counts
    values[there], values[back] = one, other
    scale = float(np.abs(values).max(initial=0) / 127) or 1.0
    weights = np.rint(values / scale).astype(np.int8)
    chosen = context[1] >= size.least_in_context
    of_context, in_context = np.divmod(context[0][chosen], max(1, count))
    starts = np.concatenate([[0], np.cumsum(np.bincount(of_context, minlength=len(train.contexts)))])
    net = learned.net
    return Known(
        train.names,
        train.counts,
        len(train),
        Pairs(offsets, items, together, weights, scale, size.least),
        Coded.of(net.inputs, size.bits),
        Coded.of(net.outputs, size.bits),
        net.bias.astype(np.float16).astype(np.float32),
        net.power,
        train.contexts,
        context[2],
        starts.astype(np.int64),
        in_context.astype(np.int32),
        context[1][chosen].astype(np.int32),
    )


POWER = 0.4
SMOOTHED = 20
"""Batches over which the loss is averaged, roughly, where progress tells it."""
PLAN = Plan(passes=16, rate=0.2, row_rate=0.3, shown=0.85, candidates=2000)
"""Chosen on validation baskets of two sets of recipes; see benchmarks/pair_completion.py."""


def _trained(net: BasketNet, train: BasketTable, model: PairingRecommender, promise: Promise) -> bool:
    """Train; False if Ctrl-C came before the end."""
    plan = replace(PLAN, subsample=float(model.subsample))
    trainer = Trainer(net, train.offsets, train.items, plan, int(model.seed), resolve_threads(model.threads))
    started = time.monotonic()
    end = None if promise.end is None else promise.end - CLOSING * (promise.budget.time or 0)
    spent: Callable[[], float] | None = None
    if end is not None:
        span = max(1e-3, end - started)
        spent = lambda: (time.monotonic() - started) / span  # noqa: E731
    total = PLAN.passes * len(trainer.usable)
    try:
        with Progress(total, "learning", "baskets", model.progress) as progress:
            smooth = None
            for baskets, loss in trainer.steps(spent):
                smooth = loss if smooth is None else smooth + (loss - smooth) / SMOOTHED
                progress.state(loss=smooth)
                progress.advance(baskets)
    except KeyboardInterrupt:
        return False
    return True


def _close(draft: PairingRecommender, promise: Promise) -> None:
    """Complete the report, and raise `BudgetError` if the promise was not kept."""
    report = draft.report_
    report.file_bytes = draft.file_size()
    report.fit_seconds, report.peak_memory_bytes = promise.spent, peak_memory()
    promise.hold_memory(report.file_bytes)
    promise.hold_latency(report.latency_p95_ms)
    if not draft.interrupted_:  # else its time was up to the user
        promise.hold_time()
