"""The command line in this process and in others, and small models to try it on."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from lilliput.cli.main import main

WORDS = {
    "sport": ["goal", "match", "team", "coach", "player", "season", "league", "score", "win", "cup"],
    "food": ["soup", "bread", "cheese", "oven", "butter", "recipe", "garlic", "sauce", "bake", "salt"],
    "travel": ["flight", "hotel", "beach", "train", "ticket", "island", "passport", "tour", "city", "map"],
}


class Result(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs the command line in this process."""

    def run(*arguments: object) -> Result:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def python() -> Callable[..., Result]:
    """Runs Python in a process of its own: ``python("-c", program)``."""

    def python(*arguments: object, stdin: str | None = None) -> Result:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, input=stdin, timeout=120, encoding="utf-8")
        return Result(done.returncode, done.stdout, done.stderr)

    return python


def texts(rows: int, seed: int = 0) -> list[tuple[str, str]]:
    """Made-up texts and their labels."""
    generator = random.Random(seed)
    labels = [list(WORDS)[row % 3] for row in range(rows)]
    return [(" ".join(generator.choices(WORDS[label], k=8)), label) for label in labels]


def write_csv(path: Path, rows: Iterable[tuple[str, ...]], header: str = "text,label") -> Path:
    """A CSV file of cells without commas and quotes."""
    path.write_text("\n".join([header, *map(",".join, rows)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def train(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 labelled texts."""
    return write_csv(tmp_path_factory.mktemp("data") / "train.csv", texts(300))


@pytest.fixture(scope="session")
def test(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 others."""
    return write_csv(tmp_path_factory.mktemp("data") / "test.csv", texts(60, seed=1))


def fitted(path: Path, *arguments: object) -> Path:
    """A model that the command line fitted with these arguments."""
    assert main(["fit", "label", *map(str, arguments), "-o", str(path), "--quiet", "--budget", "20KB"]) == 0
    return path


@pytest.fixture(scope="session")
def model(train: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tells the three labels apart."""
    return fitted(tmp_path_factory.mktemp("models") / "single.safetensors", train)


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives a topic and, to some texts, the label "late"."""
    folder = tmp_path_factory.mktemp("models")
    rows = [
        (f"{text} evening night", f"{label};late") if number % 2 else (text, label)
        for number, (text, label) in enumerate(texts(201))
    ]
    return fitted(folder / "several.safetensors", write_csv(folder / "train.csv", rows), "--separator", ";")


@pytest.fixture(scope="session")
def soft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives a value to each of two labels."""
    folder = tmp_path_factory.mktemp("models")
    rows = [(text, *("0.9" if label == name else "0.05" for name in ("sport", "food"))) for text, label in texts(200)]
    data = write_csv(folder / "train.csv", rows, header="text,sport,food")
    return fitted(folder / "soft.safetensors", data, "--target", "sport,food")
