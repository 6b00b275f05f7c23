"""``lilliput score``: the quality of a model on labelled data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lilliput.cli import options
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.core.report import Measure
    from lilliput.data.source import Source

EXAMPLE = """\b
Example
  lilliput score m.safetensors test.csv --text title --target topic
"""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("score", epilog=EXAMPLE)(score)


def score(
    model: options.Model,
    data: Annotated[list[str], typer.Argument(metavar="DATA", help="Labelled data files, or - .")],
    text: options.Text = None,
    target: options.Target = None,
    items: Annotated[
        str | None, typer.Option("--items", metavar="COLUMN", help="Column of the items of baskets; as in the fit.")
    ] = None,
    separator: options.Separator = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    json: options.Json = False,
) -> None:
    """Measure a model on labelled data, word vectors on similarity sets and analogies, or components on rows."""
    from lilliput.cli.labeller import as_labeller
    from lilliput.core.registry import load
    from lilliput.data.source import Source
    from lilliput.tasks.language_source import LanguageSource
    from lilliput.tasks.quality import score_batches

    loaded: Any = load(model)
    if loaded.task == "tag":
        from lilliput.cli.tagging import score_tagger

        score_tagger(loaded, data, json=json, skip_bad=skip_bad)
        return
    if loaded.task == "pair":
        from lilliput.cli.pairing import score_pairing

        score_pairing(
            loaded, data, items=items, separator=separator, header=not no_header, skip_bad=skip_bad, json=json
        )
        return
    if loaded.task == "segment":
        from lilliput.cli.segmenting import score_segmenter

        score_segmenter(loaded, data, json=json, skip_bad=skip_bad)
        return
    if loaded.task == "vectors":
        from lilliput.cli.vectoring import score_vectors

        score_vectors(loaded, data, json=json)
        return
    if loaded.task == "pca":
        from lilliput.cli.projecting import score_projection

        score_projection(loaded, data, text=text, header=not no_header, skip_bad=skip_bad, json=json)
        return
    if loaded.task == "rank":
        raise LilliputError(
            f"{model} is a ranking, which is computed and not learned: there is nothing to score. How far it is from "
            f"the exact one is told by: lilliput inspect {model}; what changed since an earlier one by: lilliput "
            f"predict {model} ACCOUNT --before EARLIER"
        )
    labeller: Any = as_labeller(loaded, model)
    kind = LanguageSource if labeller.task == "language" else Source
    with kind(data, text, target, skip_bad=skip_bad, header=not no_header, labels_separator=separator) as source:
        measures, notes = score_batches(labeller, _labelled(source))
    notes += [str(source.bad)] if source.bad.count else []
    typer.echo(_json(measures, notes) if json else _table(measures, notes))


def _labelled(source: Source) -> Iterator[tuple[list[str], list[Any]]]:
    for texts, targets in source.batches():
        yield texts, targets or []


def _table(measures: dict[str, Measure], notes: list[str]) -> str:
    rows = [*((name, str(measure)) for name, measure in measures.items()), *(("note", note) for note in notes)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def _json(measures: dict[str, Measure], notes: list[str]) -> str:
    import orjson

    rows = next(iter(measures.values())).n
    values = {name: measure.value for name, measure in measures.items()}
    intervals = {name: [measure.low, measure.high] for name, measure in measures.items()}
    return orjson.dumps({**values, "rows": rows, "intervals": intervals, "notes": notes}).decode()
