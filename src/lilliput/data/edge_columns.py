"""Which columns of an edge list say what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lilliput.core.errors import DataError
from lilliput.data.batch import find_column, listed

USUAL = (
    ("source", "target"),
    ("follower", "followed"),
    ("from", "to"),
    ("src", "dst"),
    ("citing", "cited"),
    ("from_id", "to_id"),
    ("source_id", "target_id"),
    ("fromnodeid", "tonodeid"),
)
"""Names of the first two columns, the one who points first."""


@dataclass(frozen=True)
class EdgeColumns:
    """Names of columns, or numbers from 1; rank flows from `source` to `target`.

    source, target : the usual names, else the first two columns.
    weight : numbers from 0 on; 1 if None. Negative ones and NaN make a bad row.
    kind : what kind of edge a row is; its weight is multiplied by that of the kind in `kinds`, which must know it.
    time : seconds, or dates as ISO 8601 writes them; an edge's weight halves with each `half_life` seconds that it is
        older than the newest.
    """

    source: str | None = None
    target: str | None = None
    weight: str | None = None
    kind: str | None = None
    time: str | None = None
    kinds: Mapping[str, float] | None = None
    half_life: float | None = None

    def wanted(self, names: Sequence[str], file: str, header: bool) -> dict[str, int]:
        """The place of each column that is wanted among `names`; source and target come first."""
        source, target = self._ends(names, file, header)
        given = {"source": source, "target": target, "weight": self.weight}
        given |= {"kind": self.kind if self.kinds else None, "time": self.time if self.half_life else None}
        places = {what: find_column(name, names, file) for what, name in given.items() if name is not None}
        if places["source"] == places["target"]:
            raise DataError(f"{file}: source and target are one column, {source!r}; name two")
        return places

    def _ends(self, names: Sequence[str], file: str, header: bool) -> tuple[str, str]:
        if self.source is not None and self.target is not None:
            return self.source, self.target
        if self.source is not None or self.target is not None:
            missing = "source" if self.source is None else "target"
            raise DataError(f"{file}: which column is the {missing}? It has {listed(names)}")
        lower = [name.lower() for name in names]
        for pair in USUAL:
            if set(pair) <= set(lower):
                first, second = (names[lower.index(name)] for name in pair)
                return first, second
        if len(names) < 2:
            raise DataError(f"{file} has one column, {names[0]!r}; an edge needs two: who points, and at whom")
        if header and all(name.isdecimal() for name in names[:2]):
            raise DataError(
                f"{file} begins with {names[0]},{names[1]}, which looks like an edge and not like names of columns; "
                "say --no-header, or name the columns with --source and --target"
            )
        return "1", "2"
