"""What is asked of a table of vectors: the vector of a word, how alike two are, what is near, and a - b + c."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.data.packed import normalise
from lilliput.retrieval.nearest import nearest
from lilliput.retrieval.vectortable import Floats, VectorTable


class UnknownWordError(DataError, KeyError):
    """A word that is not in the table and has no n-gram there either; the message names words like it."""

    def __str__(self) -> str:
        return str(self.args[0])


class Neighbour(NamedTuple):
    """A word and the cosine of its vector with what was asked, -1 to 1."""

    word: str
    similarity: float


Asked: TypeAlias = "str | Sequence[str] | NDArray[Any]"


@dataclass(frozen=True)
class Neighbourhood:
    """Questions to `table`; with `lowercase` a word that is not in it is looked up case-folded."""

    table: VectorTable
    lowercase: bool = False
    threads: int = 1

    def row(self, word: str) -> int:
        """The row of a word, or -1."""
        row = self.table.words.row(word)
        if row < 0 and self.lowercase:
            row = self.table.words.row(folded(word))
        return row

    def find(self, word: str) -> Floats | None:
        """The vector of a word, float32 (dim,), by its n-grams where it is not in the table; None without these."""
        row = self.row(word)
        if row >= 0:
            return self.table.rows.floats(row)
        return self.table.vector(folded(word) if self.lowercase else word)

    def vector(self, word: str) -> Floats:
        """As `find`; raises `UnknownWordError` where that finds none."""
        found = self.find(word)
        if found is None:
            raise UnknownWordError(self._unknown(word))
        return found

    def similarity(self, first: str, second: str) -> float:
        """The cosine of the vectors of two words, -1 to 1; 0 where one is all zeros."""
        return cosine(self.vector(first), self.vector(second))

    def most_similar(self, asked: Asked, k: int, exclude: Iterable[str] = ()) -> list[Neighbour]:
        """The `k` words nearest to a word, to the mean of several, or to a vector (dim,); not the words asked for."""
        check_k(k)
        if isinstance(asked, np.ndarray):
            if asked.shape != (self.table.dim,) or not np.isfinite(asked).all():
                raise DataError(
                    f"a vector of shape {asked.shape}; expected {self.table.dim} finite numbers, or give a word"
                )
            return self._near(asked.astype(np.float64), k, exclude)
        words = [asked] if isinstance(asked, str) else list(asked)
        if not words:
            raise DataError("most_similar was asked for no word; give one, several, or a vector")
        return self.combined(words, (), k, exclude)

    def combined(
        self, plus: Sequence[str], minus: Sequence[str], k: int, exclude: Iterable[str] = ()
    ) -> list[Neighbour]:
        """The words nearest to the sum of some vectors less others, all of length 1 (3CosAdd), and not these words.

        Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word Representations", section 3.
        """
        check_k(k)
        query = np.zeros(self.table.dim)
        for sign, words in ((1.0, plus), (-1.0, minus)):
            for word in words:
                query += sign * unit(self.vector(word))
        return self._near(query, k, [*plus, *minus, *exclude])

    def many(self, words: Sequence[str], k: int) -> list[list[Neighbour]]:
        """`most_similar` of each of many words, by all threads."""
        check_k(k)
        queries = np.stack([self.vector(word) for word in words]) if words else np.zeros((0, self.table.dim))
        found = nearest(self.table.rows.codes, self.table.inverse, queries, k + 1, self.threads)
        own = [self.row(word) for word in words]
        pairs = zip(own, found.rows.tolist(), found.cosines.tolist(), strict=True)
        return [self._named(rows, cosines, {row}, k) for row, rows, cosines in pairs]

    def _near(self, query: NDArray[np.float64], k: int, exclude: Iterable[str]) -> list[Neighbour]:
        left_out = {self.row(word) for word in exclude} - {-1}
        table = self.table
        found = nearest(table.rows.codes, table.inverse, query[None], k + len(left_out), self.threads)
        return self._named(found.rows[0].tolist(), found.cosines[0].tolist(), left_out, k)

    def _named(self, rows: list[int], cosines: list[float], left_out: set[int], k: int) -> list[Neighbour]:
        kept = [(row, cosine) for row, cosine in zip(rows, cosines, strict=True) if row not in left_out]
        return [Neighbour(self.table.words[row], cosine) for row, cosine in kept[:k]]

    def _unknown(self, word: str) -> str:
        near = self.table.words.near(folded(word) if self.lowercase else word)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else f" of {len(self.table):,}"
        ngrams = "" if self.table.grams is None else ", and it has no n-gram"
        return f"the word {word!r} is not among the words{ngrams}{hint}"


def folded(word: str) -> str:
    """A word as a task that folds the case of its texts has it."""
    return normalise(word).casefold()


def unit(vector: NDArray[Any]) -> NDArray[np.float64]:
    """A vector at length 1, float64; zeros stay zeros."""
    wide = vector.astype(np.float64)
    length = np.sqrt(wide @ wide)
    return wide / length if length > 0 else wide


def cosine(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The cosine of two vectors, -1 to 1; 0 where one is all zeros."""
    return max(-1.0, min(1.0, float(unit(first) @ unit(second))))


def check_k(k: Any) -> None:
    """Raise `DataError` unless `k` is a number of neighbours."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise DataError(f"k={k!r}: expected how many neighbours, 1 or more")
