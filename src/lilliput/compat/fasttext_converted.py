"""A model that fastText trained, behind the fastText face."""

from __future__ import annotations

from typing import Any

from lilliput.compat.fasttext_face import FastText
from lilliput.compat.fasttext_model import FastTextClassifier
from lilliput.core.errors import LilliputError
from lilliput.core.modelfile import StrPath


class Converted(FastTextClassifier, FastText):
    """A fastText model that goes on predicting as fastText did; `save_model` converts it to one of lilliput's files."""

    def save_model(self, path: StrPath) -> None:
        """Write the model, unchanged, to a lilliput file."""
        self.save(path)

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Not to be had for a model that fastText trained: raises `LilliputError`."""
        raise LilliputError(
            "a model that fastText trained is kept as it is and cannot be quantised here; for a small one, train "
            "again with train_supervised, which stores 8 bits or less a weight (autotuneModelSize='1M': 1 MB at most)"
        )
