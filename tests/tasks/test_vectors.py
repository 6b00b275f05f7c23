from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from lilliput import WordVectors, load
from lilliput.core.errors import DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.retrieval.nearest import nearest
from lilliput.tasks.vectors_parameters import check_parameters
from lilliput.tasks.vectors_quality import ranks, spearman
from lilliput.tasks.vectors_sets import kind_of, read_analogies, read_similarity

WORDS = ["king", "queen", "man", "woman", "Rome", "Italy", "Paris", "France", "zero"]
GENDER, ROYAL, CITY, TOWN, LAND = np.eye(5)
ROWS = np.array(
    [
        ROYAL + GENDER, ROYAL - GENDER, GENDER, -GENDER,
        CITY + TOWN, CITY + LAND, -CITY + TOWN, -CITY + LAND, np.zeros(5),
    ]
)  # fmt: skip
QUESTIONS = """: family
man woman king queen
woman man queen king
man woman king Rome
: capitals
Rome Italy Paris France
Rome Italy Berlin Germany
"""


@pytest.fixture
def vectors():
    return WordVectors.of(WORDS, ROWS, counts=[9, 8, 7, 6, 5, 4, 3, 2, 1])


def test_vectors_answer(vectors):
    assert len(vectors) == len(list(vectors)) == len(vectors.words_) == 9
    assert vectors["king"] == pytest.approx(ROWS[0], abs=0.01)
    assert vectors["king"].dtype == np.float32
    assert "king" in vectors
    assert "King" not in vectors
    assert 3 not in vectors
    assert vectors.analogy("king", "man", "woman", 1)[0].word == "queen"
    assert vectors.combine(["Paris", "Italy"], ["Rome"], 1)[0].word == "France"
    assert vectors.similarity("man", "woman") == pytest.approx(-1)
    assert [found[0].word for found in vectors.neighbours(["king", "Rome"], 1)] == [
        vectors.most_similar(word, 1)[0].word for word in ("king", "Rome")
    ]
    with pytest.raises(KeyError, match="did you mean 'king'"):
        vectors["kings"]
    with pytest.raises(DataError, match="takes lists of words"):
        vectors.combine("king")


def test_nothing_is_answered_before_fit():
    for ask in (lambda v: v["a"], lambda v: v.words_, lambda v: v.most_similar("a"), len, lambda v: v.write("a.vec")):
        with pytest.raises(NotFittedError):
            ask(WordVectors())


def test_a_file_keeps_everything(vectors, tmp_path):
    vectors.save(tmp_path / "v.safetensors")
    restored = load(tmp_path / "v.safetensors")
    assert type(restored) is WordVectors
    assert restored.words_ == WORDS
    assert restored.most_similar("king", 5) == vectors.most_similar("king", 5)
    assert restored.get_params()["dim"] == 5
    assert restored.table_.counts.tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert restored.losses_ == []
    restored.save(tmp_path / "w.safetensors")
    assert (tmp_path / "w.safetensors").read_bytes() == (tmp_path / "v.safetensors").read_bytes()


def test_files_of_others(vectors, tmp_path):
    for name in ("v.vec", "v.txt.gz", "v.bin"):
        vectors.write(tmp_path / name)
        found = WordVectors.read(tmp_path / name)
        assert found.words_ == WORDS
        assert np.array_equal(found.table_.rows.codes, vectors.table_.rows.codes)
        assert found.report_.held_out.startswith(f"nothing was measured: converted from {name}")
        assert not found.lowercase
    assert WordVectors.of(["a", "é"], np.ones((2, 2))).lowercase


