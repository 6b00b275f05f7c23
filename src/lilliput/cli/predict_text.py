"""Answering for one text: a line a label, the n-grams that spoke for and against it, or one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from lilliput.cli.answers import DECIMALS, answer_columns, answers, noun

if TYPE_CHECKING:
    from lilliput.cli.labeller import Labeller
    from lilliput.tasks.explanation import Explanation

NGRAMS = 6
"""Shown for and against a label."""


def show_answer(model: Labeller, text: str, *, json: bool, explain: bool, top: int | None) -> None:
    """Write to standard output what the model says of `text`: ``label<TAB>probability``, or JSON as in a file's row."""
    chances = model.predict_proba([text])
    (cells,) = answers(model, chances, top)
    lines = _lines(model, cells, top)
    reasons = [model.explain(text, label) for label, _ in lines] if explain else []
    if json:
        typer.echo(_json(dict(zip(answer_columns(model, top), cells, strict=True)), reasons))
        return
    for number, (label, probability) in enumerate(lines):
        typer.echo(f"{'' if label is None else label}\t{probability:.4f}")
        for line in reason_lines(reasons[number]) if explain else ():
            typer.echo(line)
    if not lines or lines[0][0] is None:
        best = int(chances[0].argmax())
        name, chance = model.labels_.names[best], chances[0, best]
        typer.echo(f"note: no {noun(model)} is probable enough; the best is {name!r} with {chance:.4f}", err=True)


def show_spans(model: Any, path: str, text: str, *, json: bool) -> None:
    """Write which part of `text` is in which language, by the `model` of a file: a line a part, or JSON.

    A line: ``language<TAB>probability<TAB>share of the words<TAB>text``. Raises `LilliputError` for a model that does
    not tell languages.
    """
    from lilliput.core.errors import LilliputError

    if model.task != "language":
        raise LilliputError(f"{path} holds a model of task {model.task!r}; --spans is for models of languages")
    found = model.spans(text)
    if json:
        import orjson

        parts = [{**span._asdict(), "text": text[span.start : span.end]} for span in found]
        shares = [{"language": language, "share": share} for language, share in model.shares(text).items()]
        typer.echo(orjson.dumps({"spans": parts, "shares": shares}).decode())
        return
    for span in found:
        shown = " ".join(text[span.start : span.end].split())
        typer.echo(f"{span.language or ''}\t{span.probability:.4f}\t{span.share:.4f}\t{shown}")


def reason_lines(reasons: Explanation) -> list[str]:
    """The n-grams for and against a label, with their log-odds, in up to two lines."""
    sides = (("for", reasons.speaks_for), ("against", reasons.speaks_against))
    return [
        f"  {side:<8}" + ", ".join(f"{ngram!r} {says:+.2f}" for ngram, says in said[:NGRAMS])
        for side, said in sides
        if said
    ]


def _lines(model: Labeller, cells: list[Any], top: int | None) -> list[tuple[Any, float]]:
    """Labels and probabilities of a row of answers, the most probable first."""
    if model.labels_.mode == "soft" and top is None:
        return sorted(zip(model.labels_.names, cells, strict=True), key=lambda pair: -pair[1])
    label, probability = cells
    return list(zip(label, probability, strict=True)) if isinstance(label, list) else [(label, probability)]


def _json(answer: dict[str, Any], reasons: list[Explanation]) -> str:
    import orjson

    if reasons:
        answer["explanation"] = [
            {"label": said.label, "for": _rounded(said.speaks_for), "against": _rounded(said.speaks_against)}
            for said in reasons
        ]
    return orjson.dumps(answer).decode()


def _rounded(said: list[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(ngram, round(says, DECIMALS)) for ngram, says in said]
