"""Which part of a text is in which language.

Every word speaks for each language by what its n-grams say; a change of language costs; the cheapest way through the
text (Viterbi 1967, "Error bounds for convolutional codes and an asymptotically optimum decoding algorithm") gives the
borders, and each part is then judged as a whole, neighbours that come out the same as one.
"""

from __future__ import annotations

from itertools import compress, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.tasks.language_pieces import Word, words

if TYPE_CHECKING:
    from lilliput.tasks.language import LanguageIdentifier

SCALE = 0.06
"""Of what a word's n-grams say: they overlap, and so repeat one another."""
SWITCH = 5.0
"""What a change of language costs, in nats."""
MOST = 5.0
"""Nats by which a word speaks against a language at most, so that one word does not outweigh all others."""

Floats = NDArray[np.float32]


class Span(NamedTuple):
    """A part of a text, ``text[start:end]``, its language (None: unknown), and the probability of that language.

    ``share``: of the words with letters of the text, those in the part; 0 where there are no such words.
    """

    start: int
    end: int
    language: str | None
    probability: float
    share: float


def find_spans(model: LanguageIdentifier, text: str) -> list[Span]:
    """Spans that cover `text` without a gap, neighbours in different languages; none for an empty text."""
    if not text:
        return []
    found = [word for word in words(text) if word.letters]
    edges = [0, *_borders(model, text, found), len(text)]
    while True:
        chances = model.predict_proba([text[start:end] for start, end in pairwise(edges)])
        languages = list(model.decide(chances))
        changes = [languages[place] != languages[place + 1] for place in range(len(languages) - 1)]
        if all(changes):
            break
        edges = [0, *compress(edges[1:-1], changes), len(text)]
    counts = np.histogram([word.start for word in found], [*edges[:-1], len(text) + 1])[0]
    parts = zip(pairwise(edges), languages, chances.max(axis=1), counts, strict=True)
    return [
        Span(start, end, language, float(chance), float(count) / max(1, len(found)))
        for (start, end), language, chance, count in parts
    ]


def shares(spans: list[Span]) -> dict[str | None, float]:
    """The share of the words with letters that is in each language, the largest first; empty without such words."""
    found: dict[str | None, float] = {}
    for span in spans:
        found[span.language] = found.get(span.language, 0.0) + span.share
    return {language: share for language, share in sorted(found.items(), key=lambda item: -item[1]) if share}


def _borders(model: LanguageIdentifier, text: str, found: list[Word]) -> list[int]:
    """Where the words of another language begin."""
    if len(found) < 2:
        return []
    sums, _ = model.net_.evidence.of([text[word.start : word.end] for word in found])
    gains = SCALE * (sums - sums.max(axis=1, keepdims=True))
    path = best_path(np.maximum(gains, -MOST).astype(np.float32), SWITCH)
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
