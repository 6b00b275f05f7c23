"""`LanguageIdentifier`: words and sentences, unknown languages, files, parameters."""

from __future__ import annotations

import subprocess
import sys
from copy import copy
from itertools import pairwise
from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lilliput
from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError, DataError, LilliputError, ModelFileError
from lilliput.core.modelfile import write_model
from lilliput.data.source import Source
from lilliput.features.graphemes import shape
from lilliput.tasks.language import LanguageIdentifier

WORDS = {
    "de": ["der", "hund", "läuft", "durch", "den", "garten", "und", "schläft", "grünen", "kind"],
    "en": ["the", "dog", "runs", "through", "a", "garden", "and", "sleeps", "green", "child"],
    "he": ["הכלב", "רץ", "בגן", "הירוק", "עם", "הילד", "ישן", "כלב"],
    "zh": ["那只", "狗", "在", "绿色", "的", "花园", "里", "跑步", "孩子", "睡觉"],
}


@pytest.fixture(scope="module")
def language_rows():
    """Made-up sentences and their languages."""
    random = Random(0)
    rows = [
        (("" if language == "zh" else " ").join(random.choices(words, k=8)), language)
        for _ in range(60)
        for language, words in WORDS.items()
    ]
    return tuple(map(list, zip(*rows, strict=True)))


@pytest.fixture(scope="module")
def language_model(language_rows):
    """A model of four languages; not to be changed."""
    return LanguageIdentifier("50KB", threads=1, progress=False).fit(*language_rows)


def changed(model, **params):
    """A model that has learned the same, with other parameters."""
    return copy(model).set_params(**params)


def test_words_pairs_and_sentences_are_told(language_model):
    texts = ["garten", "garden", "der hund", "the dog", "הכלב", "花园", "the dog runs through the garden"]
    assert language_model.predict(texts).tolist() == ["de", "en", "de", "en", "he", "zh", "en"]
    assert language_model.classes_.tolist() == ["de", "en", "he", "zh"]


@pytest.mark.parametrize("text", ["", " ", "1984", "?!", "\N{GRINNING FACE}", "12.5 %"])
def test_without_letters_every_language_is_as_probable(language_model, text):
    assert language_model.predict([text]).tolist() == [None]
    assert language_model.predict_proba([text]).tolist() == [[0.25] * 4]


def test_probabilities_add_up_to_one(language_model):
    chances = language_model.predict_proba(["der", "the dog", "", "狗狗"])
    assert chances.dtype == np.float32
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)


def test_below_the_threshold_the_language_is_unknown(language_model):
    texts = ["der hund läuft durch den garten", "der the"]
    sure, unsure = language_model.predict_proba(texts).max(axis=1)
    assert sure > unsure
    strict = changed(language_model, unknown=float(sure + unsure) / 2)
    assert strict.predict(texts).tolist() == ["de", None]
    assert strict.abstain == strict.unknown


def test_a_saved_model_answers_the_same(language_model, tmp_path):
    path = tmp_path / "m.safetensors"
    language_model.save(path)
    restored = lilliput.load(path)
    texts = ["der hund", "the dog", "狗", "7"]
    assert isinstance(restored, LanguageIdentifier)
    assert restored.to_bytes() == language_model.to_bytes()
    np.testing.assert_array_equal(restored.predict_proba(texts), language_model.predict_proba(texts))


def test_a_damaged_threshold_in_a_file_is_refused(language_model, tmp_path):
    path = tmp_path / "m.safetensors"
    changed(language_model, unknown=7.0).save(path)
    with pytest.raises(ModelFileError, match="cannot be used"):
        lilliput.load(path)


def test_the_same_seed_gives_the_same_bytes_for_any_threads(language_rows, language_model):
    for threads in (1, 2, 3):
        other = LanguageIdentifier("50KB", threads=threads, progress=False).fit(*language_rows)
        assert other.to_bytes() == language_model.to_bytes()


def test_another_seed_another_model(language_rows, language_model):
    other = LanguageIdentifier("50KB", seed=1, progress=False).fit(*language_rows)
    assert other.to_bytes() != language_model.to_bytes()


