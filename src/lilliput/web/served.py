"""What the studio can do with a model: the verbs of its task and the page that shows it.

A task is added by one file in `lilliput.web.tasks` with ``SERVED``, a list of `Served`, and one page in ``static``:
``NAME.html``, the part of a page that is its own, and ``NAME.js``, its program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from lilliput.web.forms import Form


@dataclass(frozen=True)
class Verb:
    """Something a model does: ``POST /v1/models/{name}/{verb}``."""

    name: str
    says: str
    """What it does, in a line."""
    request: type[Form]
    answer: type[Form]
    run: Callable[[Any, Any], Any]
    """Takes the model and a request, gives an answer as plain data; `LilliputError` is told to who asked."""
    example: dict[str, Any]
    """A request, for the description of the API; with it the studio also warms up."""
    together: Callable[[Any, Sequence[Any]], Sequence[Any]] | None = None
    """As `run`, for several requests at once, where that is cheaper; must not fail for a valid request."""


@dataclass(frozen=True)
class Served:
    """What the studio does with the models of one or more tasks."""

    tasks: tuple[str, ...]
    page: str | None
    """Name of its page among the static files; None: it has only an API."""
    verbs: tuple[Verb, ...]
    about: Callable[[Any], dict[str, Any]] = lambda model: {}
    """What a page must know of the model before it asks anything: its labels, its contexts."""
    prepare: Callable[[Any], Any] = lambda model: model
    """Makes of a loaded model what its verbs take."""
    reads_files: bool = False
    """Whether `lilliput predict` takes a file with such a model."""


@cache
def served_tasks() -> dict[str, Served]:
    """What is served of each task; the modules of `lilliput.web.tasks` say so."""
    import lilliput.web.tasks as package

    modules = [import_module(f"{package.__name__}.{module.name}") for module in iter_modules(package.__path__)]
    return {task: served for module in modules for served in module.SERVED for task in served.tasks}


UNSERVED = Served(tasks=(), page=None, verbs=())
"""A task without a file of its own: its report is shown."""
