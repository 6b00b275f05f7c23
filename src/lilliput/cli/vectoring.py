"""What `predict`, `score` and `convert` do with word vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import typer

from lilliput.cli import options
from lilliput.core.errors import DataError, LilliputError

if TYPE_CHECKING:
    from lilliput.data.source import Source
    from lilliput.retrieval.neighbours import Neighbour
    from lilliput.tasks.vectors import WordVectors

TOP = 10
COLUMNS = ("asked", "neighbours", "similarities")


def near_input(
    model: WordVectors, given: str, out: str, text: str | None, *, json: bool, top: int | None, skip_bad: bool
) -> None:
    """Write the words nearest to a word or to a sum such as "king - man + woman", or to those in each row of a file.

    One: ``word<TAB>similarity`` a line, the nearest first, or a JSON object. A file: a row out for each row in.
    """
    from lilliput.data.files import ENDINGS

    k = top or TOP
    if not options.is_data(given, ENDINGS):
        if out != "-":
            raise LilliputError("-o is for files of words; one is answered on standard output")
        found = near(model, given, k)
        if json:
            typer.echo(orjson.dumps(dict(zip(COLUMNS, _cells(given, found), strict=True))).decode())
        else:
            for word, similarity in found:
                typer.echo(f"{printable(word)}\t{similarity:.4f}")
        return
    from lilliput.data.source import Source
    from lilliput.data.write import write_rows

    if out != "-":
        options.check_writable(out)
    unknown: list[str] = []
    with Source(given, text, labelled=False, skip_bad=skip_bad) as source:
        write_rows(out, COLUMNS, _rows(model, source, k, unknown), file_format="jsonl" if json else None)
    if unknown:
        some = ", ".join(map(repr, unknown[:3]))
        typer.echo(f"note: {len(unknown):,} rows with an unknown word ({some}) have no neighbours", err=True)


def near(model: WordVectors, given: str, k: int) -> list[Neighbour]:
    """The words nearest to a word, to several, or to a sum and difference of words, signs between spaces."""
    if given in model or not given.split():
        return model.most_similar(given, k)
    plus, minus = parsed(given)
    return model.combine(plus, minus, k)


def parsed(given: str) -> tuple[list[str], list[str]]:
    """The words to add and those to take away of "king - man + woman"; words without a sign are added.

    Raises `DataError` for signs without a word.
    """
    sides: dict[str, list[str]] = {"+": [], "-": []}
    sign = "+"
    waiting = False
    for part in given.split():
        if part in sides and not waiting:
            sign, waiting = part, True
        else:
            sides[sign].append(part)
            sign, waiting = "+", False
    if waiting:
        raise DataError(f"{given!r} ends in {sign!r}; expected a word after it, such as 'king - man + woman'")
    return sides["+"], sides["-"]


def score_vectors(model: WordVectors, files: Sequence[str], *, json: bool) -> None:
    """Write how well the vectors agree with similarity sets and answer analogies; the content tells which a file is."""
    from lilliput.tasks.vectors_sets import kind_of

    kinds = [kind_of(path) for path in files]
    chosen: dict[str, list[str]] = {"similarity": [], "analogies": []}
    for kind, path in zip(kinds, files, strict=True):
        chosen[kind].append(path)
    found = model.evaluate(chosen["similarity"], chosen["analogies"])
    typer.echo(orjson.dumps(found.to_dict()).decode() if json else str(found))


def printable(word: str) -> str:
    """A word with what is not UTF-8 in it as replacement characters."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
