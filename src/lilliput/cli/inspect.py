"""``lilliput inspect``: what a model file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from lilliput.cli import options

EXAMPLE = """\b
Example
  lilliput inspect m.safetensors
"""
SHOWN_WORDS = 5
"""Words of a cluster that are shown."""
LABELS = 20
"""Shown of a model's labels; JSON has all of them."""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("inspect", epilog=EXAMPLE)(inspect)


def inspect(model: options.Model, json: options.Json = False) -> None:
    """Show what a model file holds.

    The manifest, the arrays, and the report of the fit.
    """
    found = _contents(model)
    if json:
        import orjson

        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo(_page(found))


def _contents(path: str) -> dict[str, Any]:
    """Everything about a model file as plain data; it is loaded too, so that every check has been made."""
    from lilliput.core.modelfile import read_model
    from lilliput.core.registry import load

    model: Any = load(path)
    manifest, arrays = read_model(path)
    labels = _labels(model)
    return {
        "file": path,
        "bytes": Path(path).stat().st_size,
        "labels": labels,
        "arrays": {
            name: {"dtype": str(array.dtype), "shape": list(array.shape), "bytes": array.nbytes}
            for name, array in arrays.items()
        },
        "manifest": {name: value for name, value in manifest.items() if name != "report"},
        "report": model.report_.to_dict(),
    }


def _labels(model: Any) -> list[Any]:
    """What the model tells apart; of word clusters the most frequent words of each, of pairings the items."""
    if model.task == "fasttext":
        return list(model.get_labels())
    if model.task == "rank":
        return model.top(LABELS)
    if model.task == "pair":
        return list(model.items_)
    if model.task == "vectors":
        from lilliput.tasks.vectors_asked import printable

        return [printable(word) for word in model.table_.words.first(LABELS)]
    if model.task == "clusters":
        return [" ".join(words) for words in model.listing(SHOWN_WORDS)]
    if model.task == "pca":
        return [f"{share:.2%}" for share in model.explained_variance_ratio_]
    return list(model.labels_.names)


def _page(found: dict[str, Any]) -> str:
    from lilliput.core.budget import format_bytes
    from lilliput.core.report import Report

    names = list(map(str, found["labels"]))
    task = found["manifest"]["task"]
    kind = {"vectors": "words ", "pca": "shares", "rank": "ranked", "pair": "items "}.get(task, "labels")
    counted = {"vectors": "words", "rank": "accounts"}.get(task)
    count = found["manifest"][counted] if counted else len(names)
    more = ", ..." if count > LABELS else ""
    lines = [
        f"file        {found['file']}: {format_bytes(found['bytes'])} ({found['bytes']:,} bytes)",
        f"{kind}      {count:,}: {', '.join(names[:LABELS])}{more}",
        "",
        "manifest",
        *(f"  {line}" for line in _tree(found["manifest"])),
        "",
        "arrays",
        *(f"  {line}" for line in _arrays(found["arrays"])),
        "",
        "report",
        *(f"  {line}" for line in str(Report.from_dict(found["report"])).splitlines()),
    ]
    return "\n".join(lines)


def _tree(value: dict[str, Any]) -> list[str]:
    """Mappings as indented lines, the innermost as one line each; lists of mappings are numbered from 0."""
    lines: list[str] = []
    for name, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            item = {str(number): entry for number, entry in enumerate(item)}
        if isinstance(item, dict) and not any(isinstance(part, (dict, list)) for part in item.values()):
            item = ", ".join(f"{key} {part}" for key, part in item.items() if part is not None)
        if isinstance(item, dict):
            lines += [name, *(f"  {line}" for line in _tree(item))]
        elif item is not None:
            lines.append(f"{name}  {item}")
    return lines


def _arrays(arrays: dict[str, dict[str, Any]]) -> list[str]:
    width = max(map(len, arrays))
    ordered = sorted(arrays.items(), key=lambda entry: -entry[1]["bytes"])
    return [
        f"{name:<{width}}  {array['bytes']:>12,} bytes  {array['dtype']} {'x'.join(map(str, array['shape']))}"
        for name, array in ordered
    ]
