"""Model files of text classifiers: saved, loaded, and refused when they are not what they should be."""

from __future__ import annotations

import json
from copy import deepcopy

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from lilliput import load
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks.label import TextClassifier

JUNK = (None, True, -1, 0, 3, 2.5, 1e300, 2**40, "", "x", "2", [], [1], {}, {"a": 1})
STRANGE = ["", "das rot", "wenigrot vielgrün", "\0 \ud800", "👩‍👩‍👧‍👦 红"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture(scope="session")
def saved(fitted):
    """Manifest and arrays of the model of a kind, as in its file; free to be changed."""

    def make(name):
        model = fitted(name)
        return json.loads(json.dumps(model._full_manifest())), dict(model._arrays())

    return make


def test_a_saved_and_loaded_model_is_the_same(kind, fitted, toy, path):
    model, texts = fitted(kind), [*toy(kind, 60, seed=3)[0], *STRANGE]
    assert model.save(path) == path.stat().st_size
    loaded = load(path)
    assert isinstance(loaded, TextClassifier)
    assert np.array_equal(loaded.predict_proba(texts), model.predict_proba(texts))
    assert str(loaded.predict(texts)) == str(model.predict(texts))
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert loaded.explain("das rot") == model.explain("das rot")
    assert (loaded.labels_, loaded.calibration_, loaded.threshold_) == (
        model.labels_,
        model.calibration_,
        model.threshold_,
    )
    assert loaded.interrupted_ is False
    assert loaded.to_bytes() == path.read_bytes()


def test_parameters_and_report_come_back(toy, options, path):
    model = TextClassifier(budget="6KB", abstain=0.3, words=(1, 1), seed=4, progress=False).fit(*toy("two labels"))
    model.save(path)
    loaded = load(path)
    assert {name: value for name, value in loaded.get_params().items() if name not in ("words", "progress")} == {
        name: value for name, value in model.get_params().items() if name not in ("words", "progress")
    }
    assert tuple(loaded.words) == (1, 1)
    assert loaded.report_.quality == model.report_.quality
    assert loaded.report_.file_bytes == path.stat().st_size == model.report_.file_bytes
    assert loaded.report_.fit_seconds is None


@pytest.mark.parametrize("words", [(0, 0), (1, 3)])
def test_a_loaded_model_can_be_fitted_again(toy, path, words):
    rows = toy("two labels")
    model = TextClassifier(words=words, threads=1, progress=False).fit(*rows)
    model.save(path)
    again = load(path).set_params(threads=1, progress=False).fit(*rows)
    assert np.array_equal(again.predict_proba(rows[0]), model.predict_proba(rows[0]))


@pytest.mark.parametrize("names", [("a\0b", "ü 😀\n"), (1, -(10**20)), (0.1, 1e300), (True, False), ("", "x" * 5000)])
def test_any_labels_come_back(toy, path, names):
    texts, labels = toy("two labels", 60)
    if "" in names:
        names = (" ", names[1])
    TextClassifier(progress=False).fit(texts, [names[label == "rot"] for label in labels]).save(path)
    assert set(load(path).classes_.tolist()) == set(names)


def test_any_safetensors_reader_can_open_it(kind, fitted, path):
    fitted(kind).save(path)
    arrays = fitted(kind)._arrays()
    read = load_file(path)
    assert read.keys() == arrays.keys()
    assert all(np.array_equal(read[name], array) and read[name].dtype == array.dtype for name, array in arrays.items())
    with safe_open(path, "numpy") as file:
        assert json.loads(file.metadata()["lilliput"])["task"] == "label"


def test_nothing_in_the_file_is_of_one_machine(fitted, path):
    fitted("linear").save(path)
    manifest, _ = read_model(path)
    measured = {"fit_seconds", "latency_p50_ms", "latency_p95_ms", "throughput", "peak_memory_bytes", "threads"}
    assert not measured & manifest["report"].keys()
    assert manifest["report"]["versions"].keys() == {"lilliput", "python", "numpy", "numba"}
    assert manifest["parameters"].keys().isdisjoint({"threads", "device", "progress"})
    assert manifest["report"]["data"]["rows"] == 240
    assert len(manifest["report"]["data"]["fingerprint"]) == 16


# Files that are not what they should be


def test_no_flipped_byte_goes_unseen(toy, path):
    model = TextClassifier("4KB", threads=1, progress=False).fit(*toy("two labels"))
    data = model.to_bytes()
    generator = np.random.default_rng(0)
    for place in {*range(120), *generator.integers(0, len(data), size=400).tolist(), len(data) - 1}:
        damaged = bytearray(data)
        damaged[place] ^= int(generator.integers(1, 256))
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError, match=r"model\.safetensors (is|was|has|holds)|header|manifest|arrays"):
            load(path)


