"""fastText's Python module on lilliput: change the import, and programs that label texts go on working.

    import lilliput.compat.fasttext as fasttext

    model = fasttext.train_supervised("train.txt", autotuneModelSize="1M")
    labels, probabilities = model.predict("which baking dish is best for banana bread?", k=2)
    model.test("test.txt")
    model.save_model("m.safetensors")

Names, arguments and returned types are those of fastText 0.9.3; `train_supervised` trains a `lilliput.TextClassifier`,
whose network is planned from the data and the budget, `train_unsupervised` a `lilliput.WordVectors`, and `load_model`
opens lilliput's files and fastText's own.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lilliput.compat.fasttext_arguments import read_arguments, without_effect
from lilliput.compat.fasttext_face import FastText
from lilliput.compat.fasttext_file import MAGIC
from lilliput.compat.fasttext_source import EOS, tokenize
from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath, read_model
from lilliput.tasks.vectors import WordVectors

if TYPE_CHECKING:
    from lilliput.compat.fasttext_unsupervised import Vectors

__all__ = ["BOW", "EOS", "EOW", "FastText", "load_model", "tokenize", "train_supervised", "train_unsupervised"]

BOW = "<"
EOW = ">"


def train_supervised(*args: Any, **kwargs: Any) -> FastText:
    """Train on a file of ``__label__`` lines and return the model.

    Arguments have fastText's names, order and defaults: ``input`` (the path, ``"-"`` for standard input), lr, dim, ws,
    epoch, minCount, minCountLabel, minn, maxn, neg, wordNgrams, loss, bucket, thread, lrUpdateRate, t, label, verbose,
    pretrainedVectors, seed, autotuneValidationFile, autotuneMetric, autotunePredictions, autotuneDuration,
    autotuneModelSize. Of these

    - wordNgrams, minn and maxn set the n-grams of words and characters (as `TextClassifier` chooses, when not given);
    - loss="ova", or a line with several labels, trains a model that judges each label by itself;
    - autotuneModelSize limits the saved file, in bytes or such as "2M"; autotuneDuration limits the training, in
      seconds, when autotuneValidationFile is given, but that file is not read: held-out rows decide in its place;
    - input, minCountLabel, label, thread, seed and verbose (0: no progress) mean what they mean in fastText;
    - the others have no meaning here; one warning names those that were given and are not at their default.

    Raises TypeError for other arguments, `DataError` for a file that cannot be used, `BudgetError` for a size or time
    that cannot be kept.
    """
    given = read_arguments(args, kwargs)
    if note := without_effect(given):
        warnings.warn(note, stacklevel=2)
    from lilliput.compat.fasttext_trained import train

    return train(given)


def train_unsupervised(*args: Any, **kwargs: Any) -> Vectors:
    """Train word vectors on a file with a text a line and return the model.

    Arguments have fastText's names, order and defaults: ``input`` (the path, ``"-"`` for standard input), model
    ("skipgram" or "cbow"), lr, dim, ws, epoch, minCount, minCountLabel, minn, maxn, neg, wordNgrams, loss, bucket,
    thread, lrUpdateRate, t, label, verbose, pretrainedVectors. Of these

    - model, dim, ws, epoch, minCount, minn, maxn, neg, t, thread and verbose (0: no progress) mean what they mean in
      fastText; lr too, but `lilliput.WordVectors` chooses it when it is not given;
    - minCountLabel, wordNgrams, bucket, lrUpdateRate and label have no meaning here; one warning names those that were
      given and are not at their default;
    - another loss than "ns" and pretrainedVectors are refused.

    Words are what stands between spaces, and their case is not folded, as in fastText; a line end is no word. The same
    file gives the same model, with any number of threads.

    Raises TypeError for other arguments and `DataError` for a file that cannot be used.
    """
    from lilliput.compat.fasttext_unsupervised import read_arguments, train, without_effect

    given = read_arguments(args, kwargs)
    if note := without_effect(given):
        warnings.warn(note, stacklevel=2)
    return train(given)


def load_model(path: StrPath) -> FastText:
    """The model of a file: one that lilliput saved, or fastText's own ``.bin`` or ``.ftz``.

    Raises `ModelFileError` when the file cannot be read, or neither labels texts nor holds word vectors.
    """
    from lilliput.compat.fasttext_converted import Converted
    from lilliput.compat.fasttext_file import holds_vectors

    if _is_fasttext(path):
        return _vectors(WordVectors.read(path)) if holds_vectors(path) else Converted.read(path)
    manifest, arrays = read_model(path)
    task = manifest.get("task")
    if task == Converted.task:
        return Converted._restore(manifest, arrays, path)
    if task == WordVectors.task:
        return _vectors(WordVectors._restore(manifest, arrays, path))
    if task != "label":
        raise ModelFileError(
            f"{path} holds a model of task {task!r}, which labels no texts; load it with lilliput.load"
        )
    from lilliput.compat.fasttext_trained import PrefixedClassifier, Trained

    return Trained(PrefixedClassifier._restore(manifest, arrays, path))


def _vectors(vectors: WordVectors) -> FastText:
    from lilliput.compat.fasttext_unsupervised import Vectors

    return Vectors(vectors)


def _is_fasttext(path: StrPath) -> bool:
    """Whether a file begins as fastText's do; what cannot be read is left to `read_model`, which says why."""
    with suppress(OSError), Path(path).open("rb") as file:
        return int.from_bytes(file.read(4), "little") == MAGIC
    return False
