"""Tell languages within a budget."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, LilliputError
from lilliput.data.source import Source
from lilliput.tasks.label import TextClassifier
from lilliput.tasks.language_pieces import LETTER, pieces
from lilliput.tasks.language_spans import Span, find_spans, shares

if TYPE_CHECKING:
    from typing_extensions import Self

_MORE = 1 + 1e-3
"""Times the mean chance that the best language must have at least to be one."""


class LanguageIdentifier(TextClassifier):
    """Tells languages, of a word, a pair or a sentence alike: a `TextClassifier` that learns from pieces of texts.

    Parameters
    ----------
    budget : bytes of the file, seconds of `fit`, latency of a prediction: "1MB", "1MB,5min", a `Budget`, or None.
    unknown : probability below which `predict` gives None instead of a language; None: always the best language, but
        for a text without letters.
    text, target : names of the columns where `X` or `y` is a table.
    seed, threads, device, progress : as in every task; the same seed gives the same file for any number of threads.

    Attributes
    ----------
    classes_ : the languages, as they were given, in the order of the columns of `predict_proba`.
    report_ : what was measured, on pieces that were held out.
    The others are those of `TextClassifier`.

    Examples
    --------
    >>> from lilliput import LanguageIdentifier
    >>> texts = ["the cat is on the roof", "le chat est sur le toit"] * 20
    >>> model = LanguageIdentifier(budget="50KB", progress=False).fit(texts, ["en", "fr"] * 20)
    >>> model.predict(["the roof", "le toit", "1984"])
    array(['en', 'fr', None], dtype=object)
    """

    task = "language"

    targets = "single"
    balanced = True
    words = (0, 0)
    chars = (1, 5)
    network = "embedding"
    clusters = None

    def __init__(
        self,
        budget: Budget | str | Mapping[str, Any] | None = None,
        unknown: float | None = None,
        text: str | None = None,
        target: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.budget = budget
        self.unknown = unknown
        self.text = text
        self.target = target
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    @property
    def abstain(self) -> float | None:
        """`unknown`, by the name that a `TextClassifier` has for it."""
        return self.unknown

    @abstain.setter
    def abstain(self, value: float | None) -> None:
        self.unknown = value

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from texts and their languages.

        Parameters
        ----------
        X : texts: a list of str, an array, a Series; a table with a column of texts; or a `Source` of files, which may
            be tables, or plain text in one file a language (en.txt, de.txt).
        y : a language a text, such as "en"; any text will do. Not
            needed when `X` holds the languages too.

        Errors, Ctrl-C and the time of a budget are as in `TextClassifier.fit`.
        """
        started = time.monotonic()
        from lilliput.tasks.label_fit import fit

        fit(self, self._pieces(X, y), started)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Go on learning from more texts, also in languages that were not there before; without a model, as `fit`."""
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y)
        started = time.monotonic()
        from lilliput.tasks.label_update import update

        update(self, self._pieces(X, y), started)
        return self

    def predict(self, X: Any) -> Any:
        """The language of each text as an array; None where it is unknown, and for a text without letters."""
        return super().predict(X)

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Calibrated probabilities, float32 (texts, languages); all the same for a text without letters."""
        self._check_fitted()
        texts = self._texts(X)
        chances = super().predict_proba(texts)
        for row, text in enumerate(texts):
            if not LETTER.search(text):
                chances[row] = 1 / chances.shape[1]
        return chances

    def decide(self, chances: NDArray[np.float32]) -> Any:
        """What `predict` makes of the probabilities that `predict_proba` gives."""
        least = max(self.unknown or 0.0, _MORE / chances.shape[1])
        return np.where(chances.max(axis=1) >= least, self.classes_[chances.argmax(axis=1)], None)

    def spans(self, text: str) -> list[Span]:
        """Which part of a text is in which language.

        The spans cover the text without a gap and cut no grapheme; neighbours are in different languages. An empty text
        has none.
        """
        self._check_fitted()
        return find_spans(self, text)

    def shares(self, text: str) -> dict[str | None, float]:
        """The share of the words in each language by `spans`, the largest first; empty for a text without letters."""
        return shares(text, self.spans(text))

    def _pieces(self, X: Any, y: Any) -> Iterator[tuple[list[str], list[Any]]]:
        if self.unknown is not None and not (isinstance(self.unknown, Real) and 0 <= self.unknown <= 1):
            raise LilliputError(f"unknown={self.unknown!r}: expected a probability between 0 and 1")
        return pieces(self._batches(X, y), self.seed)

    def _batches(self, X: Any, y: Any) -> Iterator[tuple[list[str], list[Any]]]:
        """Texts and languages, batch by batch."""
        from lilliput.tasks.language_source import LanguageSource

        row = 0
        for texts, targets in super()._batches(LanguageSource.of(X) if isinstance(X, Source) else X, y):
            yield texts, [_language(target, number) for number, target in enumerate(targets, row + 1)]
            row += len(texts)


def _language(target: Any, row: int) -> str:
    """The one language of a row, which files of fastText give as a list."""
    if isinstance(target, list) and len(target) == 1:
        (target,) = target
    if not isinstance(target, str):
        raise DataError(f"row {row}: found {target!r}, expected one language as text, such as 'en'")
    return target
