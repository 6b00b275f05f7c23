"""The same rows and the same seed give the same file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import partial

import pytest

from lilliput.data.corpus import Corpus
from lilliput.data.source import Source
from lilliput.data.write import write_rows
from lilliput.tasks.label import TextClassifier
from lilliput.training import passes

FIT = """
from hashlib import sha256
from lilliput import TextClassifier
texts = ["das rot", "und blau", "nur grün und rot"] * 30
print(sha256(TextClassifier(progress=False).fit(texts, [{"r"}, {"b"}, {"g", "r"}] * 30).to_bytes()).hexdigest())
"""


@pytest.fixture
def fit(toy, options):
    """The bytes of a model fitted to toy rows of a kind."""

    def run(name, threads=1, **more):
        model = TextClassifier(**options(name), **more, threads=threads, progress=False)
        return model.fit(*toy(name)).to_bytes()

    return run


@pytest.mark.parametrize("budget", [None, "6KB"])
def test_any_number_of_threads_and_any_run(kind, fit, fitted, monkeypatch, budget):
    monkeypatch.setattr(passes, "WORTH_THREADS", 0)
    expected = fitted(kind).to_bytes() if budget is None else fit(kind, budget=budget)
    assert fit(kind, threads=2, budget=budget) == expected
    assert fit(kind, threads=3, budget=budget) == expected
    if budget is None:
        assert fit(kind) == expected


def test_another_seed_another_file(kind, fit, fitted):
    assert fit(kind, seed=1) != fitted(kind).to_bytes()


def test_any_process():
    def run(seed):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        return subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, check=True, env=environment)

    texts = ["das rot", "und blau", "nur grün und rot"] * 30
    here = TextClassifier(threads=1, progress=False).fit(texts, [{"r"}, {"b"}, {"g", "r"}] * 30).to_bytes()
    assert run(7).stdout.split() == [hashlib.sha256(here).hexdigest()]


@pytest.mark.parametrize("name", ["twelve labels", "multi"])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_rows_of_a_file_are_rows_of_a_list(toy, tmp_path, name, ending):
    texts, targets = toy(name)
    path = tmp_path / f"rows.{ending}"
    cells = targets if ending == "jsonl" else [t if isinstance(t, str) else "|".join(t) for t in targets]
    if name == "multi" and ending == "csv":
        pytest.skip("a CSV file cannot hold rows without a label") if "" in cells else None
    write_rows(path, {"text": texts, "label": cells})
    model = TextClassifier(threads=1, progress=False)
    assert model.fit(Source(path)).to_bytes() == TextClassifier(threads=1, progress=False).fit(texts, targets).to_bytes()


def test_texts_on_disk_are_texts_in_memory(toy, monkeypatch):
    build = Corpus.build
    made = []

    def spy(*args, memory, **more):
        made.append(build(*args, **{"memory": memory, "shard_bytes": 2000, **more}))
        return made[-1]

    rows = toy("twelve labels", 600)
    saved = []
    for memory in (10**9, 4000):
        monkeypatch.setattr(Corpus, "build", partial(lambda *args, memory, limit, **more: spy(*args, memory=limit, **more), limit=memory))
        saved.append(TextClassifier(threads=1, progress=False).fit(*rows))
        assert made[-1].shards > 4
    assert saved[0].to_bytes() == saved[1].to_bytes()
    assert saved[0].score(*toy("twelve labels", 200, seed=1)) > 0.95
