from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lilliput
import lilliput.compat.fasttext as fasttext
from lilliput.compat.fasttext_arguments import DEFAULTS, parameters, read_arguments, without_effect
from lilliput.compat.fasttext_model import FastTextClassifier
from lilliput.compat.fasttext_source import LabelledLines, LineParser
from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError, DataError, LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks.label import TextClassifier

TOPICS = {"food": "soup bread oven salt", "money": "bank loan rate fund", "music": "song piano choir tune"}


def lines(prefix: str = "__label__", also: str = "") -> str:
    """Sixty labelled lines, food the most frequent, between lines that have no label."""
    rows = []
    for i in range(60):
        topic = ("food", "money", "food", "music")[i % 4]
        words = TOPICS[topic].split()
        more = f" {prefix}{also}" if also and i % 3 == 0 else ""
        rows.append(f"{prefix}{topic}{more} the {words[i % 4]} and {words[i // 4 % 4]}\n")
    return "".join(rows) + "\nno label stands here\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("lines") / "train.txt"
    path.write_text(lines(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(path):
    return fasttext.train_supervised(str(path), verbose=0)


@pytest.fixture(scope="module")
def multi_path(path):
    multi_path = path.with_name("multi.txt")
    multi_path.write_text(lines(also="new"), encoding="utf-8")
    return multi_path


@pytest.fixture(scope="module")
def multi(multi_path):
    return fasttext.train_supervised(multi_path, verbose=0, thread=1)


# The migration: one script, two modules


def migration(fasttext, path):
    """What a program for fastText does, and the types and shapes of all that it gets."""
    import numpy

    def shape(value):
        if isinstance(value, numpy.ndarray):
            return ["ndarray", str(value.dtype), list(value.shape)]
        if isinstance(value, (tuple, list)):
            return [type(value).__name__, [shape(item) for item in value]]
        if isinstance(value, dict):
            return ["dict", {key: shape(item) for key, item in sorted(value.items())}]
        return type(value).__name__

    def refused(function, *arguments, **named):
        try:
            function(*arguments, **named)
        except (ValueError, TypeError) as error:
            return ["TypeError" if isinstance(error, TypeError) else "ValueError"]
        return "accepted"

    def vector(model, value):
        return [type(value).__name__, str(value.dtype), value.shape == (model.get_dimension(),)]

    def answers(model):
        return {
            "predict": shape(model.predict("bread and salt")),
            "predict k": shape(model.predict("bread and salt", k=2)),
            "predict all": shape(model.predict("bread and salt", k=-1)),
            "predict more than all": shape(model.predict("bread and salt", 99, -1.0)),
            "predict nothing": shape(model.predict("bread", threshold=1.5)),
            "predict unicode": shape(model.predict("bread", 1, 0.0, "ignore")),
            "predict list": shape(model.predict(["bread and salt", "loan", ""])),
            "predict list k": shape(model.predict(["bread and salt", "loan"], k=2)),
            "predict list nothing": shape(model.predict(["bread", "salt"], k=2, threshold=1.5)),
            "predict empty list": shape(model.predict([])),
            "predict label in text": shape(model.predict("__label__money bread")),
            "predict newline": refused(model.predict, "bread\nsalt"),
            "predict newline in list": refused(model.predict, ["bread", "salt\n"]),
            "predict k=0": refused(model.predict, "bread", k=0),
            "test": shape(model.test(path)),
            "test k": shape(model.test(path, k=2)),
            "test threshold": shape(model.test(path, -1, 1.5)),
            "test nothing there": refused(model.test, path + ".missing"),
            "lines counted": model.test(path)[0],
            "test_label": shape(model.test_label(path)),
            "labels": model.labels == model.get_labels() and shape(model.labels),
            "most frequent label": model.labels[0],
            "label counts": shape(model.get_labels(include_freq=True)),
            "label counts add up": int(model.get_labels(include_freq=True)[1].sum()),
            "dimension": shape(model.get_dimension()),
            "word vector": vector(model, model.get_word_vector("bread")),
            "unknown word": vector(model, model.get_word_vector("qqqq")),
            "subscript": vector(model, model["bread"]),
            "sentence vector": vector(model, model.get_sentence_vector("bread and salt")),
            "sentence vector newline": refused(model.get_sentence_vector, "bread\nsalt"),
            "is_quantized": shape(model.is_quantized()),
        }

    settings = {"dim": 4, "bucket": 50, "thread": 1, "verbose": 0}
    model = fasttext.train_supervised(path, 0.5, epoch=20, word_ngrams=2, minn=2, maxn=4, **settings)
    trained = answers(model)
    words, counts = model.get_words(include_freq=True)
    trained["words"] = [
        shape(model.words),
        sorted(zip(words, counts.tolist(), strict=True)),
        "bread" in model,
        "qqqq" in model,
    ]
    saved = path + ".model.bin"
    trained["save"] = shape(model.save_model(saved))
    return {
        "trained": trained,
        "loaded": answers(fasttext.load_model(saved)),
        "load nothing": refused(fasttext.load_model, path + ".missing"),
        "train on nothing": refused(fasttext.train_supervised, path + ".missing", verbose=0),
        "unknown argument": refused(fasttext.train_supervised, path, epochs=3),
        "argument given twice": refused(fasttext.train_supervised, path, input=path),
        "unknown loss": refused(fasttext.train_supervised, path, loss="hinge"),
        "ova": shape(fasttext.train_supervised(input=path, loss="ova", **settings).predict("bread", k=-1)),
        "tokens": fasttext.tokenize("a  b\tc\n\nd\x00e\u00a0f \n"),
        "constants": [fasttext.BOW, fasttext.EOS, fasttext.EOW],
    }


@pytest.fixture(scope="module")
def migrated(path):
    with pytest.warns(UserWarning, match="no effect here"):
        return json.loads(json.dumps(migration(fasttext, str(path))))


def test_the_import_is_the_whole_migration(migrated, path):
    python = os.environ.get("LILLIPUT_FASTTEXT")
    if not python:
        pytest.skip("needs the fasttext package: set LILLIPUT_FASTTEXT to an interpreter that has it and NumPy 1")
    program = (
        f"{inspect.getsource(migration)}\nimport fasttext, json\nprint(json.dumps(migration(fasttext, {str(path)!r})))"
    )
    environment = {**os.environ, "MALLOC_PERTURB_": "255"}  # fastText 0.9.3 leaves new matrices as memory is, with NaNs
    run = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True, env=environment)
    theirs = json.loads(run.stdout.splitlines()[-1])
    assert migrated.keys() == theirs.keys()
    assert migrated == theirs


def test_shapes_are_those_of_fasttext(migrated):
    trained = migrated["trained"]
    assert trained["predict k"] == ["tuple", [["tuple", ["str", "str"]], ["ndarray", "float64", [2]]]]
    assert trained["predict nothing"] == ["tuple", [["tuple", []], ["ndarray", "float64", [0]]]]
    one = [["list", ["str"]]] * 3, [["ndarray", "float32", [1]]] * 3
    assert trained["predict list"] == ["tuple", [["list", one[0]], ["list", one[1]]]]
    assert trained["test"] == ["tuple", ["int", "float", "float"]]
    assert trained["label counts"] == ["tuple", [["list", ["str"] * 3], ["ndarray", "int64", [3]]]]
    assert trained["word vector"] == ["ndarray", "float32", True]
    assert {**trained, "words": 0, "save": 0} == {**migrated["loaded"], "words": 0, "save": 0}


# Predictions


def test_probabilities_are_the_classifiers_own(model):
    texts = ["bread and salt", "the loan", "piano", ""]
    chances = model.classifier.predict_proba(texts)
    labels, probabilities = model.predict(texts, k=-1)
    for row, names, values in zip(chances, labels, probabilities, strict=True):
        assert sorted(names) == ["__label__food", "__label__money", "__label__music"]
        by_name = dict(zip(names, values.tolist(), strict=True))
        assert [by_name[f"__label__{name}"] for name in model.classifier.classes_] == row.tolist()
        assert values.tolist() == sorted(values, reverse=True)
        assert values.sum() == pytest.approx(1, abs=1e-5)
    assert model.predict("the loan")[0] == ("__label__money",)


def test_threshold_is_the_least_probability(model):
    labels, probabilities = model.predict(["bread and salt", "loan song"], k=-1, threshold=0.3)
    everything = model.predict(["bread and salt", "loan song"], k=-1)[1]
    assert [len(row) for row in labels] == [len(row) for row in probabilities]
    assert [len(row) for row in probabilities] == [int((row >= 0.3).sum()) for row in everything]


def test_labels_in_a_text_are_not_read(model):
    wanted, probability = model.predict("piano choir")
    found, same = model.predict("__label__money piano __label__food choir")
    assert (found, same.tolist()) == (wanted, probability.tolist())
    vector = model.get_sentence_vector("__label__money piano choir")
    np.testing.assert_array_equal(vector, model.get_sentence_vector("piano choir"))


def test_what_is_no_text_is_refused(model):
    with pytest.raises(DataError, match="predict takes a str or a list of str, found tuple"):
        model.predict(("bread",))
    with pytest.raises(DataError, match="text 1 is of type int, expected str"):
        model.predict(["bread", 3])
    with pytest.raises(DataError, match=r"text 1 has a newline, .* one line at a time"):
        model.predict(["bread", "salt\n"])
    with pytest.raises(LilliputError, match="k=-2: k needs to be 1 or higher, or -1"):
        model.predict("bread", k=-2)


def test_several_labels_a_line_are_judged_one_by_one(multi):
    assert multi.classifier.labels_.mode == "multi"
    labels, probabilities = multi.predict("bread and salt", k=-1)
    assert set(labels) == {"__label__food", "__label__money", "__label__music", "__label__new"}
    assert labels[0] == "__label__food"
    assert probabilities.sum() != pytest.approx(1, abs=1e-3)
    assert multi.get_labels(include_freq=True)[1].tolist() == [30, 20, 15, 15]


def test_precision_and_recall_are_counted_as_fasttext_does(multi, tmp_path):
    path = tmp_path / "test.txt"
    path.write_text("__label__food bread salt __label__never\n__label__never loan\n\nsong\n__label__music bank loan\n")
    assert multi.test(path, k=4) == (2, 2 / 8, 1.0)  # never is not known: its line does not count
    assert multi.test(path) == (2, 0.5, 0.5)
    scores = multi.test_label(path)
    assert scores["__label__food"] == {"precision": 1.0, "recall": 1.0, "f1score": 1.0}
    assert scores["__label__music"]["recall"] == 0.0
    np.testing.assert_equal(scores["__label__new"], {"precision": np.nan, "recall": np.nan, "f1score": np.nan})
    np.testing.assert_equal(multi.test(path, threshold=1.5), (2, np.nan, 0.0))


# Vectors


def test_vectors_are_made_of_the_models_rows(model):
    net = model.classifier.net_
    np.testing.assert_array_equal(model.get_sentence_vector("piano choir"), net.pooled("piano choir"))
    expected = np.zeros(net.width)
    for group, (table, column) in enumerate(zip(net.tables, net.columns, strict=True)):
        for row in net.bag("piano", group)[0].tolist():
            expected[column : column + table.dim] += table.weights(np.array([row]))[0]
    np.testing.assert_allclose(model.get_word_vector("piano"), expected, atol=1e-5)
    assert expected.any()
    assert not model["zzz"].any()


# Training


def test_equal_arguments_give_equal_files(multi, multi_path, tmp_path):
    multi.save_model(tmp_path / "1.safetensors")
    fasttext.train_supervised(multi_path, verbose=0, thread=2).save_model(tmp_path / "2.safetensors")
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()


def test_a_size_is_kept(path, tmp_path):
    small = fasttext.train_supervised(path, autotuneModelSize="4k", verbose=0)
    small.save_model(tmp_path / "m.safetensors")
    assert (tmp_path / "m.safetensors").stat().st_size <= 4000
    with pytest.raises(BudgetError, match="the smallest memory that would do is"):
        fasttext.train_supervised(path, autotuneModelSize=300, verbose=0)


def test_another_prefix_of_labels(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text(lines(prefix="#"), encoding="utf-8")
    fasttext.train_supervised(path, label="#", verbose=0).save_model(tmp_path / "m.safetensors")
    loaded = fasttext.load_model(tmp_path / "m.safetensors")
    assert loaded.labels == ["#food", "#money", "#music"]
    assert loaded.predict("#money the piano")[0] == ("#music",)
    assert loaded.test(path)[0] == 60
    assert lilliput.load(tmp_path / "m.safetensors").labels_.names == ("food", "money", "music")
    with pytest.raises(DataError, match="no line has a label to learn, a word that begins with '__label__'"):
        fasttext.train_supervised(path)
    with pytest.raises(DataError, match="without a prefix every word is a label"):
        fasttext.train_supervised(path, label="")


def test_the_classifier_beneath_learns_on(path, tmp_path):
    model = fasttext.train_supervised(path, verbose=0)
    model.classifier.partial_fit(["red green blue"] * 20 + ["bread salt"] * 20, ["colour"] * 20 + ["food"] * 20)
    assert model.predict(["green blue", "bread salt"])[0] == [["__label__colour"], ["__label__food"]]
    assert model.classifier.explain("green blue").label == "colour"


def test_rare_labels_are_left_out(multi_path):
    model = fasttext.train_supervised(multi_path, minCountLabel=16, verbose=0)
    assert model.labels == ["__label__food", "__label__new"]
    with pytest.raises(DataError, match="the arguments label and minCountLabel"):
        fasttext.train_supervised(multi_path, minCountLabel=100)


def test_bytes_that_are_no_unicode_are_named(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes(b"__label__a fine\n__label__b \xff\n")
    with pytest.raises(DataError, match=r"train.txt, row 2: invalid UTF-8"):
        fasttext.train_supervised(path)


def test_one_warning_names_what_has_no_effect(path):
    with pytest.warns(UserWarning, match=r"no effect here.*: lr, epoch, pretrainedVectors") as caught:
        fasttext.train_supervised(path, lr=1.0, epoch=25, dim=100, pretrainedVectors="x.vec", loss="hs", verbose=0)
    assert [Path(warning.filename) for warning in caught] == [Path(__file__)]


# Arguments


def asked(*values, **named):
    return read_arguments(values, named)


def test_defaults_say_nothing_and_leave_the_choice_to_the_planner():
    assert without_effect(asked(**{**DEFAULTS, "input": "x"})) is None
    assert parameters(asked("x")) == {
        "budget": None, "words": None, "chars": None, "seed": 0, "threads": None, "progress": "auto",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"wordNgrams": 3}, {"words": (1, 3)}),
        ({"word_ngrams": 1}, {"words": (1, 1)}),
        ({"minn": 3, "maxn": 6}, {"chars": (3, 6)}),
        ({"maxn": 3}, {"chars": (1, 3)}),
        ({"minn": 0, "maxn": 0}, {"chars": (0, 0)}),
        ({"minn": 3}, {"chars": (0, 0)}),
        ({"autotuneModelSize": "2M"}, {"budget": Budget(memory=2_000_000)}),
        ({"autotuneModelSize": "300k"}, {"budget": Budget(memory=300_000)}),
        ({"autotuneModelSize": 12345}, {"budget": Budget(memory=12345)}),
        ({"autotuneDuration": 60}, {"budget": None}),
        ({"autotuneValidationFile": "v.txt", "autotuneDuration": 60}, {"budget": Budget(time=60)}),
        ({"autotuneValidationFile": "v.txt"}, {"budget": Budget(time=300)}),
        ({"thread": 3, "seed": 7, "verbose": 0}, {"threads": 3, "seed": 7, "progress": False}),
    ],
)
def test_arguments_become_parameters(named, expected):
    found = parameters(asked("x", **named))
    assert {name: found[name] for name in expected} == expected
    assert TextClassifier(**found).get_params().items() >= expected.items()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"lr": 0.5, "dim": 50, "seed": 3}, "planned from the data: lr, dim$"),
        ({"min_count": 2, "lr_update_rate": 5}, "planned from the data: minCount, lrUpdateRate$"),
        ({"autotuneDuration": 9}, "which needs autotuneValidationFile"),
        ({"autotuneValidationFile": "v.txt", "autotuneDuration": 9}, "^autotuneValidationFile is not read"),
    ],
)
def test_what_has_no_effect_is_said(named, message):
    assert re.search(message, without_effect(asked("x", **named)))


