"""What estimators of one kind share, in scikit-learn's terms: those that give classes, and those that give numbers."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.estimator import Estimator


class Classifier(Estimator):
    """Gives each row a class."""

    classes_: NDArray[Any]

    @abstractmethod
    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row."""

    def score(self, X: Any, y: Any) -> float:
        """The share of rows whose class is `y`."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        tags.target_tags.required = True
        return tags


class Regressor(Estimator):
    """Gives each row a number, or several."""

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        tags.target_tags.required = True
        return tags
