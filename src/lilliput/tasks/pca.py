"""Principal components of rows that need not fit in memory, and of columns too many for a covariance matrix."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import DataError
from lilliput.core.modelfile import StrPath
from lilliput.spectral.moments import Moments
from lilliput.tasks.array_output import Transformer

if TYPE_CHECKING:
    from typing_extensions import Self

    from lilliput.spectral.gram import Gram
    from lilliput.spectral.merging import Merged
    from lilliput.spectral.oja import Oja
    from lilliput.tasks.pca_use import Reconstruction

SOLVERS = ("auto", "gram", "krylov", "gradient", "oja")


class StreamingPCA(Transformer):
    """Principal components by passes over the rows; the covariance matrix is formed only where columns are few.

    Takes what scikit-learn's `PCA` takes and gives what it gives, with `residuals_` for trust. X is an array, a mapped
    one (`numpy.load(..., mmap_mode="r")`), a sparse matrix of scipy, which is centred without making it dense, or a
    `MatrixSource` of files. Rows of float32, and of integers that float32 holds, are computed in float32.

    Parameters
    ----------
    n_components : how many; None: 50, or as many as there are rows or columns.
    solver : "gram" forms the covariance of the columns in one pass: exact, for up to some thousand columns; "krylov"
        takes a pass over the rows for each block of directions (`lilliput.spectral.krylov`); "gradient" climbs v'X'Xv
        for one component after the other (`lilliput.spectral.gradient`), "oja" steps along with every batch
        (`lilliput.spectral.oja`): the classics. "auto" is the first for few columns, else the second.
    tolerance : of the residuals, relative to the largest eigenvalue, for all but "gram".
    passes : over the rows, at most; 8 times as many where they are cheap, with one vector over sparse rows in memory.
    half_life : for `partial_fit`: rows after which a row weighs half, for streams that drift; None: never.
    working_memory : bytes that the basis of "krylov" may take, such as "200MB".
    budget : bytes of the file, seconds of `fit`, latency of `transform` of one row. A file with no room for the
        components as they are holds them in 16 bits; time that is over ends the search, and `residuals_` tell.
    seed, threads, device, progress : as in every task. Dense products are done by NumPy's own library, which takes the
        threads that it was built or told to take.

    Attributes
    ----------
    components_ : (n_components_, columns), unit rows, the entry of largest size in each positive.
    explained_variance_, explained_variance_ratio_, singular_values_ : float64 (n_components_,), exact.
    total_variance_ : sum of the variances of all columns, exact.
    mean_ : (columns,).
    residuals_ : float64 (n_components_,): ``||C v - variance v||`` for the covariance C, measured by one more pass.
    noise_variance_ : mean variance of the directions left out, of rows or columns, whichever are fewer.
    n_components_, n_features_in_, n_samples_seen_ : counts.
    solver_, passes_ : what was used.
    report_ : what was measured.
    interrupted_ : whether Ctrl-C ended the fit early.

    Examples
    --------
    >>> import numpy as np
    >>> from lilliput.tasks.pca import StreamingPCA
    >>> X = np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 1.0], [4.0, 1.0, 1.0], [6.0, 1.0, 1.0]])
    >>> model = StreamingPCA(1).fit(X)
    >>> model.components_[0, :2].round(2).tolist(), model.explained_variance_ratio_.round(3).tolist()
    ([0.98, 0.2], [0.991])
    """

    task = "pca"

    components_: NDArray[Any]
    explained_variance_: NDArray[np.float64]
    total_variance_: float
    mean_: NDArray[Any]
    residuals_: NDArray[np.float64]
    moments_: Moments
    n_features_in_: int
    solver_: str
    passes_: int
    interrupted_: bool
    _stream: Gram | Merged | Oja | None = None

    def __init__(
        self,
        n_components: int | None = None,
        solver: str = "auto",
        tolerance: float = 1e-5,
        passes: int = 200,
        half_life: float | None = None,
        working_memory: str | int = "1GB",
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.n_components = n_components
        self.solver = solver
        self.tolerance = tolerance
        self.passes = passes
        self.half_life = half_life
        self.working_memory = working_memory
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    # Learning

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from all rows; what was learned before is forgotten, and `y` is not used.

        Raises `DataError` for data that cannot be used (the first NaN is named) and `BudgetError` for a budget that
        was not kept; the model then is what it was before. After Ctrl-C "krylov" keeps the best directions so far,
        `interrupted_` is true, and KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.pca_fit import fit

        fit(self, X, started)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn from more rows, as many as come: the first batch may have one, and so may the last.

        With few columns the result is that of `fit` on all rows so far; with many, the leading directions are merged
        with those of the batch, and what did not lead when it was seen is lost. `half_life` lets old rows fade.
        """
        from lilliput.tasks.pca_stream import partial_fit

        partial_fit(self, X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """``fit(X).transform(X)``."""
        return self.fit(X).transform(X)

    # Using

    def transform(self, X: Any) -> Any:
        """The coordinates of rows along the components: (rows, n_components_), float32 for rows computed in it.

        An array, or a DataFrame after ``set_output(transform="pandas")``.
        """
        parts = list(self.coordinates(X))
        found = np.concatenate(parts) if parts else np.zeros((0, self.n_components_), dtype=self.mean_.dtype)
        return self._framed(found, X)

    def coordinates(self, X: Any) -> Iterator[NDArray[Any]]:
        """What `transform` gives, some rows at a time, for rows that are larger than memory."""
        self._check_fitted()
        from lilliput.tasks.pca_use import coordinates

        return coordinates(self, X)

    def reconstruction(self, X: Any) -> Reconstruction:
        """How well the components tell rows: the share of their spread around the mean, and the error that is left."""
        self._check_fitted()
        from lilliput.tasks.pca_use import reconstruction

        return reconstruction(self, X)

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """Rows with the coordinates `X` (rows, n_components_): (rows, columns)."""
        self._check_fitted()
        coordinates = np.asarray(X)
        if coordinates.ndim != 2 or coordinates.shape[1] != len(self.components_):
            raise DataError(
                f"coordinates of shape {coordinates.shape} do not fit {len(self.components_)} components; "
                "give what transform gave"
            )
        rows: NDArray[Any] = coordinates @ self.components_ + self.mean_
        return rows

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Names of the columns of `transform`: streamingpca0, streamingpca1, ..."""
        self._check_fitted()
        return np.array([f"streamingpca{i}" for i in range(len(self.components_))], dtype=object)

    @property
    def n_components_(self) -> int:
        """How many components there are."""
        self._check_fitted()
        return len(self.components_)

    @property
    def n_samples_seen_(self) -> int:
        """Rows learned from."""
        self._check_fitted()
        return self.moments_.rows

    @property
    def explained_variance_ratio_(self) -> NDArray[np.float64]:
        """The share of the total variance along each component; 0 where there is none."""
        self._check_fitted()
        ratio: NDArray[np.float64] = self.explained_variance_ / (self.total_variance_ or 1.0)
        return ratio

    @property
    def singular_values_(self) -> NDArray[np.float64]:
        """Of the centred rows."""
        self._check_fitted()
        return np.sqrt(self.explained_variance_ * self.moments_.freedom)

    @property
    def noise_variance_(self) -> float:
        """The mean variance of the directions left out."""
        self._check_fitted()
        left_out = min(self.n_samples_seen_, self.n_features_in_) - len(self.components_)
        rest = self.total_variance_ - float(self.explained_variance_.sum())
        return max(0.0, rest) / left_out if left_out > 0 else 0.0

    # Model files

    def _manifest(self) -> dict[str, Any]:
        moments = self.moments_
        return {
            "rows": moments.rows,
            "weights": [moments.weight, moments.squared_weight, self.total_variance_ * moments.freedom],
            "total_variance": self.total_variance_,
            "solver": self.solver_,
            "passes": self.passes_,
            "interrupted": self.interrupted_,
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        from lilliput.tasks.pca_file import stored

        return {
            "directions": stored(self),
            "variance": self.explained_variance_,
            "residuals": self.residuals_,
            "mean": self.moments_.mean,
        }

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.pca_file import restore

        model = cls._from_manifest(manifest, path)
        restore(model, manifest, arrays, path)
        return model

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()
        tags.transformer_tags = TransformerTags(preserves_dtype=["float64", "float32"])
        tags.input_tags.sparse = True
        return tags
