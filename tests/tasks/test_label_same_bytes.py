"""The same rows and the same seed give the same file."""

from __future__ import annotations

import pytest

from lilliput.data.corpus import Corpus
from lilliput.data.source import Source
from lilliput.data.write import write_rows
from lilliput.tasks.label import TextClassifier
from lilliput.training import passes


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


@pytest.mark.parametrize(("name", "ending"), [("twelve labels", "csv"), ("multi", "jsonl"), ("soft", "jsonl")])
def test_rows_of_files_are_rows_of_a_list(toy, tmp_path, name, ending):
    texts, targets = toy(name)
    paths = [tmp_path / f"{number}.{ending}" for number in range(2)]
    for path, part in zip(paths, (slice(0, 100), slice(100, None)), strict=True):
        write_rows(path, ["text", "label"], zip(texts[part], targets[part], strict=True))
    streamed, given = (TextClassifier(threads=1, progress=False) for _ in range(2))
    assert streamed.fit(Source(paths)).to_bytes() == given.fit(texts, targets).to_bytes()
    assert streamed.score(Source(paths)) == given.score(texts, targets)


def test_texts_on_disk_are_texts_in_memory(toy, monkeypatch):
    build = Corpus.build
    rows = toy("twelve labels", 400)
    saved = []
    for memory in (10**9, 4000):
        made = []

        def built(batches, seed, memory=memory, made=made, **_):
            made.append(build(batches, seed, memory=memory, shard_bytes=2000))
            return made[-1]

        monkeypatch.setattr(Corpus, "build", lambda batches, seed, built=built, **_: built(batches, seed))
        model = TextClassifier(threads=1, progress=False).fit(*rows)
        assert made[0].shards > 4
        assert model.score(*toy("twelve labels", 200, seed=1)) > 0.95
        saved.append(model.partial_fit(*toy("twelve labels", 100, seed=2)).to_bytes())
    assert saved[0] == saved[1]
