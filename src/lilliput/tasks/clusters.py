"""Sort words into clusters by what stands beside them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, LilliputError, ModelFileError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath, require
from lilliput.data.packed import normalise
from lilliput.features.plain import BORDER, stream, tokens
from lilliput.features.unicode import CODE_MASK, IGNORED, KIND_SHIFT, LETTER, SEPARATOR, kind_of

if TYPE_CHECKING:
    from typing_extensions import Self

UNKNOWN = -1
"""The cluster of a word that has none."""


@dataclass(frozen=True)
class Clustering:
    """Words, the most frequent first, and the cluster of each: int32 (words,), from 0."""

    words: list[str]
    clusters: NDArray[np.int32]

    @cached_property
    def cluster_of(self) -> dict[str, int]:
        """The cluster of each word."""
        return dict(zip(self.words, self.clusters.tolist(), strict=True))


class WordClusters(Estimator):
    """Clusters of words that have the same neighbours, by exchange on class bigrams.

    A word is a run of letters and digits, a single ideograph or a single symbol; every word that occurs often enough is
    in one cluster. The method is told in `lilliput.features.exchange`.

    Parameters
    ----------
    clusters : how many clusters; each word has its own where there are no more words than that.
    least : how often a word must occur to be in a cluster.
    lowercase : case-fold the words.
    budget : bytes of the file, seconds of `fit`, latency of `predict` for one word: "1MB", "1MB,5min", a `Budget`, or
        None. A file that has no room for all words holds the most frequent ones.
    text : name of the column of texts where `X` is a table.
    seed : says which texts are held out for the report.
    threads, device, progress : as in every task; the same seed gives the same file for any number of threads.

    Attributes
    ----------
    words_ : the words, the most frequent first.
    clusters_ : int32 (words,), the cluster of each, from 0.
    report_ : what was measured, on texts that were held out.
    interrupted_ : whether Ctrl-C ended the fit early.

    Examples
    --------
    >>> from lilliput.tasks.clusters import WordClusters
    >>> texts = ["the cat sat", "a dog ran", "the dog sat", "a cat ran", "the dog ran", "a cat sat"] * 10
    >>> model = WordClusters(clusters=3).fit(texts)
    >>> model.listing()
    [['sat', 'ran'], ['dog', 'cat'], ['the', 'a']]
    >>> model.predict(["Cat", "dog", "hen"]).tolist()
    [1, 1, -1]
    """

    task = "clusters"

    clustering_: Clustering
    interrupted_: bool

    def __init__(
        self,
        clusters: int = 1000,
        least: int = 5,
        lowercase: bool = True,
        budget: Budget | str | Mapping[str, Any] | None = None,
        text: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.clusters = clusters
        self.least = least
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

        A `Source` is read twice and may be larger than memory; `y` is not used. Raises `DataError` for data that cannot
        be used and `BudgetError` for a budget that was not kept; the estimator then is what it was before. After Ctrl-C
        while words move, the clusters are kept as they then are, `interrupted_` is true, and KeyboardInterrupt is
        raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.clusters_fit import fit

        fit(self, X, started)
        return self

    # Using

    def predict(self, words: Sequence[str]) -> NDArray[np.int32]:
        """The cluster of each word, int32 (words,), -1 for one that is not known.

        A word that is several in running text, as "n't" and "well-known", has the cluster of its last run of letters.
        """
        self._check_fitted()
        if isinstance(words, str):
            raise DataError(f"words is one str, {words!r:.60}; give a list of words, [word] for one")
        return np.fromiter(map(self._cluster, words), dtype=np.int32, count=len(words))

    def listing(self, most: int = 10) -> list[list[str]]:
        """The most frequent words of each cluster, up to `most` of them."""
        found: list[list[str]] = [[] for _ in range(self.clusters_.max() + 1)]
        for word, cluster in zip(self.words_, self.clusters_.tolist(), strict=True):
            if len(found[cluster]) < most:
                found[cluster].append(word)
        return found

    @property
    def words_(self) -> list[str]:
        """The words, the most frequent first."""
        self._check_fitted()
        return self.clustering_.words

    @property
    def clusters_(self) -> NDArray[np.int32]:
        """The cluster of each word."""
        self._check_fitted()
        return self.clustering_.clusters

    def _cluster(self, word: str) -> int:
        cluster_of = self.clustering_.cluster_of
        found = cluster_of.get(word)
        return cluster_of.get(_head(word, self.lowercase), UNKNOWN) if found is None else found

    # Model files

    def _manifest(self) -> dict[str, Any]:
        return {"words": len(self.words_)}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        text = "\n".join(self.words_).encode()
        return {
            "words": np.frombuffer(text, dtype=np.uint8),
            "clusters": self.clusters_.astype(cluster_type(self.clusters)),
        }

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.clusters_parameters import check_parameters

        model = cls._from_manifest(manifest, path)
        try:
            check_parameters(model)
        except LilliputError as error:
            raise ModelFileError(f"{path}: the parameters in the manifest cannot be used ({error})") from error
        require(arrays, {"words": (np.uint8, (None,)), "clusters": (cluster_type(model.clusters), (None,))}, path)
        clusters = arrays["clusters"].astype(np.int32)
        try:
            words = arrays["words"].tobytes().decode().split("\n")
        except UnicodeDecodeError as error:
            raise ModelFileError(f"{path}: the words are no text in UTF-8 ({error})") from error
        if len(set(words)) != len(clusters) or len(words) != len(clusters):
            raise ModelFileError(f"{path}: {len(clusters):,} clusters for {len(set(words)):,} words; expected one each")
        if clusters.max() >= model.clusters:
            raise ModelFileError(f"{path}: a word is in cluster {clusters.max():,} of {model.clusters:,}")
        model.clustering_, model.interrupted_ = Clustering(words, clusters), False
        return model

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "clusterer"
        tags.input_tags = InputTags(two_d_array=False, string=True)
        return tags


def cluster_type(clusters: int) -> np.dtype[Any]:
    """The smallest numbers for so many clusters, up to 65,536."""
    return np.dtype(np.uint8 if clusters <= 1 << 8 else np.uint16)


def _head(word: str, lowercase: bool) -> str:
    """The last run of letters of a word as `fit` splits it; its last symbol where there is none."""
    parts = tokens(stream(word) if lowercase else _as_written(word))
    letters = [part for part in parts if part[0] >> KIND_SHIFT == LETTER]
    return "".join(chr(item & CODE_MASK) for item in (letters or parts or [[]])[-1])


def _as_written(word: str) -> list[int]:
    """As `stream`, not folded."""
    items = [(ord(character), kind_of(character)) for character in normalise(word).encode("utf-8", "replace").decode()]
    return [BORDER if kind == SEPARATOR else code | kind << KIND_SHIFT for code, kind in items if kind != IGNORED]
