from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest

from lilliput.compat.fasttext_file import read_fasttext
from lilliput.compat.fasttext_matrix import DenseMatrix, QuantMatrix
from lilliput.compat.fasttext_model import FastTextClassifier
from lilliput.core.errors import ModelFileError

FIELDS = {
    "magic": 0,
    "version": 4,
    "dim": 8,
    "word_ngrams": 28,
    "loss": 32,
    "model": 36,
    "bucket": 40,
    "maxn": 48,
    "entries": 64,
    "words": 68,
    "labels": 72,
}
PRUNED = 84


@pytest.fixture
def changed(models, tmp_path):
    """A copy of a model with one 32-bit field set."""

    def change(name, field, value):
        data = bytearray((models / f"{name}.bin").read_bytes())
        struct.pack_into("<i", data, FIELDS[field], value)
        path = tmp_path / f"{field}.bin"
        path.write_bytes(data)
        return path

    return change


def test_parts_of_a_dense_model(models):
    model = read_fasttext(models / "bigrams.bin")
    assert (model.dim, model.loss) == (6, "softmax")
    assert (model.hashing.bucket, model.hashing.word_ngrams, model.hashing.maxn) == (60, 2, 0)
    assert isinstance(model.input, DenseMatrix)
    assert model.input.shape == (model.dictionary.words + 60, 6)
    assert model.output.shape == (model.dictionary.labels, 6)
    assert not model.dictionary.pruned


def test_parts_of_a_quantised_model(models):
    model = read_fasttext(models / "quantised_norm.bin")
    assert isinstance(model.input, QuantMatrix)
    assert model.input.codes.shape[1] == 3, "seven columns in parts of three"
    assert len(model.input.norms) == 256
    assert model.input.directions(np.arange(5)).shape == (5, 7)
    assert read_fasttext(models / "quantised_cutoff.bin").dictionary.pruned
    assert isinstance(read_fasttext(models / "quantised_output.bin").output, QuantMatrix)


def test_a_dense_matrix_stays_in_the_file(models):
    values = read_fasttext(models / "words.bin").input.values
    assert not values.flags.writeable
    assert not values.flags.owndata


def test_version_11_has_no_character_ngrams(changed):
    assert read_fasttext(changed("ova", "version", 11)).hashing.maxn == 0


@pytest.mark.parametrize("kind", [1, 2])
def test_word_vectors_are_refused(changed, kind):
    with pytest.raises(ModelFileError, match="this is a word-vector model, which labels no texts"):
        read_fasttext(changed("words", "model", kind))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("magic", 7, "magic.bin is not a fastText model: it begins with 7, expected 793712314"),
        ("version", 13, "is a fastText model of version 13; versions 11 and 12 can be read"),
        ("version", 0, "of version 0"),
        ("dim", 0, "with loss 3 and dim 0 does not exist"),
        ("dim", 2**31 - 1, "the input matrix has 6 columns, expected dim=2147483647"),
        ("loss", 5, "loss 5"),
        ("model", 4, "model of kind 4"),
        ("bucket", 0, "it has n-grams, but bucket=0"),
        ("maxn", 2**20, "its n-grams have up to 1048576 characters and 2 words"),
        ("word_ngrams", 2**24, "its n-grams have up to 0 characters and 16777216 words"),
        ("bucket", 61, "the input matrix has .* rows, expected .*, for .* words and their n-grams"),
        ("entries", 2**31 - 1, "the dictionary has 2147483647 entries, but"),
        ("entries", -1, "the dictionary has -1 entries"),
        ("words", -5, "but -5 words"),
        ("labels", 2**30, "labels"),
    ],
)
def test_a_field_that_cannot_be(changed, field, value, message):
    with pytest.raises(ModelFileError, match=message):
        read_fasttext(changed("bigrams", field, value))


@pytest.mark.parametrize("count", [1, 2**40, 2**62])
def test_more_pruned_ngrams_than_the_file_holds(models, tmp_path, count):
    data = bytearray((models / "bigrams.bin").read_bytes())
    struct.pack_into("<q", data, PRUNED, count)
    (tmp_path / "m.bin").write_bytes(data)
    with pytest.raises(ModelFileError, match=r"m\.bin"):
        read_fasttext(tmp_path / "m.bin")


def test_files_that_are_no_models(tmp_path):
    with pytest.raises(ModelFileError, match="does not exist; check the path"):
        read_fasttext(tmp_path / "missing.bin")
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_fasttext(tmp_path)
    (tmp_path / "empty.bin").touch()
    with pytest.raises(ModelFileError, match=r"empty\.bin is empty"):
        read_fasttext(tmp_path / "empty.bin")
    (tmp_path / "text.bin").write_text("__label__a some text\n")
    with pytest.raises(ModelFileError, match=r"text\.bin is not a fastText model"):
        read_fasttext(tmp_path / "text.bin")


def test_bytes_behind_the_model(models, tmp_path):
    (tmp_path / "long.bin").write_bytes((models / "words.bin").read_bytes() + b"x")
    with pytest.raises(ModelFileError, match=r"the model ends at byte \d+, the file at byte \d+"):
        read_fasttext(tmp_path / "long.bin")


@pytest.mark.parametrize("name", ["ova", "quantised_cutoff", "quantised_output_hs"])
def test_a_file_cut_anywhere(models, tmp_path, name):
    data = (models / f"{name}.bin").read_bytes()
    path = tmp_path / "cut.bin"
    for length in {*range(0, 200, 3), *range(200, len(data), len(data) // 150), len(data) - 1}:
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError, match=r"cut\.bin"):
            read_fasttext(path)


@pytest.mark.parametrize("name", ["bigrams", "hs", "quantised_norm", "quantised_cutoff", "quantised_output_norm"])
def test_a_flipped_byte_gives_an_error_or_a_model_that_predicts(models, tmp_path, name):
    data = (models / f"{name}.bin").read_bytes()
    rng = random.Random(name)
    places = [*range(0, 100), *(rng.randrange(len(data)) for _ in range(150))]
    refused = 0
    for number, place in enumerate(places):
        path = tmp_path / f"{number}.bin"  # a mapped file must not change under its map
        path.write_bytes(data[:place] + bytes([data[place] ^ rng.choice([1, 0x80, 0xFF])]) + data[place + 1 :])
        refused += not _loads_and_predicts(path)
    assert refused > 20


def _loads_and_predicts(path: Path) -> bool:
    try:
        model = FastTextClassifier.read(path)
        model.predict("fast 東京 unknown w1", k=2, on_unicode_error="replace")
        model._predictor.predict_compiled([b"fast unknown\n"], 2, 0.0)
    except ModelFileError:
        return False
    return True
