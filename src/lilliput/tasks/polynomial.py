"""A polynomial network: quadratic units of two inputs, grown layer by layer, that prints its formula."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.nets.polynomial import TERMS, Network
from lilliput.tasks.array_input import like_learned, targets
from lilliput.tasks.array_kinds import Regressor

if TYPE_CHECKING:
    from typing_extensions import Self


class PolynomialNetwork(Regressor):
    """Regression by Ivakhnenko's group method of data handling: short formulas that choose their own columns.

    Each layer tries every pair of its inputs as a quadratic, fits it by least squares, and keeps those that are best on
    rows that were not fitted. Inputs are the units of the layer before and the best columns. Layers are added until
    those rows gain nothing; then the weights of the best networks are fitted together. Quadratics of quadratics grow
    fast: no unit goes beyond the range that it had for the rows learned from by more than twice that range, which the
    formula does not show; do not trust what is predicted out there.

    Parameters
    ----------
    width : units that survive in a layer.
    layers : at most.
    columns : that take part, at most; where there are more, those are chosen that say most of the target, alone,
        squared, or times another column.
    steps : of the fit of all weights together (Levenberg-Marquardt), at most; 0 leaves the units as each was fitted.
    budget : bytes of the file, seconds of `fit`, latency of `predict` of one row.
    seed, threads, device, progress : as in every task. Products are done by NumPy's library, with its threads.

    Attributes
    ----------
    formula_ : lines "name = polynomial" in the data's own units, the last one for "y". Columns have the names of a data
        frame's columns, else x0, x1, ... (and where a name is no identifier).
    network_ : units over standardised columns (`lilliput.nets.polynomial.Network`).
    used_ : numbers of the columns in the formula.
    n_features_in_, n_layers_, n_units_ : counts.
    report_ : what was measured.
    interrupted_ : whether Ctrl-C ended the fit early.

    Examples
    --------
    >>> import numpy as np
    >>> from lilliput.tasks.polynomial import PolynomialNetwork
    >>> X = np.random.default_rng(0).standard_normal((100, 3))
    >>> print(PolynomialNetwork(progress=False).fit(X, 2 + X[:, 0] * X[:, 2]).formula_)
    y = 2 + x0*x2
    """

    task = "polynomial"

    network_: Network
    columns_: NDArray[np.int64]
    centre_: NDArray[np.float64]
    scale_: NDArray[np.float64]
    names_: list[str]
    n_features_in_: int
    n_layers_: int
    interrupted_: bool

    def __init__(
        self,
        width: int = 24,
        layers: int = 6,
        columns: int = 100,
        steps: int = 50,
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.width = width
        self.layers = layers
        self.columns = columns
        self.steps = steps
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows X (n, columns) and numbers y (n,).

        Raises `DataError` for data that cannot be used (the first NaN is named) and `BudgetError` for a budget that
        was not kept; the model then is what it was before. After Ctrl-C the best network so far is kept,
        `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.polynomial_fit import fit

        fit(self, X, y, started)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """A number for each row."""
        columns = like_learned(self, X)[:, self.columns_]
        found: NDArray[np.float64] = self.network_.run((columns - self.centre_[:-1]) / self.scale_[:-1])
        return found * self.scale_[-1] + self.centre_[-1]

    def score(self, X: Any, y: Any) -> float:
        """R2, the share of the variance of `y` explained."""
        predicted = self.predict(X)
        wanted = targets(y, len(predicted), type(self).__name__)
        spread = float(((wanted - wanted.mean()) ** 2).sum())
        rest = float(((wanted - predicted) ** 2).sum())
        return 1 - rest / spread if spread > 0 else float(rest == 0)

    @property
    def formula_(self) -> str:
        """The network in the data's own units, to six digits."""
        return self.formula(6)

    def formula(self, digits: int = 6) -> str:
        """The lines of `formula_` with as many digits as asked for; terms that cannot be seen in them are left out."""
        self._check_fitted()
        from lilliput.tasks.polynomial_formula import formula

        return formula(self, digits)

    @property
    def used_(self) -> list[int]:
        """Numbers of the columns in the formula."""
        self._check_fitted()
        return [int(number) for number in self.columns_]

    @property
    def n_units_(self) -> int:
        """How many units there are."""
        self._check_fitted()
        return len(self.network_.left)

    # Model files

    def _manifest(self) -> dict[str, Any]:
        found = {"names": self.names_, "features": self.n_features_in_, "layers": self.n_layers_}
        return found | {"interrupted": self.interrupted_}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        net = self.network_
        found = {"left": net.left, "right": net.right, "weights": net.weights, "bounds": net.bounds}
        return found | {"columns": self.columns_, "centre": self.centre_, "scale": self.scale_}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        model = cls._from_manifest(manifest, path)
        require(arrays, {"columns": (np.int64, (None,)), "weights": (np.float64, (None, TERMS))}, path)
        columns, units = len(arrays["columns"]), len(arrays["weights"])
        shapes = {"centre": (np.float64, (columns + 1,)), "scale": (np.float64, (columns + 1,))}
        require(arrays, shapes | {"left": (np.int64, (units,)), "right": (np.int64, (units,))}, path)
        require(arrays, {"bounds": (np.float64, (units, 2))}, path)
        net = Network(columns, *(np.array(arrays[name]) for name in ("left", "right", "weights", "bounds")))
        before = columns + np.arange(units)
        try:
            model.names_ = [str(name) for name in manifest["names"]]
            model.n_features_in_, model.n_layers_ = int(manifest["features"]), int(manifest["layers"])
            model.interrupted_ = bool(manifest.get("interrupted"))
            inside = (arrays["columns"] >= 0).all() and (arrays["columns"] < model.n_features_in_).all()
            for source in (net.left, net.right):
                inside = inside and (source >= 0).all() and (source < before).all()
            if not units or not inside or len(model.names_) != columns:
                raise LilliputError("units take what comes after them")
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"{path}: this does not describe a polynomial network ({error!r})") from error
        model.network_, model.columns_ = net, np.array(arrays["columns"])
        model.centre_, model.scale_ = np.array(arrays["centre"]), np.array(arrays["scale"])
        return model
