"""What the studio can train: for each task the files it reads, the columns it asks for, and its options.

A fit in the studio is what ``lilliput fit`` does, so an entry here says which of its options there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lilliput.core.budget import Budget, format_seconds
from lilliput.data.files import split_ending
from lilliput.data.sentences import SENTENCE_ENDINGS
from lilliput.web.problems import ProblemError
from lilliput.web.uploads import READABLE, Upload

BUDGET = "1MB,1min"
MOST_SECONDS, MOST_BYTES = 3600.0, 1_000_000_000
Value = bool | int | float | str


@dataclass(frozen=True)
class Column:
    """A column that a task asks for; `guess`: what it looks like, if it can be told without being named."""

    name: str
    says: str
    guess: str | None = None
    several: bool = False
    """Whether columns may be named with commas between them."""


@dataclass(frozen=True)
class Option:
    """An option of a fit; `kind`: flag, text, choice, whole or number. The default is what is done without it."""

    name: str
    says: str
    kind: str = "text"
    default: Value = ""
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 1

    def argument(self, value: Value) -> list[str]:
        """The option on a command line. Raises `ProblemError` for a value that it does not take."""
        flag = f"--{self.name.replace('_', '-')}"
        if self.kind == "flag" and isinstance(value, bool):
            return [flag] if value else []
        if self.kind == "text" and isinstance(value, str):
            return [f"{flag}={value}"] if value else []
        if self.kind == "choice" and value in ("", *self.choices):
            return [f"{flag}={value}"] if value else []
        whole = isinstance(value, int) and not isinstance(value, bool)
        fits = whole if self.kind == "whole" else whole or isinstance(value, float)
        if self.kind in ("whole", "number") and fits and self.low <= float(value) <= self.high:
            return [f"{flag}={value}"]
        raise ProblemError(422, f"options.{self.name} should be {self._expected()}, not {value!r:.60}")

    def _expected(self) -> str:
        if self.kind == "flag":
            return "true or false"
        if self.kind == "choice":
            return " or ".join(map(repr, self.choices))
        if self.kind == "text":
            return "a text"
        return f"a {'whole ' if self.kind == 'whole' else ''}number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Trainable:
    """A task, for which `lilliput fit` has a verb of the same name."""

    task: str
    says: str
    columns: tuple[Column, ...] = ()
    options: tuple[Option, ...] = ()
    endings: tuple[str, ...] = tuple(ending for ending in READABLE if ending != ".conllu")
    inspected: bool = False
    """Whether the data doctor knows such data: texts, or texts with labels."""
    seeded: bool = True

    def told(self) -> dict[str, Any]:
        """What a page builds its form from."""
        return asdict(self)

    def arguments(self, upload: Upload, columns: Mapping[str, str], options: Mapping[str, Value]) -> list[str]:
        """The command line of a fit to a file, without output, budget and seed. Raises `ProblemError`."""
        ending = split_ending(upload.path)[0]
        if ending not in self.endings:
            raise ProblemError(422, f"{upload.name}: a fit of task {self.task!r} reads {' '.join(self.endings)}")
        given = ["fit", self.task, upload.path]
        for part, values, known in (
            ("columns", columns, [column.name for column in self.columns]),
            ("options", options, [option.name for option in self.options]),
        ):
            unknown = next((name for name in values if name not in known), None)
            if unknown is not None:
                there = ", ".join(known) or "none"
                raise ProblemError(422, f"{part}.{unknown:.60}: a fit of task {self.task!r} knows {there}")
        for column in self.columns:
            if columns.get(column.name):
                given.append(f"--{column.name}={columns[column.name]}")
        for option in self.options:
            if option.name in options:
                given += option.argument(options[option.name])
        return given


def checked_budget(given: str) -> Budget:
    """A budget with a time, as nobody waits here to end a fit. Raises `LilliputError`."""
    budget = Budget.parse(given)
    if budget.time is None:
        raise ProblemError(422, f"budget {given!r:.60} has no time; add one, as in {BUDGET}")
    if budget.time > MOST_SECONDS:
        raise ProblemError(422, f"budget {given!r:.60}: at most {format_seconds(MOST_SECONDS)} are allowed here")
    if budget.memory is not None and budget.memory > MOST_BYTES:
        raise ProblemError(422, f"budget {given!r:.60}: at most {MOST_BYTES:,} bytes are allowed here")
    return budget


TEXT = Column("text", "the texts", guess="text")
SKIP_BAD = Option("skip_bad", "Leave bad rows out instead of stopping", "flag", False)
TRAINABLE = {
    entry.task: entry
    for entry in (
        Trainable(
            "label",
            "Label texts: one label a text, several, or a number for each.",
            (
                TEXT,
                Column("target", "the labels; several columns of numbers, as a,b,c, are soft labels", "target", True),
            ),
            (
                Option("targets", "Labels a text", "choice", "", ("single", "multi", "soft")),
                Option("separator", "What parts several labels in a cell"),
                Option("balanced", "Rare labels weigh as much as frequent ones", "flag", False),
                SKIP_BAD,
            ),
            inspected=True,
        ),
        Trainable(
            "language",
            "Tell languages, of words and of sentences.",
            (TEXT, Column("target", "the languages", "target")),
            (SKIP_BAD,),
            inspected=True,
        ),
        Trainable(
            "tag",
            "Tag the tokens of sentences, such as with their parts of speech.",
            options=(
                Option("column", "Column of CoNLL-U that holds the tags", default="upos"),
                Option("language", "Language of raw texts, such as en"),
                SKIP_BAD,
            ),
            endings=tuple(ending for ending, found in SENTENCE_ENDINGS.items() if found != "jsonl"),
        ),
        Trainable(
            "pair",
            "Learn from baskets what goes with what: recipes, carts, playlists.",
            (
                Column("items", "the items of a basket", "text"),
                Column("context", "where a basket comes from, such as a cuisine"),
            ),
            (
                Option("separator", "What parts the items of a cell"),
                Option("normalise", "Names of ingredients made alike", "choice", "", ("ingredients",)),
                Option("least", "Baskets that an item is in at least", "whole", 1, low=1, high=1_000_000),
                SKIP_BAD,
            ),
        ),
        Trainable(
            "vectors",
            "Learn vectors of words from texts, by what stands beside them.",
            (TEXT,),
            (
                Option("dim", "Numbers a vector has", "whole", 100, low=1, high=2000),
                Option("epochs", "Passes over the texts", "whole", 5, low=1, high=1000),
                Option("least", "Words seen less often get no vector", "whole", 5, low=1, high=1_000_000),
                Option("method", "How", "choice", "", ("skipgram", "cbow")),
                SKIP_BAD,
            ),
            inspected=True,
        ),
        Trainable(
            "rank",
            "Rank the accounts of a network by who points at whom.",
            (
                Column("source", "who points"),
                Column("target", "whom at"),
                Column("weight", "the weights"),
            ),
            (
                Option("communities", "Sort accounts into communities too", "flag", False),
                Option("self_loops", "Count edges from an account to itself", "flag", False),
                SKIP_BAD,
            ),
            seeded=False,
        ),
    )
}
