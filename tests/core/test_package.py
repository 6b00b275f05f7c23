"""What holds for the whole floor."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import lilliput.core

MODULES = [f"lilliput.core.{module.name}" for module in pkgutil.iter_modules(lilliput.core.__path__)]
HEAVY = {"numba", "torch", "sklearn", "pandas", "polars", "pyarrow", "rich", "typer", "safetensors", "zstandard"}


def test_importing_the_floor_imports_no_heavy_library():
    program = f"import sys, {', '.join(MODULES)}; print(*({HEAVY!r} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_says_what_it_does(module):
    found = importlib.import_module(module)
    assert found.__doc__
    for name, value in vars(found).items():
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module and name[0] != "_":
            assert inspect.getdoc(value), f"{module}.{name}"
