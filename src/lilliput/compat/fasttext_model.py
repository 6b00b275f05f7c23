"""A fastText classifier without fastText: the model of a ``.bin`` or ``.ftz`` file, and what its Python module tells.

Methods bear the names and arguments of fastText's Python module and return what they return there, in the same types;
errors are lilliput's, which are ValueErrors too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_file import read_fasttext
from lilliput.compat.fasttext_matrix import DenseMatrix, Matrix, mean_of_rows
from lilliput.compat.fasttext_parts import FastTextModel
from lilliput.compat.fasttext_predict import Found, Predictor
from lilliput.compat.fasttext_score import count
from lilliput.compat.fasttext_store import arrays_of, manifest_of, model_from
from lilliput.compat.fasttext_text import fnv1a
from lilliput.core.errors import DataError, NotFittedError
from lilliput.core.estimator import Estimator
from lilliput.core.measure import versions
from lilliput.core.modelfile import StrPath
from lilliput.core.report import Report

if TYPE_CHECKING:
    from typing_extensions import Self


class FastTextClassifier(Estimator):
    """A converted fastText model; it predicts as fastText 0.9.3 does, and is not trained here.

    ``model_`` holds its parts. Labels carry the prefix they were trained with, ``__label__`` as a rule.
    """

    task: ClassVar[str] = "fasttext"
    model_: FastTextModel

    def __init__(self) -> None:
        """There is nothing to set: see `read`."""

    @classmethod
    def read(cls, path: StrPath) -> Self:
        """The model of a fastText file, which stays mapped into memory; see `read_fasttext` for the errors."""
        classifier = cls()
        classifier.model_ = read_fasttext(path)
        classifier.report_ = Report(
            task=cls.task,
            quality={},
            held_out=f"nothing was measured: converted from {Path(path).name}",
            seed=0,
            versions=versions(),
            plan=manifest_of(classifier.model_),
        )
        return classifier

    def _manifest(self) -> dict[str, Any]:
        return manifest_of(self.model_)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return arrays_of(self.model_)

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        classifier = cls._from_manifest(manifest, path)
        classifier.model_ = model_from(manifest, arrays, path)
        return classifier

    # Prediction

    @overload
    def predict(
        self, text: str, k: int = ..., threshold: float = ..., on_unicode_error: str = ...
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]: ...

    @overload
    def predict(
        self, text: list[str], k: int = ..., threshold: float = ..., on_unicode_error: str = ...
    ) -> tuple[list[list[str]], list[NDArray[np.float32]]]: ...

    def predict(
        self, text: str | list[str], k: int = 1, threshold: float = 0.0, on_unicode_error: str = "strict"
    ) -> tuple[Any, Any]:
        """The `k` most probable labels (-1: all) of those at least as probable as `threshold`, best first.

        For a text a tuple of labels and their probabilities, float64 (up to k,); for a list of texts a list of lists of
        labels and a list of float32 arrays. A text without any word or n-gram of the model gets no label.
        ``on_unicode_error`` is how labels are decoded, as in `bytes.decode`. Raises `DataError` for a text with a
        newline, a text that is no Unicode, or `k` below 1.
        """
        texts = [text] if isinstance(text, str) else text
        found = self._predictor.predict([_line(entry, i) for i, entry in enumerate(texts)], self._k(k), threshold)
        labels, probabilities = self._names(found, on_unicode_error), list(found.probabilities)
        for i in np.flatnonzero(found.number < found.labels.shape[1]):
            number = max(found.number[i], 0)
            labels[i], probabilities[i] = labels[i][:number], probabilities[i][:number]
        if isinstance(text, str):
            return tuple(labels[0]), probabilities[0].astype(np.float64)
        return labels, probabilities

    def test(self, path: StrPath, k: int = 1, threshold: float = 0.0) -> tuple[int, float, float]:
        """Number of labelled lines in a file, and precision and recall of the `k` best labels on them."""
        counts = count(self._predictor, path, self._k(k), threshold)
        return counts.examples, *counts.precision_recall_f1()[:2]

    def test_label(self, path: StrPath, k: int = 1, threshold: float = 0.0) -> dict[str, dict[str, float]]:
        """``precision``, ``recall`` and ``f1score`` of each label on a file of labelled lines; NaN where undefined."""
        counts = count(self._predictor, path, self._k(k), threshold)
        names = ("precision", "recall", "f1score")
        return {
            label: dict(zip(names, counts.precision_recall_f1(i), strict=True))
            for i, label in enumerate(self.get_labels())
        }

    def _names(self, found: Found, on_unicode_error: str) -> list[list[str]]:
        """Label names in the shape of ``found.labels``; of the labels that count, since only they must be Unicode."""
        dictionary = self._model.dictionary
        counts = np.arange(found.labels.shape[1]) < found.number[:, None]
        names = np.full(dictionary.labels, "", dtype=object)
        for label in np.unique(found.labels[counts]).tolist():
            names[label] = dictionary.entry(dictionary.words + label).decode("utf-8", on_unicode_error)
        return names[found.labels].tolist()

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(self._model)

    @property
    def _model(self) -> FastTextModel:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("this FastTextClassifier holds no model: get one with FastTextClassifier.read(path)")
        return self.model_

    def _k(self, k: int) -> int:
        if k == -1:
            return self._model.dictionary.labels
        if k < 1:
            raise DataError(f"k={k}: k needs to be 1 or higher, or -1 for all labels")
        return k

    # Words and labels

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Labels, the most frequent first; with ``include_freq`` also their counts, int64 (labels,)."""
        labels = self._labels(on_unicode_error)
        return (labels, self._model.dictionary.counts[self._model.dictionary.words :]) if include_freq else labels

    def get_words(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Words, the most frequent first; with ``include_freq`` also their counts, int64 (words,)."""
        dictionary = self._model.dictionary
        words = [dictionary.entry(i).decode("utf-8", on_unicode_error) for i in range(dictionary.words)]
        return (words, dictionary.counts[: dictionary.words]) if include_freq else words

    labels = property(get_labels)
    words = property(get_words)

    def __contains__(self, word: str) -> bool:
        return 0 <= self.get_word_id(word) < self._model.dictionary.words

    def get_word_id(self, word: str) -> int:
        """Number of a word, or -1; labels follow the words."""
        return self._model.dictionary.index.get(_encode(word), -1)

    def get_label_id(self, label: str) -> int:
        """Number of a label, or -1."""
        found = self.get_word_id(label)
        return found if found == -1 else found - self._model.dictionary.words

    def get_subword_id(self, subword: str) -> int:
        """Row of the input matrix that an n-gram of characters hashes to, as long as none is pruned."""
        if self._model.hashing.bucket < 1:
            raise DataError("this model has no n-grams, so there is no row for a subword")
        return self._model.dictionary.words + fnv1a(_encode(subword)) % self._model.hashing.bucket

    def get_subwords(self, word: str, on_unicode_error: str = "strict") -> tuple[list[str], NDArray[np.int64]]:
        """The word, if it is known, and its n-grams of characters; and the rows of those that were not pruned."""
        names, rows = self._model.features.subwords(_encode(word))
        return [name.decode("utf-8", on_unicode_error) for name in names], np.array(rows, dtype=np.int64)

    def _labels(self, on_unicode_error: str) -> list[str]:
        dictionary = self._model.dictionary
        entries = range(dictionary.words, dictionary.words + dictionary.labels)
        return [dictionary.entry(i).decode("utf-8", on_unicode_error) for i in entries]

    # Vectors

    def get_dimension(self) -> int:
        """Length of a word vector."""
        return self._model.dim

    def is_quantized(self) -> bool:
        """Whether the input matrix is quantised."""
        return not isinstance(self._model.input, DenseMatrix)

    def get_word_vector(self, word: str) -> NDArray[np.float32]:
        """Mean of the rows of a word and its n-grams, float32 (dim,); zeros when it has none."""
        rows = self._model.input.shape[0]
        return self._model.mean([row for row in self._model.features.of_word(_encode(word)) if row < rows])

    __getitem__ = get_word_vector

    def get_sentence_vector(self, text: str) -> NDArray[np.float32]:
        """Mean of the rows of a text, from which its labels are predicted, float32 (dim,); zeros when it has none."""
        return self._model.mean(self._model.features.of_line(_line(text, 0)))

    def get_input_vector(self, ind: int) -> NDArray[np.float32]:
        """Row `ind` of the input matrix, float32 (dim,)."""
        rows = self._model.input.shape[0]
        if not 0 <= ind < rows:
            raise DataError(f"the input matrix has no row {ind}; it has rows 0 to {rows - 1}")
        return mean_of_rows(self._model.input, np.array([ind]))

    def get_input_matrix(self) -> NDArray[np.float32]:
        """The input matrix, float32 (rows, dim), read-only. Raises `DataError` when it is quantised."""
        return self._values(self._model.input)

    def get_output_matrix(self) -> NDArray[np.float32]:
        """The output matrix, float32 (labels, dim), read-only. Raises `DataError` when the model is quantised."""
        return self._values(self._model.output)

    def _values(self, matrix: Matrix) -> NDArray[np.float32]:
        if self.is_quantized() or not isinstance(matrix, DenseMatrix):
            raise DataError("Can't get quantized Matrix: this model keeps codes; get_input_vector gives a row")
        return matrix.values


def _line(text: str, number: int) -> bytes:
    if "\n" in text:
        raise DataError(f"text {number} has a newline, but predict processes one line at a time (remove '\\n')")
    return _encode(text) + b"\n"


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(f"{text[:40]!r} is no Unicode: half of a surrogate pair at character {error.start}") from error