def test_arguments_that_cannot_be_used():
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'epochs'; there are input, lr, dim"):
        asked("x", epochs=3)
    with pytest.raises(TypeError, match="multiple values for argument 'label'"):
        asked("x", label="a", label_prefix="b")
    with pytest.raises(TypeError, match="needs its argument 'input'"):
        asked()
    with pytest.raises(TypeError, match="at most 25 arguments, found 26"):
        asked(*range(1, 27))
    with pytest.raises(LilliputError, match="loss='hinge': expected softmax, ova, hs, ns"):
        asked("x", loss="hinge")
    with pytest.raises(LilliputError, match="wordNgrams=20: n-grams have up to 16 words here"):
        parameters(asked("x", wordNgrams=20))
    with pytest.raises(LilliputError, match="maxn=20: n-grams have up to 16 characters here"):
        parameters(asked("x", maxn=20))
    with pytest.raises(LilliputError, match="autotuneModelSize='2 TB': expected a number of bytes, or such as"):
        parameters(asked("x", autotuneModelSize="2 TB"))


# Lines


@given(
    st.lists(st.one_of(st.sampled_from(["__label__a", "__label__b", "__label__", "x", "</s>"]), st.text(max_size=4))),
    st.sampled_from([" ", "\t", "  "]),
)
def test_a_line_falls_into_labels_and_the_other_words(parts, blank):
    line = blank.join(parts)
    words = fasttext.tokenize(line.replace("\n", " "))
    text, labels = LineParser().parse(line.replace("\n", " "))
    marked = [word for word in words if word.startswith("__label__")]
    assert labels == list(dict.fromkeys(word.removeprefix("__label__") for word in marked))
    assert fasttext.tokenize(text) == [word for word in words if not word.startswith("__label__")]


