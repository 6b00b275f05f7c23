"""Deep learning for small machines: bring data and a budget, get back one small model file and a measured report."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lilliput.core.budget import Budget as Budget
    from lilliput.core.errors import BudgetError as BudgetError
    from lilliput.core.errors import DataError as DataError
    from lilliput.core.errors import DeviceError as DeviceError
    from lilliput.core.errors import LilliputError as LilliputError
    from lilliput.core.errors import ModelFileError as ModelFileError
    from lilliput.core.errors import NotFittedError as NotFittedError
    from lilliput.core.registry import load as load
    from lilliput.core.report import Measure as Measure
    from lilliput.core.report import Report as Report
    from lilliput.data.baskets import BasketSource as BasketSource
    from lilliput.data.source import Source as Source
    from lilliput.tasks.clusters import WordClusters as WordClusters
    from lilliput.tasks.label import TextClassifier as TextClassifier
    from lilliput.tasks.language import LanguageIdentifier as LanguageIdentifier
    from lilliput.tasks.mlp import MLPClassifier as MLPClassifier
    from lilliput.tasks.mlp import MLPRegressor as MLPRegressor
    from lilliput.tasks.pair import PairingRecommender as PairingRecommender
    from lilliput.tasks.pca import StreamingPCA as StreamingPCA
    from lilliput.tasks.perceptron import Perceptron as Perceptron
    from lilliput.tasks.polynomial import PolynomialNetwork as PolynomialNetwork
    from lilliput.tasks.rank import InfluencerRanker as InfluencerRanker
    from lilliput.tasks.rbm import RestrictedBoltzmannMachine as RestrictedBoltzmannMachine
    from lilliput.tasks.segment import Segmenter as Segmenter
    from lilliput.tasks.tag import SequenceTagger as SequenceTagger
    from lilliput.tasks.text_regressor import TextRegressor as TextRegressor
    from lilliput.tasks.vectors import WordVectors as WordVectors

_PLACES = {
    "BasketSource": "lilliput.data.baskets",
    "Budget": "lilliput.core.budget",
    "BudgetError": "lilliput.core.errors",
    "DataError": "lilliput.core.errors",
    "DeviceError": "lilliput.core.errors",
    "InfluencerRanker": "lilliput.tasks.rank",
    "LanguageIdentifier": "lilliput.tasks.language",
    "LilliputError": "lilliput.core.errors",
    "MLPClassifier": "lilliput.tasks.mlp",
    "MLPRegressor": "lilliput.tasks.mlp",
    "Measure": "lilliput.core.report",
    "ModelFileError": "lilliput.core.errors",
    "NotFittedError": "lilliput.core.errors",
    "PairingRecommender": "lilliput.tasks.pair",
    "Perceptron": "lilliput.tasks.perceptron",
    "PolynomialNetwork": "lilliput.tasks.polynomial",
    "Report": "lilliput.core.report",
    "RestrictedBoltzmannMachine": "lilliput.tasks.rbm",
    "Segmenter": "lilliput.tasks.segment",
    "SequenceTagger": "lilliput.tasks.tag",
    "Source": "lilliput.data.source",
    "StreamingPCA": "lilliput.tasks.pca",
    "TextClassifier": "lilliput.tasks.label",
    "TextRegressor": "lilliput.tasks.text_regressor",
    "WordClusters": "lilliput.tasks.clusters",
    "WordVectors": "lilliput.tasks.vectors",
    "load": "lilliput.core.registry",
}

__version__ = "0.1.0"
__all__ = [*sorted(_PLACES), "__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing lilliput costs nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module 'lilliput' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
