"""How good word vectors are: agreement with people on how alike words are, and analogies.

Agreement is Spearman's rank correlation of cosines with scores, over the pairs whose words both have a vector.
Analogies are answered by 3CosAdd among the most frequent words; a question is left out when one of its four words is
not among these (as gensim does it; word2vec's own program takes 30,000 words, gensim 300,000).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.core.report import Measure
from lilliput.retrieval.nearest import nearest
from lilliput.retrieval.neighbours import Neighbourhood, cosine, folded, unit
from lilliput.tasks.vectors_sets import AnalogySet, SimilaritySet

ASKED_TOO = 3
"""Words of a question, which are no answers to it."""
_Z = 1.959963984540054


@dataclass(frozen=True)
class Agreement:
    """``spearman`` over the pairs used (its ``n``), or None with fewer than three; ``pairs``: of the whole set."""

    name: str
    spearman: Measure | None
    pairs: int


@dataclass(frozen=True)
class Analogies:
    """Right answers, questions that could be asked and all questions, in each section and in all."""

    name: str
    sections: dict[str, tuple[int, int, int]]

    @property
    def total(self) -> tuple[int, int, int]:
        """Right, asked and all."""
        right, asked, every = np.array(list(self.sections.values())).sum(axis=0).tolist()
        return right, asked, every

    @property
    def accuracy(self) -> Measure | None:
        """The share of right answers among the questions that could be asked; None where there were none."""
        right, asked, _ = self.total
        return Measure.proportion(right, asked) if asked else None


@dataclass(frozen=True)
class Evaluation:
    """What `WordVectors.evaluate` found; prints as a table."""

    similarity: dict[str, Agreement] = field(default_factory=dict)
    analogies: dict[str, Analogies] = field(default_factory=dict)

    @property
    def mean_spearman(self) -> float | None:
        """The mean over the similarity sets that could be measured."""
        values = [found.spearman.value for found in self.similarity.values() if found.spearman is not None]
        return sum(values) / len(values) if values else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        similarity = {
            name: {**_plain(found.spearman, "spearman"), "pairs": found.pairs}
            for name, found in self.similarity.items()
        }
        analogies = {}
        for name, answers in self.analogies.items():
            sections = {
                section: {"right": right, "asked": asked, "questions": every}
                for section, (right, asked, every) in answers.sections.items()
            }
            analogies[name] = {
                **_plain(answers.accuracy, "accuracy"), "questions": answers.total[2], "sections": sections
            }  # fmt: skip
        return {"similarity": similarity, "analogies": analogies, "mean_spearman": self.mean_spearman}

    def __str__(self) -> str:
        rows = [(name, _agreement(found)) for name, found in self.similarity.items()]
        if len(self.similarity) > 1 and self.mean_spearman is not None:
            rows.append(("mean", f"{self.mean_spearman:.4f}"))
        for name, answers in self.analogies.items():
            rows.append((name, _share(answers.total)))
            if len(answers.sections) > 1:
                rows += [(f"  {section}", _share(counts)) for section, counts in answers.sections.items()]
        width = max((len(name) for name, _ in rows), default=0)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def agreement(words: Neighbourhood, pairs: SimilaritySet) -> Agreement:
    """The rank correlation of cosines with what people said."""
    found, scores = [], []
    for (first, second), score in zip(pairs.pairs, pairs.scores, strict=True):
        one, other = words.find(first), words.find(second)
        if one is not None and other is not None:
            found.append(cosine(one, other))
            scores.append(score)
    return Agreement(pairs.name, spearman(found, scores), len(pairs.pairs))


def spearman(first: Sequence[float], second: Sequence[float]) -> Measure | None:
    """Spearman's rank correlation, equal values sharing their mean rank; None where it is not defined.

    The interval is Fisher's, with the variance of Fieller, Hartley and Pearson 1957, "Tests for rank correlation
    coefficients I", Biometrika 44; -1 to 1 where that is not defined.
    """
    if len(first) < 3:
        return None
    x, y = (ranks(np.asarray(values)) for values in (first, second))
    x, y = x - x.mean(), y - y.mean()
    spread = math.sqrt(float(x @ x) * float(y @ y))
    if spread == 0:
        return None
    value = max(-1.0, min(1.0, float(x @ y) / spread))
    if len(first) == 3 or abs(value) == 1:
        return Measure(value, -1.0, 1.0, len(first))
    half = _Z * math.sqrt(1.06 / (len(first) - 3))
    return Measure(value, math.tanh(math.atanh(value) - half), math.tanh(math.atanh(value) + half), len(first))


def ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks from 1, equal values sharing the mean of theirs; float64 (n,)."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[places]


def answer(words: Neighbourhood, questions: AnalogySet, among: int | None) -> Analogies:
    """How many questions are answered rightly; `among`: the most frequent words that are asked of and answer."""
    size = len(words.table) if among is None else min(among, len(words.table))
    row_of = _rows(words, questions, size)
    asked = np.array([[row_of[word] for word in question] for question in questions.questions], dtype=np.int64)
    known = np.flatnonzero((asked >= 0).all(axis=1))
    right = np.zeros(len(asked), dtype=bool)
    right[known] = _answers(words, asked[known, :3], size) == asked[known, 3]
    sections: dict[str, list[int]] = {section: [0, 0, 0] for section in questions.sections}
    could = np.zeros(len(asked), dtype=bool)
    could[known] = True
    for section, good, possible in zip(questions.sections, right.tolist(), could.tolist(), strict=True):
        for place, value in enumerate((good, possible, True)):
            sections[section][place] += value
    return Analogies(questions.name, {name: (good, tried, every) for name, (good, tried, every) in sections.items()})


def _rows(words: Neighbourhood, questions: AnalogySet, size: int) -> dict[str, int]:
    """The row of each word of the questions among the first `size`, -1 for one that is not there.

    A word is looked for as it is written, then in small letters, as the words of most tables are.
    """
    found: dict[str, int] = {}
    for word in {word for question in questions.questions for word in question}:
        row = words.row(word)
        if not 0 <= row < size:
            row = words.table.words.row(folded(word))
        found[word] = row if row < size else -1
    return found


def _answers(words: Neighbourhood, asked: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The nearest row to b - a + c for each (a, b, c), and none of these three; -1 where no row is left."""
    if not len(asked):
        return np.zeros(0, dtype=np.int64)
    table = words.table
    distinct, places = np.unique(asked, return_inverse=True)
    vectors = np.stack([unit(row) for row in table.rows.floats(distinct)])[places.reshape(asked.shape)]
    queries = vectors[:, 1] - vectors[:, 0] + vectors[:, 2]
    found = nearest(table.rows.codes[:size], table.inverse[:size], queries, ASKED_TOO + 1, words.threads).rows
    free = (found[:, :, None] != asked[:, None, :]).all(axis=2)
    first = free.argmax(axis=1)
    return np.where(free.any(axis=1), found[np.arange(len(found)), first], -1)


def check_among(among: Any) -> None:
    """Raise `DataError` unless this is a number of words, or None for all."""
    if among is not None and (isinstance(among, bool) or not isinstance(among, (int, np.integer)) or among < 1):
        raise DataError(f"among={among!r}: expected how many of the most frequent words, or None for all")


def _plain(measure: Measure | None, name: str) -> dict[str, Any]:
    if measure is None:
        return {name: None, "used": 0}
    return {name: measure.value, "low": measure.low, "high": measure.high, "used": measure.n}


def _agreement(found: Agreement) -> str:
    if found.spearman is None:
        return f"not measured: too few of {found.pairs:,} pairs have both words"
    text = f"{found.spearman.value:.4f}  (95 % interval {found.spearman.low:.4f} to {found.spearman.high:.4f}, "
    return f"{text}{found.spearman.n:,} of {found.pairs:,} pairs)"


def _share(counts: tuple[int, int, int]) -> str:
    right, asked, every = counts
    return (
        f"{right / asked:.2%}  ({right:,} of {asked:,} asked, {every:,} questions)" if asked else f"none of {every:,}"
    )
