"""A model that lilliput trained, behind the fastText face."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_arguments import parameters, value_of
from lilliput.compat.fasttext_face import FastText
from lilliput.compat.fasttext_score import Counts
from lilliput.compat.fasttext_source import LabelledLines, LineParser
from lilliput.core.budget import format_bytes
from lilliput.core.errors import DataError, LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.data.files import LABEL_PREFIX
from lilliput.tasks.label import TextClassifier

if TYPE_CHECKING:
    from typing_extensions import Self

_CELLS = 50_000_000
"""Probabilities that are held at a time: texts times labels."""


class PrefixedClassifier(TextClassifier):
    """A `TextClassifier` whose file also keeps what fastText tells of labels; any lilliput reads it as its own.

    ``label_prefix``: what stands before a label. ``label_counts``: label -> training lines with it; empty: not known.
    """

    label_prefix: str = LABEL_PREFIX
    label_counts: Mapping[str, int] = {}

    def _manifest(self) -> dict[str, Any]:
        return {**super()._manifest(), "label_prefix": self.label_prefix}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        counts = [self.label_counts.get(str(name), 0) for name in self.labels_.names]
        return {**super()._arrays(), "labels.counts": np.array(counts, dtype=np.uint32)}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        model = super()._restore(manifest, arrays, path)
        model.label_prefix = manifest.get("label_prefix", LABEL_PREFIX)
        if not isinstance(model.label_prefix, str):
            raise ModelFileError(f"{path}: {model.label_prefix!r} is no prefix of labels")
        if "labels.counts" in arrays:
            names = model.labels_.names
            require(arrays, {"labels.counts": (np.uint32, (len(names),))}, path)
            counts = arrays["labels.counts"].tolist()
            model.label_counts = {str(name): count for name, count in zip(names, counts, strict=True) if count}
        return model


class Ranked(NamedTuple):
    """The best labels of texts, as places among the classes: the first ``number[i]`` of row i count.

    ``places`` int64 and ``chances`` float32, both (texts, k), best first; ``number`` int64 (texts,).
    """

    places: NDArray[np.int64]
    chances: NDArray[np.float32]
    number: NDArray[np.int64]


def train(given: Mapping[str, Any]) -> Trained:
    """Train on ``given["input"]`` with the arguments that `read_arguments` found."""
    lines = LabelledLines(given["input"], value_of(given, "label"))
    counts, several = lines.survey()
    rare = {label for label, count in counts.items() if count < value_of(given, "minCountLabel")}
    if rare:
        lines.parser = replace(lines.parser, rare=rare)
        counts, several = lines.survey()
    targets = "multi" if several or value_of(given, "loss") == "ova" else "single"
    model = PrefixedClassifier(targets=targets, **parameters(given))
    model.label_prefix, model.label_counts = lines.parser.prefix, counts
    return Trained(model.fit(lines), lines)


class Trained(FastText):
    """Answers as fastText does from ``classifier``, a `TextClassifier`, which has the report and explains itself.

    `lines`: the training file, as long as it is at hand.
    """

    def __init__(self, classifier: PrefixedClassifier, lines: LabelledLines | None = None) -> None:
        self.classifier = classifier
        self._lines = lines
        self._parser = LineParser(classifier.label_prefix)
        self._named: tuple[Any, ...] = ()
        self._prefixed = np.empty(0, dtype=object)

    def predict(
        self, text: str | list[str], k: int = 1, threshold: float = 0.0, on_unicode_error: str = "strict"
    ) -> tuple[Any, Any]:
        """See `FastText.predict`; labels that stand in a text are not read. ``on_unicode_error`` changes nothing."""
        if not isinstance(text, (str, list)):
            raise DataError(f"predict takes a str or a list of str, found {type(text).__name__}")
        ranked = self._rank([text] if isinstance(text, str) else text, k, threshold)
        labels, chances = self._names[ranked.places].tolist(), list(ranked.chances)
        for i in np.flatnonzero(ranked.number < ranked.places.shape[1]):
            number = ranked.number[i]
            labels[i], chances[i] = labels[i][:number], chances[i][:number]
        if isinstance(text, str):
            return tuple(labels[0]), chances[0].astype(np.float64)
        return labels, chances

    def test(self, path: StrPath, k: int = 1, threshold: float = 0.0) -> tuple[int, float, float]:
        """See `FastText.test`; as in fastText, labels that the model does not know are passed over."""
        counts = self._count(path, k, threshold)
        return counts.examples, *counts.precision_recall_f1()[:2]

    def test_label(self, path: StrPath, k: int = 1, threshold: float = 0.0) -> dict[str, dict[str, float]]:
        """See `FastText.test_label`."""
        counts = self._count(path, k, threshold)
        measures = ("precision", "recall", "f1score")
        return {
            self._names[place]: dict(zip(measures, counts.precision_recall_f1(place), strict=True))
            for place in self._by_frequency()
        }

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """See `FastText.get_labels`; a file that another part of lilliput wrote has no counts: `LilliputError`."""
        order = self._by_frequency()
        labels = self._names[order].tolist()
        if not include_freq:
            return labels
        counts = self._label_counts()[order]
        if not counts.all():
            raise LilliputError("this model does not know how often its labels occurred; train_supervised keeps that")
        return labels, counts

    def get_words(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """See `FastText.get_words`; the training file is read for it. Raises `LilliputError` for a loaded model."""
        if self._lines is None:
            raise LilliputError(
                "a saved model holds hashed n-grams and no list of words; take the words from the training file"
            )
        counts = self._lines.words().most_common()
        words = [word for word, _ in counts]
        return (words, np.array([count for _, count in counts], dtype=np.int64)) if include_freq else words

    def __contains__(self, word: str) -> bool:
        return word in self.get_words()

    def get_word_vector(self, word: str) -> NDArray[np.float32]:
        """Sum of the rows of all n-grams of words and characters in `word`, float32 (get_dimension(),)."""
        net = self.classifier.net_
        vector = np.zeros(net.width, dtype=np.float32)
        for group, (table, column) in enumerate(zip(net.tables, net.columns, strict=True)):
            rows, _ = net.bag(word, group)
            vector[column : column + table.dim] += table.weights(rows).sum(axis=0)
        return vector

    def get_sentence_vector(self, text: str) -> NDArray[np.float32]:
        """The pooled vector of `text`, float32 (get_dimension(),)."""
        return self.classifier.net_.pooled(self._text(text, 0))

    def get_dimension(self) -> int:
        """Length of the pooled vector: the planner's choice, with a linear model one for each output."""
        return self.classifier.net_.width

    def is_quantized(self) -> bool:
        """True: weights are stored in 8 or 4 bits from the start."""
        return True

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is left to do, and a warning says so."""
        size = format_bytes(self.classifier.file_size())
        warnings.warn(
            f"quantize has nothing to do: this model is small from the start ({size}); "
            "for a smaller one give train_supervised autotuneModelSize, such as '100k'",
            stacklevel=2,
        )

    def save_model(self, path: StrPath) -> None:
        """See `FastText.save_model`."""
        self.classifier.save(path)

    @property
    def _names(self) -> NDArray[np.object_]:
        """The labels with their prefix, in the order of the classes, which `partial_fit` may add to."""
        names = self.classifier.labels_.names
        if names is not self._named:
            prefixed = [f"{self.classifier.label_prefix}{name}" for name in names]
            self._named, self._prefixed = names, np.array(prefixed, dtype=object)
        return self._prefixed

    def _rank(self, texts: list[str], k: int, threshold: float) -> Ranked:
        labels = len(self._names)
        if k < 1 and k != -1:
            raise LilliputError(f"k={k}: k needs to be 1 or higher, or -1 for all labels")
        k = labels if k == -1 else min(k, labels)
        lines = [self._text(text, i) for i, text in enumerate(texts)]
        size = max(1, _CELLS // labels)
        parts = [self._rank_part(lines[i : i + size], k, threshold) for i in range(0, len(lines) or 1, size)]
        return parts[0] if len(parts) == 1 else Ranked(*map(np.concatenate, zip(*parts, strict=True)))

    def _rank_part(self, texts: list[str], k: int, threshold: float) -> Ranked:
        chances = self.classifier.predict_proba(texts)
        if k == 1:
            places = chances.argmax(axis=1)[:, None]
        else:
            places = np.argsort(-chances, axis=1, kind="stable")[:, :k]
        best = chances[np.arange(len(chances))[:, None], places]
        return Ranked(places, best, (best >= threshold).sum(axis=1))

    def _text(self, text: str, number: int) -> str:
        """`text` without labels. Raises `DataError` for a newline, and for what is no str."""
        if not isinstance(text, str):
            raise DataError(f"text {number} is of type {type(text).__name__}, expected str")
        if "\n" in text:
            raise DataError(f"text {number} has a newline, but predict processes one line at a time (remove '\\n')")
        return self._parser.parse(text)[0]

    def _count(self, path: StrPath, k: int, threshold: float) -> Counts:
        gold, predicted, hits = np.zeros((3, len(self._names)), dtype=np.int64)
        examples = 0
        for texts, true in self._known(path):
            examples += len(texts)
            ranked = self._rank(texts, k, threshold)
            for places, number, wanted in zip(ranked.places.tolist(), ranked.number.tolist(), true, strict=True):
                gold[wanted] += 1
                predicted[places[:number]] += 1
                hits[[place for place in places[:number] if place in wanted]] += 1
        return Counts(examples, gold, predicted, hits)

    def _known(self, path: StrPath) -> Iterator[tuple[list[str], list[list[int]]]]:
        """Texts and places of their labels, batch by batch, for the lines with a label that the model knows."""
        place = {str(name): i for i, name in enumerate(self.classifier.labels_.names)}
        for texts, targets in LabelledLines(path, self.classifier.label_prefix).batches():
            wanted = [[place[label] for label in labels if label in place] for labels in targets or ()]
            known = [i for i, places in enumerate(wanted) if places]
            yield [texts[i] for i in known], [wanted[i] for i in known]

    def _label_counts(self) -> NDArray[np.int64]:
        """Training lines with each class; zeros when that is not known."""
        counts = self.classifier.label_counts
        return np.array([counts.get(str(name), 0) for name in self.classifier.labels_.names], dtype=np.int64)

    def _by_frequency(self) -> NDArray[np.int64]:
        """Places of the classes, the most frequent first."""
        return np.argsort(-self._label_counts(), kind="stable")
