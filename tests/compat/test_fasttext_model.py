from __future__ import annotations

import numpy as np
import pytest

from lilliput.compat.fasttext_model import FastTextClassifier
from lilliput.core.errors import DataError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.core.registry import load

ASKED = {"best": {}, "three": {"k": 3}, "all": {"k": -1}, "half": {"k": -1, "threshold": 0.3}}


@pytest.fixture
def model(models, name):
    return FastTextClassifier.read(models / f"{name}.bin")


@pytest.fixture
def expected(answers, name):
    return answers["models"][name]


def assert_predicts(model, texts, expected):
    for asked, arguments in ASKED.items():
        labels, probabilities = model.predict(texts, **arguments)
        wanted_labels, wanted_probabilities = expected["lists"][asked]
        if asked == "all":  # of which the first eight are stored
            labels, probabilities = [row[:8] for row in labels], [row[:8] for row in probabilities]
        assert labels == wanted_labels
        for found, wanted in zip(probabilities, wanted_probabilities, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-6, rtol=0)


def test_predicts_what_fasttext_predicts(model, answers, expected):
    assert_predicts(model, answers["texts"], expected)
    for text, (labels, probabilities) in zip(answers["texts"], expected["singles"], strict=False):
        found_labels, found_probabilities = model.predict(text, k=2)
        assert found_labels == tuple(labels)
        np.testing.assert_allclose(found_probabilities, probabilities, atol=1e-6, rtol=0)


def test_predicts_the_same_with_the_kernels(model, answers, expected):
    model._predictor.predict_compiled([], 1, 0.0)  # from here on they do everything
    assert_predicts(model, answers["texts"], expected)


def test_predicts_the_same_from_a_model_file(model, answers, expected, tmp_path):
    model.save(tmp_path / "m.safetensors")
    restored = load(tmp_path / "m.safetensors")
    assert isinstance(restored, FastTextClassifier)
    assert_predicts(restored, answers["texts"], expected)
    assert restored.get_words(include_freq=True)[1].tolist() == expected["word_counts"]
    assert restored.to_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_shapes_and_types_of_predictions(models):
    model = FastTextClassifier.read(models / "words.bin")
    labels, probabilities = model.predict("fast", k=2)
    assert isinstance(labels, tuple)
    assert (probabilities.dtype, probabilities.shape) == (np.float64, (2,))
    labels, probabilities = model.predict(["fast", "slow"])
    assert [type(row) for row in labels] == [list, list]
    assert [(row.dtype, row.shape) for row in probabilities] == [(np.float32, (1,))] * 2
    assert model.predict([]) == ([], [])
    assert model.predict("fast", threshold=1.5)[0] == ()


def test_many_texts_are_predicted_as_a_few(models, answers):
    model = FastTextClassifier.read(models / "ova.bin")
    few = model.predict(answers["texts"], k=2)
    many = model.predict(answers["texts"] * 40, k=2)
    assert many[0] == few[0] * 40
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(many[1], few[1] * 40, strict=True))


def test_words_and_labels(model, expected):
    assert model.get_labels()[:20] == expected["labels"]
    assert model.get_labels(include_freq=True)[1].tolist()[:20] == expected["label_counts"]
    assert model.get_words() == model.words == expected["words"]
    assert model.get_dimension() == expected["dimension"]
    assert model.is_quantized() == expected["quantised"]
    assert model.get_label_id(expected["labels"][1]) == 1
    assert model.get_label_id("__label__none") == -1
    assert expected["words"][2] in model
    assert "neverseen" not in model


def test_subwords_and_vectors(model, answers, expected):
    words = answers["words"]
    assert [model.get_word_id(word) for word in words] == expected["word_ids"]
    assert [[names, rows.tolist()] for names, rows in map(model.get_subwords, words)] == expected["subwords"]
    vectors = [model.get_word_vector(word) for word in words if not word.startswith("__label__")]
    np.testing.assert_allclose(vectors, expected["word_vectors"], atol=1e-5)
    vectors = [model.get_sentence_vector(text) for text in answers["texts"]]
    np.testing.assert_allclose(vectors, expected["sentence_vectors"], atol=1e-5)
    np.testing.assert_allclose(model.get_input_vector(3), expected["input_vector"], atol=1e-5)


