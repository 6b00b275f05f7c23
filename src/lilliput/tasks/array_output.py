"""What transformers give: arrays, or data frames where scikit-learn's ``set_output`` asks for them."""

from __future__ import annotations

import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from lilliput.core.errors import LilliputError
from lilliput.core.estimator import Estimator

if TYPE_CHECKING:
    from typing_extensions import Self

OUTPUTS = ("default", "pandas")


class Transformer(Estimator):
    """Gives each row other columns, which have names."""

    _sklearn_output_config: dict[str, str]
    """scikit-learn's name, by which `sklearn.base.clone` takes it along."""

    @abstractmethod
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Names of the columns of `transform`."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Have `transform` and `fit_transform` give a pandas DataFrame ("pandas"), or an array ("default").

        None changes nothing. Raises `LilliputError` for anything else.
        """
        if transform is None:
            return self
        if transform not in OUTPUTS:
            raise LilliputError(f"transform={transform!r}; give one of {', '.join(map(repr, OUTPUTS))}")
        self._sklearn_output_config = {"transform": transform}
        return self

    def _framed(self, found: NDArray[Any], X: Any) -> Any:
        """`found` as it is wanted: as set here, else as scikit-learn is set where that is in use."""
        wanted = getattr(self, "_sklearn_output_config", {}).get("transform")
        if wanted is None and "sklearn" in sys.modules:
            wanted = sys.modules["sklearn"].get_config()["transform_output"]
        if wanted != "pandas":
            return found
        try:
            import pandas
        except ModuleNotFoundError:
            raise LilliputError('a table as output needs pandas: pip install pandas, or transform="default"') from None
        return pandas.DataFrame(found, columns=self.get_feature_names_out(), index=getattr(X, "index", None))
