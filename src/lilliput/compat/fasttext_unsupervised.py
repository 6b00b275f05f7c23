"""Word vectors behind the fastText face: the arguments of ``train_unsupervised``, and the model that it returns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from lilliput.compat.fasttext_arguments import OLD_NAMES
from lilliput.compat.fasttext_face import FastText
from lilliput.core.budget import format_bytes
from lilliput.core.errors import DataError, LilliputError
from lilliput.core.modelfile import StrPath
from lilliput.data.source import Source
from lilliput.retrieval.neighbours import Neighbour, unit
from lilliput.tasks.vectors import WordVectors

DEFAULTS: dict[str, Any] = {
    "input": None,
    "model": "skipgram",
    "lr": 0.05,
    "dim": 100,
    "ws": 5,
    "epoch": 5,
    "minCount": 5,
    "minCountLabel": 0,
    "minn": 3,
    "maxn": 6,
    "neg": 5,
    "wordNgrams": 1,
    "loss": "ns",
    "bucket": 2_000_000,
    "thread": None,
    "lrUpdateRate": 100,
    "t": 1e-4,
    "label": "__label__",
    "verbose": 2,
    "pretrainedVectors": "",
}
"""Names in the order of positional arguments, with fastText 0.9.3's defaults (of ``thread``: all but one)."""
WITHOUT_EFFECT = ("minCountLabel", "wordNgrams", "bucket", "lrUpdateRate", "label")
MODELS = ("skipgram", "cbow")


def read_arguments(values: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that were given, by fastText's own names.

    Raises TypeError for names that it does not have, and `LilliputError` for what is not done here.
    """
    if len(values) > len(DEFAULTS):
        raise TypeError(f"train_unsupervised takes at most {len(DEFAULTS)} arguments, found {len(values)}")
    given = dict(zip(DEFAULTS, values, strict=False))
    for name, value in named.items():
        known = OLD_NAMES.get(name, name)
        if known not in DEFAULTS:
            raise TypeError(f"unexpected keyword argument {name!r}; there are {', '.join(DEFAULTS)}")
        if known in given:
            raise TypeError(f"multiple values for argument {known!r}")
        given[known] = value
    if not given.get("input"):
        raise TypeError("train_unsupervised needs its argument 'input', the path of the training file")
    model, loss = given.get("model", "skipgram"), given.get("loss", "ns")
    if model not in MODELS:
        raise LilliputError(f"model={model!r}: expected {' or '.join(map(repr, MODELS))}")
    if loss != "ns":
        raise LilliputError(f"loss={loss!r}: word vectors are learned with negative sampling here; leave it at 'ns'")
    if given.get("pretrainedVectors"):
        raise LilliputError("pretrainedVectors is not taken here: training starts from nothing; leave it out")
    return given


def parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `WordVectors` that the arguments ask for; a rate that was not given is its own choice."""
    value = {**DEFAULTS, **given}
    shortest, longest = max(1, int(value["minn"])), int(value["maxn"])
    return {
        "method": value["model"],
        "rate": given.get("lr"),
        "dim": value["dim"],
        "window": value["ws"],
        "epochs": value["epoch"],
        "least": max(1, int(value["minCount"])),
        "subwords": (shortest, longest) if shortest <= longest else None,
        "negatives": value["neg"],
        "sample": value["t"],
        "lowercase": False,
        "threads": given.get("thread"),
        "progress": "auto" if value["verbose"] > 0 else False,
    }


def without_effect(given: Mapping[str, Any]) -> str | None:
    """A sentence that names what was asked for and is not done; None when there is nothing to say."""
    names = [name for name in WITHOUT_EFFECT if given.get(name, DEFAULTS[name]) != DEFAULTS[name]]
    return f"no effect here, where word vectors are trained: {', '.join(names)}" if names else None


def train(given: Mapping[str, Any]) -> Vectors:
    """Train on ``given["input"]``, a text a line, with the arguments that `read_arguments` found."""
    with Source(given["input"], labelled=False, file_format="text") as source:
        return Vectors(WordVectors(**parameters(given)).fit(source))


class Vectors(FastText):
    """Answers as fastText's models of word vectors do, from ``vectors``, a `WordVectors`, which has the report."""

    def __init__(self, vectors: WordVectors) -> None:
        self.vectors = vectors

    def get_word_vector(self, word: str) -> NDArray[np.float32]:
        """Vector of a word, float32 (get_dimension(),); of an unknown one by its n-grams, or zeros."""
        found = self.vectors.find(word)
        return np.zeros(self.get_dimension(), dtype=np.float32) if found is None else found

    def get_sentence_vector(self, text: str) -> NDArray[np.float32]:
        """The mean of the directions of the words of a text, float32 (get_dimension(),)."""
        if "\n" in text:
            raise DataError("the text has a newline, but one line is taken at a time (remove '\\n')")
        rows = [unit(vector) for vector in map(self.get_word_vector, text.split()) if vector.any()]
        return np.mean(rows, axis=0).astype(np.float32) if rows else np.zeros(self.get_dimension(), dtype=np.float32)

    def get_nearest_neighbors(
        self, word: str, k: int = 10, on_unicode_error: str = "strict"
    ) -> list[tuple[float, str]]:
        """The `k` nearest words as (cosine, word), the nearest first. Raises KeyError for a word without a vector."""
        return _swapped(self.vectors.most_similar(word, k))

    def get_analogies(
        self, wordA: str, wordB: str, wordC: str, k: int = 10, on_unicode_error: str = "strict"
    ) -> list[tuple[float, str]]:
        """The words nearest to A - B + C as (cosine, word); none of these three is among them."""
        return _swapped(self.vectors.analogy(wordA, wordB, wordC, k))

    def get_words(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """The words, the most frequent first; with `include_freq` also their counts, int64."""
        words = self.vectors.words_
        return (words, self.vectors.table_.counts) if include_freq else words

    def get_word_id(self, word: str) -> int:
        """The place of a word among the words, -1 for one that is not there."""
        return self.vectors.table_.words.row(word)

    def __contains__(self, word: str) -> bool:
        return word in self.vectors

    def get_dimension(self) -> int:
        """Length of the vectors."""
        return self.vectors.table_.dim

    def is_quantized(self) -> bool:
        """True: vectors are kept in 8 bits a number."""
        return True

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is left to do, and a warning says so."""
        size = format_bytes(self.vectors.file_size())
        warnings.warn(f"quantize has nothing to do: 8 bits a number are kept from the start ({size})", stacklevel=2)

    def save_model(self, path: StrPath) -> None:
        """See `FastText.save_model`; `WordVectors.write` writes files for other programs."""
        self.vectors.save(path)

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """No labels."""
        return ([], np.zeros(0, dtype=np.int64)) if include_freq else []

    def predict(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not to be had: raises `LilliputError`."""
        raise _labels_nothing("predict")

    def test(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not to be had: raises `LilliputError`."""
        raise _labels_nothing("test")

    def test_label(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not to be had: raises `LilliputError`."""
        raise _labels_nothing("test_label")


def _swapped(found: Sequence[Neighbour]) -> list[tuple[float, str]]:
    return [(similarity, word) for word, similarity in found]


def _labels_nothing(what: str) -> LilliputError:
    return LilliputError(
        f"{what} is for models that label texts, and this one holds word vectors: see train_supervised"
    )
