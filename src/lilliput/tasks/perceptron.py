"""The perceptron: one hyperplane a class, learned from mistakes, that says whether the classes can be parted at all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.tasks.array_classes import restored_classes, stored_classes
from lilliput.tasks.array_input import like_learned
from lilliput.tasks.array_kinds import Classifier

if TYPE_CHECKING:
    from typing_extensions import Self


class Perceptron(Classifier):
    """Classes parted by hyperplanes, one class against the rest, learned from mistakes.

    A class that no hyperplane parts from the rest (XOR) is told from one that the passes were too few for: see
    `separable_`. With more than two classes the largest score decides, which may well be right for every row although
    single classes cannot be parted from all others.

    Parameters
    ----------
    rule : "rosenblatt" (1958) adds rows on the wrong side; "delta" (Widrow and Hoff 1960) moves the score of every row
        a part `step` of the way to its sign.
    step : of "delta", above 0 and below 2.
    passes : over the rows, at most; there are fewer when all classes are parted.
    averaged : whether weights are averaged over all steps (Freund and Schapire 1999), which steadies them.
    budget : bytes of the file, seconds of `fit`, latency of `predict` of one row.
    seed, threads, device, progress : as in every task.

    Attributes
    ----------
    classes_ : in order.
    coef_, intercept_ : float64 (planes, columns) and (planes,): one plane a class, or a single one for two classes.
    separable_ : for each plane whether there is a hyperplane that parts the class from the rest: True and False are
        proved (`lilliput.nets.separability`, False up to rounding), None is open.
    margin_bound_ : float64 (planes,): no hyperplane parts by a larger margin, the sine of an angle in standardised
        columns; 1 where it was not asked for, as the class is parted.
    mistakes_ : rows of all those learned from on the wrong side of each plane.
    n_features_in_, passes_ : counts.
    report_ : what was measured.
    interrupted_ : whether Ctrl-C ended the fit early.

    Examples
    --------
    >>> from lilliput.tasks.perceptron import Perceptron
    >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> both = Perceptron(progress=False).fit(corners, ["no", "no", "no", "yes"])
    >>> both.predict([[1, 1], [0, 1]]).tolist(), both.separable_
    (['yes', 'no'], [True])
    >>> Perceptron(progress=False).fit(corners, [0, 1, 1, 0]).separable_
    [False]
    """

    task = "perceptron"

    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    separable_: list[bool | None]
    margin_bound_: NDArray[np.float64]
    mistakes_: NDArray[np.int64]
    n_features_in_: int
    passes_: int
    interrupted_: bool

    def __init__(
        self,
        rule: str = "rosenblatt",
        step: float = 0.1,
        passes: int = 30,
        averaged: bool = True,
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.rule = rule
        self.step = step
        self.passes = passes
        self.averaged = averaged
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows X (n, columns) and their classes y (n,): whole numbers or texts.

        Raises `DataError` for data that cannot be used (the first NaN is named) and `BudgetError` for a budget that
        was not kept; the model then is what it was before. After Ctrl-C the planes so far are kept, `interrupted_` is
        true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.perceptron_fit import fit

        fit(self, X, y, started)
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Distances from the planes, in standardised columns: (n, classes), or (n,) for two classes, second above 0."""
        scores: NDArray[np.float64] = like_learned(self, X) @ self.coef_.T + self.intercept_
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(np.int64) if scores.ndim == 1 else scores.argmax(axis=1)]

    # Model files

    def _manifest(self) -> dict[str, Any]:
        labels, _ = stored_classes(self.classes_)
        return {"classes": labels, "separable": self.separable_, "passes": self.passes_} | {
            "interrupted": self.interrupted_
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        _, arrays = stored_classes(self.classes_)
        return arrays | {
            "coef": self.coef_,
            "intercept": self.intercept_,
            "margin_bound": self.margin_bound_,
            "mistakes": self.mistakes_,
        }

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        model = cls._from_manifest(manifest, path)
        model.classes_ = restored_classes(manifest, arrays, path)
        planes = 1 if len(model.classes_) == 2 else len(model.classes_)
        shapes: dict[str, tuple[Any, tuple[int | None, ...]]] = {
            "coef": (np.float64, (planes, None)),
            "intercept": (np.float64, (planes,)),
            "margin_bound": (np.float64, (planes,)),
            "mistakes": (np.int64, (planes,)),
        }
        require(arrays, shapes, path)
        for name in shapes:
            setattr(model, f"{name}_", np.array(arrays[name]))
        separable, passes = manifest.get("separable"), manifest.get("passes")
        if not isinstance(separable, list) or len(separable) != planes or not isinstance(passes, int):
            raise ModelFileError(f"{path}: the manifest does not describe a perceptron of {planes} planes")
        model.interrupted_ = bool(manifest.get("interrupted"))
        model.separable_, model.passes_, model.n_features_in_ = separable, passes, model.coef_.shape[1]
        return model
