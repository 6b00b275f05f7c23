"""The errors of lilliput: each says what was found, where, what was expected and what to do.

LilliputError (a ValueError)
├── DataError        a file, row, column or value that cannot be used
├── BudgetError      a budget that cannot be kept; names the smallest that would do
├── ModelFileError   a model file that is damaged, foreign or newer than this program
├── NotFittedError   an estimator that was asked for results before `fit`
└── DeviceError      a device that is not there or has no room
"""

from __future__ import annotations


class LilliputError(ValueError):
    """Anything a user can mend; the command line prints it in one line and exits with 2."""


class DataError(LilliputError):
    """Data that cannot be used. The message names file, row and column where there are any."""


class BudgetError(LilliputError):
    """A budget that cannot be kept.

    ``smallest`` holds the smallest budget that would do, in the form that `Budget.parse` reads, or ``None``.
    """

    def __init__(self, message: str, smallest: str | None = None) -> None:
        super().__init__(message)
        self.smallest = smallest


class ModelFileError(LilliputError):
    """A model file that is damaged, foreign, or written by a newer lilliput."""


class NotFittedError(LilliputError, AttributeError):
    """An estimator that was asked for results before `fit`; the same bases as scikit-learn's error of this name."""


class DeviceError(LilliputError):
    """A device that was asked for and is not there, or ran out of memory."""