@pytest.mark.parametrize("damage", ["dim", "losses", "window", "codes"])
def test_a_file_that_does_not_fit_is_refused(vectors, tmp_path, damage):
    vectors.save(tmp_path / "v")
    manifest, arrays = read_model(tmp_path / "v")
    if damage == "dim":
        manifest["parameters"]["dim"] = 6
    elif damage == "window":
        manifest["parameters"]["window"] = -1
    elif damage == "losses":
        manifest["losses"] = [1.0, "x"]
    else:
        arrays = {**arrays, "codes": arrays["codes"][:5]}
    write_model(tmp_path / "w", manifest, arrays)
    with pytest.raises(ModelFileError, match=r"dimension 5|window=-1|losses|shape"):
        load(tmp_path / "w")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"dim": 0}, LilliputError), ({"dim": 5000}, LilliputError), ({"dim": True}, LilliputError),
        ({"epochs": -1}, LilliputError), ({"method": "glove"}, LilliputError), ({"window": 0}, LilliputError),
        ({"negatives": 0}, LilliputError), ({"rate": 0}, LilliputError), ({"rate": "fast"}, LilliputError),
        ({"sample": -1}, LilliputError), ({"sample": None}, LilliputError), ({"least": 0}, LilliputError),
        ({"subwords": 3}, LilliputError), ({"subwords": (6, 3)}, LilliputError), ({"subwords": (1, 99)}, LilliputError),
        ({"lowercase": 1}, LilliputError), ({"text": 1}, LilliputError), ({"seed": -1}, LilliputError),
        ({"device": "cuda"}, DeviceError), ({"threads": 0}, LilliputError), ({"budget": "much"}, LilliputError),
    ],
)  # fmt: skip
def test_parameters_are_checked(given, kind):
    with pytest.raises(kind, match="much" if "budget" in given else next(iter(given))):
        check_parameters(WordVectors(**given))
    check_parameters(WordVectors(rate=0.05, subwords=(3, 6), sample=0, seed=np.int64(3), method="cbow"))


# Similarity sets and analogies


@pytest.mark.parametrize(
    "text",
    [
        "king\tqueen\t7.5\nman\twoman\t8\nking\tzzz\t1\n",
        "king,queen,7.5\r\nman,woman,8\r\nking,zzz,1",
        "# x\nking queen 7.5\nman woman 8\nking zzz 1\n",
    ],
)
def test_similarity_sets_are_read(tmp_path, text):
    (tmp_path / "EN-toy.txt").write_text(text)
    assert kind_of(tmp_path / "EN-toy.txt") == "similarity"
    found = read_similarity(tmp_path / "EN-toy.txt")
    assert found.name == "EN-toy"
    assert found.pairs == [("king", "queen"), ("man", "woman"), ("king", "zzz")]
    assert found.scores == [7.5, 8, 1]


def test_headings_and_more_columns_are_passed_over(tmp_path):
    (tmp_path / "a").write_text("word1\tword2\tPOS\tSimLex999\tconc\nold\tnew\tA\t1.58\t2.72\nold\tnewer\tA\t2\t3\n")
    assert kind_of(tmp_path / "a") == "similarity"
    assert read_similarity(tmp_path / "a").scores == [1.58, 2]


def test_analogies_are_read(tmp_path):
    (tmp_path / "a").write_text(QUESTIONS)
    (tmp_path / "b").write_text("a b c d\ne f g h\n")
    assert kind_of(tmp_path / "a") == kind_of(tmp_path / "b") == "analogies"
    found = read_analogies(tmp_path / "a")
    assert found.questions[3] == ("Rome", "Italy", "Paris", "France")
    assert found.sections == ["family"] * 3 + ["capitals"] * 2


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_similarity, b"a\tb\t1\na\tb\n", r"line 2: found 'a\\tb'; expected two words and a score"),
        (read_similarity, b"a b c\na b c\n", "line 2: found 'a b c'"),
        (read_similarity, b"", "no pair of words"),
        (read_similarity, b"a\tb\tnan\nc\td\tnan\n", "line 2"),
        (read_analogies, b": x\na b c\n", "line 2: found 3 words .* expected four"),
        (read_analogies, b": x\n", "no question"),
        (read_analogies, b"a b c d\n\xff b c d\n", "line 2: not UTF-8"),
        (kind_of, b"\0\1\2\n", "is not text"),
        (kind_of, b"some words\n", "neither a similarity set"),
        (kind_of, b"", "neither a similarity set"),
    ],
)
def test_files_that_are_neither(tmp_path, reader, text, message):
    (tmp_path / "a").write_bytes(text)
    with pytest.raises(DataError, match=message):
        reader(tmp_path / "a")


