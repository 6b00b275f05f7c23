"""``lilliput predict``: label one text, or every row of a file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

EXAMPLE = """\b
Examples
  lilliput predict m.safetensors "cheap flights to rome"
  lilliput predict m.safetensors new.csv --text title -o out.csv
  cat titles.txt | lilliput predict m.safetensors - --json
"""
Input = Annotated[
    str | None,
    typer.Argument(
        metavar="INPUT", help="A text, a data file, or - for standard input: a text a line, or CSV with --text."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("predict", epilog=EXAMPLE)(predict)


def predict(
    model: options.Model,
    given: Input = None,
    out: Annotated[
        str, typer.Option("-o", "--out", metavar="FILE", help=".csv, .tsv or .jsonl, plain or .gz; else the screen.")
    ] = "-",
    json: options.Json = False,
    text: options.Text = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which parts of the text spoke for and against.")
    ] = False,
    top: Annotated[
        int | None, typer.Option(metavar="K", min=1, help="Give the K most probable labels, or nearest words.")
    ] = None,
    spans: Annotated[
        bool, typer.Option("--spans", help="Say which part of the text is in which language, and its share of words.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Repeat the columns of the file before the answers.")] = False,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    quiet: options.Quiet = False,
) -> None:
    """Label a text or each row of a file, tag their tokens, or cut them into words or sentences.

    A text: its label and the probability. A file: one row out for each row in, in the same order. With a tagger: a line
    a token; of a file, CoNLL-U with the tags filled in. With a segmenter: words between spaces, or a sentence a line.
    With a ranking: the table of all accounts, as -o says (.csv, .json, .html), or why the account given is where it is.
    With word vectors: the words nearest to a word, or to "king - man + woman".
    """
    from lilliput.cli.labeller import as_labeller
    from lilliput.cli.predict_text import show_answer, show_spans
    from lilliput.core.registry import load
    from lilliput.data.files import ENDINGS

    loaded: Any = load(model)
    if loaded.task == "rank":
        from lilliput.cli.ranking import rank_input

        rank_input(loaded, given, out, json=json, quiet=quiet, unfit=bool(explain or spans or keep or top or text))
        return
    given = _input(given)
    if loaded.task == "vectors":
        from lilliput.cli.vectoring import near_input

        if explain or spans or keep:
            raise LilliputError(f"{model} holds word vectors; --explain, --spans, --keep are for models of labels")
        near_input(loaded, given, out, text, json=json, top=top, skip_bad=skip_bad)
        return
    if loaded.task in ("tag", "segment"):
        from lilliput.cli.segmenting import segment_input
        from lilliput.cli.tagging import tag_input

        if explain or spans or keep or top is not None or text is not None:
            does = "tags tokens" if loaded.task == "tag" else "cuts texts"
            raise LilliputError(f"{model} {does}; --explain, --spans, --keep, --top, --text are for models of labels")
        answer = tag_input if loaded.task == "tag" else segment_input
        answer(loaded, given, out, json=json, skip_bad=skip_bad, quiet=quiet)
        return
    if loaded.task == "pca":
        from lilliput.cli.projecting import project_input

        project_input(loaded, given, out, text=text, header=not no_header, skip_bad=skip_bad)
        return
    if not options.is_data(given, ENDINGS):
        if out != "-" or keep:
            raise LilliputError("-o and --keep are for files of texts; one text is answered on standard output")
        if spans:
            show_spans(loaded, model, given, json=json)
            return
        show_answer(as_labeller(loaded, model), given, json=json, explain=explain, top=top)
        return
    if spans or explain:
        option = "--spans" if spans else "--explain"
        raise LilliputError(f"{option} takes one text, not a file; give the text itself, in quotes")
    from lilliput.cli.predict_file import predict_file
    from lilliput.data.source import Source

    if out != "-":
        options.check_writable(out)
    labeller = as_labeller(loaded, model)
    with Source(given, text, labelled=False, skip_bad=skip_bad, header=not no_header) as source:
        bad = predict_file(labeller, source, out, json=json, top=top, keep=keep, show=not quiet)
    if bad.count and not quiet:
        typer.echo(f"note: {bad}; their rows are empty", err=True)


def _input(given: str | None) -> str:
    """What is to be answered, which only a ranking needs not."""
    if given is None:
        raise LilliputError("what is the input? Give a text, a data file, or - for standard input")
    return given
