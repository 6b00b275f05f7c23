"""Vectors of words, by what stands beside them: learned, looked up, compared, and kept in eight bits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, LilliputError, ModelFileError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath
from lilliput.core.threads import resolve_threads
from lilliput.retrieval.neighbours import Asked, Neighbour, Neighbourhood
from lilliput.retrieval.vectortable import VectorTable

if TYPE_CHECKING:
    from typing_extensions import Self

    from lilliput.data.files import PathLike
    from lilliput.tasks.map_points import MapPoints
    from lilliput.tasks.vectors_quality import Evaluation


class WordVectors(Estimator):
    """Vectors of words, by skip-gram or CBOW with negative sampling, in eight bits a number.

    Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality"; n-grams for
    unknown words as in Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information".

    Parameters
    ----------
    dim : how many numbers a vector has.
    epochs : how often the texts are gone through.
    method : "skipgram" or "cbow".
    window : the farthest neighbour that is learned from, in words.
    negatives : words drawn at random for each pair.
    rate : of learning, at the beginning; None: chosen by the method.
    sample : words that make up more than this share of the text are left out at random; 0: none is.
    least : how often a word must occur to have a vector.
    subwords : the shortest and the longest character n-gram, such as (3, 6), for words that are not known; None: none.
    lowercase : case-fold the words.
    budget : bytes of the file, seconds of `fit`: "1MB", "1MB,5min", a `Budget`, or None.
    text : name of the column of texts where `X` is a table.
    seed, threads, device, progress : as in every task; the same seed gives the same file for any number of threads.

    Attributes
    ----------
    table_ : the words, their counts and vectors (`lilliput.retrieval.vectortable.VectorTable`).
    losses_ : the mean loss of each epoch, in nats a pair.
    report_ : what was measured.
    interrupted_ : whether Ctrl-C ended the fit early.
    """

    task = "vectors"

    table_: VectorTable
    losses_: list[float]
    interrupted_: bool

    def __init__(
        self,
        dim: int = 100,
        epochs: int = 5,
        method: str = "skipgram",
        window: int = 5,
        negatives: int = 5,
        rate: float | None = None,
        sample: float = 1e-4,
        least: int = 5,
        subwords: tuple[int, int] | None = None,
        lowercase: bool = True,
        budget: Budget | str | Mapping[str, Any] | None = None,
        text: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.dim = dim
        self.epochs = epochs
        self.method = method
        self.window = window
        self.negatives = negatives
        self.rate = rate
        self.sample = sample
        self.least = least
        self.subwords = subwords
        self.lowercase = lowercase
        self.budget = budget
        self.text = text
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    # Learning

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from texts: a list of str, an array, a Series, a table with a column of them, or a `Source` of files.

        A `Source` may be larger than memory; `y` is not used. Raises `DataError` for data that cannot be used and
        `BudgetError` for a budget that was not kept; the estimator then is what it was before. After Ctrl-C the vectors
        are kept as they then are, `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.vectors_fit import fit

        fit(self, X, started)
        return self

    @classmethod
    def of(cls, words: Sequence[str], vectors: NDArray[Any], counts: Sequence[int] | None = None) -> Self:
        """Vectors that one has already, (words, dim), the most frequent word first; they are kept in eight bits.

        Raises `DataError` for a word that comes twice and numbers that are not finite.
        """
        from lilliput.tasks.vectors_files import of_table

        return of_table(cls, VectorTable.from_float(words, counts, np.asarray(vectors)), "given as they are", [])

    @classmethod
    def read(cls, path: StrPath, progress: bool | Literal["auto"] = "auto") -> Self:
        """The vectors of another program's file: word2vec's text or binary format, GloVe's, fastText's .vec or .bin.

        The format is told by the content; .gz, .bz2, .xz and .zst are unpacked. The vectors are made codes as they are
        read. Words are kept byte for byte: spaces in them, and what is not UTF-8 (as lone surrogates); of a word that
        comes twice the first vector is kept, with a note in `report_`. Raises `DataError`, which names the line.
        """
        from lilliput.tasks.vectors_files import read

        return read(cls, path, progress)

    def write(self, path: StrPath) -> int:
        """Write the vectors for other programs, and return the size of the file.

        .vec and .txt: word2vec's text format, which fastText and gensim read too; .bin: word2vec's binary format; each
        also .gz. N-grams are not written.
        """
        from lilliput.retrieval.vectorfiles import write_vectors

        self._check_fitted()
        return write_vectors(path, self.table_)

    # Using

    @property
    def words_(self) -> list[str]:
        """The words, the most frequent first."""
        self._check_fitted()
        return self.table_.words.all()

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The vector of a word, float32 (dim,); of a word that is not known, the mean of its n-grams' vectors.

        Raises a KeyError (`UnknownWordError`) that names words like it when there is neither.
        """
        return self._ask().vector(word)

    def find(self, word: str) -> NDArray[np.float32] | None:
        """As ``vectors[word]``, but None where there is no vector."""
        return self._ask().find(word)

    def __contains__(self, word: object) -> bool:
        """Whether the word is among `words_`; one that is not may still have a vector by its n-grams."""
        return isinstance(word, str) and self._ask().row(word) >= 0

    def __len__(self) -> int:
        """The number of words."""
        self._check_fitted()
        return len(self.table_)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words_)

    def similarity(self, first: str, second: str) -> float:
        """The cosine of the vectors of two words, -1 to 1."""
        return self._ask().similarity(first, second)

    def most_similar(self, asked: Asked, k: int = 10, exclude: Iterable[str] = ()) -> list[Neighbour]:
        """The `k` words nearest to a word, to several (the mean of their directions), or to a vector (dim,).

        The nearest comes first, as (word, similarity); words asked for and those in `exclude` are left out.
        """
        return self._ask().most_similar(asked, k, exclude)

    def neighbours(self, words: Sequence[str], k: int = 10) -> list[list[Neighbour]]:
        """`most_similar` of each of many words, by all threads."""
        return self._ask().many(words, k)

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[Neighbour]:
        """The words nearest to a - b + c: ``analogy("king", "man", "woman")``; none of these three is among them."""
        return self.combine([a, c], [b], k)

    def combine(self, plus: Sequence[str], minus: Sequence[str] = (), k: int = 10) -> list[Neighbour]:
        """The words nearest to the sum of the directions of some words less those of others; none of these words."""
        if isinstance(plus, str) or isinstance(minus, str):
            raise DataError("combine takes lists of words, [word] for one")
        return self._ask().combined(plus, minus, k)

    def evaluate(
        self,
        similarity: PathLike | Iterable[PathLike] = (),
        analogies: PathLike | Iterable[PathLike] = (),
        among: int | None = 300_000,
    ) -> Evaluation:
        """Judge the vectors by similarity sets and analogy files; see `lilliput.tasks.vectors_sets` for the formats.

        Pairs with a word that has no vector are left out and counted; with n-grams every word has one. Analogies are
        asked of the `among` most frequent words (None: all), and those with another word are left out and counted.
        """
        from lilliput.tasks.vectors_quality import Evaluation, agreement, answer, check_among
        from lilliput.tasks.vectors_sets import read_analogies, read_similarity

        check_among(among)
        words = self._ask()
        pairs = [agreement(words, read_similarity(path)) for path in _paths(similarity)]
        answers = [answer(words, read_analogies(path), among) for path in _paths(analogies)]
        return Evaluation({found.name: found for found in pairs}, {found.name: found for found in answers})

    def map_points(self, most: int = 1000) -> MapPoints:
        """The `most` frequent words as points for `lilliput.tasks.maps.draw_map`."""
        from lilliput.tasks.map_points import MapPoints

        self._check_fitted()
        count = min(most, len(self.table_))
        title = f"The {count:,} most frequent words" if count < len(self.table_) else f"All {count:,} words"
        note = f"{len(self.table_):,} words, vectors of {self.table_.dim} numbers; t-SNE by cosine"
        vectors = self.table_.rows.floats(slice(0, count))
        weights = self.table_.counts[:count].astype(np.float64)
        return MapPoints(self.table_.words.first(count), vectors, weights, title=title, note=note)

    def map(self, path: StrPath, most: int = 1000, theme: str = "auto", clusters: int = 12) -> int:
        """Draw a map of the `most` frequent words to a page (.html) or a picture (.png); returns its size in bytes.

        t-SNE; the colours are clusters of the vectors. Needs the extra ``plots``.
        """
        from lilliput.tasks.maps import draw_map

        how: dict[str, Any] = {"seed": int(self.seed), "threads": self.threads, "progress": self.progress}
        return draw_map(self.map_points(most), path, theme=theme, clusters=clusters, **how)

    def _ask(self) -> Neighbourhood:
        self._check_fitted()
        return Neighbourhood(self.table_, bool(self.lowercase), resolve_threads(self.threads))

    # Model files

    def _manifest(self) -> dict[str, Any]:
        return {"words": len(self.table_), "losses": [float(loss) for loss in self.losses_]}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return self.table_.arrays()

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.vectors_parameters import check_parameters

        model = cls._from_manifest(manifest, path)
        try:
            check_parameters(model)
        except LilliputError as error:
            raise ModelFileError(f"{path}: the parameters in the manifest cannot be used ({error})") from error
        model.subwords = None if model.subwords is None else (model.subwords[0], model.subwords[1])
        model.table_ = VectorTable.from_arrays(arrays, path)
        if model.table_.dim != model.dim:
            raise ModelFileError(f"{path}: vectors of dimension {model.table_.dim}, but the manifest says {model.dim}")
        losses = manifest.get("losses")
        if not isinstance(losses, list) or not all(isinstance(loss, float) and np.isfinite(loss) for loss in losses):
            raise ModelFileError(f"{path}: the losses in the manifest are {losses!r:.80}, expected a list of numbers")
        model.losses_, model.interrupted_ = losses, False
        return model

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags

        tags = super().__sklearn_tags__()
        tags.input_tags = InputTags(two_d_array=False, string=True)
        return tags


def _paths(given: PathLike | Iterable[PathLike]) -> list[PathLike]:
    return [given] if isinstance(given, (str, os.PathLike)) else list(given)
