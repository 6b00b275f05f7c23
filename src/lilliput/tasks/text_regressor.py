"""Texts, or sparse rows, to shares: a rectifier network and ridge regression, alone, blended or stacked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError
from lilliput.core.modelfile import StrPath
from lilliput.tasks.array_kinds import Regressor
from lilliput.tasks.labels import Labels

if TYPE_CHECKING:
    from typing_extensions import Self

    from lilliput.data.matrix import Compressed
    from lilliput.features.tfidf import TfIdf
    from lilliput.nets.dense import DenseNet
    from lilliput.training.ridge import Ridge

Floats = NDArray[np.float32]
MODELS = ("ensemble", "network", "ridge", "stack")


class TextRegressor(Regressor):
    """Several values in [0, 1] for each text, such as the confidences of several people in labels.

    Learning takes PyTorch (extra ``deep``). Texts become rows of hashed n-grams by their inverse document frequency;
    a ready sparse matrix is taken as it is. Ridge regression sees all columns, the network the most frequent.

    Parameters
    ----------
    model : "network", "ridge"; "ensemble" weighs the two by what held-out rows say; "stack" gives the predictions of
        both, made for rows that they had not learned from, beside the columns to a second ridge regression.
    groups : groups of outputs, by number or by label, that add up to one in each row, such as ``[[0, 1, 2], [3, 4]]``;
        the network has a softmax for each, and a sigmoid for every other output.
    words, chars : lengths of the n-grams, from and to; (0, 0): none.
    columns, ridge_columns : of the network and of ridge regression, the most frequent; texts only. At most, where the
        budget has a memory: those are kept then that weigh most in a first ridge regression.
    hidden, input_dropout, dropout : of the network; (2000, 2000), 0.2 and 0.5 on 9,000 columns are the classic. Where
        the memory asks for narrower layers, `dropout` falls with the root of their width.
    rate, batch, epochs : of its training by Adam, which the time of a budget may end earlier; epochs of None: what
        suits the number of rows.
    schedule : of its training (`lilliput.training.plans`); "decay" is dropout decay, which takes more passes.
    alphas : penalties of ridge regression to choose from.
    folds : parts whose predictions come from a model of the others, for "stack".
    held_out : share of the rows that choices and the report's quality go by, at random.
    budget : bytes of the file, seconds of `fit`, latency of `predict` of one text. What gives way for a small file is
        planned before the training and stands in ``report_.plan``: bits of a weight (32, 16, 8, 4), hidden units,
        columns, of a ready matrix too.
    seed, threads, device, progress : as in every task.

    Attributes
    ----------
    classes_ : the labels of the outputs; their numbers where y was a matrix.
    n_outputs_, n_features_in_ : values a row; columns of a matrix that is given, or kept of those found in texts.
    kept_ : int32, the columns of a matrix that the parts know; None: all.
    alpha_, blend_ : the penalty chosen, and the weight of the network in the ensemble, 0 to 1.
    history_ : of the network, a record a validation, as plain data.
    report_ : what was measured.
    interrupted_ : whether Ctrl-C ended the fit early.
    """

    task = "text-regressor"
    threshold_ = 0.5

    labels_: Labels
    network_: DenseNet | None
    ridge_: Ridge | None
    stack_: Ridge | None
    features_: TfIdf | None
    kept_: NDArray[np.int32] | None
    narrow_: NDArray[np.int32]
    n_outputs_: int
    n_features_in_: int
    alpha_: float
    blend_: float
    bits_: int
    history_: dict[str, Any]
    interrupted_: bool

    def __init__(
        self,
        model: str = "ensemble",
        groups: Sequence[Sequence[int | str]] = (),
        words: tuple[int, int] = (1, 3),
        chars: tuple[int, int] = (3, 5),
        columns: int = 9000,
        ridge_columns: int = 200_000,
        hidden: tuple[int, ...] = (500, 500),
        input_dropout: float = 0.2,
        dropout: float = 0.5,
        rate: float = 2e-3,
        batch: int = 32,
        epochs: float | None = None,
        schedule: str = "linear",
        alphas: Sequence[float] = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0),
        folds: int = 5,
        held_out: float = 0.1,
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.model = model
        self.groups = groups
        self.words = words
        self.chars = chars
        self.columns = columns
        self.ridge_columns = ridge_columns
        self.hidden = hidden
        self.input_dropout = input_dropout
        self.dropout = dropout
        self.rate = rate
        self.batch = batch
        self.epochs = epochs
        self.schedule = schedule
        self.alphas = alphas
        self.folds = folds
        self.held_out = held_out
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from texts, or rows of a sparse matrix, and their values in [0, 1].

        X is texts, a sparse matrix, or a `Source` of files with texts and their targets; y is a matrix (rows, outputs),
        or a mapping of label to value for each row, where one that is left out is 0.

        Raises `DataError` for data that cannot be used and `BudgetError` for a budget that was not kept; the model then
        is what it was before. After Ctrl-C the best network so far is kept, `interrupted_` is true, and
        KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.text_regressor_fit import fit

        fit(self, X, y, started)
        return self

    def predict(self, X: Any) -> Floats:
        """Values in [0, 1], groups adding up to one: float32 (rows, outputs)."""
        self._check_fitted()
        from lilliput.tasks.text_regressor_input import rows_of
        from lilliput.training.outputs import held

        return held(self._raw(rows_of(X, self)), self._groups())

    def predict_proba(self, X: Any) -> Floats:
        """What `predict` gives: here the values are what is wanted."""
        return self.predict(X)

    def decide(self, chances: Floats) -> list[list[Any]]:
        """For each row the labels whose value is at least a half."""
        names = self.labels_.names
        return [[names[place] for place in np.flatnonzero(row >= self.threshold_)] for row in chances]

    def explain(self, text: str, label: Any = None) -> Any:
        """Not to be had: raises `LilliputError`."""
        raise LilliputError("a text regressor does not explain itself; fit a TextClassifier for that")

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels of the outputs."""
        self._check_fitted()
        return np.array(self.labels_.names)

    def score(self, X: Any, y: Any) -> float:
        """The root mean squared error over all values, negative, so that more is better; y as `fit` takes it."""
        from lilliput.tasks.text_regressor_input import wanted_of

        found = self.predict(X).astype(np.float64)
        return -float(np.sqrt(np.mean((found - wanted_of(self, y, len(found))) ** 2)))

    @property
    def _width(self) -> int:
        """Columns that the parts know: those of a matrix that the file had room for, or all."""
        return self.n_features_in_ if self.kept_ is None else len(self.kept_)

    def _raw(self, rows: Compressed) -> Floats:
        """The outputs before they are held to what they must be."""
        from lilliput.tasks.text_regressor_parts import combined

        return combined(self, rows)

    def _groups(self) -> list[NDArray[np.int64]]:
        place = {name: number for number, name in enumerate(self.labels_.names)}
        return [np.array([place[name] for name in group], dtype=np.int64) for group in self.groups]

    # Model files

    def _manifest(self) -> dict[str, Any]:
        from lilliput.tasks.text_regressor_file import manifest_of

        return manifest_of(self)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        from lilliput.tasks.text_regressor_file import arrays_of

        return arrays_of(self)

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.text_regressor_file import restore

        model = cls._from_manifest(manifest, path)
        restore(model, manifest, arrays, path)
        return model

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        return tags
