"""Which part of a text is in which language.

Every word speaks by the probabilities of the languages for it alone; a change of language costs; the
cheapest way through the text (Viterbi 1967, "Error bounds for convolutional codes and an asymptotically optimum
decoding algorithm") gives the borders, and each part is then judged as a whole.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.tasks.language_pieces import Word, words

if TYPE_CHECKING:
    from lilliput.tasks.language import LanguageIdentifier

SWITCH = 5.0
"""What a change of language costs, in nats."""
LEAST = 1e-4
"""A probability below which no language falls, so that one word does not outweigh all others."""

Floats = NDArray[np.float32]


class Span(NamedTuple):
    """A part of a text, ``text[start:end]``, its language (None: unknown), and the probability of that language."""

    start: int
    end: int
    language: str | None
    probability: float


def find_spans(model: LanguageIdentifier, text: str) -> list[Span]:
    """Spans that cover `text` without a gap, neighbours in different languages; none for an empty text."""
    if not text:
        return []
    found = [word for word in words(text) if word.letters]
    edges = [0, *_borders(model, text, found), len(text)]
    while True:
        chances = model.predict_proba([text[start:end] for start, end in pairwise(edges)])
        languages = list(model.decide(chances))
        merged = [
            0,
            *(
                edge
                for edge, before, after in zip(edges[1:], languages, languages[1:], strict=False)
                if before != after
            ),
            len(text),
        ]
        if len(merged) == len(edges):
            break
        edges = merged
    return [
        Span(start, end, language, float(chance))
        for (start, end), language, chance in zip(pairwise(edges), languages, chances.max(axis=1), strict=True)
    ]


def shares(text: str, spans: list[Span]) -> dict[str | None, float]:
    """The share of the words with letters that is in each language, the largest first; empty without such words."""
    starts = [word.start for word in words(text) if word.letters]
    counts: dict[str | None, int] = {}
    for span in spans:
        count = sum(span.start <= start < span.end for start in starts)
        counts[span.language] = counts.get(span.language, 0) + count
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return {language: count / len(starts) for language, count in ordered if count}


def _borders(model: LanguageIdentifier, text: str, found: list[Word]) -> list[int]:
    """Where the words of another language begin."""
    if len(found) < 2:
        return []
    chances = model.predict_proba([text[word.start : word.end] for word in found])
    path = best_path(np.log(np.maximum(chances, LEAST)), SWITCH)
    return [found[place].start for place in np.flatnonzero(np.diff(path)) + 1]


def best_path(gains: Floats, switch: float) -> NDArray[np.int64]:
    """The column of each row of `gains` (words, languages) with the largest sum, less `switch` a change; (words,)."""
    total = gains[0].astype(np.float64)
    came = np.empty(gains.shape, dtype=np.int64)
    stay = np.arange(gains.shape[1])
    for row in range(1, len(gains)):
        best = int(total.argmax())
        changed = total[best] - switch
        came[row] = np.where(total >= changed, stay, best)
        total = np.maximum(total, changed) + gains[row]
    path = np.empty(len(gains), dtype=np.int64)
    path[-1] = total.argmax()
    for row in range(len(gains) - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path
