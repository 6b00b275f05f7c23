from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import Segmenter, load
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.features.graphemes import shape
from lilliput.features.pieces import pieces
from lilliput.tasks import segment_bulk, segment_plain
from lilliput.tasks.segment_source import Segments, read_segments

WORDS = ["今天", "天氣", "好", "不", "中華民國", "我們", "去", "台北", "三", "百", "年", "。", "iPhone", "大學生"]
FAMILY = "👩\u200d👩\u200d👧"
CONLLU = (
    "# text = Vámonos al mar\n1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_\n1\tVamos\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "2\tnos\t_\t_\t_\t_\t_\t_\t_\t_\n3-4\tal\t_\t_\t_\t_\t_\t_\t_\t{0}\n3\ta\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "4\tel\t_\t_\t_\t_\t_\t_\t_\t_\n5\tmar\t_\t_\t_\t_\t_\t_\t_\t_\n5.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
)


def toy(count, seed=0):
    generator = np.random.default_rng(seed)
    return [[str(word) for word in generator.choice(WORDS, size=generator.integers(2, 9))] for _ in range(count)]


def documents(count, seed=0):
    """Sentences that end in a full stop, with abbreviations inside that have one too."""
    generator = np.random.default_rng(seed)
    names, verbs = ["Mr. Smith", "Dr. Jones", "Ann", "St. Paul"], ["came", "left", "spoke to Prof. Lee"]
    return [f"{generator.choice(names)} {generator.choice(verbs)}{generator.choice(['.', '!'])}" for _ in range(count)]


def fit(**options):
    return Segmenter(budget="50KB", progress=False, **{"threads": 1, **options}).fit(toy(300))


@pytest.fixture(scope="module")
def segmenter():
    return fit()


@pytest.fixture(scope="module")
def sentences():
    return Segmenter("sentence", budget="50KB", threads=1, progress=False).fit(documents(400))


def test_words_are_found(segmenter):
    assert segmenter.score(toy(100, seed=1)) > 0.97
    assert segmenter.predict(["我們今天去台北。", "中華民國三百年"]) == [
        ["我們", "今天", "去", "台北", "。"],
        ["中華民國", "三", "百", "年"],
    ]


def test_spaces_are_borders_and_words_stand_where_they_are_said_to(segmenter):
    text = " 今 天\t天氣 \n好 "
    found = segmenter.spans(text)
    assert [word.text for word in found] == ["今", "天", "天氣", "好"]
    assert all(text[word.start : word.end] == word.text for word in found)
    assert [word.probability for word in found] == [1, 1, 1, 1]
    assert not "".join(text[a.end : b.start] for a, b in pairwise(found)).strip()


def test_borders_have_chances(segmenter):
    chances = dict(segmenter.borders("我們去"))
    assert list(chances) == [0, 1, 2]
    assert chances[0] == 1
    assert chances[1] < 0.2
    assert chances[2] > 0.8


def test_sentences_end_where_they_end_and_not_at_abbreviations(sentences):
    text = "Mr. Smith came. Dr. Jones spoke to Prof. Lee! Ann left."
    assert sentences.predict([text]) == [["Mr. Smith came.", "Dr. Jones spoke to Prof. Lee!", "Ann left."]]
    assert sentences.predict(["Ann came\n\nAnn left"]) == [["Ann came", "Ann left"]]
    assert sentences.score(documents(100, seed=1)) > 0.95
    assert "sentences 400" in str(sentences.report_)


@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000"])
def test_a_text_without_anything_has_no_segments(segmenter, sentences, text):
    for model in (segmenter, sentences):
        assert model.predict([text, "好"])[0] == []
        assert model.spans(text) == []
        assert model.borders(text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"今天{FAMILY}{FAMILY}好🇫🇷🇹🇼",
        "cafe\u0301e\u0301今e\u0301",
        "كتاب今天好ספר",
        "ที่นี่กำ",
        "한국어\u1112\u1161\u11ab",
        "a\u200d\u200db\0今",
        "\ud800今天",
    ],
)
def test_graphemes_are_never_cut_and_nothing_is_lost(segmenter, text):
    for repeated in (text, text * 30):  # few, and many
        (words,) = segmenter.predict([repeated])
        assert "".join(words) == repeated
        starts = set(shape(repeated).starts)
        assert {word.start for word in segmenter.spans(repeated)} <= starts