def test_a_file_is_surveyed(path):
    source = LabelledLines(path)
    assert source.survey() == ({"food": 30, "money": 15, "music": 15}, False)
    assert source.words()["</s>"] == 62
    assert source.words()["the"] == 60


# Model files


def test_a_saved_model_answers_as_before(model, tmp_path):
    model.save_model(tmp_path / "m.bin")
    loaded = fasttext.load_model(str(tmp_path / "m.bin"))
    np.testing.assert_array_equal(loaded.predict("bread", k=3)[1], model.predict("bread", k=3)[1])
    assert loaded.labels == model.labels == ["__label__food", "__label__money", "__label__music"]
    with pytest.raises(LilliputError, match="no list of words; take the words from the training file"):
        loaded.words  # noqa: B018
    plain = lilliput.load(tmp_path / "m.bin")
    assert type(plain) is TextClassifier
    assert plain.predict(["the bread"]).tolist() == ["food"]


def test_files_of_other_parts_of_lilliput(path, tmp_path):
    texts, labels = ["bread salt", "bank loan"] * 20, [1, 2] * 20
    TextClassifier(progress=False).fit(texts, labels).save(tmp_path / "m.safetensors")
    model = fasttext.load_model(tmp_path / "m.safetensors")
    assert model.labels == ["__label__1", "__label__2"]
    assert model.predict("salt")[0] == ("__label__1",)
    with pytest.raises(LilliputError, match="does not know how often its labels occurred"):
        model.get_labels(include_freq=True)
    model.save_model(tmp_path / "again.safetensors")
    with pytest.raises(LilliputError, match="does not know how often its labels occurred"):
        fasttext.load_model(tmp_path / "again.safetensors").get_labels(include_freq=True)


