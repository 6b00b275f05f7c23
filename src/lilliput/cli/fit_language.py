"""``lilliput fit language``: tell languages."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lilliput.cli import fit_label_options as asked
from lilliput.cli import options
from lilliput.cli.learning import learn_and_save, new_or_continued
from lilliput.core.budget import Budget

EXAMPLE = """\b
Examples: one file a language, then a table
  lilliput fit language en.txt de.txt fr.txt -o languages.safetensors --budget 100KB
  lilliput fit language lines.jsonl --text text --target language -o languages.safetensors --budget 1MB
  lilliput predict languages.safetensors "quel temps fait-il ?"
  lilliput predict languages.safetensors "Guten Tag, how are you?" --spans
"""
Data = Annotated[
    list[str],
    typer.Argument(metavar="DATA", help="Plain text, one file a language (en.txt, de.txt), or tables, or - ."),
]
Target = Annotated[
    str | None, typer.Option("--target", metavar="COLUMN", help="Column of the languages; found by its name if usual.")
]
Unknown = Annotated[float | None, typer.Option(metavar="P", help="Give no language that is less probable than this.")]


def add_to(fit: typer.Typer) -> None:
    """Add the task."""
    fit.command("language", epilog=EXAMPLE)(fit_language)


def fit_language(
    data: Data,
    out: asked.Out,
    text: options.Text = None,
    target: Target = None,
    budget: asked.Budget = None,
    unknown: Unknown = None,
    no_header: options.NoHeader = False,
    skip_bad: options.SkipBad = False,
    seed: asked.Seed = None,
    threads: asked.Threads = None,
    device: asked.Device = "auto",
    continued: asked.Continued = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Learn to tell languages, of words and of sentences.

    The report goes to standard output. After Ctrl-C the best model so far is saved.
    """
    from lilliput.tasks.language import LanguageIdentifier
    from lilliput.tasks.language_source import LanguageSource

    options.check_model_path(out)
    Budget.parse(budget)
    given: dict[str, Any] = {"budget": budget, "unknown": unknown, "seed": seed, "threads": threads, "device": device}
    given["progress"] = False if quiet else None
    asked_for = {name: value for name, value in given.items() if value is not None}
    model = new_or_continued(LanguageIdentifier, continued, asked_for)
    with LanguageSource(data, text, target, skip_bad=skip_bad, header=not no_header) as source:
        again = continued is not None
        learn_and_save(model, source, out, continued=again, quiet=quiet, json=json, kernels=False)
