from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lilliput import SequenceTagger, load
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.data.conllu import sentence_of
from lilliput.data.sentences import read_sentences

NOUNS, VERBS = [f"noun{number}" for number in range(12)], [f"verb{number}" for number in range(12)]
POS = Path(__file__).parents[2] / "../shared/data/pos"


def toy(count, seed=0):
    """Words and tags of sentences in which "saw" is a noun after "the" and a verb after a noun."""
    generator = np.random.default_rng(seed)
    words = [["the", generator.choice([*NOUNS, "saw"]), generator.choice([*VERBS, "saw"]), "."] for _ in range(count)]
    return [list(map(str, sentence)) for sentence in words], [["DET", "NOUN", "VERB", "PUNCT"]] * count


@pytest.fixture(scope="module")
def tagger():
    return SequenceTagger(budget="50KB", threads=1, progress=False).fit(*toy(300))


def test_words_are_tagged_by_what_they_are_and_where_they_stand(tagger):
    words, tags = toy(100, seed=1)
    assert tagger.score(words, tags) > 0.97
    assert tagger.predict([["the", "saw", "saw", "."], []]) == [["DET", "NOUN", "VERB", "PUNCT"], []]
    assert tagger.classes_.tolist() == ["DET", "NOUN", "PUNCT", "VERB"]


def test_a_raw_text_is_cut_and_tagged_with_its_places(tagger):
    text = "The noun1 saw.  The saw verb2!"
    found = tagger.tag(text)
    assert [token.tag for token in found][:4] == ["DET", "NOUN", "VERB", "PUNCT"]
    assert all(text[token.start : token.end] == token.token for token in found)
    assert all(0 < token.probability <= 1 for token in found)
    assert tagger.tag("  ") == []


def test_sentences_keep_all_but_their_tags(tagger):
    given = sentence_of(["the", "saw"], comments=["# x"], lemma=["the", "saw"])
    (found,) = tagger.predict_sentences([given])
    assert found.to_conllu() == given.with_column("upos", ["DET", "NOUN"]).to_conllu()
    assert len(found.probability) == 2


def test_the_report_tells_quality_and_cost(tagger):
    report = tagger.report_
    assert report.quality["accuracy"].value > 0.95
    assert report.quality["calibration_error"].value < 0.1
    assert report.plan["operations a token"] > 0
    assert report.file_bytes == len(tagger.to_bytes()) <= 50_000
    assert "30 of 300 sentences" in str(report)


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bytes(tagger, threads):
    again = SequenceTagger(budget="50KB", threads=threads, progress=False).fit(*toy(300))
    assert again.to_bytes() == tagger.to_bytes()


def test_a_saved_tagger_says_the_same(tagger, tmp_path):
    path = tmp_path / "pos.safetensors"
    assert tagger.save(path) == path.stat().st_size
    again = load(path)
    words, _ = toy(50, seed=2)
    assert again.predict(words) == tagger.predict(words)
    assert again.tag("The saw.") == tagger.tag("The saw.")
    assert again.to_bytes() == tagger.to_bytes()
    assert pickle.loads(pickle.dumps(tagger)).predict(words) == tagger.predict(words)


def test_a_cold_process_tags_without_a_compiler(tagger, tmp_path):
    path = tmp_path / "pos.safetensors"
    tagger.save(path)
    code = (
        f"import lilliput, sys; found = lilliput.load({str(path)!r}).predict([['the', 'saw', 'saw', '.']]);"
        "print(*found[0], 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["DET", "NOUN", "VERB", "PUNCT", "False"]


def test_fitting_again_forgets_the_tags_before(tagger):
    other = SequenceTagger(budget="50KB", progress=False).fit(*toy(60))
    other.predict([["the"]])
    other.fit([["a", "b"]] * 60, [["X", "Y"]] * 60)
    assert other.predict([["a", "b"]]) == [["X", "Y"]]


def refused(model, error, match, X, y=None):
    with pytest.raises(error, match=match):
        model.fit(X, y)
    assert not model.__sklearn_is_fitted__()


def test_bad_input_is_said_and_leaves_no_model():
    def new(**parameters):
        return SequenceTagger(progress=False, **parameters)

    words, tags = toy(50)
    refused(new(), DataError, "0 tokens with 0 different tags", [], [])
    refused(new(), DataError, "1 different tags; there is nothing to tell apart", [["a"]] * 9, [["X"]] * 9)
    refused(new(), DataError, "sentence 1 has 2 tokens and 1 tags", [["a", "b"]], [["X"]])
    refused(new(), DataError, "expected a list of tokens, found 'a text'", ["a text"], [["X"]])
    refused(new(), DataError, "sentences without tags", words)
    refused(new(), DataError, r"sentence 1 .* the token 'b' has no upos", [sentence_of(["a", "b"], upos=["X", "_"])])
    refused(new(budget="300B"), BudgetError, r"the smallest memory that would do is \d+KB", words, tags)
    refused(new(budget=None, device="cuda"), DeviceError, "tagging runs on the processor", words, tags)
    refused(new(column="form"), DataError, "form", words, tags)


def test_a_latency_that_cannot_be_kept_leaves_the_tagger_as_it_was(tagger):
    model = pickle.loads(pickle.dumps(tagger)).set_params(budget="50KB,0.0001ms")
    with pytest.raises(BudgetError, match="smallest latency"):
        model.fit(*toy(40))
    assert model.predict([["the", "saw"]]) == [["DET", "NOUN"]]


def test_tag_takes_a_text_and_predict_sentences(tagger):
    with pytest.raises(LilliputError, match="tag takes one text, not list; use predict"):
        tagger.tag(["a"])
    with pytest.raises(DataError, match="expected a list of tokens, found 'the saw'"):
        tagger.predict(["the saw"])


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0},
        {"temperature": "x"},
        {"labels": {"type": "int", "mode": "single"}},
        {"net": {"groups": [], "shared": True, "outputs": 4}},
        {"parameters": {"column": "form"}},
    ],
)
def test_a_foreign_manifest_is_refused(tagger, tmp_path, change):
    path = tmp_path / "pos.safetensors"
    tagger.save(path)
    manifest, arrays = read_model(path)
    write_model(path, {**manifest, **change}, {name: array.copy() for name, array in arrays.items()})
    with pytest.raises(ModelFileError, match=r"pos\.safetensors"):
        load(path)


def test_one_sentence_may_be_very_long(tagger):
    (found,) = tagger.predict([["the", "saw", "saw", "."] * 12_500])
    assert len(found) == 50_000


def test_real_sentences():
    if not POS.is_dir():
        pytest.skip("the shared treebanks are not here")
    train = list(read_sentences(POS / "UD_Afrikaans-AfriBooms" / "train.conllu.xz"))[:600]
    test = list(read_sentences(POS / "UD_Afrikaans-AfriBooms" / "test.conllu.xz"))[:200]
    model = SequenceTagger(budget="200KB", threads=2, progress=False).fit(train)
    assert len(model.to_bytes()) <= 200_000
    assert model.score(test) > 0.88
    assert model.report_.quality["accuracy"].value > 0.88


def test_a_word_may_have_no_features():
    words, tags = toy(60)
    feats = [["_" if tag == "PUNCT" else f"Kind={tag}" for tag in sentence] for sentence in tags]
    model = SequenceTagger(budget="50KB", column="feats", progress=False).fit(words, feats)
    assert model.predict([["the", "noun1", "verb1", "."]]) == [["Kind=DET", "Kind=NOUN", "Kind=VERB", "_"]]
