from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lilliput.core.errors import DataError, DeviceError, LilliputError, NotFittedError
from lilliput.data.source import Source
from lilliput.nets import pooling
from lilliput.tasks.label import TextClassifier

STRANGE = {
    "nothing": "",
    "spaces": " \t\n ",
    "no n-gram that is known": "qqqq",
    "NUL bytes": "\0rot\0\0das\0",
    "lone surrogates": "rot \ud800 \udfff",
    "emoji": "👩‍👩‍👧‍👦🇩🇪 rot ❤️",
    "ideographs": "红色的 赤い 빨간 rot",
    "right to left": "אדום أحمر rot",
    "combining": "gru\u0308n",
    "a word of 100 KB": "rot" * 33_333,
    "a text of 1 MB": "das rot und " * 90_000,
    "markup": "<b>rot</b> & \\x00 %s {0}",
}


@pytest.fixture
def plain():
    """A model of some options that says nothing while it learns."""
    return lambda **options: TextClassifier(threads=1, progress=False, **options)


# Predicting


def test_what_was_taught_is_predicted(kind, fitted, toy):
    texts, targets = toy(kind, seed=1)
    found = fitted(kind).predict(texts)
    if kind == "soft":
        wanted = [[target[name] for name in fitted(kind).classes_] for target in targets]
        assert np.abs(found - wanted).mean() < 0.1
    elif kind == "multi":
        assert np.mean([sorted(row) == target for row, target in zip(found, targets, strict=True)]) > 0.9
    else:
        assert np.mean(found == targets) > 0.97


def test_probabilities_have_a_column_a_class(kind, fitted, toy):
    model = fitted(kind)
    texts, targets = toy(kind)
    chances = model.predict_proba(texts)
    assert chances.dtype == np.float32
    assert chances.shape == (len(texts), len(model.classes_))
    assert ((chances >= 0) & (chances <= 1)).all()
    if isinstance(targets[0], str):
        np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
        assert model.classes_.tolist() == sorted(set(targets))
        assert model.predict(texts).tolist() == model.classes_[chances.argmax(axis=1)].tolist()


def test_the_order_of_the_texts_is_kept(kind, fitted, toy):
    model, (texts, _) = fitted(kind), toy(kind, 50)
    many = texts * 200  # several pieces of work
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    for threads in (1, 3):
        model.set_params(threads=threads)
        np.testing.assert_allclose(model.predict_proba(many), np.tile(alone, (200, 1)), atol=1e-6)
    model.set_params(threads=1)


def test_plain_code_and_kernels_agree(kind, fitted, toy):
    net, (texts, _) = fitted(kind).net_, toy(kind, 100)
    texts += [text for name, text in STRANGE.items() if "B" not in name]
    np.testing.assert_allclose(net.logits(texts), pooling.logits(net, texts, 2), atol=1e-5, rtol=1e-5)


def test_plain_code_and_kernels_agree_on_long_words(fitted):
    net, word = fitted("two labels").net_, STRANGE["a word of 100 KB"]
    # 300,000 float32 terms: the kernel adds them one by one, NumPy in pairs
    np.testing.assert_allclose(net.logits([word]), pooling.logits(net, [word], 1), rtol=5e-3)


def test_no_texts_no_labels(kind, fitted):
    model = fitted(kind)
    assert len(model.predict([])) == 0
    assert model.predict_proba([]).shape == (0, len(model.classes_))


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_any_text_is_answered(fitted, text):
    model = fitted("twelve labels")
    chances = model.predict_proba([text, "das rot"])
    assert np.isfinite(chances).all()
    np.testing.assert_allclose(chances[1], model.predict_proba(["das rot"])[0], atol=1e-6)
    assert model.predict([text])[0] in model.classes_
    if "rot" in text:
        assert chances[0, model.classes_ == "rot"] > 1 / 12


def test_a_text_without_ngrams_gets_what_is_true_of_all(fitted):
    model = fitted("two labels")
    assert len(set(map(tuple, model.predict_proba(["", " ", "\0"]).tolist()))) == 1


def test_below_abstain_there_is_no_label(fresh, toy):
    model, (texts, _) = fresh("twelve labels"), toy("twelve labels", 30)
    texts = [*texts, "", "qqqq"]
    always = model.predict(texts)
    best = model.predict_proba(texts).max(axis=1)
    assert best.min() < 0.6
    found = model.set_params(abstain=0.6).predict(texts)
    assert found.dtype == object
    assert found.tolist() == [label if chance >= 0.6 else None for label, chance in zip(always, best, strict=True)]
    assert model.set_params(abstain=0.0).predict(texts).tolist() == always.tolist()