def test_evaluation(vectors, tmp_path):
    (tmp_path / "q.txt").write_text(QUESTIONS)
    (tmp_path / "s.txt").write_text("king queen 5\nman woman 1\nRome Paris 4\nking zzz 9\nRome Italy 6\n")
    found = vectors.evaluate(tmp_path / "s.txt", [tmp_path / "q.txt"])
    assert found.similarity["s"].pairs == 5
    assert found.similarity["s"].spearman.n == 4
    people, cosines = [5, 1, 4, 6], [0.0, -1.0, 0.0, 0.5]
    assert found.similarity["s"].spearman.value == pytest.approx(stats.spearmanr(people, cosines).statistic, abs=0.06)
    assert found.mean_spearman == found.similarity["s"].spearman.value
    assert found.analogies["q"].sections == {"family": (2, 3, 3), "capitals": (1, 1, 2)}
    assert found.analogies["q"].total == (3, 4, 5)
    assert found.analogies["q"].accuracy.value == 0.75
    assert "75.00%  (3 of 4 asked, 5 questions)" in str(found)
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["analogies"]["q"]["sections"]["capitals"] == {"right": 1, "asked": 1, "questions": 2}
    assert plain["similarity"]["s"]["used"] == 4


def test_only_frequent_words_are_asked_and_answer(vectors, tmp_path):
    (tmp_path / "q.txt").write_text(QUESTIONS)
    assert vectors.evaluate(analogies=tmp_path / "q.txt", among=4).analogies["q"].total == (2, 2, 5)
    assert vectors.evaluate(analogies=tmp_path / "q.txt", among=None).analogies["q"].total == (3, 4, 5)
    none = vectors.evaluate(analogies=tmp_path / "q.txt", among=1).analogies["q"]
    assert none.total == (0, 0, 5)
    assert none.accuracy is None
    with pytest.raises(DataError, match="among=0"):
        vectors.evaluate(among=0)


def test_too_little_is_said_to_be_so(vectors, tmp_path):
    (tmp_path / "s.txt").write_text("king queen 5\nman woman 1\n")
    (tmp_path / "q.txt").write_text("a b c d\n")
    found = vectors.evaluate(tmp_path / "s.txt", tmp_path / "q.txt")
    assert found.similarity["s"].spearman is None
    assert "not measured: too few of 2 pairs" in str(found)
    assert "none of 1" in str(found)
    assert found.mean_spearman is None


def test_spearman_is_scipys():
    random = np.random.default_rng(0)
    for n in (4, 10, 300):
        x, y = random.integers(0, 8, n), random.integers(0, 8, n)
        assert np.array_equal(ranks(x), stats.rankdata(x))
        found = spearman(x, y)
        assert found.value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
        assert found.low < found.value < found.high
    assert spearman([1, 2], [1, 2]) is None
    assert spearman([1, 1, 1, 1], [1, 2, 3, 4]) is None
    assert spearman([1, 2, 3, 4], [2, 4, 6, 9]).value == pytest.approx(1)


def test_the_same_answers_for_any_number_of_threads(tmp_path):
    random = np.random.default_rng(0)
    words = [f"w{number}" for number in range(3000)]
    rows = random.normal(size=(3000, 30))
    (tmp_path / "q.txt").write_text("".join(" ".join(random.choice(words, 4)) + "\n" for _ in range(300)))
    found = []
    for threads in (1, 2, 3):
        vectors = WordVectors.of(words, rows).set_params(threads=threads)
        found.append((vectors.neighbours(words[:200], 5), vectors.evaluate(analogies=tmp_path / "q.txt").to_dict()))
    assert found[0] == found[1] == found[2]


def test_answers_of_floats_and_of_codes_agree():
    """8 bits move no more answers than chance does: the best answer of floats is nearly always that of the codes."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(2000, 100)).astype(np.float32)
    vectors = WordVectors.of([f"w{number}" for number in range(2000)], rows)
    queries = rows[:500] + 0.8 * random.normal(size=(500, 100)).astype(np.float32)
    exact = (queries @ (rows / np.linalg.norm(rows, axis=1)[:, None]).T).argmax(axis=1)
    table = vectors.table_
    assert (nearest(table.rows.codes, table.inverse, queries, 1).rows[:, 0] == exact).mean() > 0.99
