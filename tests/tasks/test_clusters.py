from __future__ import annotations

import json
import lzma
import subprocess
import sys

import numpy as np
import pytest

from lilliput.core import registry
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.data.source import Source
from lilliput.data.write import write_rows
from lilliput.features import exchange
from lilliput.tasks import clusters_fit, clusters_report
from lilliput.tasks.clusters import WordClusters

KINDS = {
    "animals": ["cat", "dog", "horse", "Rabbit", "hen", "漢"],
    "verbs": ["sees", "hears", "likes", "chases", "été"],
    "colours": ["red", "green", "blue", "weiß", "grey"],
    "signs": [".", "!", "?"],
}


def sentences(count=4000, seed=0):
    """Sentences such as "the red cat sees a blue dog!"."""
    generator = np.random.default_rng(seed)
    kinds = ["colours", "animals", "verbs", "colours", "animals", "signs"]
    drawn = [[KINDS[kind][item] for item in generator.integers(len(KINDS[kind]), size=count)] for kind in kinds]
    return [
        f"the {one} {who} {does} a {other} {whom}{end}" for one, who, does, other, whom, end in zip(*drawn, strict=True)
    ]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setitem(registry.TASKS, "clusters", "lilliput.tasks.clusters:WordClusters")
    monkeypatch.setattr(clusters_report, "MOST_SECONDS", 0.0)
    monkeypatch.setattr(clusters_fit, "ready", lambda budget, progress: 0.0)


def model(**more):
    return WordClusters(**{"clusters": 5, "threads": 1, "progress": False, **more})


@pytest.fixture(scope="module")
def fitted():
    return model().fit(sentences())


def test_words_of_a_kind_share_a_cluster(fitted):
    found = [set(fitted.predict(words).tolist()) for words in KINDS.values()]
    assert all(len(clusters) == 1 for clusters in found)
    assert len(set.union(*found)) == 4
    assert fitted.clusters_.dtype == np.int32
    assert len(fitted.words_) == len(fitted.clusters_) == 21
    assert fitted.words_[:2] == ["the", "a"]


def test_words_are_split_and_folded_as_in_running_text(fitted):
    cat, red, dot = fitted.predict(["cat", "red", "."]).tolist()
    found = fitted.predict(["Cat", "CAT ", "non-cat", "red/cat!", "dog-RED", "?!", "WEISS", "e\u0301te\u0301"])
    assert found[:7].tolist() == [cat, cat, cat, cat, red, dot, red]
    assert found[7] == fitted.predict(["sees"])[0]
    assert fitted.predict(["mouse", "", " ", "\ud800"]).tolist() == [-1, -1, -1, dot]  # a lone surrogate is "?"
    assert fitted.predict([]).dtype == np.int32


def test_a_listing_has_the_most_frequent_words_of_each_cluster(fitted):
    listing = fitted.listing(3)
    assert len(listing) == 5
    assert all(len(words) <= 3 for words in listing)
    assert ["the", "a"] in listing
    animals = listing[fitted.predict(["cat"])[0]]
    assert set(animals) < {word.casefold() for word in KINDS["animals"]}


def test_cased_words_are_others():
    found = model(lowercase=False, clusters=4).fit(["The cat. the cat. THE dog"] * 20)
    assert set(found.words_) == {"The", "the", "THE", "cat", "dog", "."}
    assert found.predict(["Cat", "the"]).tolist() == [-1, found.clusters_[found.words_.index("the")]]
    assert found.predict(["un-dog"]) == found.predict(["dog"])


def test_the_report_tells_perplexities_of_texts_held_out(fitted):
    report = fitted.report_
    assert list(report.quality) == ["perplexity", "predictive_perplexity"]
    for measure in report.quality.values():
        assert measure.low <= measure.value <= measure.high
        assert measure.value == pytest.approx((2 * 5 * 6 * 10 * 2 * 5 * 6 * 6) ** (1 / 8), rel=0.01)
    assert "of 4,000 texts" in report.held_out
    assert report.data["rows"] == 4000
    assert report.plan["vocabulary"] == 21
    assert report.fit_seconds > 0
    assert report.throughput > 0
    assert report.file_bytes == len(fitted.to_bytes())


def test_a_saved_model_is_the_same(fitted, tmp_path):
    path = tmp_path / "clusters.safetensors"
    assert fitted.save(path) == fitted.report_.file_bytes
    restored = registry.load(path)
    assert restored.words_ == fitted.words_
    assert (restored.clusters_ == fitted.clusters_).all()
    assert restored.to_bytes() == fitted.to_bytes()
    assert restored.predict(["Cat"]) == fitted.predict(["Cat"])


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_file(fitted, threads):
    assert model(threads=threads).fit(sentences()).to_bytes() == fitted.to_bytes()


def test_files_tables_and_lists_give_the_same(fitted, tmp_path):
    path = tmp_path / "texts.jsonl"
    write_rows(path, ["id", "text"], enumerate(sentences()))
    assert model().fit(Source(path, labelled=False)).to_bytes() == fitted.to_bytes()
    table = {"id": list(range(4000)), "said": sentences()}
    assert (model(text="said").fit(table).clusters_ == fitted.clusters_).all()