def test_below_abstain_there_are_fewer_labels(fresh, toy):
    model, (texts, _) = fresh("multi"), toy("multi", 50)
    chances = model.predict_proba(texts)
    for abstain in (0.0, 0.9, 1.0):
        least = max(abstain, model.threshold_)
        expected = [
            [name for name, chance in zip(model.classes_, row, strict=True) if chance >= least] for row in chances
        ]
        assert model.set_params(abstain=abstain).predict(texts) == expected


@pytest.mark.parametrize(
    ("names", "kind"), [((1, 2, 3), "i"), ((7, 8), "i"), ((0.5, 1.5), "f"), ((False, True), "b"), ((-1, 10**18), "i")]
)
def test_numbers_as_labels_come_back_as_numbers(plain, toy, names, kind):
    texts, labels = toy("two labels", 60)
    if len(names) == 3:
        texts, labels = [*texts, *["egal sonst"] * 20], [*labels, *["zzz"] * 20]
    wanted = [names[sorted(set(labels)).index(label)] for label in labels]
    model = plain().fit(texts, np.array(wanted) if kind == "i" else wanted)
    assert model.classes_.dtype.kind == kind
    assert model.classes_.tolist() == sorted(names)
    found = model.predict(texts)
    assert found.dtype.kind == kind
    assert np.mean(found == wanted) > 0.95
    assert model.set_params(abstain=1.0).predict(["qqqq"]).tolist() == [None]


def test_numbers_among_several_labels_too(plain):
    model = plain().fit(["eins", "zwei", "eins zwei", "nichts"] * 20, [[1], [2], [1, 2], []] * 20)
    assert model.predict(["eins zwei", "zwei", "nichts"]) == [[1, 2], [2], []]


# Explaining


@pytest.mark.parametrize("name", ["two labels", "twelve labels", "linear", "embedding", "multi"])
@pytest.mark.parametrize("colour", ["rot", "grün"])
def test_the_word_that_tells_the_label_spoke_for_it(fitted, name, colour):
    model = fitted(name)
    why = model.explain(f"das {colour} und nur")
    assert why.label == colour
    assert why.probability == pytest.approx(float(model.predict_proba([f"das {colour} und nur"])[0].max()))
    assert why.probability > 0.5
    says = dict(why.speaks_for)
    assert says[colour] > 0
    assert (
        not says.keys() & {"das", "und", "nur"}
        or max(says[word] for word in says.keys() & {"das", "und", "nur"}) < says[colour]
    )


@pytest.mark.parametrize("name", ["two labels", "linear", "embedding", "multi"])
def test_and_against_the_others(fitted, name):
    why = fitted(name).explain("das rot und nur", label="grün")
    assert why.label == "grün"
    assert why.probability < 0.5
    assert dict(why.speaks_against)["rot"] < 0
    assert "rot" not in dict(why.speaks_for)


@pytest.mark.parametrize("name", ["two labels", "linear", "embedding", "multi", "soft"])
def test_what_is_said_is_ranked_and_adds_up_to_the_log_odds(fitted, name):
    model = fitted(name)
    text = "das rot und viel grün, wenigrot vielgrün"
    why = model.explain(text, label="grün", most=10**6)
    for says in (why.speaks_for, [(ngram, -value) for ngram, value in why.speaks_against]):
        assert says == sorted(says, key=lambda item: -item[1])
        assert all(value > 0 for _, value in says)
    number = model.classes_.tolist().index("grün")
    raw = model.net_.logits([text])[0] - model.net_.layers.bias
    single = model.labels_.mode == "single"
    raw = (raw[0] if number else -raw[0]) if len(raw) == 1 else raw[number] - (raw.mean() if single else 0)
    total = sum(value for _, value in [*why.speaks_for, *why.speaks_against])
    assert total == pytest.approx(raw / model.calibration_.temperature, abs=1e-4)
    assert model.explain(text, label="grün", most=2).speaks_for == why.speaks_for[:2]


def test_nothing_speaks_where_nothing_is_known(fitted):
    why = fitted("twelve labels").explain("")
    assert (why.speaks_for, why.speaks_against) == ([], [])


@pytest.mark.parametrize("X", [["a"], [], np.array(["a"]), None, 3, {"text": ["a"]}], ids=str)
def test_one_text_is_explained_at_a_time(fitted, X):
    with pytest.raises(LilliputError, match=r"explain takes one text, a str, and was given .*; call it"):
        fitted("linear").explain(X)


def test_an_unknown_label_cannot_be_explained(fitted):
    with pytest.raises(LilliputError, match="'pink' is none of the labels; there are blau, grün, rot"):
        fitted("linear").explain("das rot", label="pink")


# What people hand over


def tables():
    texts, labels = [f"das rot {n}" for n in range(20)] + [f"und blau {n}" for n in range(20)], ["r"] * 20 + ["b"] * 20
    columns = {"body": texts, "colour": labels, "n": list(range(40))}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {"pandas": pd.DataFrame(columns), "polars": pl.DataFrame(columns), "columns": columns, "rows": rows}


