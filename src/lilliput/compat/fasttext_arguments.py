"""The arguments of fastText's ``train_supervised``, and what becomes of them here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError

DEFAULTS: dict[str, Any] = {
    "input": None,
    "lr": 0.1,
    "dim": 100,
    "ws": 5,
    "epoch": 5,
    "minCount": 1,
    "minCountLabel": 0,
    "minn": 0,
    "maxn": 0,
    "neg": 5,
    "wordNgrams": 1,
    "loss": "softmax",
    "bucket": 2_000_000,
    "thread": None,
    "lrUpdateRate": 100,
    "t": 1e-4,
    "label": "__label__",
    "verbose": 2,
    "pretrainedVectors": "",
    "seed": 0,
    "autotuneValidationFile": "",
    "autotuneMetric": "f1",
    "autotunePredictions": 1,
    "autotuneDuration": 300,
    "autotuneModelSize": "",
}
"""Names in the order of positional arguments, with fastText 0.9.3's defaults (of ``thread``: all but one)."""
OLD_NAMES = {
    "min_count": "minCount",
    "word_ngrams": "wordNgrams",
    "lr_update_rate": "lrUpdateRate",
    "label_prefix": "label",
    "pretrained_vectors": "pretrainedVectors",
}
PLANNED = (
    "lr", "dim", "ws", "epoch", "minCount", "neg", "bucket", "lrUpdateRate", "t", "pretrainedVectors",
    "autotuneMetric", "autotunePredictions",
)  # fmt: skip
"""What the planner decides here, or what has no counterpart."""
LOSSES = ("softmax", "ova", "hs", "ns")
LONGEST = 16
"""Words or characters of the longest n-gram that lilliput takes."""
_SIZE = re.compile(r"(\d+)([kKmMgG]?)")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def read_arguments(values: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that were given, by fastText's own names; raises TypeError for names that it does not have."""
    if len(values) > len(DEFAULTS):
        raise TypeError(f"train_supervised takes at most {len(DEFAULTS)} arguments, found {len(values)} without names")
    given = dict(zip(DEFAULTS, values, strict=False))
    for name, value in named.items():
        known = OLD_NAMES.get(name, name)
        if known not in DEFAULTS:
            raise TypeError(f"unexpected keyword argument {name!r}; there are {', '.join(DEFAULTS)}")
        if known in given:
            raise TypeError(f"multiple values for argument {known!r}")
        given[known] = value
    if not given.get("input"):
        raise TypeError("train_supervised needs its argument 'input', the path of the training file")
    if value_of(given, "loss") not in LOSSES:
        raise LilliputError(f"loss={given['loss']!r}: expected {', '.join(LOSSES)}")
    return given


def value_of(given: Mapping[str, Any], name: str) -> Any:
    """An argument, or its default."""
    return given.get(name, DEFAULTS[name])


def parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `TextClassifier` that the arguments ask for; ``targets`` depends on the data too."""
    return {
        "budget": _budget(given),
        "words": _words(given),
        "chars": _chars(given),
        "seed": value_of(given, "seed"),
        "threads": given.get("thread"),
        "progress": "auto" if value_of(given, "verbose") > 0 else False,
    }


def without_effect(given: Mapping[str, Any]) -> str | None:
    """A sentence that names what was asked for and is not done; None when there is nothing to say."""
    names = [name for name in PLANNED if value_of(given, name) != DEFAULTS[name]]
    validated = bool(given.get("autotuneValidationFile"))
    if not validated and value_of(given, "autotuneDuration") != DEFAULTS["autotuneDuration"]:
        names.append("autotuneDuration (which needs autotuneValidationFile)")
    found = []
    if names:
        found.append(f"no effect here, where network and training are planned from the data: {', '.join(names)}")
    if validated:
        found.append("autotuneValidationFile is not read: rows of the training file that are held out decide instead")
    return "; ".join(found) or None


def _budget(given: Mapping[str, Any]) -> Budget | None:
    memory = _bytes(value_of(given, "autotuneModelSize"))
    time = value_of(given, "autotuneDuration") if given.get("autotuneValidationFile") else None
    return None if memory is time is None else Budget(memory=memory, time=time)


def _bytes(size: str | int) -> int | None:
    """A size as fastText reads it: "500k", "2M", "1G" or bytes."""
    if size == "":
        return None
    found = _SIZE.fullmatch(str(size))
    if found is None:
        raise LilliputError(f"autotuneModelSize={size!r}: expected a number of bytes, or such as '500k', '2M', '1G'")
    return int(found[1]) * _UNITS[found[2].lower()]


def _words(given: Mapping[str, Any]) -> tuple[int, int] | None:
    return (1, _length(given, "wordNgrams", "words")) if "wordNgrams" in given else None


def _chars(given: Mapping[str, Any]) -> tuple[int, int] | None:
    if "minn" not in given and "maxn" not in given:
        return None
    low, high = max(1, value_of(given, "minn")), value_of(given, "maxn")
    return (low, _length(given, "maxn", "characters")) if low <= high else (0, 0)  # none, as in fastText


def _length(given: Mapping[str, Any], name: str, units: str) -> int:
    length = int(given[name])
    if length > LONGEST:
        raise LilliputError(f"{name}={length}: n-grams have up to {LONGEST} {units} here; give {LONGEST} or less")
    return max(1, length)
