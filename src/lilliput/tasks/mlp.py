"""Rectifier networks on arrays, in scikit-learn's form: classes and numbers."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import ModelFileError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath
from lilliput.nets.dense import DenseNet
from lilliput.tasks.array_classes import restored_classes, stored_classes
from lilliput.tasks.array_input import as_matrix, centred, class_numbers, like_learned
from lilliput.tasks.array_kinds import Classifier, Regressor
from lilliput.tasks.mlp_targets import Number, number_targets, stored_history

if TYPE_CHECKING:
    from typing_extensions import Self


Floats = NDArray[np.float32]


class Network(Estimator):
    """What networks on arrays share.

    Learning takes PyTorch (extra ``deep``); a network that has learned predicts with NumPy alone.

    Parameters
    ----------
    hidden : widths of the hidden layers.
    input_dropout, dropout : shares of the inputs and of the hidden units that are left out at a step.
    input_noise, noise : standard deviations of normal noise that is added at a step, to the scaled inputs and to the
        hidden units before their rectifiers; the latter takes `normalise`, which gives the units a scale.
    normalise : batch normalisation; it is folded into the layers in the end.
    optimiser : "adam", "nesterov", "nesterov-rmsprop", "rmsprop", "momentum", "adagrad" or "sgd".
    rate : its learning rate; None: what suits it.
    momentum : of the optimiser; two numbers: from the first to the second while a fifth of the training passes.
    bits : of the optimiser's state, 32 or 8.
    batch : rows a step; None: 16 to 128, by the number of rows.
    epochs : passes; None: by the number of rows, or as many as the budget's time allows.
    schedule : "trapezoid", "linear", "cosine", "fixed", "growing" or "decay" (`lilliput.training.plans`).
    l1, l2, max_norm : penalties on the weights; l1 makes some exactly zero, and the report counts them: many with
        "sgd", "momentum" and "nesterov", few with optimisers that scale their steps, such as "adam".
    clip : bound on the norm of the gradients of a step.
    scale : inputs are shifted and scaled to mean 0 and variance 1: "columns" each, "all" alike (pictures), "none";
        "auto": alike where they are bytes, else each.
    pretrain : what the hidden layers begin with: "denoise", denoising autoencoders of the rows, or layers that
        `lilliput.training.pretrain.pretrain` made of more rows like these, without labels; None: chance.
    held_out : share of the rows that validation and the report's quality go by, at random; 0: none.
    patience : validations without improvement after which to stop.
    remedy : whether what goes wrong is mended, such as by going back to the best weights with a smaller rate; what is
        seen to go wrong (`lilliput.training.health`) is in the report's notes either way.
    checkpoint : a file from which a fit that was killed goes on to the same bits; removed when the fit is finished.
    precision, compiled : products in bfloat16 on a GPU (None: where it can), `torch.compile`.
    budget : bytes of the file, seconds of `fit`, latency of `predict` of one row. Weights have 16 or 8 bits in a file
        that has no room for 32; schedules end with the time.
    seed, threads, device, progress : as in every task.

    Attributes
    ----------
    net_ : the trained `DenseNet`.
    history_ : a record a validation (`lilliput.training.history`), as plain data.
    n_features_in_, bits_ : columns; bits of a weight in the file.
    report_ : what was measured.
    interrupted_ : whether Ctrl-C ended the fit early.
    """

    net_: DenseNet
    shift_: NDArray[np.float64]
    scale_: Floats
    n_features_in_: int
    bits_: int
    history_: dict[str, Any]
    interrupted_: bool
    unsaved = frozenset({"checkpoint", "compiled", "precision", "pretrain"})

    def __init__(
        self,
        hidden: tuple[int, ...] = (256, 256),
        input_dropout: float = 0.0,
        dropout: float = 0.2,
        input_noise: float = 0.0,
        noise: float = 0.0,
        normalise: bool = False,
        optimiser: str = "adam",
        rate: float | None = None,
        momentum: float | tuple[float, float] | None = None,
        bits: int = 32,
        batch: int | None = None,
        epochs: float | None = None,
        schedule: str = "trapezoid",
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float = 0.0,
        clip: float | None = None,
        scale: str = "auto",
        pretrain: Any = None,
        held_out: float = 0.1,
        patience: int | None = None,
        remedy: bool = False,
        checkpoint: StrPath | None = None,
        precision: bool | None = None,
        compiled: bool = False,
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.hidden = hidden
        self.input_dropout = input_dropout
        self.dropout = dropout
        self.input_noise = input_noise
        self.noise = noise
        self.normalise = normalise
        self.optimiser = optimiser
        self.rate = rate
        self.momentum = momentum
        self.bits = bits
        self.batch = batch
        self.epochs = epochs
        self.schedule = schedule
        self.l1 = l1
        self.l2 = l2
        self.max_norm = max_norm
        self.clip = clip
        self.scale = scale
        self.pretrain = pretrain
        self.held_out = held_out
        self.patience = patience
        self.remedy = remedy
        self.checkpoint = checkpoint
        self.precision = precision
        self.compiled = compiled
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows X (n, columns) and their targets y.

        Raises `DataError` for data that cannot be used (the first NaN is named), `BudgetError` for a budget that was
        not kept, and `DivergedError` for numbers that break; the model then is what it was before. After Ctrl-C the
        best weights so far are kept, `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.mlp_fit import fit

        fit(self, X, y, started)
        return self

    def outputs(self, X: Any) -> Floats:
        """What the last layer gives for rows: float32 (n, outputs)."""
        rows = as_matrix(X)
        like_learned(self, rows, np.float32)
        return self.net_.forward(centred(rows, self.shift_, self.scale_))

    @abstractmethod
    def predict(self, X: Any) -> NDArray[Any]:
        """What is predicted for each row."""

    @abstractmethod
    def _encoded(self, y: Any, rows: int) -> NDArray[Any]:
        """Targets as the loss takes them; what is known of them is kept in attributes."""

    # Model files

    def _manifest(self) -> dict[str, Any]:
        return {"bits": self.bits_, "history": stored_history(self.history_), "interrupted": self.interrupted_}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {**self.net_.arrays(self.bits_), "shift": self.shift_, "scale": self.scale_}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.mlp_file import restore

        model = cls._from_manifest(manifest, path)
        restore(model, manifest, arrays, path)
        return model


class MLPClassifier(Classifier, Network):
    """A rectifier network that tells classes apart. See `Network` for its parameters.

    Attributes
    ----------
    classes_ : in order.

    Examples
    --------
    >>> from lilliput.tasks.mlp import MLPClassifier
    >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]] * 10
    >>> model = MLPClassifier((16,), dropout=0, progress=False).fit(corners, ["no", "yes", "yes", "no"] * 10)
    >>> model.predict([[0, 1], [1, 1]]).tolist()
    ['yes', 'no']
    """

    task = "mlp-classifier"

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row."""
        places = self.outputs(X).argmax(axis=1)
        return self.classes_[places]

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities float32 (n, classes), in the order of `classes_`."""
        outputs = self.outputs(X)
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        probabilities: Floats = shares / shares.sum(axis=1, keepdims=True)
        return probabilities

    def _encoded(self, y: Any, rows: int) -> NDArray[Any]:
        self.classes_, codes = class_numbers(y, rows, type(self).__name__)
        return codes

    def _manifest(self) -> dict[str, Any]:
        return {**super()._manifest(), "classes": stored_classes(self.classes_)[0]}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {**super()._arrays(), **stored_classes(self.classes_)[1]}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        model = super()._restore(manifest, arrays, path)
        model.classes_ = restored_classes(manifest, arrays, path)
        if len(model.classes_) != model.net_.outputs:
            raise ModelFileError(f"{path}: {len(model.classes_)} classes do not fit {model.net_.outputs} outputs")
        return model


class MLPRegressor(Regressor, Network):
    """A rectifier network that predicts one number or several. See `Network` for its parameters.

    Targets are shifted and scaled to mean 0 and variance 1 while it learns; the loss is their mean squared error.

    Attributes
    ----------
    n_outputs_ : numbers that are predicted for a row.
    """

    task = "mlp-regressor"
    targets_: Number

    @property
    def n_outputs_(self) -> int:
        """Numbers that are predicted for a row."""
        self._check_fitted()
        return len(self.targets_.mean)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predictions (n,), or (n, outputs) where several numbers were learned."""
        outputs = self.outputs(X)
        found = self.targets_.unscaled(outputs)
        return found[:, 0] if self.targets_.flat else found

    def score(self, X: Any, y: Any) -> float:
        """R2: the share of the variance of `y` explained, the mean over outputs."""
        wanted = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        left = ((wanted - self.predict(X).reshape(wanted.shape)) ** 2).sum(axis=0)
        spread = ((wanted - wanted.mean(axis=0)) ** 2).sum(axis=0)
        return float(np.mean(1 - left / np.where(spread > 0, spread, 1.0)))

    def _encoded(self, y: Any, rows: int) -> NDArray[Any]:
        self.targets_, scaled = number_targets(y, rows, type(self).__name__)
        return scaled

    def _manifest(self) -> dict[str, Any]:
        return {**super()._manifest(), "flat": self.targets_.flat}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {**super()._arrays(), "target_mean": self.targets_.mean, "target_scale": self.targets_.scale}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        model = super()._restore(manifest, arrays, path)
        model.targets_ = Number.restored(bool(manifest.get("flat")), arrays, model.net_.outputs, path)
        return model

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.two_d_labels = False
        return tags
