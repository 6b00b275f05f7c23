"""The estimator that every task is: scikit-learn's protocol without importing scikit-learn.

The contract of a task
----------------------
A subclass

- names itself in ``task`` (a key of `lilliput.core.registry.TASKS`);
- has an ``__init__`` that only stores its arguments, each under its own name, nothing checked and nothing converted:
  `sklearn.base.clone` and ``set_params`` rely on it, and ``fit`` does the checking;
- learns in ``fit(...) -> Self``; what was learned is kept in attributes that end in ``_``, among them ``report_``;
- gives its learned state to a file by ``_manifest`` (plain JSON data) and ``_arrays``, and takes it back in
  ``_restore``;
- calls ``_check_fitted()`` first in everything that needs ``fit``;
- overrides ``__sklearn_tags__`` where scikit-learn should know that it classifies, and what it takes.

The manifest of a saved file holds the keys of ``_manifest`` and

    task, version      name of the task, version of the lilliput that wrote the file
    parameters         get_params(), without `threads`, `device` and `progress`: they say how to run, not what the
                       model is, and the same seed gives the same bytes for any of them; and without those that a task
                       names in ``unsaved``, of which the model holds what it needs
    report             report_, without what was measured on one machine (see `lilliput.core.report`)
"""

from __future__ import annotations

import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import StrPath, encode, encoded_size, write_model
from lilliput.core.report import Report

if TYPE_CHECKING:
    from typing_extensions import Self

_HOW_TO_RUN = frozenset({"threads", "device", "progress"})


class Estimator(ABC):
    """Base of every task; the module describes what a subclass owes."""

    task: ClassVar[str]
    unsaved: ClassVar[frozenset[str]] = frozenset()
    report_: Report

    # Parameters

    @classmethod
    def _parameter_defaults(cls) -> dict[str, Any]:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # without self
        return {p.name: p.default for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments by name; ``deep`` is scikit-learn's and changes nothing, as none is nested."""
        return {name: getattr(self, name) for name in self._parameter_defaults()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name and return the estimator; an unknown name raises `LilliputError` and sets nothing."""
        known = self._parameter_defaults()
        for name in params:
            if name not in known:
                raise LilliputError(f"{type(self).__name__} has no parameter {name!r}; {_nearest(name, list(known))}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = self._parameter_defaults()
        changed = {
            name: repr(value) for name, value in self.get_params().items() if repr(value) != repr(defaults[name])
        }
        return f"{type(self).__name__}({', '.join(f'{name}={text}' for name, text in changed.items())})"

    # What scikit-learn asks

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's tags of an estimator without further claims; a task says more. Only scikit-learn calls it."""
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def __sklearn_is_fitted__(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise _not_fitted_error()(f"this {type(self).__name__} has learned nothing yet: call fit first")

    # Model files

    @abstractmethod
    def _manifest(self) -> dict[str, Any]:
        """What was learned and is not an array, as plain JSON data, without the keys that the module reserves."""

    @abstractmethod
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """The learned arrays by name, of dtypes that `lilliput.core.modelfile.encode` takes."""

    @classmethod
    @abstractmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        """The fitted estimator of a file: start from `_from_manifest`, check with `modelfile.require`."""

    def save(self, path: StrPath) -> int:
        """Write the fitted model to one file, as a whole or not at all, and return its size in bytes.

        Raises `NotFittedError` before fit, and `LilliputError` when the file cannot be written; an old file then stays.
        """
        return write_model(path, self._full_manifest(), self._arrays())

    def to_bytes(self) -> bytes:
        """The bytes that `save` writes."""
        return encode(self._full_manifest(), self._arrays())

    def file_size(self) -> int:
        """How many bytes `save` writes, to hold against a budget; they are not made for it."""
        return encoded_size(self._full_manifest(), self._arrays())

    def _full_manifest(self) -> dict[str, Any]:
        from lilliput.core.measure import version_of

        self._check_fitted()
        left_out = _HOW_TO_RUN | self.unsaved
        parameters = {name: value for name, value in self.get_params().items() if name not in left_out}
        return {
            **self._manifest(),
            "task": self.task,
            "version": version_of("lilliput"),
            "parameters": {k: str(v) if isinstance(v, Budget) else v for k, v in parameters.items()},
            "report": self.report_.to_dict(measured_here=False),
        }

    @classmethod
    def _from_manifest(cls, manifest: Mapping[str, Any], path: StrPath) -> Self:
        """A new estimator with the parameters and the report of a file, which also knows the size of that file."""
        try:
            estimator = cls(**manifest["parameters"])
            estimator.report_ = Report.from_dict(manifest["report"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelFileError(f"{path}: the manifest does not describe a {cls.__name__} ({error!r})") from error
        estimator.report_.file_bytes = Path(path).stat().st_size
        return estimator


def _not_fitted_error() -> type[NotFittedError]:
    """`NotFittedError`, which is scikit-learn's error of this name too where scikit-learn is in use."""
    exceptions = sys.modules.get("sklearn.exceptions")
    if exceptions is None:
        return NotFittedError
    return type("NotFittedError", (NotFittedError, exceptions.NotFittedError), {})


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"it has {', '.join(known) or 'none'}"
