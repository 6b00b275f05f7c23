"""Compiling ahead: what is covered, and when it is needed again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lilliput import warm

FITS_AFTER_WARMING = """
import random, sys
from importlib import import_module
from lilliput import TextClassifier
from lilliput.warm import CALLED, _label

def signatures():
    kernels = {name: kernel for module in map(import_module, CALLED) for name, kernel in vars(module).items()}
    return {f"{name} {one}" for name, kernel in kernels.items() for one in getattr(kernel, "signatures", ())}

_label()
before = signatures()
draw = random.Random(0)
texts = [" ".join(f"word{draw.randrange(400)}" for _ in range(30)) for _ in range(400)]
single = [f"label{draw.randrange(4)}" for _ in texts]
for options in (
    {"budget": "15KB"},
    {"budget": "15KB", "network": "embedding"},
    {"threads": 1, "budget": "15KB,1s"},
):
    model = TextClassifier(progress=False, **options).fit(texts, single)
    model.predict(texts)
    model.predict(texts[:1])
accented = [text + " \\u00e9t\\u00e9" for text in texts]
TextClassifier(progress=False, budget="15KB").fit(accented, [label == "label1" for label in single])
print(*(signatures() - before), sep="\\n")
"""


def test_warming_covers_what_fits_and_predictions_use():
    done = subprocess.run([sys.executable, "-c", FITS_AFTER_WARMING], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.fixture
def stamp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stamp of its own, and no compiling."""
    path = tmp_path / "stamp"
    (tmp_path / f"pool.{warm._PYTHON}.nbi").touch()
    monkeypatch.setattr(warm, "stamp_file", lambda: path)
    monkeypatch.setattr(warm, "STEPS", ())
    monkeypatch.setattr(warm, "forget", lambda: None)  # what is kept of this installation is for the other tests
    return path


def test_what_was_warmed_is_known_to_be(stamp: Path, monkeypatch: pytest.MonkeyPatch):
    forgotten = []
    monkeypatch.setattr(warm, "forget", lambda: forgotten.append(1))
    assert not warm.compiled()
    assert warm.warm() < 5
    assert warm.compiled()
    warm.warm()
    assert forgotten == [1]


def test_a_stamp_without_machine_code_says_nothing(stamp: Path):
    warm.warm()
    for kept in stamp.parent.glob("*.nbi"):
        kept.unlink()
    assert not warm.compiled()


def test_changed_kernels_are_compiled_again(stamp: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    source = tmp_path / "kernels.py"
    source.write_text("one")
    monkeypatch.setattr(warm, "_sources", lambda: iter([source]))
    warm.warm()
    assert warm.compiled()
    source.write_text("two")
    assert not warm.compiled()


def test_old_code_is_forgotten_for_this_python_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    ours = f"py{sys.version_info.major}{sys.version_info.minor}"
    for name in (f"bags.gather_bags-1.{ours}.nbi", f"bags.gather_bags-1.{ours}.1.nbc", "bags.gather_bags-1.py27.nbi"):
        (tmp_path / name).touch()
    monkeypatch.setattr(warm, "_cache_folder", lambda name: tmp_path)
    warm.forget()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bags.gather_bags-1.py27.nbi",
        f"bags.gather_bags-1.{ours}.1.nbc",
    ]