def test_fasttexts_own_files(models, answers, tmp_path):
    text = answers["texts"][4]
    converted = fasttext.load_model(models / "quantised_cutoff.bin")
    converted.save_model(tmp_path / "m.bin")
    for model in (converted, fasttext.load_model(tmp_path / "m.bin")):
        assert isinstance(model, fasttext.FastText)
        assert (
            model.predict(text, k=2)[0] == FastTextClassifier.read(models / "quantised_cutoff.bin").predict(text, 2)[0]
        )
        assert model.labels == model.get_labels()
        assert model.words[0] in model
        np.testing.assert_array_equal(model["fast"], model.get_word_vector("fast"))
        with pytest.raises(LilliputError, match="cannot be quantised here; for a small one, train again"):
            model.quantize(retrain=True)
        with pytest.raises(AttributeError, match=r"Converted has no 'f': it is the C\+\+ object of fastText"):
            model.f  # noqa: B018


def test_files_that_hold_no_labeller(model, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"text")
    with pytest.raises(ModelFileError, match=r"m\.safetensors"):
        fasttext.load_model(path)
    model.save_model(path)
    manifest, arrays = read_model(path)
    kept = {name: array.copy() for name, array in arrays.items()}
    write_model(path, {**manifest, "task": "clusters"}, kept)
    with pytest.raises(ModelFileError, match="a model of task 'clusters', which labels no texts"):
        fasttext.load_model(path)
    write_model(path, {**manifest, "label_prefix": 3}, kept)
    with pytest.raises(ModelFileError, match="3 is no prefix of labels"):
        fasttext.load_model(path)
    write_model(path, manifest, {**kept, "labels.counts": np.zeros(7, dtype=np.uint32)})
    with pytest.raises(ModelFileError, match=r"labels\.counts"):
        fasttext.load_model(path)


def test_models_are_small_from_the_start(model):
    assert model.is_quantized()
    with pytest.warns(UserWarning, match=r"nothing to do: this model is small from the start \(\d.* KB\)"):
        assert model.quantize("train.txt", retrain=True, qnorm=True) is None


def test_names_that_programs_use(model):
    assert isinstance(model, fasttext.FastText._FastText)
    with pytest.raises(AttributeError, match=r"Trained has no 'f': it is the C\+\+ object of fastText"):
        model.f  # noqa: B018
    with pytest.raises(AttributeError, match="'get_nearest_neighbors': it is part of word vectors"):
        model.get_nearest_neighbors("bread")
    with pytest.raises(AttributeError, match="'get_meter': it is nothing that this model has"):
        model.get_meter("test.txt")
