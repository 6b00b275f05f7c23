"""Tag the tokens of sentences within a budget."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, LilliputError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath
from lilliput.core.threads import resolve_threads
from lilliput.data.conllu import Sentence, sentence_of
from lilliput.nets.feedforward import FeedForward
from lilliput.tasks.labels import Labels

if TYPE_CHECKING:
    from typing_extensions import Self

    from lilliput.features.windows import Atoms

FEW_TOKENS = 64
"""Tokens up to which a process that has not compiled anything yet tags without compiled code."""
CHUNK = 2000
"""Sentences that are tagged together."""


class TaggedToken(NamedTuple):
    """A token of a raw text: what it is, its tag, how sure that is, and where it stands."""

    token: str
    tag: str
    probability: float
    start: int
    end: int


class SequenceTagger(Estimator):
    """Gives each token of a sentence a tag, such as its part of speech, with one file that fits a budget.

    Parameters
    ----------
    budget : bytes of the file, seconds of `fit`, latency of a sentence: "500KB", "500KB,1min", a `Budget`, or None.
    column : the column of CoNLL-U that holds the tags ("upos", "xpos", "feats", ...).
    clusters : word clusters to learn from too: the path of a file that `WordClusters` has made, or fitted ones. The
        model keeps what it needs of them.
    language : ISO 639-1 code for the few rules of `tag` that depend on it ("en", "fr", "af"); None: none of them.
    seed, threads, device, progress : as in every task; the same seed gives the same file for any number of threads.

    Attributes
    ----------
    classes_ : the tags. net_ : the `FeedForward` network. report_ : what was measured, on sentences that were held out.
    transitions_ : what a tag after another adds to its outputs, (tags + 1, tags), the last row for the beginning.
    temperature_ : what makes them probabilities. interrupted_ : whether Ctrl-C ended the training early.

    Examples
    --------
    >>> from lilliput import SequenceTagger
    >>> words = [["the", "dog", "ran"], ["the", "cat", "sat"]] * 20
    >>> tagger = SequenceTagger().fit(words, [["DET", "NOUN", "VERB"]] * 40)
    >>> tagger.predict([["the", "cat", "ran"]])
    [['DET', 'NOUN', 'VERB']]
    """

    task = "tag"
    unsaved = frozenset({"clusters"})

    labels_: Labels
    net_: FeedForward
    transitions_: NDArray[np.float16]
    temperature_: float
    interrupted_: bool

    def __init__(
        self,
        budget: Budget | str | Mapping[str, Any] | None = None,
        column: str = "upos",
        clusters: Any = None,
        language: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.budget = budget
        self.column = column
        self.clusters = clusters
        self.language = language
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Iterable[Any], y: Iterable[Sequence[str]] | None = None) -> Self:
        """Learn from sentences: lists of tokens with lists of tags as `y`, or `Sentence`s with a column of tags.

        Raises `DataError` for data that cannot be used and `BudgetError` for a budget that cannot be kept. After
        Ctrl-C, the best model so far is kept, `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        from lilliput.tasks.tag_fit import fit

        fit(self, self._tagged(X, y), time.monotonic())
        return self

    def predict(self, X: Iterable[Any]) -> list[list[str]]:
        """Tags of sentences: lists of tokens, or `Sentence`s."""
        return [tags for tags, _ in self._tag_all(forms_of(item) for item in X)]

    def predict_sentences(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences with their column of tags filled in, and how sure each is; streamed."""
        waiting = iter(sentences)
        while chunk := list(islice(waiting, CHUNK)):
            found = self._tag_all(sentence.forms for sentence in chunk)
            for sentence, (tags, chances) in zip(chunk, found, strict=True):
                yield sentence.with_column(self.column, tags, chances)

    def tag(self, text: str) -> list[TaggedToken]:
        """The tokens of a raw text, cut into sentences, with their tags."""
        from lilliput.features.sentences import sentences

        if not isinstance(text, str):
            raise LilliputError(f"tag takes one text, not {type(text).__name__}; use predict for lists of tokens")
        spans = sentences(text, self.language)
        found = self._tag_all([text[start:end] for start, end in sentence] for sentence in spans)
        return [
            TaggedToken(text[start:end], tag, chance, start, end)
            for sentence, (tags, chances) in zip(spans, found, strict=True)
            for (start, end), tag, chance in zip(sentence, tags, chances, strict=True)
        ]

    def score(self, X: Iterable[Any], y: Iterable[Sequence[str]] | None = None) -> float:
        """Share of the tokens that get the right tag."""
        sentences = list(self._tagged(X, y))
        wanted = [tag for sentence in sentences for tag in sentence.column(self.column)]
        if not wanted:
            raise DataError("there are no tokens to score")
        found = [tag for tags in self.predict(sentences) for tag in tags]
        return sum(tag == right for tag, right in zip(found, wanted, strict=True)) / len(wanted)

    @property
    def classes_(self) -> NDArray[Any]:
        """The tags, as an array."""
        self._check_fitted()
        return np.array(self.labels_.names, dtype=object)

    def _tagged(self, X: Iterable[Any], y: Iterable[Sequence[str]] | None) -> Iterator[Sentence]:
        if y is None:
            for sentence in X:
                if not isinstance(sentence, Sentence):
                    raise DataError("sentences without tags: give lists of tags as y, or `Sentence`s that hold them")
                yield sentence
            return
        for number, (words, tags) in enumerate(zip(map(forms_of, X), y, strict=True), 1):
            if len(words) != len(tags):
                raise DataError(f"sentence {number} has {len(words)} tokens and {len(tags)} tags")
            yield sentence_of(words, **{self.column: list(tags)})

    def _tag_all(self, sentences: Iterable[list[str]]) -> list[tuple[list[str], list[float]]]:
        """Tags and probabilities of each sentence: by plain Python when a few tokens do not pay for compiled code."""
        self._check_fitted()
        listed = list(sentences)
        few = sum(map(len, listed)) <= FEW_TOKENS
        found = self._plain(listed) if few and "lilliput.nets.tagging" not in sys.modules else self._bulk(listed)
        names = self.labels_.names
        return [([names[tag] for tag in tags], chances) for tags, chances in found]

    def _plain(self, sentences: list[list[str]]) -> list[tuple[list[int], list[float]]]:
        from lilliput.nets.sequence import likeliest, sentence_logits

        transitions = self.transitions_.astype(np.float32)
        return [
            likeliest(sentence_logits(self.net_, list(map(self._atoms, words))), transitions, self.temperature_)
            for words in sentences
        ]

    def _atoms(self, word: str) -> Atoms:
        from lilliput.features.clusters import head_hash
        from lilliput.features.windows import atoms

        clusters = self.net_.clusters
        return atoms(word) if clusters is None else atoms(word, clusters.look_up_one(head_hash(word)))

    def _bulk(self, sentences: list[list[str]]) -> list[tuple[list[int], list[float]]]:
        from lilliput.data.packed import pack
        from lilliput.features.cluster_kernels import clusters_of
        from lilliput.features.window_kernels import tokens_of
        from lilliput.nets.tagging import likeliest_tags, token_logits
        from lilliput.tasks.machine_code import drop_stale

        drop_stale()
        borders = np.cumsum([0, *map(len, sentences)]).astype(np.int64)
        packed = pack([word for words in sentences for word in words])
        clusters = None if self.net_.clusters is None else clusters_of(packed, self.net_.clusters)
        tokens = tokens_of(packed, borders, clusters)
        threads = resolve_threads(self.threads)
        logits, transitions = token_logits(self.net_, tokens, threads), self.transitions_.astype(np.float32)
        found = likeliest_tags(logits, transitions, borders, self.temperature_, threads)
        tags, chances = (array.tolist() for array in found)
        edges = zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
        return [(tags[first:last], chances[first:last]) for first, last in edges]

    # Model files

    def _manifest(self) -> dict[str, Any]:
        return {
            "net": self.net_.shape(),
            "labels": {"type": "str", "mode": "single"},
            "temperature": self.temperature_,
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {**self.net_.arrays(), "transitions": self.transitions_, **self.labels_.arrays()}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.tag_file import check_tagger

        model = cls._from_manifest(manifest, path)
        check_tagger(model, manifest, arrays, path)
        model.labels_ = Labels.restored(arrays, "str", "single")
        model.net_ = FeedForward.build(manifest["net"], arrays)
        model.transitions_ = arrays["transitions"]
        model.temperature_, model.interrupted_ = manifest["temperature"], False
        return model


def forms_of(item: Any) -> list[str]:
    """The tokens of a sentence as given: a `Sentence`, or any sequence of str but a str."""
    if isinstance(item, Sentence):
        return item.forms
    if isinstance(item, str) or not all(isinstance(word, str) for word in item):
        raise DataError(f"expected a list of tokens, found {item!r:.60}; for a raw text use tag(text)")
    return list(item)
