"""What `predict`, `score` and `convert` do with word vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError
from lilliput.tasks.vectors_asked import near, printable

if TYPE_CHECKING:
    from lilliput.data.source import Source
    from lilliput.retrieval.neighbours import Neighbour
    from lilliput.tasks.vectors import WordVectors

TOP = 10
COLUMNS = ("asked", "neighbours", "similarities")


def near_input(
    model: WordVectors, given: str, source: Source, out: str, *, json: bool, top: int | None, quiet: bool
) -> None:
    """Write the words nearest to a word or to a sum such as "king - man + woman", or to those in each row of a file.

    One: ``word<TAB>similarity`` a line, the nearest first, or a JSON object. A file: a row out for each row in;
    `source`: what was `given`, as a file.
    """
    from lilliput.data.files import ENDINGS
    from lilliput.data.write import write_rows

    k = top or TOP
    if not options.is_data(given, ENDINGS):
        if out != "-":
            raise LilliputError("-o is for files of words; one is answered on standard output")
        found = near(model, given, k)
        if json:
            typer.echo(orjson.dumps(dict(zip(COLUMNS, _cells(given, found), strict=True))).decode())
        else:
            typer.echo("\n".join(f"{printable(word)}\t{similarity:.4f}" for word, similarity in found))
        return
    if out != "-":
        options.check_writable(out)
    unknown: list[str] = []
    with source:
        write_rows(out, COLUMNS, _rows(model, source, k, unknown), file_format="jsonl" if json else None)
    if unknown and not quiet:
        some = ", ".join(map(repr, unknown[:3]))
        typer.echo(f"note: {len(unknown):,} rows with an unknown word ({some}) have no neighbours", err=True)


def score_vectors(model: WordVectors, files: Sequence[str], *, json: bool) -> None:
    """Write how well the vectors agree with similarity sets and answer analogies; the content tells which a file is."""
    from lilliput.tasks.vectors_sets import kind_of

    kinds = [kind_of(path) for path in files]
    chosen: dict[str, list[str]] = {"similarity": [], "analogies": []}
    for kind, path in zip(kinds, files, strict=True):
        chosen[kind].append(path)
    found = model.evaluate(chosen["similarity"], chosen["analogies"])
    typer.echo(orjson.dumps(found.to_dict()).decode() if json else str(found))


def _rows(model: WordVectors, source: Source, k: int, unknown: list[str]) -> Iterator[list[Any]]:
    from lilliput.retrieval.neighbours import UnknownWordError

    for texts, _ in source.batches():
        for text in texts:
            try:
                yield _cells(text, near(model, text, k))
            except UnknownWordError:
                unknown.append(text)
                yield [text, [], []]


def _cells(asked: str, found: Sequence[Neighbour]) -> list[Any]:
    return [printable(asked), [printable(word) for word, _ in found], [round(one.similarity, 4) for one in found]]
