"""``lilliput predict``: what a model says of one text or item, or of every row of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lilliput.cli import options
from lilliput.cli.asked import Asked
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.data.source import Source

EXAMPLE = """\b
Examples
  lilliput predict m.safetensors "cheap flights to rome"
  lilliput predict m.safetensors new.csv --text title -o out.csv
  lilliput predict recipes.safetensors "tomato, basil" --adventurous 0.7
  cat titles.txt | lilliput predict m.safetensors - --json
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("predict", epilog=EXAMPLE)(predict)


def predict(
    model: options.Model,
    given: Annotated[
        str | None,
        typer.Argument(
            metavar="INPUT", help="A text, a data file, or - for standard input: a text a line, or CSV with --text."
        ),
    ] = None,
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
    adventurous: Annotated[
        float, typer.Option("--adventurous", metavar="A", help="Of pairings: 0 what is usual to 1 what is rare.")
    ] = 0.0,
    context: Annotated[
        str | None, typer.Option("--context", metavar="NAME", help="Of pairings: as it is done there.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Repeat the columns of the file before the answers.")] = False,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    quiet: options.Quiet = False,
) -> None:
    """Label a text or each row of a file, tag their tokens, or cut them into words or sentences.

    A text: its label and the probability. A file: one row out for each row in, in the same order. With a tagger: a line
    a token; of a file, CoNLL-U with the tags filled in. With a segmenter: words between spaces, or a sentence a line.
    With a ranking: the table of all accounts, as -o says (.csv, .json, .html), or why the account given is where it is.
    With word vectors: the words nearest to a word, or to "king - man + woman". With pairings: what goes with items.
    With principal components: the coordinates of the rows of a file.
    """
    from lilliput.core.registry import load

    asked = Asked(
        model, given, out, json, text, explain, top, spans, adventurous, context, keep, no_header, skip_bad, quiet
    )
    loaded: Any = load(model)
    asked.check(loaded.task)
    _ANSWERS.get(loaded.task, _label)(loaded, asked)


def _label(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.labeller import as_labeller
    from lilliput.cli.predict_text import show_answer, show_spans
    from lilliput.data.files import ENDINGS

    if options.is_data(asked.input, ENDINGS):
        _label_file(loaded, asked)
        return
    if asked.out != "-" or asked.keep:
        raise LilliputError("-o and --keep are for files of texts; one text is answered on standard output")
    if asked.spans:
        show_spans(loaded, asked.model, asked.input, json=asked.json)
        return
    labeller = as_labeller(loaded, asked.model)
    show_answer(labeller, asked.input, json=asked.json, explain=asked.explain, top=asked.top)


def _label_file(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.labeller import as_labeller
    from lilliput.cli.predict_file import predict_file

    for option, given in (("--spans", asked.spans), ("--explain", asked.explain)):
        if given:
            raise LilliputError(f"{option} takes one text, not a file; give the text itself, in quotes")
    if asked.out != "-":
        options.check_writable(asked.out)
    labeller = as_labeller(loaded, asked.model)
    with _source(asked) as source:
        bad = predict_file(
            labeller, source, asked.out, json=asked.json, top=asked.top, keep=asked.keep, show=not asked.quiet
        )
    if bad.count and not asked.quiet:
        typer.echo(f"note: {bad}; their rows are empty", err=True)


def _tag(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.tagging import tag_input

    tag_input(loaded, asked.input, asked.out, json=asked.json, skip_bad=asked.skip_bad, quiet=asked.quiet)


def _segment(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.segmenting import segment_input

    segment_input(loaded, asked.input, asked.out, json=asked.json, skip_bad=asked.skip_bad, quiet=asked.quiet)


def _near(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.vectoring import near_input

    near_input(loaded, asked.input, _source(asked), asked.out, json=asked.json, top=asked.top, quiet=asked.quiet)


def _pair(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.pairing import suggest_for

    suggest_for(loaded, asked.input, k=asked.top, adventurous=asked.adventurous, context=asked.context, json=asked.json)


def _rank(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.ranking import rank_input

    rank_input(loaded, asked.given, asked.out, json=asked.json, quiet=asked.quiet)


def _project(loaded: Any, asked: Asked) -> None:
    from lilliput.cli.projecting import project_input

    header = not asked.no_header
    project_input(loaded, asked.input, asked.out, text=asked.text, header=header, skip_bad=asked.skip_bad)


def _source(asked: Asked) -> Source:
    """The rows of a file of texts."""
    from lilliput.data.source import Source

    return Source(asked.input, asked.text, labelled=False, skip_bad=asked.skip_bad, header=not asked.no_header)


_ANSWERS: dict[str, Callable[[Any, Asked], None]] = {
    "tag": _tag,
    "segment": _segment,
    "vectors": _near,
    "pair": _pair,
    "rank": _rank,
    "pca": _project,
}