@settings(max_examples=40)
@given(text=st.text(st.sampled_from("今天氣好三。a B.!\n\u0301\u200dé👩0\u3000กำ"), max_size=25))
def test_plain_python_and_kernels_agree_and_lose_nothing(segmenter, sentences, text):
    for model in (segmenter, sentences):
        found = [pieces(text, model.unit)]
        plain, bulk = (module.answers(model, [text], found)[0] for module in (segment_plain, segment_bulk))
        np.testing.assert_array_equal(plain.begun, bulk.begun)
        np.testing.assert_allclose(plain.chances, bulk.chances, atol=1e-5)
        edges = [0, *(edge for segment in model.spans(text) for edge in (segment.start, segment.end)), len(text)]
        assert edges == sorted(edges)
        assert not "".join(text[first:last] for first, last in zip(edges[::2], edges[1::2], strict=True)).strip()


def test_one_text_may_be_very_long(segmenter):
    (found,) = segmenter.predict(["我們去台北。" * 8_400])
    assert "".join(found) == "我們去台北。" * 8_400


def test_the_report_tells_quality_and_cost(segmenter):
    report = segmenter.report_
    assert report.quality["word_f1"].value > 0.95
    assert report.quality["border_f1"].low > 0.9
    assert report.quality["calibration_error"].value < 0.1
    assert report.plan["operations a character"] > 0
    assert report.plan["lexicon"].startswith("7 words in")
    assert report.file_bytes == len(segmenter.to_bytes()) <= 50_000
    assert "30 of 300 texts" in str(report)


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bytes(segmenter, threads):
    assert fit(threads=threads).to_bytes() == segmenter.to_bytes()


def test_a_saved_segmenter_says_the_same(segmenter, sentences, tmp_path):
    texts = ["".join(words) for words in toy(50, seed=2)]
    for model in (segmenter, sentences):
        path = tmp_path / "model.safetensors"
        assert model.save(path) == path.stat().st_size
        again = load(path)
        assert again.predict(texts) == model.predict(texts)
        assert again.to_bytes() == model.to_bytes()
        assert pickle.loads(pickle.dumps(model)).predict(texts) == model.predict(texts)


def test_a_cold_process_needs_no_compiler_and_says_the_same(segmenter, tmp_path):
    path = tmp_path / "seg.safetensors"
    segmenter.save(path)
    text = "我們今天去台北。"
    code = (
        f"import lilliput, sys; model = lilliput.load({str(path)!r}); found = model.spans({text!r});"
        "print(*[(w.start, round(w.probability, 3)) for w in found], 'numba' in sys.modules, sep=';')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = [(word.start, round(word.probability, 3)) for word in segmenter.spans(text)]
    assert done.stdout.strip() == ";".join(map(str, [*expected, False]))


@pytest.mark.parametrize(
    ("train", "text", "expected"),
    [([["天"], ["氣"]] * 20, "天氣", ["天", "氣"]), ([["天氣"]], "天氣", ["天氣"]), ([["好"]], "好", ["好"])],
    ids=["words of one character", "one word", "one character"],
)
def test_little_to_learn_from(train, text, expected):
    assert Segmenter(progress=False).fit(train).predict([text]) == [expected]


def test_a_border_within_a_grapheme_is_left_out_and_told():
    model = Segmenter(progress=False).fit([["e", "\u0301", "今天好"]] * 20)
    assert model.predict(["e\u0301今天好"]) == [["e\u0301", "今天好"]]
    assert "20 borders of the training texts lie within a piece" in str(model.report_)


def test_words_of_scripts_with_spaces_are_joined_by_spaces():
    model = Segmenter(progress=False).fit([Segments(["do", "n't", "go", "!"], [False, True, False, False])] * 40)
    assert model.predict(["don't go!"]) == [["do", "n't", "go", "!"]]
    assert model.score([["do", "go"]]) == 1  # parted by a space


def refused(error, match, X, **options):
    model = Segmenter(progress=False, **options)
    with pytest.raises(error, match=match):
        model.fit(X)
    assert not model.__sklearn_is_fitted__()


def test_bad_input_is_said_and_leaves_no_model(segmenter):
    refused(DataError, "there is no text with words to learn from", [])
    refused(DataError, "there is no text with sentences to learn from", [[]], unit="sentence")
    refused(DataError, "text 1: expected its words as a list of str, found 'a text'", ["a text"])
    refused(DataError, "text 2: expected its words", [["a"], [1]])
    refused(DataError, "text 1: 'a b' is empty or has spaces", [["a b"]])
    refused(DataError, "the sentence ' a' is empty or has spaces at its ends", [" a"], unit="sentence")
    refused(LilliputError, "unit='line': expected 'word' or 'sentence'", toy(5), unit="line")
    refused(DeviceError, "segmenting runs on the processor", toy(5), device="cuda")
    refused(BudgetError, r"the smallest memory that would do is \d+(\.\d+)?KB", toy(50), budget="300B")
    with pytest.raises(DataError, match="expected a text"):
        segmenter.predict([["今天"]])
    with pytest.raises(DataError, match="there are no words to score"):
        segmenter.score([])


def test_a_latency_that_cannot_be_kept_leaves_the_segmenter_as_it_was(segmenter):
    model = pickle.loads(pickle.dumps(segmenter)).set_params(budget="50KB,0.0001ms")
    with pytest.raises(BudgetError, match="smallest latency"):
        model.fit(toy(40))
    assert model.predict(["今天好"]) == [["今天", "好"]]


def test_the_smallest_budget_that_an_error_names_will_do():
    with pytest.raises(BudgetError) as caught:
        Segmenter(budget="300B", progress=False).fit(toy(50))
    assert Segmenter(budget=caught.value.smallest, progress=False).fit(toy(50)).report_.file_bytes > 0


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0},
        {"temperature": "x"},
        {"lexicon": False},
        {"lexicon": 1},
        {"net": {"groups": [], "shared": True, "outputs": 4}},
        {"parameters": {"unit": "line"}},
    ],
)
def test_a_foreign_manifest_is_refused(segmenter, tmp_path, change):
    path = tmp_path / "seg.safetensors"
    segmenter.save(path)
    manifest, arrays = read_model(path)
    write_model(path, {**manifest, **change}, {name: array.copy() for name, array in arrays.items()})
    with pytest.raises(ModelFileError, match=r"seg\.safetensors"):
        load(path)


