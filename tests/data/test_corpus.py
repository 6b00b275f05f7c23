from __future__ import annotations

import gc
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data.buckets import Buckets
from lilliput.data.corpus import Corpus

TEXTS = [f"text {i} " + "wörd " * (i % 40) for i in range(3000)]


def batches(texts, size):
    return (texts[at : at + size] for at in range(0, len(texts), size))


def content(corpus):
    """Row numbers and bytes of all shards."""
    shards = [corpus.shard(k) for k in range(corpus.shards)]
    return [(shard.rows.tolist(), shard.texts.buffer.tobytes(), shard.texts.offsets.tolist()) for shard in shards]


def texts_by_row(corpus):
    found = {}
    for k in range(corpus.shards):
        (buffer, offsets, _), rows = corpus.shard(k)
        for row, start, end in zip(rows.tolist(), offsets[:-1], offsets[1:], strict=True):
            found[row] = buffer[start : end - 1].tobytes().decode()
    return [found[row] for row in sorted(found)]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="ascii", exclude_characters="\0")), min_size=1, max_size=50), st.integers(0, 9)
)
def test_every_text_is_there_once_under_its_number(texts, seed):
    for memory in (10**6, 0):
        corpus = Corpus.build(batches(texts, 7), seed, memory=memory, shard_bytes=20)
        assert texts_by_row(corpus) == texts
        assert corpus.rows == len(texts)
        assert corpus.bytes == sum(map(len, texts)) + len(texts)
        corpus.close()


def test_neither_batches_nor_memory_make_a_difference():
    first = Corpus.build(batches(TEXTS, 3000), 1, shard_bytes=20_000)
    assert first.shards == 32
    for size, memory in ((1000, 10**9), (7, 50_000), (4096, 0)):
        other = Corpus.build(batches(TEXTS, size), 1, memory=memory, shard_bytes=20_000)
        assert content(other) == content(first)
        assert other.fingerprint == first.fingerprint
        other.close()


def test_seeds_and_texts_make_a_difference():
    first = Corpus.build([TEXTS], 1)
    other = Corpus.build([TEXTS], 2)
    assert content(first) != content(other)
    assert first.fingerprint == other.fingerprint
    assert Corpus.build([TEXTS[:-1]], 1).fingerprint != first.fingerprint
    assert Corpus.build([[*TEXTS[:-1], TEXTS[-1] + "."]], 1).fingerprint != first.fingerprint


def test_rows_are_spread_at_random():
    corpus = Corpus.build([TEXTS], 0, shard_bytes=50_000)
    sizes = [len(corpus.shard(k).rows) for k in range(corpus.shards)]
    assert min(sizes) > 0.7 * len(TEXTS) / corpus.shards
    order = np.concatenate([corpus.shard(k).rows for k in range(corpus.shards)])
    assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.06


def test_shards_say_whether_they_are_ascii():
    assert Corpus.build([["abc"]], 0).shard(0).texts.ascii
    for memory in (10**6, 0):
        assert not Corpus.build([["abc", "ä"]], 0, memory=memory).shard(0).texts.ascii


@pytest.mark.parametrize("end", ["close", "garbage", "error"])
def test_temporary_files_are_removed(tmp_path, monkeypatch, end):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if end == "error":

        def broken():
            yield TEXTS
            raise DataError("bad row")

        with pytest.raises(DataError, match="bad row"):
            Corpus.build(broken(), 0, memory=1000)
    else:
        corpus = Corpus.build([TEXTS], 0, memory=1000, shard_bytes=20_000)
        (folder,) = tmp_path.iterdir()
        assert len(list(folder.iterdir())) == corpus.shards
        if end == "close":
            corpus.close()
        del corpus
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_no_texts_and_no_room(monkeypatch):
    with pytest.raises(DataError, match="there are no texts to learn from"):
        Corpus.build([[]], 0)

    def full(self, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lilliput.data.buckets.Bucket.append_to", full)
    with pytest.raises(DataError, match=r"could not be written to .* \(No space left on device\); make room"):
        Corpus.build([TEXTS], 0, memory=1000)


def test_buckets_hold_one_row_each_time_at_random():
    buckets = Buckets(0, 10**9)
    buckets.add(["x"] * 6400)
    sizes = [len(buckets.take(i).rows) // 8 for i in range(64)]
    assert sum(sizes) == 6400
    assert 60 < min(sizes) <= max(sizes) < 140


def test_memory_is_bounded():
    script = """
        import sys
        from lilliput.data.corpus import Corpus

        def peak():
            import resource
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

        line = "some words of a text " * 10
        before = peak()
        corpus = Corpus.build(([f"{i} {j} {line}" for j in range(2000)] for i in range(140)), 0, 8_000_000, 4_000_000)
        assert corpus.bytes > 60_000_000, corpus.bytes
        print((peak() - before) // 1_000_000)
    """
    if sys.platform == "win32":
        pytest.skip("no resource module on Windows")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40
