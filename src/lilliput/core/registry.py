"""Which task a model file holds, and the class that restores it."""

from __future__ import annotations

from importlib import import_module

from lilliput.core.errors import ModelFileError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath, read_model

TASKS: dict[str, str] = {
    "label": "lilliput.tasks.label:TextClassifier",
    "language": "lilliput.tasks.language:LanguageIdentifier",
    "clusters": "lilliput.tasks.clusters:WordClusters",
    "tag": "lilliput.tasks.tag:SequenceTagger",
    "vectors": "lilliput.tasks.vectors:WordVectors",
    "segment": "lilliput.tasks.segment:Segmenter",
    "rank": "lilliput.tasks.rank:InfluencerRanker",
    "pca": "lilliput.tasks.pca:StreamingPCA",
    "pair": "lilliput.tasks.pair:PairingRecommender",
    "mlp-classifier": "lilliput.tasks.mlp:MLPClassifier",
    "mlp-regressor": "lilliput.tasks.mlp:MLPRegressor",
    "perceptron": "lilliput.tasks.perceptron:Perceptron",
    "polynomial": "lilliput.tasks.polynomial:PolynomialNetwork",
    "text-regressor": "lilliput.tasks.text_regressor:TextRegressor",
    "rbm": "lilliput.tasks.rbm:RestrictedBoltzmannMachine",
    "fasttext": "lilliput.compat.fasttext_model:FastTextClassifier",
}
"""Where each task lives, as "module:class"; by name, since this floor imports none above it."""


def load(path: StrPath) -> Estimator:
    """The fitted estimator that `Estimator.save` wrote to ``path``.

    Raises `ModelFileError` when the file cannot be read (see `read_model`) or holds a task that is not known here.
    """
    manifest, arrays = read_model(path)
    task = str(manifest.get("task"))
    if task not in TASKS:
        raise ModelFileError(f"{path} holds a model of task {task!r}; this lilliput knows {', '.join(TASKS)}: upgrade")
    module, name = TASKS[task].split(":")
    estimator: type[Estimator] = getattr(import_module(module), name)
    return estimator._restore(manifest, arrays, path)
