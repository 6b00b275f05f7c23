from __future__ import annotations

import numpy as np
import pytest

from lilliput import WordVectors, load
from lilliput.core.errors import BudgetError, DataError
from lilliput.data.source import Source
from lilliput.tasks import vectors_fit, vectors_report, vectors_texts
from lilliput.tasks.vectors_texts import Texts

KINDS = {
    "animal": ["cat", "dog", "horse", "rabbit", "hen", "漢"],
    "verb": ["sees", "hears", "likes", "chases", "été"],
    "colour": ["red", "green", "blue", "weiss", "grey"],
}


def sentences(count=3000, seed=0):
    """Sentences such as "the red cat sees a blue dog"."""
    generator = np.random.default_rng(seed)
    kinds = ["colour", "animal", "verb", "colour", "animal"]
    drawn = [[KINDS[kind][item] for item in generator.integers(len(KINDS[kind]), size=count)] for kind in kinds]
    return [f"The {one} {who} {does} a {other} {whom}" for one, who, does, other, whom in zip(*drawn, strict=True)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(vectors_report, "MOST_SECONDS", 0.0)
    monkeypatch.setattr(vectors_fit, "ready", lambda budget, progress: 0.0)


def model(**more):
    return WordVectors(**{"dim": 24, "epochs": 3, "window": 2, "sample": 0.0, "threads": 1, "progress": False, **more})


@pytest.mark.parametrize("more", [{}, {"method": "cbow"}, {"subwords": (3, 5)}, {"method": "cbow", "subwords": (3, 4)}])
def test_words_of_a_kind_come_to_be_near(more):
    vectors = model(rate=0.1, **more).fit(sentences())
    for words in KINDS.values():
        for word in words:
            near = [found.word for found in vectors.most_similar(word, len(words) - 1)]
            assert len(set(near) & set(words)) >= len(words) - 2
    assert vectors.words_[:2] in (["the", "a"], ["a", "the"])
    assert vectors.losses_ == sorted(vectors.losses_, reverse=True)
    assert len(vectors.losses_) == 3
    assert vectors.report_.data["words"] == 7 * 3000
    assert vectors.report_.plan["epochs"] == 3


def test_unknown_words_have_the_vectors_of_their_ngrams():
    vectors = model(subwords=(3, 5), rate=0.1).fit(sentences())
    assert "rabbits" not in vectors
    assert vectors.similarity("rabbits", "rabbit") > 0.8
    assert vectors.similarity("rabbits", "rabbit") > vectors.similarity("rabbits", "green")


@pytest.mark.parametrize("more", [{}, {"method": "cbow"}, {"subwords": (3, 5)}])
def test_threads_and_batches_make_no_difference(more, tmp_path):
    (tmp_path / "corpus.txt").write_text("\n".join(sentences()))
    given = [sentences(), np.array(sentences()), Source(tmp_path / "corpus.txt", labelled=False)]
    files = {
        model(dim=160, epochs=2, **more, threads=threads).fit(X).set_params(threads=None).to_bytes()
        for threads, X in zip((1, 2, 3), given, strict=True)
    }
    assert len(files) == 1
    other = model(dim=160, epochs=2, **more, seed=1).fit(sentences()).set_params(threads=None, seed=0).to_bytes()
    assert other not in files


def test_what_is_learned_is_saved(tmp_path):
    vectors = model(subwords=(3, 3)).fit(sentences())
    vectors.save(tmp_path / "v.safetensors")
    again = load(tmp_path / "v.safetensors")
    assert again.words_ == vectors.words_
    assert again.losses_ == vectors.losses_
    assert (again["cats"] == vectors["cats"]).all()
    assert again.report_.data == vectors.report_.data


def test_the_rate_ends_at_zero(monkeypatch):
    rates = []
    learn = vectors_fit.WordNet.learn
    monkeypatch.setattr(vectors_fit, "STRETCH", 1000)
    monkeypatch.setattr(
        vectors_fit.WordNet, "learn", lambda self, *given: (rates.extend(given[3]), learn(self, *given))
    )
    model(rate=0.05).fit(sentences(500))
    assert rates[0] == 0.05
    assert (np.diff(rates) < 1e-9).all()
    assert rates[-1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("texts", "more", "message"),
    [
        ([], {}, "there are no texts to learn from"),
        (["", "  "], {}, "there is no word in 2 texts; give texts with words between spaces"),
        (["a b c"], {}, r"no word occurs 5 times \(the most frequent, 'a', 1 times\).*least=1"),
        (["word " * 99], {}, "'word' is the only word that is learned from"),
        ("one text", {}, "give a list of texts"),
        ([3], {}, r"X\[0\]"),
    ],
)
def test_texts_that_cannot_be_learned_from(texts, more, message):
    vectors = model(**more)
    with pytest.raises(DataError, match=message):
        vectors.fit(texts)
    assert not hasattr(vectors, "table_")


def test_one_endless_line_is_learned_from(tmp_path):
    (tmp_path / "line.txt").write_text(" ".join(sentences()))
    vectors = model(epochs=1).fit(Source(tmp_path / "line.txt", labelled=False))
    assert vectors.report_.data["words"] == 7 * 3000
    assert vectors.report_.data["rows"] == 1


@pytest.mark.parametrize("more", [{}, {"subwords": (3, 4)}])
def test_a_budget_of_memory_is_kept(more):
    texts = [f"{text} w{n % 300} v{n % 200}" for n, text in enumerate(sentences())]
    vectors = model(budget="12KB", epochs=1, **more).fit(texts)
    assert len(vectors.to_bytes()) <= 12_000
    assert 10 < len(vectors) < 500
    assert vectors.report_.file_bytes == len(vectors.to_bytes())
    assert vectors.report_.data["vocabulary"] == len(vectors)


def test_a_budget_that_nothing_fits_in():
    with pytest.raises(BudgetError, match="the smallest memory that would do is") as caught:
        model(budget="1KB").fit(sentences(100))
    model(budget=caught.value.smallest).fit(sentences(100))


def test_a_budget_of_time_is_kept(monkeypatch):
    monkeypatch.setattr(vectors_fit, "STRETCH", 2000)
    vectors = model(epochs=100_000, budget="2s").fit(sentences(500))
    assert vectors.report_.fit_seconds <= 2
    assert vectors.report_.fit_seconds > 1
    assert vectors.report_.plan["epochs"] == len(vectors.losses_) < 100_000


def test_ctrl_c_keeps_what_was_learned(monkeypatch):
    vectors = model(epochs=5)
    learn, calls = vectors_fit.WordNet.learn, []

    def interrupted(self, *given):
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return learn(self, *given)

    monkeypatch.setattr(vectors_fit.WordNet, "learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        vectors.fit(sentences())
    assert vectors.interrupted_
    assert len(vectors.losses_) == 2
    assert "ended early by Ctrl-C" in vectors.report_.notes
    assert "cat" in vectors


def test_a_vocabulary_that_was_pruned_is_told(monkeypatch):
    counter = vectors_fit.WordCounter
    monkeypatch.setattr(vectors_fit, "WordCounter", lambda: counter(most_words=40))
    texts = [f"{text} w{n}" for n, text in enumerate(sentences(400))]
    vectors = model(epochs=1).fit(texts)
    assert any("memory was short" in note for note in vectors.report_.notes)
    assert "cat" in vectors


def test_no_epochs_leave_random_vectors():
    vectors = model(epochs=0).fit(sentences(100))
    assert vectors.losses_ == []
    assert np.isfinite(vectors["cat"]).all()


def test_a_very_long_text_is_read_in_pieces(monkeypatch):
    text = " ".join(f"w{n % 7}" for n in range(500)) + " " + "x" * 100
    whole = [bytes(packed.buffer).replace(b"\0", b"") for packed in Texts([text], None, True).packs()]
    monkeypatch.setattr(vectors_texts, "LONG", 40)
    texts = Texts([text, "short"], None, True)
    pieces = [bytes(packed.buffer).replace(b"\0", b"") for packed in texts.packs()]
    assert b"".join(pieces) == whole[0] + b"short"
    assert texts.rows == 2
    assert max(map(len, pieces)) <= 40
    words = b"\n".join(pieces).split()
    assert words[:500] == whole[0].split()[:500]  # no word is cut that is shorter than a piece
