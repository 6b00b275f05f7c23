"""What the file of a text classifier takes beside its net: labels, manifest, report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lilliput.compress.valuemap import ValueMap
from lilliput.core.measure import versions
from lilliput.core.report import Measure, Report
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams
from lilliput.nets.feedforward import FeedForward, Layers, Table
from lilliput.tasks.label_parameters import span
from lilliput.tasks.label_report import ENDED_EARLY, held_out
from lilliput.tasks.label_rows import Rows
from lilliput.tasks.quality import MEASURES
from lilliput.training.calibration import Calibration

if TYPE_CHECKING:
    from lilliput.tasks.label import TextClassifier

MARGIN = 160
"""Bytes by which the manifest may grow beyond its estimate."""
LONG = 1 / 3
"""A number with as many digits as most."""
GROUP = "cluster 2-4: 1000000 rows of 1000000 buckets"
PLAN = {
    "network": "embedding of 16",
    "bits": 8,
    "rate": 0.075,
    "passes": 12,
    "tried": 6,
}


def overhead_of(model: TextClassifier, rows: Rows, notes: Sequence[str] = (), before: FeedForward | None = None) -> int:
    """Bytes of the file that are neither net nor word clusters, by a stand-in with a manifest as long as any to come.

    `notes`: what the report will say beside the usual; `before`: the net that goes on learning, if one does.
    """
    stand_in = type(model)(**model.get_params())
    with_clusters = model.clusters is not None if before is None else before.clusters is not None
    stand_in.labels_, stand_in.net_ = rows.labels, _empty_net(model, rows.labels.outputs, with_clusters)
    stand_in.calibration_, stand_in.threshold_ = Calibration(LONG, -LONG, LONG / 10), LONG
    stand_in.report_ = Report(
        model.task,
        {name: Measure(LONG, LONG, LONG, 10**5) for name in MEASURES[rows.labels.mode]},
        held_out(10**7, 10**5, 10**5, True),
        model.seed,
        versions=versions(),
        data={"rows": rows.corpus.rows, "labels": len(rows.labels.names), "fingerprint": rows.fingerprint},
        plan={**PLAN, "groups": ", ".join([GROUP] * len(stand_in.net_.groups))},
        notes=[*notes, ENDED_EARLY],
    )
    return stand_in.file_size() - sum(array.nbytes for array in stand_in.net_.arrays().values()) + MARGIN


def _empty_net(model: TextClassifier, outputs: int, with_clusters: bool) -> FeedForward:
    """A net without rows, of as many groups as `model` may have."""
    spans = {"word": span("words", model.words), "char": span("chars", model.chars)}
    groups = tuple(NGrams(unit, 16, 16, 22) for unit, lengths in spans.items() if lengths != (0, 0))
    if with_clusters:
        groups += (NGrams("cluster", 16, 16, 22, ValueMap.build(np.zeros(0, np.uint64), np.zeros(0, np.int64))),)
    empty, bias = np.zeros((0, 0), dtype=np.float32), np.zeros(outputs, dtype=np.float32)
    return FeedForward(
        groups,
        (BucketMap.of(np.zeros(0, dtype=np.int64), 9),) * len(groups),
        (Table(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.float16), 1, 8),) * len(groups),
        Layers(empty, bias, empty, bias),
        shared=False,
    )
