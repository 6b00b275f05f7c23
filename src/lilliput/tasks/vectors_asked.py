"""What is asked of word vectors in writing: a word, several, or a sum such as "king - man + woman"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lilliput.core.errors import DataError

if TYPE_CHECKING:
    from lilliput.retrieval.neighbours import Neighbour
    from lilliput.tasks.vectors import WordVectors


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


def printable(word: str) -> str:
    """A word with what is not UTF-8 in it as replacement characters."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
