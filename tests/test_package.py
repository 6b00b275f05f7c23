"""What `import lilliput` offers, and what it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import lilliput

STATEMENTS = ast.parse(Path(lilliput.__file__).read_text(encoding="utf-8")).body


def modules_after(program):
    """Modules of lilliput that are loaded once `program` has run."""
    shown = "import sys; print(*(name for name in sys.modules if name.partition('.')[0] == 'lilliput'))"
    run = subprocess.run([sys.executable, "-c", f"{program}\n{shown}"], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_what_is_exported_is_what_type_checkers_see():
    (guarded,) = (node for node in STATEMENTS if isinstance(node, ast.If))
    imported = {alias.asname: node.module for node in guarded.body for alias in node.names}
    assert imported == lilliput._PLACES
    assert lilliput.__all__ == [*sorted(imported), "__version__"]


@pytest.mark.parametrize("name", lilliput.__all__)
def test_every_exported_name_is_there(name):
    found = getattr(lilliput, name)
    assert name == "__version__" or (found.__name__ == name and found.__module__ == lilliput._PLACES[name])
    assert name in dir(lilliput)


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="module 'lilliput' has no attribute 'TextClasifier'"):
        _ = lilliput.TextClasifier


def test_importing_lilliput_loads_no_other_module_of_it():
    assert modules_after("import lilliput") == ["lilliput"]


def test_a_name_loads_what_it_needs_and_no_kernel():
    loaded = modules_after("from lilliput import TextClassifier, load")
    assert "lilliput.tasks.label" in loaded
    assert not {"lilliput.nets.kernels", "lilliput.nets.pooling", "lilliput.tasks.label_fit"} & set(loaded)


def test_the_version_is_that_of_the_distribution():
    assert lilliput.__version__ == version("lilliput")