def test_no_cut_goes_unseen(fitted, path):
    data = fitted("two labels").to_bytes()
    for length in {*range(30), *range(30, len(data), 61), len(data) - 1}:
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError, match=r"model\.safetensors (is|has)"):
            load(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(ModelFileError, match="is damaged: its checksum does not match"):
        load(path)


ARRAYS = {
    "no map": (lambda a: a.pop("group0.map"), "the array 'group0.map' is missing"),
    "no codes": (lambda a: a.pop("group1.codes"), "the array 'group1.codes' is missing"),
    "no scales": (lambda a: a.pop("group1.scales"), "the array 'group1.scales' is missing"),
    "no bias": (lambda a: a.pop("layers.bias"), "the array 'layers.bias' is missing"),
    "no labels": (lambda a: a.pop("labels.text"), "the array 'labels.text' is missing"),
    "no offsets": (lambda a: a.pop("labels.offsets"), "the array 'labels.offsets' is missing"),
    "few codes": (lambda a: a.update({"group0.codes": a["group0.codes"][:-1]}), r"'group0.codes' is uint8 of shape"),
    "signed codes": (lambda a: a.update({"group0.codes": a["group0.codes"].view(np.int8)}), "'group0.codes' is int8"),
    "many scales": (lambda a: a.update({"group0.scales": np.ones(7777, np.float16)}), "'group0.scales' is float16"),
    "wide scales": (lambda a: a.update({"group0.scales": a["group0.scales"].astype(np.float32)}), "is float32 of"),
    "other rows": (lambda a: a.update({"group0.map": ~a["group0.map"]}), "'group0.codes' is uint8 of shape"),
    "small map": (lambda a: a.update({"group0.map": a["group0.map"][:4]}), "'group0.map' is uint64 of shape"),
    "flat bias": (lambda a: a.update({"layers.bias": a["layers.bias"][None]}), "'layers.bias' is float32 of shape"),
    "more biases": (lambda a: a.update({"layers.bias": np.zeros(99, np.float32)}), "'layers.bias' is float32 of shape"),
    "fewer labels": (lambda a: a.update({"labels.offsets": a["labels.offsets"][:-1]}), "'labels.offsets' is int64"),
    "cut labels": (lambda a: a.update({"labels.text": a["labels.text"][:-1]}), "the labels are cut wrongly"),
    "mixed labels": (lambda a: a.update({"labels.offsets": a["labels.offsets"][::-1]}), "the labels are cut wrongly"),
    "no text": (lambda a: a["labels.text"].fill(255), "does not describe a text classifier"),
    "hidden": (lambda a: a.update({"layers.hidden": np.zeros((2, 2), np.float32)}), "'layers.hidden' is float32 of"),
    "half hidden": (lambda a: a.update({"layers.hidden": a["x"]}), "'layers.hidden_bias' is missing"),
    "code beyond the levels": (lambda a: a.update({"group1.codes": a["group1.codes"] | 255}), "the code 255, beyond"),
    "endless scale": (lambda a: a["group0.scales"].fill(np.inf), "'group0.scales' holds numbers that are not finite"),
    "no number": (lambda a: a["layers.bias"].fill(np.nan), "'layers.bias' holds numbers that are not finite"),
    "output": (lambda a: a.update({"layers.output": np.zeros((2, 2), np.float32)}), "'layers.output' is float32 of"),
}


@pytest.mark.parametrize("name", ["linear", "embedding"])
@pytest.mark.parametrize("change", ARRAYS)
def test_arrays_that_do_not_fit_are_refused(saved, path, name, change):
    manifest, arrays = saved(name)
    arrays = {key: array.copy() for key, array in arrays.items()}
    make, message = ARRAYS[change]
    if change == "half hidden":
        arrays["x"] = np.zeros((3 if name == "linear" else 32, 5), np.float32)
    make(arrays)
    arrays.pop("x", None)
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=message):
        load(path)


def test_an_embedding_without_its_last_layer_is_refused(saved, path):
    manifest, arrays = saved("embedding")
    del arrays["layers.output"]
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match="the net gives 32 values where 3 outputs are expected"):
        load(path)


@pytest.mark.parametrize("half", [0x0F, 0xF0])
def test_a_code_beyond_the_levels_is_refused_in_four_bits_too(wordy, path, half):
    model = TextClassifier("5KB", threads=1, progress=False).fit(*wordy())
    assert {table.bits for table in model.net_.tables} == {4}
    arrays = {name: array.copy() for name, array in model._arrays().items()}
    arrays["group1.codes"][3] |= half
    write_model(path, model._full_manifest(), arrays)
    with pytest.raises(ModelFileError, match=r"the array 'group1\.codes' holds the code 15, beyond the levels"):
        load(path)


