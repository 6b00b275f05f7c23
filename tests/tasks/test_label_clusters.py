"""Word clusters as features of a text classifier."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lilliput import TextClassifier, WordClusters, load
from lilliput.core.errors import LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks.clusters import Clustering

KNOWN, NEW = 12, 12
GOOD = [f"gut{letter}" for letter in "abcdefghijklmnopqrstuvwx"]
BAD = [f"bos{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWX"]


@pytest.fixture(scope="module")
def clustering():
    """Two clusters, and a third of words that say nothing."""
    words = [*GOOD, *(word.casefold() for word in BAD), "der", "die", "das"]
    return Clustering(words, np.repeat([0, 1, 2], [len(GOOD), len(BAD), 3]).astype(np.int32))


def rows(first, last, count=200):
    """Texts with one telling word each, out of those from `first` to `last`."""
    generator = np.random.default_rng(first)
    texts, labels = [], []
    for number in range(count):
        good = number % 2 == 0
        telling = (GOOD if good else BAD)[generator.integers(first, last)]
        texts.append(" ".join(generator.permutation([telling, "der", "die", "das", "und"])))
        labels.append("good" if good else "bad")
    return texts, labels


@pytest.fixture(scope="module")
def model(clustering):
    return fitted(clustering)


def fitted(clusters, **options):
    options = {"budget": "40KB", "chars": (0, 0), "threads": 1, "progress": False, "clusters": clusters, **options}
    return TextClassifier(**options).fit(*rows(0, KNOWN))


def test_words_never_seen_are_known_by_their_cluster(model):
    unseen = rows(KNOWN, KNOWN + NEW)
    assert fitted(None).score(*unseen) < 0.7
    assert model.score(*unseen) == 1
    assert "cluster 1-1" in model.report_.plan["groups"]
    says = dict(model.explain(f"das {GOOD[-1]}", "good").speaks_for)
    assert f"~{GOOD[-1]}" in says


def test_the_file_holds_what_it_needs_and_nothing_of_the_path(model, tmp_path):
    path = tmp_path / "m.safetensors"
    assert model.save(path) <= 40_000
    again = load(path)
    assert again.clusters is None
    texts, _ = rows(KNOWN, KNOWN + NEW, 20)
    np.testing.assert_array_equal(again.predict_proba(texts), model.predict_proba(texts))
    program = f"import sys, lilliput; print(*lilliput.load({str(path)!r}).predict({texts!r}), 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*model.predict(texts), "False"]


def test_any_number_of_threads_and_any_way_to_name_the_clusters_give_the_same_file(model, clustering, tmp_path):
    fitted_clusters = WordClusters(3, progress=False)
    fitted_clusters.fit([" ".join(clustering.words)] * 6)
    fitted_clusters.clustering_ = clustering
    path = tmp_path / "clusters.safetensors"
    fitted_clusters.save(path)
    for threads, clusters in ((2, str(path)), (3, path), (2, fitted_clusters)):
        assert fitted(clusters, threads=threads).to_bytes() == model.to_bytes()


def test_a_small_budget_keeps_the_most_frequent_words(clustering):
    many = Clustering([*clustering.words, *(f"x{number}" for number in range(20_000))], np.zeros(20_051, np.int32))
    small = fitted(many, budget="20KB")
    assert len(small.to_bytes()) <= 20_000
    assert 0 < len(small.net_.clusters) < 5000
    assert small.net_.clusters.nbytes < 0.25 * 20_000


def test_learning_goes_on_with_the_clusters_that_the_file_holds(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    more = load(path).set_params(threads=1, progress=False)
    more.partial_fit([f"{word} neu" for word in GOOD[:6] * 20], ["new"] * 120)
    assert len(more.to_bytes()) <= 40_000
    assert more.predict([f"{GOOD[-1]} neu"]).tolist() == ["new"]


def test_what_holds_no_clusters_is_refused(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    with pytest.raises(LilliputError, match=r"holds a model of task 'label'; give one of `fit clusters`"):
        fitted(path)
    with pytest.raises(LilliputError, match=r"clusters=7: expected the path of a file of `fit clusters`"):
        fitted(7)
    with pytest.raises(ModelFileError, match="none\\.safetensors"):
        fitted(str(tmp_path / "none.safetensors"))
    with pytest.raises(NotFittedError):
        fitted(WordClusters())


@pytest.mark.parametrize("name", ["value_map.header", "value_map.bits", "value_map.slots"])
def test_a_file_without_its_clusters_or_with_wrong_ones_is_refused(model, tmp_path, name):
    path = tmp_path / "m.safetensors"
    model.save(path)
    manifest, arrays = read_model(path)
    for change in ({}, {name: arrays[name][:-1]}, {name: arrays[name].astype(np.int16)}):
        write_model(path, manifest, {key: array for key, array in arrays.items() if key != name} | change)
        with pytest.raises(ModelFileError, match=r"m\.safetensors"):
            load(path)
