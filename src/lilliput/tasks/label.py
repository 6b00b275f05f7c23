"""Label texts within a budget."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath
from lilliput.core.threads import resolve_threads
from lilliput.data.inputs import is_table, targets_of, texts_of
from lilliput.data.source import Source
from lilliput.nets.feedforward import FeedForward
from lilliput.tasks.explanation import Explanation, explanation
from lilliput.tasks.labels import Labels
from lilliput.training.calibration import Calibration, probabilities

if TYPE_CHECKING:
    from typing_extensions import Self

FEW_TEXTS = 32
"""Texts up to which a process that has not compiled anything yet predicts without compiled code."""


class TextClassifier(Estimator):
    """Labels texts: hashed n-grams of words and characters under a small network, in one file that fits a budget.

    Parameters
    ----------
    budget : bytes of the file, seconds of `fit`, latency of a prediction: "1MB", "1MB,5min", a `Budget`, or None.
    targets : "single" (one label a text), "multi" (any number) or "soft" (values in [0, 1]); None: as the rows say.
    balanced : let rare labels weigh as much as frequent ones.
    abstain : probability below which `predict` gives None instead of a label; None: always a label.
    words, chars : shortest and longest n-grams of words and of characters within words; (0, 0) for none of them; None:
        the planner chooses, by default (1, 2) and (2, 4).
    network : "linear", "embedding" or "auto".
    clusters : word clusters to learn from too: the path of a file that `WordClusters` has made, or fitted ones. The
        model keeps what it needs of them.
    text, target : names of the columns where `X` or `y` is a table.
    seed, threads, device, progress : as in every task; the same seed gives the same file for any number of threads.

    Attributes
    ----------
    classes_ : the labels, in the order of the columns of `predict_proba`.
    net_ : the `FeedForward` network. calibration_, threshold_ : what turns its outputs into probabilities and labels.
    report_ : what was measured, on rows that were held out.
    interrupted_ : whether Ctrl-C ended the training early.

    Examples
    --------
    >>> from lilliput import TextClassifier
    >>> texts = ["good film", "a great film", "bad film", "a dull film"] * 10
    >>> model = TextClassifier(budget="20KB").fit(texts, ["good", "good", "bad", "bad"] * 10)
    >>> model.predict(["what a great film"])
    array(['good'], dtype=object)
    """

    task = "label"
    unsaved = frozenset({"clusters"})

    labels_: Labels
    net_: FeedForward
    calibration_: Calibration
    threshold_: float
    interrupted_: bool

    def __init__(
        self,
        budget: Budget | str | Mapping[str, Any] | None = None,
        targets: str | None = None,
        balanced: bool = False,
        abstain: float | None = None,
        words: tuple[int, int] | None = None,
        chars: tuple[int, int] | None = None,
        network: str = "auto",
        clusters: Any = None,
        text: str | None = None,
        target: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.budget = budget
        self.targets = targets
        self.balanced = balanced
        self.abstain = abstain
        self.words = words
        self.chars = chars
        self.network = network
        self.clusters = clusters
        self.text = text
        self.target = target
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from texts and their labels.

        Parameters
        ----------
        X : texts: a list of str, an array, a Series; a table with a column of texts; or a `Source` of files, which is
            streamed and may be larger than memory.
        y : a label a text; lists of labels for several; mappings of label to value (or a matrix) for soft targets. Not
            needed when `X` holds the targets too.

        Raises `DataError` for data that cannot be used and `BudgetError` for a budget that was not kept; the estimator
        then is what it was before. Kernels are compiled, once for an installation, before the time of a budget begins.
        After Ctrl-C, the best model so far is kept, `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.label_fit import fit

        fit(self, self._batches(X, y), started)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Go on learning from more rows, also with labels that were not there before; without a model, as `fit`.

        What was learned is kept and adjusted; new n-grams and labels get rows of their own, the least useful old ones
        give way when the memory budget asks for it. Earlier rows are not seen again, so a model that must forget
        nothing is better fitted again on all of them. Budget, errors and Ctrl-C are as in `fit`.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y)
        started = time.monotonic()
        from lilliput.tasks.label_update import update

        update(self, self._batches(X, y), started)
        return self

    def _batches(self, X: Any, y: Any) -> Iterator[tuple[list[str], list[Any]]]:
        """Texts and targets, batch by batch."""
        if isinstance(X, Source):
            for texts, targets in X.batches():
                if targets is None:
                    raise DataError(f"{X.describe()} has no targets to learn from; name their column")
                yield texts, targets
            return
        texts = self._texts(X)
        targets = X if y is None else y
        yield texts, targets_of(y, X if y is None else texts, self.target if is_table(targets) else None)

    def _texts(self, X: Any) -> list[str]:
        return texts_of(X, self.text if is_table(X) else None)

    # Using

    def predict(self, X: Any) -> Any:
        """Labels of texts.

        One label a text as an array (None where the probability is below `abstain`); for several labels a list of
        lists; for soft targets a float32 array (texts, labels) of values.
        """
        return self.decide(self.predict_proba(X))

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Calibrated probabilities, float32 (texts, labels), in the order of `classes_`."""
        self._check_fitted()
        texts = self._texts(X)
        if len(texts) <= FEW_TEXTS and "lilliput.nets.pooling" not in sys.modules:
            return self._calibrated(self.net_.logits(list(texts)))  # without compiled code, which takes long to load
        from lilliput.nets.pooling import logits
        from lilliput.tasks.machine_code import drop_stale

        drop_stale()
        return logits(self.net_, texts, resolve_threads(self.threads), self._calibrated)

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        return probabilities(logits, self.calibration_, self.labels_.mode == "single")

    def decide(self, chances: NDArray[np.float32]) -> Any:
        """What `predict` makes of the probabilities that `predict_proba` gives."""
        names = self.labels_.names
        if self.labels_.mode == "soft":
            return chances
        if self.labels_.mode == "multi":
            least = max(self.threshold_, self.abstain or 0.0)
            texts, labels = np.divmod(np.flatnonzero(chances >= least), len(names))  # ten times as fast as `nonzero`
            given: list[list[Any]] = [[] for _ in range(len(chances))]
            for text, label in zip(texts.tolist(), labels.tolist(), strict=True):
                given[text].append(names[label])
            return given
        best = chances.argmax(axis=1)
        if self.abstain is None:
            return self.classes_[best]
        sure = chances[np.arange(len(chances)), best] >= self.abstain
        return np.array([names[label] if ok else None for label, ok in zip(best, sure, strict=True)], dtype=object)

    def score(self, X: Any, y: Any = None) -> float:
        """Accuracy; for several labels micro F1; for soft targets the negative root mean squared error."""
        from lilliput.tasks.quality import main_score

        return main_score(self, self._batches(X, y))

    def explain(self, text: str, label: Any = None, most: int = 8) -> Explanation:
        """The n-grams of `text` that spoke most for and against `label` (None: the one predicted).

        What an n-gram brings is its exact share of the label's log-odds (for one label of many: against the mean of
        the labels), already divided by the temperature. "_" marks the border of a word in n-grams of characters.
        """
        return explanation(self, text, label, most)

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels, as an array."""
        self._check_fitted()
        return np.array(self.labels_.names, dtype=object if self.labels_.type_name == "str" else None)

    # Model files

    def _manifest(self) -> dict[str, Any]:
        return {
            "net": self.net_.shape(),
            "labels": {"type": self.labels_.type_name, "mode": self.labels_.mode},
            "calibration": asdict(self.calibration_),
            "threshold": self.threshold_,
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {**self.net_.arrays(), **self.labels_.arrays()}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.label_file import check_arrays, check_saved_parameters

        model = cls._from_manifest(manifest, path)
        check_saved_parameters(model, path)
        check_arrays(manifest, arrays, path)
        model.labels_ = Labels.restored(arrays, manifest["labels"]["type"], manifest["labels"]["mode"])
        model.net_ = FeedForward.build(manifest["net"], arrays)
        model.calibration_, model.threshold_ = Calibration(**manifest["calibration"]), manifest["threshold"]
        model.interrupted_ = False
        return model

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.target_tags.required = True
        tags.input_tags = InputTags(two_d_array=False, string=True)
        return tags
