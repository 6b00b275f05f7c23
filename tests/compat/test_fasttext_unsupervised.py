"""fastText's models of word vectors, here."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import lilliput.compat.fasttext as fasttext
from lilliput import WordVectors
from lilliput.compat.fasttext_unsupervised import DEFAULTS, Vectors, parameters, read_arguments, without_effect
from lilliput.core.errors import DataError, LilliputError

FOLDER = Path(__file__).parent / "fixtures"


def asked(*values, **named):
    return read_arguments(values, named)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "skipgram.bin").write_bytes(gzip.decompress((FOLDER / "skipgram.vectors.gz").read_bytes()))
    return tmp_path / "skipgram.bin"


def test_a_model_of_fasttext_answers_as_there(path, tmp_path):
    answers = json.loads(gzip.decompress((FOLDER / "vectors.json.gz").read_bytes()))["models"]["skipgram"]
    model = fasttext.load_model(path)
    assert isinstance(model, fasttext.FastText)
    assert model.words == model.get_words() == answers["words"]
    words, counts = model.get_words(include_freq=True)
    assert (words, counts.tolist()) == (answers["words"], answers["counts"])
    assert (model.labels, model.get_dimension(), model.is_quantized()) == ([], 6, True)
    for found, expected in (
        (model.get_nearest_neighbors("fast", k=5), answers["neighbours"]),
        (model.get_analogies("fast", "slow", "blau", k=5), answers["analogies"]),
    ):
        assert found[0][1] == expected[0][0]
        assert [score for score, _ in found] == pytest.approx([score for _, score in expected], abs=0.01)
    assert "fast" in model
    assert model.get_word_id("fast") == answers["words"].index("fast")
    assert model.get_word_id("nowhere") == -1
    assert np.array_equal(model["fast"], model.get_word_vector("fast"))
    model.save_model(tmp_path / "m")
    again = fasttext.load_model(tmp_path / "m")
    assert np.array_equal(again["unknown"], model["unknown"])


def test_what_word_vectors_do_not_do(path):
    model = fasttext.load_model(path)
    for ask in (model.predict, model.test, model.test_label):
        with pytest.raises(LilliputError, match="is for models that label texts"):
            ask("a text")
    with pytest.warns(UserWarning, match="quantize has nothing to do"):
        model.quantize()
    with pytest.raises(AttributeError, match="which is not here"):
        _ = model.f


def test_sentences_are_the_mean_of_directions():
    model = Vectors(WordVectors.of(["a", "b", "zero"], np.array([[3.0, 0], [0, 5], [0, 0]])))
    assert model.get_sentence_vector("a b nowhere zero") == pytest.approx([0.5, 0.5])
    assert model.get_sentence_vector("nowhere").tolist() == [0, 0]
    assert model.get_word_vector("nowhere").tolist() == [0, 0]
    with pytest.raises(DataError, match="newline"):
        model.get_sentence_vector("a\nb")
    with pytest.raises(KeyError, match="not among the words"):
        model.get_nearest_neighbors("nowhere")


def test_arguments_become_parameters():
    assert parameters(asked("x")) == {
        "method": "skipgram", "rate": None, "dim": 100, "window": 5, "epochs": 5, "least": 5, "subwords": (3, 6),
        "negatives": 5, "sample": 1e-4, "lowercase": False, "threads": None, "progress": "auto",
    }  # fmt: skip
    found = parameters(
        asked("x", "cbow", 0.1, 50, ws=3, epoch=2, min_count=1, minn=0, maxn=0, neg=7, thread=3, t=0, verbose=0)
    )
    assert found == {
        "method": "cbow", "rate": 0.1, "dim": 50, "window": 3, "epochs": 2, "least": 1, "subwords": None,
        "negatives": 7, "sample": 0, "lowercase": False, "threads": 3, "progress": False,
    }  # fmt: skip
    WordVectors(**found)


def test_one_sentence_names_what_has_no_effect():
    assert without_effect(asked(**{**DEFAULTS, "input": "x"})) is None
    assert without_effect(asked("x", bucket=5, wordNgrams=2)).endswith("trained: wordNgrams, bucket")


@pytest.mark.parametrize(
    ("named", "kind", "message"),
    [
        ({}, TypeError, "needs its argument 'input'"),
        ({"input": "x", "lrr": 1}, TypeError, "unexpected keyword argument 'lrr'"),
        ({"input": "x", "minCount": 1, "min_count": 2}, TypeError, "multiple values for argument 'minCount'"),
        ({"input": "x", "model": "supervised"}, LilliputError, "expected 'skipgram' or 'cbow'"),
        ({"input": "x", "loss": "hs"}, LilliputError, "negative sampling here"),
        ({"input": "x", "pretrainedVectors": "a.vec"}, LilliputError, "pretrainedVectors is not taken here"),
    ],
)
def test_arguments_that_are_refused(named, kind, message):
    with pytest.raises(kind, match=message):
        asked(**named)
    with pytest.raises(TypeError, match="at most 20"):
        asked(*range(21))
