"""A restricted Boltzmann machine as a transformer: hidden probabilities, reconstructions, samples, likelihoods."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.tasks.array_input import like_learned
from lilliput.tasks.array_output import Transformer

if TYPE_CHECKING:
    from typing_extensions import Self

Floats = NDArray[np.float32]
UNITS = ("auto", "bernoulli", "gaussian")


class RestrictedBoltzmannMachine(Transformer):
    """What is usual in rows, as hidden binary units that explain it; trained by contrastive divergence.

    Learning takes PyTorch (extra ``deep``); a machine that has learned needs NumPy alone.

    Parameters
    ----------
    n_components : hidden units.
    units : "bernoulli" for rows within [0, 1], taken as probabilities; "gaussian" for others, whose columns are shifted
        and scaled to mean 0 and variance 1; "auto" goes by the rows.
    rate, batch, passes, momentum, decay : of the training; the rate falls to zero. A rate of None suits the units.
    gibbs : steps of the Markov chains for each batch.
    chains : that go on from batch to batch (PCD); 0: they begin at the rows (CD).
    anneal : intermediate machines for the estimate of the partition function; 0: none, and no likelihoods.
    budget : bytes of the file, seconds of `fit`, latency of `transform` of one row.
    seed, threads, device, progress : as in every task; one thread of the processor does the work.

    Attributes
    ----------
    weights_ : float32 (columns, n_components); visible_bias_, hidden_bias_ : biases.
    centre_, scale_ : of the columns; 0 and 1 for "bernoulli".
    log_partition_, log_partition_error_ : natural logarithm of the partition function and its standard error, 0 where
        it is exact (at most 14 units on one side); None without `anneal`, and where Ctrl-C came before it was known.
    units_, n_features_in_ : what was used.
    report_ : what was measured: mean log-likelihood a row, reconstruction error.
    interrupted_ : whether Ctrl-C ended the fit early.
    """

    task = "rbm"

    weights_: Floats
    visible_bias_: Floats
    hidden_bias_: Floats
    centre_: Floats
    scale_: Floats
    log_partition_: float | None
    log_partition_error_: float | None
    units_: str
    n_features_in_: int
    interrupted_: bool

    def __init__(
        self,
        n_components: int = 256,
        units: str = "auto",
        rate: float | None = None,
        batch: int = 64,
        passes: float = 10,
        gibbs: int = 1,
        chains: int = 0,
        momentum: float = 0.9,
        decay: float = 1e-4,
        anneal: int = 1000,
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.n_components = n_components
        self.units = units
        self.rate = rate
        self.batch = batch
        self.passes = passes
        self.gibbs = gibbs
        self.chains = chains
        self.momentum = momentum
        self.decay = decay
        self.anneal = anneal
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from rows X (n, columns); `y` is not used.

        Raises `DataError` for data that cannot be used (the first NaN is named) and `BudgetError` for a budget that
        was not kept; the model then is what it was before. After Ctrl-C the weights so far are kept, `interrupted_` is
        true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.rbm_fit import fit

        fit(self, X, started)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """``fit(X).transform(X)``."""
        return self.fit(X).transform(X)

    def transform(self, X: Any) -> Any:
        """Probabilities of the hidden units: float32 (n, n_components).

        An array, or a DataFrame after ``set_output(transform="pandas")``.
        """
        return self._framed(self._hidden(X), X)

    def _hidden(self, X: Any) -> Floats:
        return _sigmoid(self._scaled(X) @ self.weights_ + self.hidden_bias_)

    def reconstruct(self, X: Any) -> Floats:
        """What the hidden probabilities of rows say of the rows: float32 (n, columns)."""
        return self._means(self._hidden(X)) / self.scale_ + self.centre_

    def sample(self, count: int = 1, steps: int = 1000, start: Any = None, seed: int | None = None) -> Floats:
        """`count` rows after `steps` steps of Gibbs sampling from the rows `start`, or from chance: means at the end.

        The same seed (None: that of the model) gives the same rows.
        """
        self._check_fitted()
        if count < 1 or steps < 1:
            raise LilliputError(f"count={count}, steps={steps}; give 1 or more of both")
        random = np.random.default_rng([int(self.seed if seed is None else seed), 4])
        hidden = random.random((count, len(self.hidden_bias_)), dtype=np.float32)
        if start is not None:
            given = self._hidden(start)
            hidden = given[np.arange(count) % len(given)]
        for _ in range(steps):
            states = (random.random(hidden.shape, dtype=np.float32) < hidden).astype(np.float32)
            means = self._means(states)
            if self.units_ == "gaussian":
                rows = means + random.standard_normal(means.shape, dtype=np.float32)
            else:
                rows = (random.random(means.shape, dtype=np.float32) < means).astype(np.float32)
            hidden = _sigmoid(rows @ self.weights_ + self.hidden_bias_)
        return means / self.scale_ + self.centre_

    def free_energy(self, X: Any) -> NDArray[np.float64]:
        """``-log probability`` of rows but for a constant, float64 (n,), in scaled columns."""
        rows = self._scaled(X).astype(np.float64)
        inside = np.logaddexp(0, rows @ self.weights_.astype(np.float64) + self.hidden_bias_).sum(axis=1)
        if self.units_ == "gaussian":
            outside = -0.5 * ((rows - self.visible_bias_) ** 2).sum(axis=1)
        else:
            outside = rows @ self.visible_bias_.astype(np.float64)
        found: NDArray[np.float64] = -inside - outside
        return found

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Log-likelihoods of rows in nats, float64 (n,): estimates where the partition function is one.

        Rows of "bernoulli" machines that are not binary are taken as they are, as in training: their values then are
        no probabilities of rows, but still compare machines. Those of "gaussian" ones are densities in the data's
        units.
        """
        self._check_fitted()
        if self.log_partition_ is None:
            raise LilliputError("without its partition function a machine has no likelihoods; fit with anneal=1000")
        return -self.free_energy(X) - self.log_partition_ + np.log(self.scale_.astype(np.float64)).sum()

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of `score_samples`."""
        return float(self.score_samples(X).mean())

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Names of the columns of `transform`."""
        self._check_fitted()
        return np.array([f"restrictedboltzmannmachine{i}" for i in range(len(self.hidden_bias_))], dtype=object)

    def _scaled(self, X: Any) -> Floats:
        rows = like_learned(self, X, np.float32)
        if self.units_ == "bernoulli":
            check_within(rows)
        return (rows - self.centre_) * self.scale_

    def _means(self, hidden: Floats) -> Floats:
        means = hidden @ self.weights_.T + self.visible_bias_
        return means if self.units_ == "gaussian" else _sigmoid(means)

    # Model files

    def _manifest(self) -> dict[str, Any]:
        partition = [self.log_partition_, self.log_partition_error_]
        return {"units": self.units_, "log_partition": partition, "interrupted": self.interrupted_}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, f"{name}_") for name in _SHAPES}

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        model = cls._from_manifest(manifest, path)
        require(arrays, {"weights": (np.float32, (None, None))}, path)
        sides = arrays["weights"].shape
        require(
            arrays, {name: (np.float32, tuple(sides[side] for side in shape)) for name, shape in _SHAPES.items()}, path
        )
        for name in _SHAPES:
            setattr(model, f"{name}_", np.array(arrays[name]))
        try:
            model.units_, model.interrupted_ = str(manifest["units"]), bool(manifest.get("interrupted"))
            model.log_partition_, model.log_partition_error_ = manifest["log_partition"]
            if model.units_ not in UNITS[1:]:
                raise LilliputError(f"units {model.units_!r}")
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"{path}: the manifest does not describe a Boltzmann machine ({error!r})") from error
        model.n_features_in_ = sides[0]
        return model

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()
        tags.transformer_tags = TransformerTags(preserves_dtype=["float32"])
        return tags


_SHAPES: dict[str, tuple[int, ...]] = {
    "weights": (0, 1),
    "visible_bias": (0,),
    "hidden_bias": (1,),
    "centre": (0,),
    "scale": (0,),
}


def check_within(rows: Floats) -> None:
    """Raise `DataError` for the first number outside [0, 1], by row and column."""
    bad = (rows < 0) | (rows > 1)
    if bad.any():
        row, column = divmod(int(np.flatnonzero(bad)[0]), rows.shape[1])
        raise DataError(
            f"X: row {row}, column {column} is {rows[row, column]:g}; binary units take numbers within [0, 1]: "
            "scale the columns, or give units='gaussian'"
        )


def _sigmoid(values: NDArray[Any]) -> Floats:
    found: Floats = np.asarray(0.5 * np.tanh(0.5 * values) + 0.5, dtype=np.float32)
    return found