@pytest.mark.parametrize("table", tables().values(), ids=tables())
def test_tables_are_welcome(plain, table):
    model = plain(text="body", target="colour").fit(table)
    columns = tables()["columns"]
    assert model.predict(table).tolist() == columns["colour"]
    assert model.score(table) == 1
    assert model.to_bytes() == plain(text="body", target="colour").fit(columns["body"], columns["colour"]).to_bytes()
    assert model.partial_fit(table).score(table) == 1


def test_a_model_of_tables_takes_plain_texts_too(plain):
    model = plain(text="body", target="colour").fit(tables()["pandas"])
    assert model.predict(["das rot", "und blau"]).tolist() == ["r", "b"]
    assert model.explain("das rot").label == "r"
    assert model.score(["das rot"], ["r"]) == 1


def test_arrays_series_and_iterators_are_welcome(plain):
    columns = tables()["columns"]
    texts, labels = columns["body"], columns["colour"]
    expected = plain().fit(texts, labels).to_bytes()
    for X, y in (
        (np.array(texts), np.array(labels)),
        (pd.Series(texts, index=range(40, 80)), pd.Series(labels).astype("category")),
        (pl.Series(texts), tuple(labels)),
        (iter(texts), iter(labels)),
    ):
        assert plain().fit(X, y).to_bytes() == expected


def test_soft_targets_may_be_a_matrix_or_a_frame(plain):
    texts = ["eins", "zwei", "drei", "vier"] * 10
    matrix = np.tile([[0.1, 0.9], [0.9, 0.1], [0.5, 0.5], [0.0, 1.0]], (10, 1))
    model = plain().fit(texts, matrix)
    assert (model.labels_.mode, model.classes_.tolist()) == ("soft", ["0", "1"])
    assert np.abs(model.predict(texts) - matrix).mean() < 0.15
    assert plain().fit(texts, pd.DataFrame(matrix, columns=["joy", "fear"])).classes_.tolist() == ["fear", "joy"]


def test_the_kind_of_targets_may_be_said(plain):
    texts = ["eins", "zwei"] * 20
    assert plain(targets="multi").fit(texts, [["a"], ["b"]] * 20).predict(["eins"]) == [["a"]]
    assert plain(targets="single").fit(texts, [["a"], ["b"]] * 20).predict(["eins"]).tolist() == ["a"]


def test_several_labels_may_come_late(plain):
    texts = ["eins", "zwei"] * 30 + ["eins und zwei"] * 20
    model = plain().fit(texts, [["a"], ["b"]] * 30 + [["a", "b"]] * 20)
    assert model.predict(["eins", "eins und zwei"]) == [["a"], ["a", "b"]]


def test_one_label_of_several_is_enough(plain):
    model = plain().fit(["eins", "nichts"] * 30, [["a"], []] * 30)
    assert model.predict(["eins", "nichts"]) == [["a"], []]


@pytest.mark.parametrize("rows", [2, 3, 5, 9])
def test_a_handful_of_rows_will_do(plain, rows):
    texts, labels = ["alpha beta", "gamma delta"] * rows, ["x", "y"] * rows
    model = plain().fit(texts[:rows], labels[:rows])
    assert model.predict(["alpha beta", "gamma delta"]).tolist() == ["x", "y"]
    assert "nothing" in model.report_.held_out or model.report_.quality


def test_rare_labels_count_more_when_balanced(plain):
    generator = np.random.default_rng(0)
    words = [f"w{number}" for number in range(30)]
    texts = [" ".join(generator.choice(words, size=6)) for _ in range(400)]
    labels = ["rare" if row % 10 == 0 else "often" for row in range(400)]
    texts = [
        f"{text} hinweis" if label == "rare" or row % 5 == 1 else text
        for row, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    found = {
        balanced: np.mean(plain(balanced=balanced).fit(texts, labels).predict_proba(texts)[:, 1])
        for balanced in (False, True)
    }
    assert found[True] > 1.3 * found[False]


# What cannot be used


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([], [], "there are no texts to learn from; give at least one row"),
        (["a"] * 20, ["x"] * 20, "every row has the same label, 'x'"),
        (["a", "b", "c"], ["x", "y"], "X has 3 rows and y has 2; give one target for each text"),
        (iter(["a", "b", "c"]), ["x", "y"], "X has 3 rows and y has 2"),
        (["a", None], ["x", "y"], r"X\[1\]: there is no text"),
        (["a", 3.5], ["x", "y"], r"X\[1\]: 3\.5 is a number, where a text was expected"),
        (["a", "b"], ["x", None], r"y\[1\]: there is no label"),
        (["a", "b"], ["x", 1], "row 2: the label 1 is a whole number, but 'x' before it is text"),
        (["a", "b"], None, "y is None; give a list of targets, one for each text"),
        (iter(["a", "b"]), None, "y is None; give a list of targets"),
        ("a text", ["x"], "X is one str; give a list of texts"),
        (["", "  "] * 10, ["x", "y"] * 10, "the texts hold nothing to learn from"),
        (["a", "b"], [{"x": 2.0}, {"x": 0.0}], r"y\[0\]: the value of 'x' is 2\.0, not between 0 and 1"),
        ({"text": ["a"], "label": ["x"], "n": [1]}, None, "every row has the same label"),
        ({"txt": ["a"], "label": ["x"]}, None, "X has the columns 'txt', 'label'; say which one holds the texts"),
    ],
)
def test_data_that_cannot_be_used_is_refused(plain, X, y, message):
    model = plain()
    with pytest.raises(DataError, match=message):
        model.fit(X, y)
    assert not model.__sklearn_is_fitted__()