def test_prediction_needs_no_compiled_code(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    program = (
        "import sys; from lilliput.core import registry; "
        "registry.TASKS['clusters'] = 'lilliput.tasks.clusters:WordClusters'; "
        "print(registry.load(sys.argv[1]).predict(['Rabbit'])[0], 'numba' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "m")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [str(fitted.predict(["rabbit"])[0]), "False"]


# Bad input


def test_no_texts_and_no_words_are_errors():
    with pytest.raises(DataError, match="no texts to learn from"):
        model().fit([])
    with pytest.raises(DataError, match="no word in 3 texts"):
        model().fit(["", " ", "\n"])
    with pytest.raises(DataError, match=r"no word occurs 5 times \(the most frequent, 'b', 3 times\).*least=3"):
        model().fit(["a b b", "b a"])


def test_a_vocabulary_of_one_word_is_one_cluster():
    found = model().fit(["ha ha ha", "ha"] * 3)
    assert found.listing() == [["ha"]]
    assert found.predict(["HA", "hm"]).tolist() == [0, -1]
    assert "no more than 1 words" in found.report_.notes[0]


def test_more_clusters_than_words_give_each_word_its_own():
    found = model(clusters=1000).fit(sentences())
    assert sorted(found.clusters_.tolist()) == list(range(21))
    assert found.report_.plan["clusters"] == 21


def test_few_texts_are_all_learned_from():
    report = model(least=1).fit(sentences(3)).report_
    assert report.quality == {}
    assert report.held_out.startswith("0 of 3 texts")


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"clusters": 0}, LilliputError, "clusters=0: expected a whole number from 1"),
        ({"clusters": 70_000}, LilliputError, "clusters=70000: expected a whole number from 1 to 65,536"),
        ({"clusters": 2.5}, LilliputError, "clusters=2.5"),
        ({"least": 0}, LilliputError, "least=0"),
        ({"seed": -1}, LilliputError, "seed=-1"),
        ({"lowercase": "no"}, LilliputError, "lowercase='no'"),
        ({"text": 3}, LilliputError, "text=3"),
        ({"threads": 0}, LilliputError, "threads=0"),
        ({"device": "cuda"}, DeviceError, "device='cuda'"),
        ({"budget": "1 parrot"}, BudgetError, "1 parrot"),
    ],
)
def test_parameters_are_checked_before_anything_is_read(parameters, error, message):
    found = model(**parameters)
    with pytest.raises(error, match=message):
        found.fit(sentences(3))
    with pytest.raises(NotFittedError):
        found.predict(["a"])


def test_one_str_is_no_list(fitted):
    with pytest.raises(DataError, match="one str, 'cat'"):
        fitted.predict("cat")
    with pytest.raises(DataError, match="give a list of texts"):
        model().fit("cat")


# Budgets


def test_a_small_file_holds_the_most_frequent_words():
    texts = sentences() + [f"a word{number} " * 2 for number in range(300)] * 3
    whole, small = model().fit(texts), model(budget="2KB").fit(texts)
    assert whole.report_.file_bytes > 3000
    assert 1700 < small.report_.file_bytes <= 2000
    assert small.words_ == whole.words_[: len(small.words_)]
    with pytest.raises(BudgetError, match="no word fits into 500 bytes; the smallest memory that would do is 2KB"):
        model(budget="500B").fit(texts)


def test_a_time_budget_is_kept_or_refused(monkeypatch):
    assert model(budget="60s").fit(sentences()).report_.fit_seconds < 60
    with pytest.raises(BudgetError, match="smallest time"):
        model(budget="0.001s").fit(sentences())
    monkeypatch.setattr(clusters_fit, "MEASURING", 100.0)
    with pytest.raises(BudgetError, match="over before anything was learned"):
        model(budget="60s").fit(sentences())


@pytest.mark.parametrize("sweeps", [1, 3])
def test_ctrl_c_keeps_the_clusters_so_far(monkeypatch, sweeps):
    real, done = exchange.Exchange.sweep, []

    def sweep(self, *arguments):
        done.append(self)
        if len(done) == sweeps:
            raise KeyboardInterrupt
        return real(self, *arguments)

    monkeypatch.setattr("lilliput.features.exchange.Exchange.sweep", sweep)
    found = model()
    with pytest.raises(KeyboardInterrupt):
        found.fit(sentences())
    assert found.interrupted_
    assert len(found.predict(["cat"])) == 1
    assert any("Ctrl-C" in note for note in found.report_.notes)


# Damaged files


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("words", np.frombuffer(b"a\nb", dtype=np.uint8), "21 clusters for 2 words"),
        ("words", np.frombuffer(b"\xff\n" * 20, dtype=np.uint8), "no text in UTF-8"),
        ("words", np.frombuffer(b"a\n" * 20 + b"a", dtype=np.uint8), "21 clusters for 1 words"),
        ("clusters", np.full(21, 5, dtype=np.uint8), "cluster 5 of 5"),
        ("clusters", np.zeros(21, dtype=np.int64), "expected uint8"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(fitted, tmp_path, name, array, message):
    path = tmp_path / "m"
    fitted.save(path)
    manifest, arrays = read_model(path)
    write_model(path, manifest, {**arrays, name: array})
    with pytest.raises(ModelFileError, match=message):
        registry.load(path)


def test_a_file_with_bad_parameters_is_refused(fitted, tmp_path):
    path = tmp_path / "m"
    fitted.save(path)
    manifest, arrays = read_model(path)
    manifest["parameters"]["clusters"] = 0
    write_model(path, manifest, arrays)
    with pytest.raises(ModelFileError, match="clusters=0"):
        registry.load(path)


def test_real_text_gives_clusters_that_make_sense(shared_data):
    texts = []
    with lzma.open(shared_data / "wikipedia" / "enwiki30k.jsonl.xz", "rt", encoding="utf-8") as lines:
        for _, line in zip(range(400), lines, strict=False):
            texts.append(json.loads(line)["text"])
    found = model(clusters=50, least=20).fit(texts)
    for first, second in [("is", "was"), ("1945", "1944"), ("he", "she"), ("north", "south")]:
        assert found.predict([first]) == found.predict([second]), (first, second)
    assert found.report_.quality["perplexity"].value < 250
