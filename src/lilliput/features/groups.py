"""Groups of features that a net can have a table for: n-grams of a text, or a window of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from lilliput.compress.valuemap import ValueMap
from lilliput.core.errors import DataError
from lilliput.features.plain import NGrams
from lilliput.features.windows import Window

Group: TypeAlias = Any
"""An `NGrams` of texts or a `Window` of tokens: ``bits``, ``once``, ``clusters``, ``bag(item)`` and ``to_dict()``."""


def restored(spec: Mapping[str, Any], clusters: ValueMap | None) -> Group:
    """The group that `to_dict` described, with the clusters of words that its model file holds.

    Raises `DataError` for one that makes no sense, KeyError and TypeError.
    """
    if "templates" in spec:
        window = Window(tuple(spec["templates"]), spec["bits"])
        if not window.uses_clusters:
            return window
        if clusters is None:
            raise DataError(f"{window} goes by clusters of words, and there are none")
        return replace(window, clusters=clusters)
    clusters = clusters if spec["unit"] == "cluster" else None
    return NGrams(spec["unit"], spec["low"], spec["high"], spec["bits"], clusters)
