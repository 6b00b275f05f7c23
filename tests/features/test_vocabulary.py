from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.data.packed import pack
from lilliput.features import vocabulary as module
from lilliput.features.numberstream import NumberStream
from lilliput.features.subword_kernels import gram_rows
from lilliput.features.subwords import Subwords
from lilliput.features.vocabulary import WordCounter
from lilliput.retrieval.wordlist import WordList

LETTERS = "ab é漢\u00a0\u2009\u3000\t\n\x00<\U0001f600"


def counted(texts, batch=3, **more):
    counter = WordCounter(**more)
    for first in range(0, len(texts), batch):
        counter.add(pack(texts[first : first + batch]))
    return counter


def split(text):
    return pack([text]).buffer.tobytes()[:-1].decode().split()


@given(st.lists(st.text(LETTERS, max_size=30), max_size=12), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_words_are_what_split_gives(texts, batch):
    counter = counted(texts, batch)
    vocabulary, names = counter.vocabulary()
    expected = Counter(word for text in texts for word in split(text))
    assert {word.decode(): count for word, count in zip(vocabulary.words, vocabulary.counts, strict=True)} == expected
    assert counter.words == expected.total()
    assert (np.diff(vocabulary.counts) <= 0).all()
    stream, words = counter.numbered(names)
    assert words == expected.total()
    known = [word.decode() for word in vocabulary.words]
    told = [None if number < 0 else known[number] for number in stream.read(0, len(stream)).tolist()]
    assert told == [word for text in texts for word in [*split(text), None][: 1 + len(split(text))] if split(text)]


@pytest.mark.parametrize("words", [10, 3000])
def test_many_words_need_more_room(words):
    texts = [" ".join(f"word{n * 7919 % words}" for n in range(first, first + 50)) for first in range(0, 4 * words, 50)]
    vocabulary, _ = counted(texts, 100).vocabulary()
    assert Counter(" ".join(texts).split()) == dict(
        zip([word.decode() for word in vocabulary.words], vocabulary.counts.tolist(), strict=True)
    )


def test_rare_words_are_left_out_and_texts_cut(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_TEXT", 2)
    counter = counted(["a a a b", "", "c a b c c"])
    vocabulary, names = counter.vocabulary()
    assert vocabulary.words == [b"a", b"c", b"b"]
    frequent = vocabulary.at_least(3)
    assert frequent.words == [b"a", b"c"]
    stream, words = counter.numbered(names[: len(frequent)])
    assert stream.read(0, 99).tolist() == [0, 0, -1, 0, -1, 1, 0, -1, 1, 1, -1]
    assert words == 7


def test_the_rarest_words_are_forgotten_when_there_is_no_room():
    texts = ["often", "never1 often", "often x often"] + [f"often w{n}" for n in range(60)] + ["x often x"]
    counter = counted(texts, most_words=16)
    vocabulary, names = counter.vocabulary()
    assert counter.forgotten >= 1
    assert vocabulary.words[0] == b"often"
    assert vocabulary.counts[0] == 65
    stream, words = counter.numbered(names[:1])
    assert words == 65
    assert set(stream.read(0, 10**6).tolist()) == {0, -1}


def test_a_word_without_end_is_none():
    vocabulary, _ = counted(["a " + "x" * 300 + " b", "x" * 255]).vocabulary()
    assert vocabulary.words == [b"a", b"b", b"x" * 255]


def test_numbers_come_back_from_memory_and_from_a_file():
    numbers = np.arange(1000, dtype=np.int32)
    for limit in (10**6, 1000):
        stream = NumberStream(limit)
        for first in range(0, 1000, 70):
            stream.append(numbers[first : first + 70])
        assert len(stream) == 1000
        assert (stream.read(0, 2000) == numbers).all()
        assert stream.read(990, 20).tolist() == list(range(990, 1000))
        assert len(stream.read(5000, 20)) == 0
        stream.close()


@given(st.lists(st.text(LETTERS.replace(" ", ""), min_size=1, max_size=12), min_size=1, max_size=5, unique=True),
       st.integers(1, 6), st.integers(0, 4))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_ngrams_are_those_of_plain_python(words, shortest, more):
    listed = WordList.of(words)
    subwords = Subwords(shortest, shortest + more, 50)
    ends = np.zeros(len(words) + 1, dtype=np.int64)
    rows = np.empty(
        gram_rows(listed.text, listed.offsets, *subwords, np.empty(0, dtype=np.int32), ends), dtype=np.int32
    )
    gram_rows(listed.text, listed.offsets, *subwords, rows, ends)
    for word in range(len(words)):
        found = rows[ends[word] : ends[word + 1]]
        assert found[0] == word
        assert (found[1:] - len(words)).tolist() == subwords.of(listed.encoded(word)).tolist()
