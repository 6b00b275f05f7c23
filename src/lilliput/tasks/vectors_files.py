"""Word vectors from the files of other programs, and from vectors that one has already."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from lilliput.core.measure import versions
from lilliput.core.modelfile import StrPath
from lilliput.core.progress import Progress
from lilliput.core.report import Report
from lilliput.retrieval.vectorbuilder import VectorsRead
from lilliput.retrieval.vectorfiles import kind_of, read_vectors
from lilliput.retrieval.vectortable import VectorTable
from lilliput.retrieval.wordlist import decode

if TYPE_CHECKING:
    from lilliput.tasks.vectors import WordVectors

    Vectors = TypeVar("Vectors", bound=WordVectors)

_FASTTEXT = "lilliput.compat.fasttext_vectors"
"""By name, since this floor imports none above it."""


def read(kind: type[Vectors], path: StrPath, progress: bool | Literal["auto"]) -> Vectors:
    """The vectors of a file of another program, whatever its format."""
    found = kind_of(path)
    with Progress(None, "reading", "vectors", progress) as bar:
        if found == "fasttext":
            read: VectorsRead = import_module(_FASTTEXT).read_vectors(path, bar)
        else:
            read = read_vectors(path, found, bar)
    return of_table(kind, read.table, f"converted from {Path(path).name}, {read.kind}", read.notes)


def of_table(kind: type[Vectors], table: VectorTable, origin: str, notes: list[str]) -> Vectors:
    """A fitted estimator of this kind around a table that was not learned here."""
    subwords = None if table.subwords is None else (table.subwords.shortest, table.subwords.longest)
    letters = decode(table.words.text.tobytes())
    small = (
        subwords is None and letters == letters.lower()
    )  # n-grams are of words as they are asked for, as in fastText
    model = kind(dim=table.dim, subwords=subwords, lowercase=small)
    model.table_, model.losses_, model.interrupted_ = table, [], False
    data: dict[str, Any] = {"vocabulary": len(table)}
    if table.grams is not None:
        data["buckets"] = len(table.grams.codes)
    model.report_ = Report(
        kind.task, {}, f"nothing was measured: {origin}", seed=0, versions=versions(), data=data, notes=list(notes)
    )
    return model
