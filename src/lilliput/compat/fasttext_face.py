"""What a model of the fastText face can do, whether lilliput trained it or fastText did."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, overload

import numpy as np
from numpy.typing import NDArray

from lilliput.core.modelfile import StrPath

_ABSENT = {
    "f": "the C++ object of fastText, which is not here; use the methods of the model itself",
    "get_nearest_neighbors": "part of word vectors, which train_unsupervised makes",
    "get_analogies": "part of word vectors, which train_unsupervised makes",
}


class FastText(ABC):
    """A model with the methods of fastText 0.9.3's Python module: same arguments, same types returned.

    Labels carry their prefix, ``__label__`` unless another was trained with. What cannot be done raises
    `LilliputError`, which is a ValueError, as fastText raises one.
    """

    _FastText: ClassVar[Any]

    @overload
    def predict(
        self, text: str, k: int = ..., threshold: float = ..., on_unicode_error: str = ...
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]: ...

    @overload
    def predict(
        self, text: list[str], k: int = ..., threshold: float = ..., on_unicode_error: str = ...
    ) -> tuple[list[list[str]], list[NDArray[np.float32]]]: ...

    @abstractmethod
    def predict(
        self, text: str | list[str], k: int = 1, threshold: float = 0.0, on_unicode_error: str = "strict"
    ) -> tuple[Any, Any]:
        """The `k` most probable labels (-1: all) of those at least as probable as `threshold`, best first.

        For a text a tuple of labels and their probabilities, float64 (up to k,); for a list of texts a list of lists of
        labels and a list of float32 arrays. A newline in a text raises `DataError`.
        """

    @abstractmethod
    def test(self, path: StrPath, k: int = 1, threshold: float = 0.0) -> tuple[int, float, float]:
        """Number of lines with a known label in a file, and precision and recall of the `k` best labels on them."""

    @abstractmethod
    def test_label(self, path: StrPath, k: int = 1, threshold: float = 0.0) -> dict[str, dict[str, float]]:
        """``precision``, ``recall`` and ``f1score`` of each label on a file of labelled lines; NaN where undefined."""

    @abstractmethod
    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Labels, the most frequent first; with `include_freq` also their counts, int64 (labels,)."""

    @abstractmethod
    def get_words(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Words of the training file, the most frequent first; with `include_freq` also their counts, int64."""

    @property
    def labels(self) -> Any:
        """`get_labels()`."""
        return self.get_labels()

    @property
    def words(self) -> Any:
        """`get_words()`."""
        return self.get_words()

    @abstractmethod
    def __contains__(self, word: str) -> bool: ...

    @abstractmethod
    def get_word_vector(self, word: str) -> NDArray[np.float32]:
        """Vector of a word, float32 (get_dimension(),); zeros when the model knows nothing of it."""

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        return self.get_word_vector(word)

    @abstractmethod
    def get_sentence_vector(self, text: str) -> NDArray[np.float32]:
        """Vector of a text, from which its labels are predicted, float32 (get_dimension(),)."""

    @abstractmethod
    def get_dimension(self) -> int:
        """Length of the vectors."""

    @abstractmethod
    def is_quantized(self) -> bool:
        """Whether the model holds codes of a few bits in place of numbers."""

    @abstractmethod
    def quantize(
        self,
        input: StrPath | None = None,
        qout: bool = False,
        cutoff: int = 0,
        retrain: bool = False,
        epoch: int | None = None,
        lr: float | None = None,
        thread: int | None = None,
        verbose: int | None = None,
        dsub: int = 2,
        qnorm: bool = False,
    ) -> None:
        """Make the model smaller, where that can still be done."""

    @abstractmethod
    def save_model(self, path: StrPath) -> None:
        """Write a lilliput model file (safetensors), whatever the ending of `path`; `load_model` reads it back."""

    if not TYPE_CHECKING:  # or every misspelt name would pass for a method

        def __getattr__(self, name: str) -> NoReturn:
            what = _ABSENT.get(name, "nothing that this model has")
            raise AttributeError(f"{type(self).__name__} has no {name!r}: it is {what}")


FastText._FastText = FastText  # as annotations in programs for fastText have it: fasttext.FastText._FastText
