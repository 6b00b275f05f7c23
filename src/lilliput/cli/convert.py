"""``lilliput convert``: a fastText model or a file of word vectors as one of ours, and word vectors back."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

EXAMPLE = """\b
Examples
  lilliput convert lid.176.ftz lid.safetensors
  lilliput predict lid.safetensors "quel temps fait-il ?"
  lilliput convert glove.6B.100d.txt glove.safetensors
  lilliput predict glove.safetensors "king - man + woman"
  lilliput convert glove.safetensors glove.vec
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("convert", epilog=EXAMPLE)(convert)


def convert(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="A fastText model (.bin, .ftz), vectors in word2vec's or GloVe's formats, or vectors of ours.",
        ),
    ],
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="The file to write: .safetensors; vectors also .vec .txt .bin.")
    ] = None,
    out: Annotated[str | None, typer.Option("-o", "--out", metavar="FILE", help="The same as NEW.")] = None,
    quiet: options.Quiet = False,
) -> None:
    """Convert a fastText model, or word vectors.

    A model goes on giving the same labels and probabilities. Vectors are kept in eight bits a number; they are written
    for other programs as text (.vec, .txt) or in word2vec's binary format (.bin), each also .gz.
    """
    from lilliput.core.budget import format_bytes

    target = new or out
    if target is None or (new and out):
        raise LilliputError("convert takes one file to write: lilliput convert OLD NEW")
    for_others = _written_for_others(target)
    if for_others:
        options.check_writable(target)
    else:
        options.check_model_path(target)
    size, notes, hint = _convert(old, target, for_others, quiet)
    if not quiet:
        for note in notes:
            typer.echo(f"note: {note}", err=True)
        before = format_bytes(Path(old).stat().st_size)
        typer.echo(f"saved {target} ({format_bytes(size)}, was {before}){hint}", err=True)


def _convert(old: str, new: str, for_others: bool, quiet: bool) -> tuple[int, list[str], str]:
    """Read and write; returns the size of the file, what there is to say, and what to try next."""
    from lilliput.tasks.vectors import WordVectors

    shown = shlex.quote(new)
    if _is_ours(old):
        from lilliput.core.registry import load

        model = load(old)
        if not isinstance(model, WordVectors):
            raise LilliputError(f"{old} is not a fastText model but one of lilliput's own (task {model.task!r})")
        return (model.write(new) if for_others else model.save(new)), [], ""
    if _is_classifier(old):
        from lilliput.compat.fasttext_model import FastTextClassifier

        if for_others:
            raise LilliputError(f"{old} labels texts; name a file that ends in .safetensors, not {new}")
        size = FastTextClassifier.read(old).save(new)
        return size, [], f"; try: lilliput predict {shown} 'some text'"
    vectors = WordVectors.read(old, progress=False if quiet else "auto")
    if for_others:
        return vectors.write(new), vectors.report_.notes, ""
    word = shlex.quote(vectors.table_.words[min(100, len(vectors) - 1)])
    return vectors.save(new), vectors.report_.notes, f"; try: lilliput predict {shown} {word}"


def _written_for_others(path: str) -> bool:
    from lilliput.data.files import split_ending
    from lilliput.retrieval.vectorfiles import WRITTEN

    return split_ending(path)[0] in WRITTEN


def _is_ours(path: str) -> bool:
    """Whether a file begins as safetensors do: with a length and a JSON object."""
    try:
        with Path(path).open("rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError:
        return False


def _is_classifier(path: str) -> bool:
    """Whether a file is fastText's and no word vectors, or is named so; its reader then says what is wrong."""
    from lilliput.compat.fasttext_file import holds_vectors
    from lilliput.retrieval.vectorfiles import FASTTEXT

    if Path(path).suffix == ".ftz":
        return True
    try:
        with Path(path).open("rb") as file:
            if file.read(len(FASTTEXT)) != FASTTEXT:
                return False
    except OSError:
        return False
    return not holds_vectors(path)