@pytest.mark.parametrize("name", ["lexicon.value_map.slots", "lexicon.value_map.header", "layers.bias", "transitions"])
def test_a_file_that_lacks_a_part_is_refused(segmenter, tmp_path, name):
    path = tmp_path / "seg.safetensors"
    segmenter.save(path)
    manifest, arrays = read_model(path)
    write_model(path, manifest, {key: array.copy() for key, array in arrays.items() if key != name})
    with pytest.raises(ModelFileError, match=r"seg\.safetensors"):
        load(path)


def test_a_damaged_file_is_refused(segmenter, tmp_path):
    path = tmp_path / "seg.safetensors"
    segmenter.save(path)
    data = bytearray(path.read_bytes())
    data[-9] ^= 64
    path.write_bytes(data)
    with pytest.raises(ModelFileError):
        load(path)


@pytest.mark.parametrize(("misc", "spaces"), [("_", None), ("SpaceAfter=No", [True, False, True])])
def test_conllu_gives_the_words_as_they_stand_in_the_text(tmp_path, misc, spaces):
    path = tmp_path / "some.conllu"
    path.write_text(CONLLU.format(misc), encoding="utf-8")
    assert list(read_segments(path, "word")) == [Segments(["Vámonos", "al", "mar"], spaces)]
    assert list(read_segments(path, "sentence")) == [Segments(["Vámonos al mar"])]


def test_a_form_with_a_space_is_two_words(tmp_path):
    path = tmp_path / "some.conllu"
    path.write_text("1\t10 000\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n2\t%\t_\t_\t_\t_\t_\t_\t_\t_\n\n")
    assert list(read_segments(path, "word")) == [Segments(["10", "000", "%"], [True, False, True])]


def test_plain_text_has_a_sentence_a_line(tmp_path):
    path = tmp_path / "some.txt"
    path.write_text("今天 好\n\n不  好\n", encoding="utf-8")
    assert list(read_segments(path, "word")) == [Segments(["今天", "好"]), Segments(["不", "好"])]
    assert list(read_segments(path, "sentence")) == [Segments(["今天 好"]), Segments(["不  好"])]
    path.write_text("\n \n", encoding="utf-8")
    with pytest.raises(DataError, match=r"some\.txt holds no text"):
        list(read_segments(path, "word"))
    with pytest.raises(DataError, match="segments are read from CoNLL-U"):
        read_segments("some.csv", "word")


def test_conllu_without_a_column_is_refused(tmp_path):
    path = tmp_path / "some.conllu"
    path.write_text("1\t今天\n\n", encoding="utf-8")
    with pytest.raises(DataError, match="2 columns instead of 10"):
        list(read_segments(path, "word"))


def test_a_segmenter_is_a_scikit_learn_estimator(segmenter):
    from sklearn.base import clone

    assert clone(segmenter).get_params() == segmenter.get_params()
    assert segmenter.get_params()["unit"] == "word"


def test_real_sentences(shared_data):
    folder = shared_data / "pos" / "UD_Chinese-GSD"
    train, dev = (list(read_segments(folder / f"{part}.conllu.xz", "word")) for part in ("train", "dev"))
    model = Segmenter(budget="200KB", threads=2, progress=False).fit(train[:600])
    assert len(model.to_bytes()) <= 200_000
    found = model.score(dev)
    assert found > 0.8
    assert abs(found - model.report_.quality["word_f1"].value) < 0.04