def test_the_budget_is_kept(language_model):
    assert language_model.report_.task == "language"
    assert len(language_model.to_bytes()) <= 50_000
    assert language_model.report_.quality["accuracy"].value > 0.9


def test_a_budget_that_is_too_small_names_the_smallest(language_rows):
    with pytest.raises(BudgetError, match="the smallest memory that would do is"):
        LanguageIdentifier("2KB", progress=False).fit(*language_rows)


def test_one_file_a_language_is_rows_with_that_language(language_rows, language_model, tmp_path):
    by_language: dict[str, list[str]] = {}
    for text, language in zip(*language_rows, strict=True):
        by_language.setdefault(language, []).append(text)
    for language, texts in by_language.items():
        (tmp_path / f"{language}.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    paths = [tmp_path / f"{language}.txt" for language in by_language]
    model = LanguageIdentifier("50KB", progress=False).fit(Source(paths))
    assert model.predict(["der hund", "the dog"]).tolist() == ["de", "en"]
    assert model.score(Source(paths)) > 0.95


def test_a_table_is_read_by_its_columns(language_rows):
    texts, languages = language_rows
    table = {"line": texts, "spoken": languages}
    model = LanguageIdentifier("50KB", text="line", target="spoken", progress=False).fit(table)
    assert model.predict({"line": ["der hund"]}).tolist() == ["de"]
    assert model.predict(["the dog"]).tolist() == ["en"]


def test_a_new_language_can_be_learned_later(language_rows, language_model):
    model = changed(language_model).partial_fit(
        ["le chien court dans le jardin vert", *language_rows[0][:40]] * 5, ["fr", *language_rows[1][:40]] * 5
    )
    assert "fr" in model.classes_
    assert model.predict(["le chien court dans le jardin"]).tolist() == ["fr"]


@pytest.mark.parametrize(
    ("texts", "languages", "message"),
    [
        (["ein hund", "eine katze"], ["de", "de"], "nothing to tell apart"),
        (["ein hund", "a dog"], ["de", 7], "row 2: found 7, expected one language as text"),
        (["ein hund", "a dog"], ["de", ["en", "de"]], "row 2: found .*expected one language"),
        (["ein hund"], ["de", "en"], "X has 1 rows and y has 2"),
        (["12", "...", ""], ["de", "en", "en"], "there are no texts|there are no labels"),
    ],
)
def test_unusable_rows_are_refused(texts, languages, message):
    with pytest.raises(DataError, match=message):
        LanguageIdentifier(progress=False).fit(texts, languages)


@pytest.mark.parametrize("unknown", [-0.1, 2, "much", float("nan")])
def test_an_impossible_threshold_is_refused(language_rows, unknown):
    with pytest.raises(LilliputError, match=r"unknown=.*expected a probability"):
        LanguageIdentifier(unknown=unknown, progress=False).fit(*language_rows)


def test_scikit_learn_can_clone_it():
    base = pytest.importorskip("sklearn.base", reason="needs scikit-learn")
    model = base.clone(LanguageIdentifier(budget="1MB", unknown=0.5))
    assert repr(model) == "LanguageIdentifier(budget='1MB', unknown=0.5)"
    assert "targets" not in model.get_params()


def shown(model, text):
    return [(text[span.start : span.end], span.language) for span in model.spans(text)]


def test_one_language_is_one_span(language_model):
    text = "der hund läuft durch den garten"
    (span,) = language_model.spans(text)
    assert (span.start, span.end, span.language) == (0, len(text), "de")
    assert span.probability == language_model.predict_proba([text]).max()
    assert span.share == 1


def test_two_languages_are_two_spans(language_model):
    german, english = "der hund läuft durch den garten und ", "the dog runs through the green garden"
    assert shown(language_model, german + english) == [(german, "de"), (english, "en")]
    assert language_model.shares(german + english) == {"de": 0.5, "en": 0.5}


def test_right_to_left_and_text_without_spaces(language_model):
    hebrew, chinese = "הכלב רץ בגן הירוק עם הילד ", "那只狗在绿色的花园里跑步。"
    assert shown(language_model, hebrew + chinese) == [(hebrew, "he"), (chinese, "zh")]


@pytest.mark.parametrize("text", ["12 34", "...", "\N{GRINNING FACE} \N{GRINNING FACE}", " "])
def test_without_letters_the_language_is_unknown(language_model, text):
    (span,) = language_model.spans(text)
    assert span[:3] == (0, len(text), None)
    assert language_model.shares(text) == {}


def test_an_empty_text_has_no_spans(language_model):
    assert language_model.spans("") == []
    assert language_model.shares("") == {}


@settings(max_examples=30)
@given(
    st.lists(
        st.sampled_from(["der hund ", "the dog ", "הכלב ", "那只狗", "e\u0301 ", "\U0001f468\u200d\U0001f469", "7 "])
    )
)
def test_spans_cover_the_text_and_cut_no_grapheme(language_model, parts):
    text = "".join(parts)
    spans = language_model.spans(text)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert {span.start for span in spans} <= set(shape(text).starts)
    assert all(before.language != after.language for before, after in pairwise(spans))
    assert sum(language_model.shares(text).values()) == pytest.approx(float(any(map(str.isalpha, text))))


def test_a_long_text_is_no_trouble(language_model):
    text = "der hund läuft durch den garten " * 2000 + "the dog runs through the garden " * 2000
    assert [span.language for span in language_model.spans(text)] == ["de", "en"]


def test_learning_and_telling_take_no_compiler(tmp_path):
    program = """
import sys
from lilliput import LanguageIdentifier, load
rows = ["ein hund läuft", "a dog runs", "狗在花园里"] * 40
model = LanguageIdentifier("20KB", progress=False).fit(rows, ["de", "en", "zh"] * 40)
model.save(sys.argv[1])
assert load(sys.argv[1]).predict(rows * 20).tolist() == ["de", "en", "zh"] * 800
assert load(sys.argv[1]).spans("ein hund läuft a dog runs")[1].language == "en"
print("numba" in sys.modules, end="")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "m.safetensors")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False"


def test_ctrl_c_keeps_what_was_read(language_rows):
    texts, languages = language_rows
    model = LanguageIdentifier(progress=False)

    def batches():
        yield texts, languages
        raise KeyboardInterrupt

    with patch.object(model, "_batches", lambda X, y: batches()), pytest.raises(KeyboardInterrupt):
        model.fit(texts, languages)
    assert model.interrupted_
    assert model.predict(["der hund"]).tolist() == ["de"]
    assert "ended early" in model.report_.notes[0]


def test_ctrl_c_before_there_are_two_languages_leaves_nothing(language_rows):
    model = LanguageIdentifier(progress=False)

    def batches():
        yield ["ein hund"], ["de"]
        raise KeyboardInterrupt

    with patch.object(model, "_batches", lambda X, y: batches()), pytest.raises(KeyboardInterrupt):
        model.fit(*language_rows)
    assert not model.__sklearn_is_fitted__()


def test_a_time_that_is_over_is_refused(language_rows):
    with pytest.raises(BudgetError, match="the smallest time that would do"):
        LanguageIdentifier(Budget(time=0.001), progress=False).fit(*language_rows)


DAMAGE = {
    "owners": lambda owners: owners ^ np.uint8(1 << 7),
    "totals": lambda totals: -totals,
    "levels": lambda levels: levels * np.nan,
    "biases": lambda biases: biases[:-1],
    "means": lambda means: means[:-1],
    "map": lambda words: words[:-1],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_arrays_that_do_not_fit_are_refused(language_model, tmp_path, name):
    arrays = language_model._arrays()
    arrays[name] = DAMAGE[name](arrays[name])
    path = tmp_path / "m.safetensors"
    write_model(path, language_model._full_manifest(), arrays)
    with pytest.raises(ModelFileError):
        lilliput.load(path)


@pytest.mark.parametrize(("key", "value"), [("step", 0.0), ("power", 7.0), ("low", 1e9), ("ngrams", {"unit": "word"})])
def test_numbers_that_do_not_fit_are_refused(language_model, tmp_path, key, value):
    manifest = language_model._full_manifest()
    path = tmp_path / "m.safetensors"
    write_model(path, {**manifest, "net": {**manifest["net"], key: value}}, language_model._arrays())
    with pytest.raises(ModelFileError):
        lilliput.load(path)
