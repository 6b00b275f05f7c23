"""What can be said of the data before any training: columns that give the answer away, say nothing, or say it twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lilliput.training.batches import Rows
from lilliput.training.health_findings import NOTHING_TO_LEARN, STANDARDISE

_SAMPLE = 512
"""Rows looked at, spread evenly: a correlation is then known to 0.05 or better."""

_PAIRED = 20_000
"""Training rows that held-out rows are looked for in."""

_MANY = 4096
"""Columns looked at: the first ones, where there are more."""

LEAK = 0.995
"""Correlation of one column with the target from which on it gives the answer away: 99 % of the variance. Two
measurements of the same thing seldom agree so well; copies, rounded copies and monotone functions of the target do."""

_LIKELY = 0.3
"""Correlation from which on ranks are compared too, which cost a sort: exp(2 t) has about as much with a normal t."""

SHARED = 0.2
"""Share of held-out rows that are training rows too from which on the held-out score is about memory. Tables of few
different rows have some by chance; a split made after copying or oversampling has nearly all."""

LOUD = 10.0
"""Mean or standard deviation of targets that networks, which begin with outputs near 0 and of size 1, are slow to
reach: with the usual rates of 1e-3 and 1e-2 a step the bias alone needs thousands, and gradients grow as much."""

QUIET = 0.001
"""Standard deviation of targets below which the noise of the first weights drowns them."""

SKEW = 0.95
"""Share of the most frequent class from which on always naming it looks like success: 1 error in 20."""

RARE = 0.02
"""A class this much rarer than the most frequent one is hardly seen in a batch of 64."""

_ROWS_THAT_TELL = 10
"""Rows in which a column, or a class, must be other than in most: columns that are other in one or two, as those of
the border of pictures, agree with each other and with rare classes by chance."""

DENSE = 0.1
"""Share of zeros up to which a column of zeros is a fault; in pictures, counts and hashed features zeros are usual."""


@dataclass(frozen=True)
class Sign:
    """Something seen in data: kind, number that told, columns (or None), and words for the sentence."""

    kind: str
    measure: float
    where: str | None
    words: dict[str, str]


def spread(rows: Rows, count: int, device: torch.device) -> Tensor:
    """Numbers of at most `count` rows, spread evenly over all."""
    return torch.linspace(0, len(rows) - 1, min(count, len(rows)), dtype=torch.float64).round().long().to(device)


def dense(inputs: Any) -> bool:
    """Whether inputs are a dense tensor of real numbers, a row each: what columns and distances are asked of."""
    if not isinstance(inputs, Tensor) or inputs.layout != torch.strided:
        return False
    return inputs.is_floating_point() and inputs.ndim > 1


def signs_of_data(rows: Rows, held_out: Rows | None, device: torch.device) -> list[Sign]:
    """All that is seen in a sample of `rows`."""
    inputs, targets = rows.take(spread(rows, _SAMPLE, device))
    signs = _signs_of_targets(targets)
    if not dense(inputs) or inputs.ndim != 2 or len(inputs) < 10:
        return signs
    columns = inputs[:, :_MANY].double()
    if not bool(torch.isfinite(columns).all()):  # the loop names the row when it comes to it
        return signs
    telling = _tells(columns)
    signs += _signs_of_columns(columns, telling) + _signs_of_leaks(columns, targets, telling)
    if held_out is not None and len(held_out):
        signs += _signs_of_shared_rows(rows, held_out, device)
    return signs


def _named(columns: Tensor) -> str:
    numbers = columns.tolist()
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return ("column " if len(numbers) == 1 else "columns ") + ", ".join(map(str, numbers[:5])) + more


def _signs_of_columns(columns: Tensor, telling: Tensor) -> list[Sign]:
    """Columns that never change, and columns equal to one before."""
    signs = []
    still = (columns == columns[0]).all(0)
    zero = still & (columns[0] == 0)
    others = columns[:, ~still]
    dense = others.numel() == 0 or (others == 0).double().mean().item() <= DENSE
    constant = (still if dense else still & ~zero).nonzero()[:, 0]
    if len(constant):
        signs.append(Sign("constant column", float(len(constant)), _named(constant), {}))
    first: dict[bytes, int] = {}
    contents = _bytes(columns.T)
    copies = [
        column for column in telling.nonzero()[:, 0].tolist() if first.setdefault(contents[column], column) != column
    ]
    if copies:
        signs.append(Sign("duplicate column", float(len(copies)), _named(torch.tensor(copies)), {}))
    return signs


def _signs_of_leaks(columns: Tensor, targets: Tensor, telling: Tensor) -> list[Sign]:
    """Columns that tell a target, or a class, alone."""
    wanted = _indicators(targets)
    if wanted is None or len(wanted) < 30:  # of few rows some column agrees with the target by chance
        return []
    told = _correlations(columns, wanted) * telling
    numbers = wanted if targets.is_floating_point() else wanted[:, -1:]
    likely = (telling & (_correlations(columns, numbers) >= _LIKELY)).nonzero()[:, 0]
    ranked = _correlations(_ranks(columns[:, likely]), _ranks(numbers))
    told[likely] = torch.maximum(told[likely], ranked)
    found = (told >= LEAK).nonzero()[:, 0]
    if not len(found):
        return []
    return [Sign("leaking labels", float(told.max()), _named(found), {})]


def _tells(columns: Tensor) -> Tensor:
    """Which columns are other than their commonest value in rows enough."""
    usual = columns.median(0).values  # the commonest, wherever nearly all rows have it
    return (columns != usual).sum(0) >= _ROWS_THAT_TELL


def _indicators(targets: Tensor) -> Tensor | None:
    """Columns that a leak would copy: the targets, or for classes their numbers and a column of 0 and 1 each."""
    if targets.is_floating_point():
        return targets.flatten(1).double() if targets.ndim > 1 else targets.double()[:, None]
    if targets.ndim != 1:
        return None
    classes, counts = targets.unique(return_counts=True)
    classes = classes[counts >= _ROWS_THAT_TELL]
    each = (targets[:, None] == classes[None, :256]).double()
    return torch.cat([each, targets.double()[:, None]], 1)


def _correlations(columns: Tensor, wanted: Tensor) -> Tensor:
    """The highest absolute correlation of each column with any wanted one."""
    left, right = _standard(columns), _standard(wanted)
    return (left.T @ right).abs().amax(1)


def _standard(columns: Tensor) -> Tensor:
    centred = columns - columns.mean(0)
    length = centred.norm(dim=0)
    return torch.where(length > 1e-12 * (1 + columns.abs().amax(0)), centred / length.clamp_min(1e-300), 0.0)


def _ranks(columns: Tensor) -> Tensor:
    """Ranks in each column; equal values have the same, their first."""
    ordered = columns.sort(0).values.T.contiguous()
    return torch.searchsorted(ordered, columns.T.contiguous()).T.double()


def _signs_of_shared_rows(rows: Rows, held_out: Rows, device: torch.device) -> list[Sign]:
    """Held-out rows that the network is trained on."""
    learned, _ = rows.take(spread(rows, _PAIRED, device))
    asked, _ = held_out.take(spread(held_out, _SAMPLE, device))
    if (
        not dense(asked) or asked.shape[1:] != learned.shape[1:] or learned.shape[1] < 3
    ):  # a column or two repeat by nature
        return []
    known = set(_bytes(learned))
    shared = sum(row in known for row in _bytes(asked)) / len(asked)
    scale = len(rows) / min(len(rows), _PAIRED)  # of the others some are among the training rows not looked at
    if min(1.0, shared * scale) < SHARED:
        return []
    return [Sign("shared rows", min(1.0, shared * scale), None, {})]


def _bytes(rows: Tensor) -> list[bytes]:
    """Each row as bytes, to be compared."""
    return [row.tobytes() for row in rows.cpu().contiguous().numpy()]


def _signs_of_targets(targets: Tensor) -> list[Sign]:
    """Targets of a size that is hard to reach, and classes that are hardly there."""
    if targets.is_floating_point():
        values = targets.double()
        if len(values) < 2 or not bool(torch.isfinite(values).all()):
            return []
        size = max(float(values.std()), abs(float(values.mean())))
        if size > LOUD or float(values.std()) < QUIET:
            words = {"mean": f"{float(values.mean()):.4g}", "deviation": f"{float(values.std()):.4g}"}
            constant = bool((values == values[:1]).all())
            words["advice"] = NOTHING_TO_LEARN if constant else STANDARDISE
            return [Sign("targets unscaled", float(values.std()), None, words)]
        if values.ndim == 1 or values.shape[-1] == 1:
            classes, counts = values.unique(return_counts=True)
            return _imbalance(counts) if len(classes) == 2 else []
        return []
    return _imbalance(targets.unique(return_counts=True)[1]) if targets.ndim == 1 else []


def _imbalance(counts: Tensor) -> list[Sign]:
    largest, rarest = float(counts.max()), float(counts.min())
    share = largest / float(counts.sum())
    if len(counts) > 1 and (share >= SKEW or rarest / largest <= RARE) and counts.sum() >= 100:
        words = {"most": f"{share:.1%}", "least": f"{rarest / float(counts.sum()):.1%}"}
        return [Sign("imbalanced labels", share, None, words)]
    return []