def test_scores_on_a_labelled_file(model, answers, expected, tmp_path):
    path = tmp_path / "test.txt"
    path.write_bytes(answers["test_file"].encode())
    np.testing.assert_equal([list(model.test(path, k)) for k in (1, 2)], expected["test"])
    np.testing.assert_equal(list(model.test(path, -1, 0.3)), expected["test_threshold"])
    found = model.test_label(path)
    for label, scores in expected["test_label"].items():
        np.testing.assert_equal(found[label], {key: np.nan if x is None else x for key, x in scores.items()})


def test_matrices_of_a_dense_model(models):
    model = FastTextClassifier.read(models / "bigrams.bin")
    assert model.get_input_matrix().shape == (len(model.words) + 60, 6)
    assert model.get_output_matrix().shape == (len(model.labels), 6)
    assert model.get_subword_id("ab") >= len(model.words)
    np.testing.assert_array_equal(model["fast"], model.get_input_matrix()[model.get_word_id("fast")])


def test_what_a_quantised_or_simple_model_cannot_give(models):
    with pytest.raises(DataError, match="Can't get quantized Matrix"):
        FastTextClassifier.read(models / "quantised.bin").get_input_matrix()
    model = FastTextClassifier.read(models / "words.bin")
    with pytest.raises(DataError, match="this model has no n-grams"):
        model.get_subword_id("ab")
    with pytest.raises(DataError, match="has no row -1; it has rows 0 to"):
        model.get_input_vector(-1)


def test_texts_that_cannot_be_predicted(models, tmp_path):
    model = FastTextClassifier.read(models / "words.bin")
    with pytest.raises(DataError, match=r"text 1 has a newline, .* one line at a time"):
        model.predict(["fast", "slow\nfast"])
    with pytest.raises(DataError, match="half of a surrogate pair at character 1"):
        model.predict("a\ud800")
    with pytest.raises(DataError, match="k=0: k needs to be 1 or higher"):
        model.predict("fast", k=0)
    with pytest.raises(DataError, match="cannot be read"):
        model.test(tmp_path / "missing.txt")


def test_labels_that_are_no_unicode(models, tmp_path):
    data = (models / "words.bin").read_bytes().replace(b"__label__0\0", b"__label__\xff\0")
    (tmp_path / "m.bin").write_bytes(data)
    model = FastTextClassifier.read(tmp_path / "m.bin")
    with pytest.raises(UnicodeDecodeError, match="invalid start byte"):
        model.predict("fast", k=-1)
    assert "__label__\ufffd" in model.get_labels(on_unicode_error="replace")


@pytest.mark.parametrize("name", ["ova", "hs"])
def test_weights_that_are_not_numbers(models, tmp_path, name):
    (tmp_path / "m.bin").write_bytes((models / f"{name}.bin").read_bytes()[:-144] + b"\xff" * 144)  # 6 rows of 6
    model = FastTextClassifier.read(tmp_path / "m.bin")
    for predict in (model._predictor.predict_plain, model._predictor.predict_compiled):
        with pytest.raises(ModelFileError, match="not numbers: its weights are damaged"):
            predict([b"fast\n"], 1, 0.0)


def test_before_reading_there_is_nothing_to_predict_with():
    with pytest.raises(NotFittedError, match=r"holds no model: get one with FastTextClassifier\.read"):
        FastTextClassifier().predict("fast")


@pytest.fixture
def saved(models, tmp_path):
    path = tmp_path / "m.safetensors"
    FastTextClassifier.read(models / "quantised_cutoff.bin").save(path)
    return path


@pytest.mark.parametrize("array", ["text", "lengths", "buckets", "bucket_rows", "input_codes", "input_norms", "output"])
def test_a_model_file_without_an_array(saved, array):
    manifest, arrays = read_model(saved)
    del arrays[array]
    write_model(saved, manifest, {key: value.copy() for key, value in arrays.items()})
    if array == "input_norms":
        assert len(load(saved).model_.input.norms) == 0
        return
    with pytest.raises(ModelFileError, match=array):
        load(saved)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("dim", 5, "does not fit"),
        ("dim", "6", "the manifest does not describe a fastText model"),
        ("loss", "hinge", "the manifest does not describe a fastText model"),
        ("words", 10**6, "do not fit the words"),
        ("input_width", 5, "which do not make up 6 columns"),
        ("pruned", None, "the manifest does not describe a fastText model"),
        ("pruned", False, "the input matrix has .* rows"),
    ],
)
def test_a_model_file_with_a_wrong_manifest(saved, key, value, message):
    manifest, arrays = read_model(saved)
    write_model(saved, {**manifest, key: value}, {name: array.copy() for name, array in arrays.items()})
    with pytest.raises(ModelFileError, match=message):
        load(saved)
