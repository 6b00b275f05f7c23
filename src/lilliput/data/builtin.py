"""Data that every machine has: the sources of Python's standard library, its documentation topics, digits."""

from __future__ import annotations

import ast
import os
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lilliput.core.errors import DataError
from lilliput.core.extras import require_extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST = 20  # characters of a docstring
RAREST = 40  # docstrings of a package

# Tests, programs of their own, and what is not of the standard library.
_SKIPPED = {"test", "tests", "idle_test", "idlelib", "lib2to3", "turtledemo", "ensurepip", "pydoc_data", "__phello__"}
_SKIPPED |= {"site-packages", "dist-packages", "__pycache__", "lib-dynload"}
# Modules that implement public ones; others that begin with an underscore have few docstrings.
_PUBLIC = {"_pydecimal": "decimal", "_pyio": "io", "_collections_abc": "collections", "_pydatetime": "datetime"}


def docstrings(limit: int | None = None) -> tuple[list[str], list[str]]:
    """Docstrings of the standard library's modules, classes and functions, and the package that each is from.

    Without repetitions, docstrings of less than 20 characters and packages with less than 40; in the order of the
    sources, of which `limit` takes even steps. Some 6,000 of 40 packages, which differ between versions of Python, in
    about 2 seconds. Raises `DataError` where Python was installed without sources.
    """
    found: dict[str, str] = {}
    for module in _modules():
        for text in module.docstrings:
            if len(text) >= SHORTEST:
                found.setdefault(text, module.package)
    counts = Counter(found.values())
    pairs = [(text, label) for text, label in found.items() if counts[label] >= RAREST]
    if limit is not None and limit < len(pairs):
        pairs = [pairs[i * len(pairs) // limit] for i in range(limit)]
    return [text for text, _ in pairs], [label for _, label in pairs]


def stdlib_imports() -> list[tuple[str, tuple[str, ...]]]:
    """Each module of the standard library by its package, and the packages that it imports, sorted, itself among them.

    Raises `DataError` where Python was installed without sources.
    """
    return [(module.package, module.imports) for module in _modules()]


def imports() -> list[list[str]]:
    """What each module of the standard library imports, sorted, for modules that import two packages or more.

    Raises `DataError` where Python was installed without sources.
    """
    return [list(module.imports) for module in _modules() if len(module.imports) > 1]


def topics() -> list[tuple[str, str]]:
    """Title and text of the articles of Python's own documentation that ``help()`` shows, about 79, by title."""
    try:
        articles: dict[str, str] = import_module("pydoc_data.topics").topics
    except ModuleNotFoundError as error:
        raise DataError("this Python was installed without its documentation topics (pydoc_data)") from error
    return sorted(articles.items())


def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Scikit-learn's handwritten digits: images uint8 (1797, 8, 8) from 0 to 16, and labels int64 (1797,)."""
    datasets: Any = require_extra("sklearn.datasets", "deep", "the data set of digits")
    data = datasets.load_digits()
    return data.images.astype("uint8"), data.target.astype("int64")


class _Module(NamedTuple):
    package: str
    docstrings: tuple[str, ...]
    imports: tuple[str, ...]


@cache
def _modules() -> tuple[_Module, ...]:
    root = Path(sysconfig.get_path("stdlib"))
    modules = tuple(module for path in _sources(root) if (module := _read(path, root)) is not None)
    if not modules:
        raise DataError(f"this Python has no sources of its standard library in {root}; use data of your own")
    return modules


def _sources(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("config-"))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _read(path: Path, root: Path) -> _Module | None:
    """What is of use in a source file; ``None`` if it is no Python of this version."""
    top = path.relative_to(root).parts[0].removesuffix(".py")
    package = _PUBLIC.get(top, top)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # outdated escapes in strings are not ours to mend
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None
    texts: list[str] = []
    imported: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            texts += filter(None, [ast.get_docstring(node)])
        elif isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.add(node.module.partition(".")[0])
    return _Module(package, tuple(texts), tuple(sorted(imported)))


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements in the order of the source; expressions hold none and are left out."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        yield node
        for part in ("finalbody", "orelse", "handlers", "body"):
            below = getattr(node, part, None)
            if isinstance(below, list):
                stack.extend(reversed(below))