def test_files_without_targets_teach_nothing(plain, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text\neins\nzwei\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"texts\.csv: text 'text' has no targets to learn from; name their column"):
        plain().fit(Source(path, labelled=False))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"network": "convolution"}, "network='convolution': expected 'auto', 'linear' or 'embedding'"),
        ({"targets": "several"}, 'targets=\'several\': expected "single", "multi" or "soft"'),
        ({"abstain": 1.5}, r"abstain=1\.5: expected a probability between 0 and 1"),
        ({"abstain": -0.1}, r"abstain=-0\.1: expected a probability"),
        ({"abstain": float("nan")}, "abstain=nan: expected a probability"),
        ({"abstain": "0.9"}, r"abstain=0\.9: expected a probability"),
        ({"words": (2, 1)}, r"words=\(2, 1\): expected \(shortest, longest\) from 1 to 16, or \(0, 0\) for none"),
        ({"words": (0, 2)}, r"words=\(0, 2\)"),
        ({"words": 2}, "words=2: expected"),
        ({"words": "12"}, "words='12': expected"),
        ({"words": (1.0, 2.0)}, r"words=\(1\.0, 2\.0\): expected"),
        ({"chars": (1, 17)}, r"chars=\(1, 17\): expected"),
        ({"chars": (1, 2, 3)}, r"chars=\(1, 2, 3\): expected"),
        ({"words": (0, 0), "chars": [0, 0]}, r"words=\(0, 0\) and chars=\(0, 0\) leave nothing to learn from"),
        ({"abstain": True}, "abstain=True: expected a probability"),
        ({"balanced": "yes"}, "balanced='yes': expected True or False"),
        ({"text": 1}, "text=1: expected the name of a column"),
        ({"seed": -1}, "seed=-1: expected a whole number from 0 on"),
        ({"seed": "one"}, "seed='one': expected a whole number"),
        ({"budget": "1 elephant"}, "budget '1 elephant' is not an amount and a unit"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(plain, options, message):
    with pytest.raises(LilliputError, match=message):
        plain(**options).fit(["eins", "zwei"] * 10, ["a", "b"] * 10)


def test_threads_and_devices_that_are_not_there_are_refused():
    rows = (["eins", "zwei"] * 10, ["a", "b"] * 10)
    with pytest.raises(LilliputError, match="threads=0: give 1 or more"):
        TextClassifier(threads=0, progress=False).fit(*rows)
    with pytest.raises(DeviceError, match="device='cuda': labelling texts runs on the processor"):
        TextClassifier(device="cuda", progress=False).fit(*rows)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict(["a"]),
        lambda model: model.predict_proba(["a"]),
        lambda model: model.explain("a"),
        lambda model: model.score(["a"], ["b"]),
        lambda model: model.classes_,
        lambda model: model.save("nowhere"),
    ],
)
def test_before_fit_there_is_nothing_to_ask(plain, ask):
    with pytest.raises(NotFittedError, match="this TextClassifier has learned nothing yet: call fit first"):
        ask(plain())


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a text", r"X is one str; give a list of texts, \[text\] for one"),
        ([None], r"X\[0\]: there is no text"),
        ([3], "where a text"),
    ],
)
def test_texts_that_cannot_be_read_are_not_predicted(fitted, X, message):
    with pytest.raises(DataError, match=message):
        fitted("linear").predict(X)


# Scoring


def test_scores_are_accuracy_f1_and_the_error(fitted, toy):
    for name in ("twelve labels", "multi"):
        assert 0.9 < fitted(name).score(*toy(name, seed=2)) <= 1
    assert -0.15 < fitted("soft").score(*toy("soft", seed=2)) < 0


def test_labels_never_seen_count_as_wrong(fitted, toy):
    texts, labels = toy("linear", 100, seed=2)
    before = fitted("linear").score(texts, labels)
    assert fitted("linear").score([*texts, *texts], [*labels, *["pink"] * 100]) == pytest.approx(before / 2)
