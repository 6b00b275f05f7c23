"""Groups of features that a net can have a table for: n-grams of a text, or a window of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from lilliput.features.plain import NGrams
from lilliput.features.windows import Window

Group: TypeAlias = Any
"""An `NGrams` of texts or a `Window` of tokens; both have ``bits``, ``once``, ``bag(item)`` and ``to_dict()``."""


def restored(spec: Mapping[str, Any]) -> Group:
    """The group that `to_dict` described. Raises `DataError` for one that makes no sense, KeyError and TypeError."""
    if "templates" in spec:
        return Window(tuple(spec["templates"]), spec["bits"])
    return NGrams(spec["unit"], spec["low"], spec["high"], spec["bits"])
