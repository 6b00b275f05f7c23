"""Word vectors that the real fastText trained (benchmarks/make_fasttext_vector_fixtures.py), read here."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from lilliput import WordVectors
from lilliput.compat.fasttext_file import holds_vectors, read_fasttext, read_fasttext_vectors
from lilliput.core.errors import DataError, ModelFileError

FOLDER = Path(__file__).parent / "fixtures"
NAMES = ["skipgram", "skipgram_from_one", "cbow"]
ANSWERS = json.loads(gzip.decompress((FOLDER / "vectors.json.gz").read_bytes()))


@pytest.fixture
def path(tmp_path):
    def unpack(name, kind="vectors"):
        found = tmp_path / f"{name}.bin"
        found.write_bytes(gzip.decompress((FOLDER / f"{name}.{kind}.gz").read_bytes()))
        return found

    return unpack


@pytest.fixture(params=NAMES)
def pair(request, path):
    return WordVectors.read(path(request.param)), ANSWERS["models"][request.param]


def test_words_counts_and_vectors_are_fasttexts(pair):
    found, answers = pair
    assert found.words_ == answers["words"]
    assert found.table_.counts.tolist() == answers["counts"]
    for word, expected in zip(ANSWERS["words"], answers["vectors"], strict=True):
        if word not in found and not found.table_.grams:
            assert expected == [0.0] * 6
            continue
        if word == "" or (word == "</s>" and word not in found):
            continue  # fastText has zeros for what has no n-gram
        assert np.allclose(found[word], expected, atol=np.abs(expected).max() / 100), word


def test_neighbours_and_analogies_are_fasttexts(pair):
    found, answers = pair
    for mine, theirs in (
        (found.most_similar("fast", 5), answers["neighbours"]),
        (found.analogy("fast", "slow", "blau", 5), answers["analogies"]),
    ):
        assert np.allclose([score for _, score in mine], [score for _, score in theirs], atol=0.01)
        assert mine[0].word == theirs[0][0]


def test_a_read_model_is_saved_and_restored(pair, tmp_path):
    from lilliput import load

    found, _ = pair
    found.save(tmp_path / "v.safetensors")
    restored = load(tmp_path / "v.safetensors")
    assert restored.subwords == found.subwords
    assert np.array_equal(restored["fast"], found["fast"])


def test_the_two_kinds_are_told_apart(path):
    assert holds_vectors(path("cbow"))
    assert not holds_vectors(path("words", "bin"))
    with pytest.raises(ModelFileError, match="a word-vector model, which labels no texts"):
        read_fasttext(path("cbow"))
    with pytest.raises(ModelFileError, match="a supervised model, not one of word vectors"):
        WordVectors.read(path("words", "bin"))


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_file_is_refused(path, tmp_path, name):
    data = path(name).read_bytes()
    for size in [*range(4, 60, 7), *range(60, len(data), 97)]:
        (tmp_path / "cut").write_bytes(data[:size])
        with pytest.raises(ModelFileError, match=r"cut short|damaged"):
            read_fasttext_vectors(tmp_path / "cut")


@pytest.mark.parametrize(("place", "value"), [(36, 7), (8, 0), (40, -3), (40, 10**9), (48, 10**6), (72, 5), (76, 9)])
def test_damaged_numbers_are_refused(path, tmp_path, place, value):
    data = bytearray(path("skipgram").read_bytes())
    struct.pack_into("<i", data, place, value)
    (tmp_path / "bad").write_bytes(data)
    if place == 76:  # tokens: of no consequence
        assert len(WordVectors.read(tmp_path / "bad")) == 89
        return
    with pytest.raises(ModelFileError):
        WordVectors.read(tmp_path / "bad")


def test_numbers_that_are_not_finite_are_refused(path):
    found = path("skipgram")
    data = bytearray(found.read_bytes())
    inputs = read_fasttext_vectors(found).input
    start = data.find(inputs[2].tobytes())
    data[start : start + 4] = struct.pack("<f", np.nan)
    del inputs
    other = found.with_name("nan.bin")
    other.write_bytes(data)
    with pytest.raises(DataError, match="vector 3 is not made of finite numbers"):
        WordVectors.read(other)
