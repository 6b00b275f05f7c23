"""Tiny models that the real fastText trained, and what it answered (benchmarks/make_fasttext_fixtures.py)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "fixtures"
NAMES = sorted(path.name.removesuffix(".bin.gz") for path in FOLDER.glob("*.bin.gz"))


def model_bytes(name: str) -> bytes:
    return gzip.decompress((FOLDER / f"{name}.bin.gz").read_bytes())


@pytest.fixture(scope="session")
def answers() -> dict[str, Any]:
    return json.loads(gzip.decompress((FOLDER / "answers.json.gz").read_bytes()))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with NAME.bin for each name."""
    folder = tmp_path_factory.mktemp("fasttext")
    for name in NAMES:
        (folder / f"{name}.bin").write_bytes(model_bytes(name))
    return folder


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param