MANIFESTS = {
    "no net": (lambda m: m.pop("net"), "does not describe a text classifier"),
    "no labels": (lambda m: m.pop("labels"), "does not describe a text classifier"),
    "no calibration": (lambda m: m.pop("calibration"), "does not describe a text classifier"),
    "no threshold": (lambda m: m.pop("threshold"), "does not describe a text classifier"),
    "no report": (lambda m: m.pop("report"), "does not describe a TextClassifier"),
    "no parameters": (lambda m: m.pop("parameters"), "does not describe a TextClassifier"),
    "more parameters": (lambda m: m["parameters"].update(colour=1), "does not describe a TextClassifier"),
    "no groups": (lambda m: m["net"].update(groups=[]), r"the net has tables \[\] wide"),
    "shared for some": (lambda m: m["net"]["groups"][0].update(dim=5), r"the net has tables \[5, 3\] wide"),
    "odd bits": (lambda m: m["net"]["groups"][0].update(code_bits=5), "group 0 has 3 weights of 5 bits a row"),
    "few buckets": (lambda m: m["net"]["groups"][0].update(bits=3), r"group 0 has .* 2\^3 buckets"),
    "other unit": (lambda m: m["net"]["groups"][0].update(unit="byte"), "is no group of n-grams"),
    "long n-grams": (lambda m: m["net"]["groups"][0].update(high=99), "is no group of n-grams"),
    "other mode": (lambda m: m["labels"].update(mode="ranked"), "mode 'ranked' are not known here"),
    "other type": (lambda m: m["labels"].update(type="complex"), "labels of type 'complex'"),
    "no numbers": (lambda m: m["labels"].update(type="int"), "does not describe a text classifier"),
    "cold": (lambda m: m["calibration"].update(temperature=0), "temperature=0, .* cannot be used"),
    "all floor": (lambda m: m["calibration"].update(floor=1.0), "cannot be used"),
    "other calibration": (lambda m: m["calibration"].update(beta=1), "does not describe a text classifier"),
    "threshold of text": (lambda m: m.update(threshold="0.5"), r"the threshold 0\.5 cannot be used"),
    "budget of nothing": (
        lambda m: m["parameters"].update(budget="none at all"),
        "budget 'none at all' is not an amount",
    ),
    "sure beyond doubt": (lambda m: m["parameters"].update(abstain=2), "parameters .* cannot be used .*abstain=2"),
    "abstain of text": (lambda m: m["parameters"].update(abstain="0.5"), "parameters .* cannot be used"),
    "other network": (lambda m: m["parameters"].update(network="deep"), "network='deep'"),
    "words of text": (lambda m: m["parameters"].update(words="12"), "words='12'"),
    "other targets": (lambda m: m["parameters"].update(targets="some"), "targets='some'"),
    "seed of text": (lambda m: m["parameters"].update(seed="one"), "seed='one'"),
    "half balanced": (lambda m: m["parameters"].update(balanced=0.5), r"balanced=0\.5: expected True or False"),
    "column of no name": (lambda m: m["parameters"].update(text=["a"]), r"text=\['a'\]: expected the name of a column"),
    "other task": (lambda m: m.update(task="paint"), "holds a model of task 'paint'; this lilliput knows label"),
}


@pytest.mark.parametrize("change", MANIFESTS)
def test_manifests_that_do_not_fit_are_refused(saved, path, change):
    manifest, arrays = saved("linear")
    make, message = MANIFESTS[change]
    make(manifest)
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match=message):
        load(path)


def test_a_newer_format_is_refused(saved, path, monkeypatch):
    monkeypatch.setattr("lilliput.core.modelfile.FORMAT", 2)
    write_model(path, *saved("linear"))
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match=r"written by a newer lilliput \(format 2.*: upgrade"):
        load(path)


def places(value, before=()):
    """Where a manifest holds something, from the outside in."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*before, key)
        yield from places(value[key], (*before, key))


@pytest.mark.parametrize("name", ["two labels", "embedding"])
@pytest.mark.parametrize("part", ["net", "labels", "calibration", "threshold", "task", "parameters"])
def test_junk_in_a_manifest_is_refused_or_harmless(saved, path, name, part):
    manifest, arrays = saved(name)
    for place in places({part: manifest[part]}):
        for junk in JUNK:
            changed = deepcopy(manifest)
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = junk
            write_model(path, changed, arrays)
            try:
                model = load(path)
            except ModelFileError:
                continue
            assert np.isfinite(model.net_.logits(["das rot"])).all()
            assert model.predict_proba(["das rot", ""]).shape == (2, len(model.classes_))
            assert model.explain("das rot").label in model.classes_


def test_a_model_that_cannot_be_written_leaves_the_old_one(fitted, path):
    fitted("linear").save(path)
    before = path.read_bytes()
    with pytest.raises(LilliputError, match="could not be written"):
        fitted("multi").save(path / "inside")
    assert path.read_bytes() == before
