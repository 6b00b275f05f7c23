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
from lilliput.core.modelfile import StrPath
from lilliput.core.threads import resolve_threads
from lilliput.data.source import Source
from lilliput.nets.naive_bayes import NaiveBayes
from lilliput.tasks.label import TextClassifier
from lilliput.tasks.labels import Labels
from lilliput.tasks.language_pieces import LETTER
from lilliput.tasks.language_spans import Span, find_spans, shares
from lilliput.training.calibration import Calibration

if TYPE_CHECKING:
    from typing_extensions import Self

_MORE = 1 + 1e-3
"""Times the mean chance that the best language must have at least to be one."""


class LanguageIdentifier(TextClassifier):
    """Tells languages, of a word, a pair or a sentence alike: naive Bayes over runs of up to four characters.

    It learns in one pass and runs on NumPy alone; `lilliput.nets.naive_bayes` tells the method. Every language counts
    as equally probable before its text is seen.

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
    net_ : the `NaiveBayes` model. report_ : what was measured, on pieces of rows that were held out.
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

    targets, balanced, words, chars, network, clusters = "single", False, None, None, "auto", None  # as its parent has
    net_: NaiveBayes  # type: ignore[assignment]  # it has what is asked of a net here

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

        Rows are counted as they come and not kept. Raises `DataError` for data that cannot be used and `BudgetError`
        for a budget that was not kept; the estimator then is what it was before. After Ctrl-C, what was read so far is
        learned, `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        return self._fit(X, y, further=False)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Go on learning from more texts, also in languages that were not there before; without a model, as `fit`.

        The counts that the model remembers, rounded and of its own n-grams only, are added to those of the new texts.
        """
        return self._fit(X, y, further=self.__sklearn_is_fitted__())

    def _fit(self, X: Any, y: Any, *, further: bool) -> Self:
        started = time.monotonic()
        from lilliput.tasks.language_fit import fit

        if self.unknown is not None and not (isinstance(self.unknown, Real) and 0 <= self.unknown <= 1):
            raise LilliputError(f"unknown={self.unknown!r}: expected a probability between 0 and 1")
        fit(self, self._batches(X, y), started, further=further)
        return self

    def predict(self, X: Any) -> Any:
        """The language of each text as an array; None where it is unknown, and for a text without letters."""
        return super().predict(X)

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Calibrated probabilities, float32 (texts, languages); all the same for a text without letters."""
        self._check_fitted()
        texts = self._texts(X)
        chances = self._calibrated(self.net_.logits(texts, resolve_threads(self.threads)))
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
        return shares(self.spans(text))

    def _batches(self, X: Any, y: Any) -> Iterator[tuple[list[str], list[Any]]]:
        """Texts and languages, batch by batch."""
        from lilliput.tasks.language_source import LanguageSource

        row = 0
        for texts, targets in super()._batches(LanguageSource.of(X) if isinstance(X, Source) else X, y):
            yield texts, [_language(target, number) for number, target in enumerate(targets, row + 1)]
            row += len(texts)

    # Model files

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.label_file import check_saved_parameters
        from lilliput.tasks.language_file import check_arrays

        model = cls._from_manifest(manifest, path)
        check_saved_parameters(model, path)
        check_arrays(manifest, arrays, path)
        model.labels_ = Labels.restored(arrays, manifest["labels"]["type"], manifest["labels"]["mode"])
        model.net_ = NaiveBayes.build(manifest["net"], arrays)
        model.calibration_, model.threshold_ = Calibration(**manifest["calibration"]), manifest["threshold"]
        model.interrupted_ = False
        return model


def _language(target: Any, row: int) -> str:
    """The one language of a row, which files of fastText give as a list."""
    if isinstance(target, list) and len(target) == 1:
        (target,) = target
    if not isinstance(target, str):
        raise DataError(f"row {row}: found {target!r}, expected one language as text, such as 'en'")
    return target
