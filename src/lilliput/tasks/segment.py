"""Cut texts into words or sentences within a budget."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath
from lilliput.features.pieces import Pieces, pieces
from lilliput.nets.feedforward import FeedForward
from lilliput.tasks.labels import Labels
from lilliput.tasks.segment_texts import TAGS, Answer, forced, segments_of

if TYPE_CHECKING:
    from typing_extensions import Self

    from lilliput.compress.valuemap import ValueMap

FEW_PIECES = 64
"""Graphemes or tokens up to which a process that has not compiled anything yet cuts without compiled code."""
CHUNK = 2000
"""Texts that are cut together."""


class Segment(NamedTuple):
    """A word or sentence, where it stands in the text, and how likely a border stands before it."""

    text: str
    start: int
    end: int
    probability: float


class Segmenter(Estimator):
    """Finds the words of text without spaces, or the sentences of text, with one file that fits a budget.

    Parameters
    ----------
    unit : what a text is cut into, "word" or "sentence".
    budget : bytes of the file, seconds of `fit`, latency of a text: "1MB", "1MB,1min", a `Budget`, or None.
    clusters : word clusters to learn from too: the path of a file that `WordClusters` has made, or fitted ones. In them
        an ideograph is a word. The model keeps what it needs of them.
    seed, threads, device, progress : as in every task; the same seed gives the same file for any number of threads.

    Attributes
    ----------
    net_ : the `FeedForward` network. transitions_ : what a tag after another adds to its outputs.
    lexicon_ : the words of the training texts, a map that knows their hashes alone.
    temperature_ : what makes outputs probabilities. report_ : what was measured, on texts that were held out.
    interrupted_ : whether Ctrl-C ended the training early.

    Words never cut a grapheme (what readers see as one character), and a space is always a border; sentences end at the
    end of a token. Between segments there are spaces only.

    Examples
    --------
    >>> from lilliput import Segmenter
    >>> segmenter = Segmenter().fit([["今天", "天氣", "好"], ["天氣", "不", "好"]] * 20)
    >>> segmenter.predict(["天氣好"])
    [['天氣', '好']]
    """

    task = "segment"
    unsaved = frozenset({"clusters"})

    net_: FeedForward
    transitions_: NDArray[np.float16]
    lexicon_: ValueMap | None
    temperature_: float
    interrupted_: bool

    def __init__(
        self,
        unit: str = "word",
        budget: Budget | str | Mapping[str, Any] | None = None,
        clusters: Any = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.unit = unit
        self.budget = budget
        self.clusters = clusters
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Iterable[Any], y: None = None) -> Self:
        """Learn from texts that are cut already: lists of words or, for sentences, documents as lists of sentences.

        Segments are joined by spaces if most of their letters are of scripts that have spaces, else by nothing;
        `Segments` say themselves where spaces are. For sentences one list of str is one document. Raises `DataError`
        for data that cannot be used and `BudgetError` for a budget that cannot be kept. After Ctrl-C, the best model so
        far is kept, `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        from lilliput.tasks.segment_fit import fit

        fit(self, X, time.monotonic())
        return self

    def predict(self, X: Iterable[str]) -> list[list[str]]:
        """The words (or sentences) of texts."""
        return [[segment.text for segment in segments] for segments in self.predict_segments(X)]

    def predict_segments(self, X: Iterable[str]) -> Iterator[list[Segment]]:
        """The words (or sentences) of texts and where they stand; streamed."""
        self._check_fitted()
        waiting = iter(X)
        while chunk := list(islice(waiting, CHUNK)):
            yield from self._cut(chunk)

    def spans(self, text: str) -> list[Segment]:
        """The words (or sentences) of one text and where they stand."""
        return next(self.predict_segments([text]))

    def borders(self, text: str) -> list[tuple[int, float]]:
        """Where a border may stand in a text, and how likely one does; 1 where it is sure, as at a space."""
        self._check_fitted()
        found = pieces(_checked(text), self.unit)
        (answer,) = self._answers([text], [found])
        return [(span.start, chance) for span, chance in zip(found.spans, answer.chances.tolist(), strict=True)]

    def score(self, X: Iterable[Any], y: None = None) -> float:
        """F1 of the words (or sentences) of texts that are cut already, given as for `fit`."""
        from lilliput.tasks.segment_quality import quality

        return quality(self, X)[f"{self.unit}_f1"].value

    @property
    def labels_(self) -> Labels:
        """The tags of the net."""
        return Labels(TAGS, "single")

    def _cut(self, texts: list[str]) -> Iterator[list[Segment]]:
        found = [pieces(_checked(text), self.unit) for text in texts]
        for text, one, answer in zip(texts, found, self._answers(texts, found), strict=True):
            chances = answer.chances.tolist()
            cut = segments_of(one, answer.begun.tolist(), self.unit)
            yield [Segment(text[span.start : span.end], *span, chances[place]) for span, place in cut]

    def _answers(self, texts: Sequence[str], found: Sequence[Pieces]) -> list[Answer]:
        """Where the segments of each text begin: in plain Python when few pieces do not pay for compiling."""
        few = sum(len(one.spans) for one in found) <= FEW_PIECES
        if few and "lilliput.nets.tagging" not in sys.modules:
            from lilliput.tasks.segment_plain import answers
        else:
            from lilliput.tasks.segment_bulk import answers
        made = answers(self, texts, found)
        for one, answer in zip(found, made, strict=True):
            sure = forced(one, self.unit)
            answer.begun[sure], answer.chances[sure] = True, 1
        return made

    # Model files

    def _manifest(self) -> dict[str, Any]:
        return {"net": self.net_.shape(), "temperature": self.temperature_, "lexicon": self.lexicon_ is not None}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        from lilliput.tasks.segment_file import lexicon_arrays

        return {**self.net_.arrays(), "transitions": self.transitions_, **lexicon_arrays(self.lexicon_)}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.segment_file import check_segmenter, lexicon_of

        model = cls._from_manifest(manifest, path)
        check_segmenter(model, manifest, arrays, path)
        model.net_ = FeedForward.build(manifest["net"], arrays)
        model.transitions_ = arrays["transitions"]
        model.lexicon_ = lexicon_of(manifest, arrays, path)
        model.temperature_, model.interrupted_ = manifest["temperature"], False
        return model


def _checked(text: Any) -> str:
    if not isinstance(text, str):
        raise DataError(f"expected a text (str), found {text!r:.60} of type {type(text).__name__}")
    return text
