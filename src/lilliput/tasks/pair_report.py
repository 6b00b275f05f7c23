"""What the report of a recommender says, and how it is measured: complete the basket."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, bootstrap
from lilliput.core.measure import latency, versions
from lilliput.core.report import Measure, Report
from lilliput.data.basket_table import BasketTable
from lilliput.tasks.pair_input import Held
from lilliput.tasks.pair_sizes import Size

if TYPE_CHECKING:
    from lilliput.tasks.pair import PairingRecommender
    from lilliput.tasks.pair_model import Known
    from lilliput.tasks.pair_side import Side
    from lilliput.tasks.pair_side_input import Taken

HITS = 10
MOST_SECONDS = 0.2
"""For measuring the latency."""
ENDED_EARLY = "ended early by Ctrl-C"


def rank_of(scores: NDArray[Any], basket: NDArray[np.int32], hidden: int) -> float:
    """The rank from 0 of an item among those that are not in the basket, ties shared; infinite if it is not known."""
    if hidden < 0:
        return np.inf
    mine = scores[hidden]
    others = scores[basket]
    above = int((scores > mine).sum()) - int((others > mine).sum())
    level = int((scores == mine).sum()) - int((others == mine).sum()) - 1
    return above + level / 2


def ranks(known: Known, held: Held) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The rank of each hidden item by the model, and by popularity."""
    popular = known.counts.astype(np.float64)
    cases = list(zip(held.baskets, held.hidden, strict=True))
    ours = [rank_of(known.scores(basket), basket, hidden) for basket, hidden in cases]
    theirs = [rank_of(popular, basket, hidden) for basket, hidden in cases]
    return np.array(ours, dtype=np.float64), np.array(theirs, dtype=np.float64)


def measures_of(found: NDArray[np.float64], prefix: str = "") -> dict[str, Measure]:
    """hit@10 and the mean reciprocal rank, with intervals."""
    if not len(found):
        return {}
    parts = np.stack([1 / (1 + found), np.ones(len(found))], axis=1)
    mean = Statistic(parts, lambda sums: sums[..., 0] / sums[..., 1])
    hits = Measure.proportion(int((found < HITS).sum()), len(found))
    return {f"{prefix}hit@{HITS}": hits, f"{prefix}MRR": bootstrap({"MRR": mean}, seed=0)["MRR"]}


def qualities(model: PairingRecommender, held: Held) -> dict[str, Measure]:
    """hit@10 and MRR, beside those of popularity."""
    ours, popular = ranks(model.known_, held)
    return measures_of(ours) | measures_of(popular, "popularity ")


def report_of(
    model: PairingRecommender, table: BasketTable, held: Held, empty: int, size: Size, train: BasketTable
) -> Report:
    """The report before anything is measured."""
    alone = int((np.diff(table.offsets) == 1).sum())
    data: dict[str, Any] = {"rows": len(table), "fingerprint": table.fingerprint, "items": len(train.names)}
    data |= {"contexts": len(train.contexts)} if train.contexts else {}
    data |= {"empty baskets left out": empty} if empty else {}
    data |= {"baskets of one item": alone} if alone else {}
    plan = {"vectors": size.dim, "bits": size.bits, "pairs": size.pairs, "all in at least": size.least}
    held_out = f"{len(held.hidden):,} of {len(table):,} baskets, at random, one item hidden of each"
    return Report(model.task, {}, held_out, int(model.seed), versions=versions(), data=data, plan=plan)


def tell_side(report: Report, taken: Taken, side: Side | None, dropped: int) -> None:
    """Put into the report what was taken of the side information, and what was not."""
    known = sum(map(bool, taken.held))
    report.data["items with properties"] = known
    report.data |= {"items of the side information in no basket": taken.unknown} if taken.unknown else {}
    report.plan["properties"] = 0 if side is None else len(side.names)
    if dropped:
        report.notes.append(f"the {dropped:,} most common properties are left out for want of room")
    if side is None and not dropped:
        report.notes.append("no property is shared by two items, so the side information tells nothing")


def measure_here(model: PairingRecommender, held: Held, threads: int) -> None:
    """Put into the report what depends on this machine: latency and throughput of `suggest`."""
    known = model.known_
    samples = [[known.names[item] for item in basket[:5].tolist()] for basket in held.baskets[:50]] or [known.names[:1]]
    report = model.report_
    report.latency_p50_ms, report.latency_p95_ms = latency(lambda items: model.suggest(items), samples, MOST_SECONDS)
    started = time.perf_counter()
    for items in samples:
        model.suggest(items)
    report.throughput, report.threads = len(samples) / (time.perf_counter() - started), threads
