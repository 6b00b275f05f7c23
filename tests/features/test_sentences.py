from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.data.conllu import parse_sentence
from lilliput.features.sentences import sentences, tokenised
from lilliput.features.tokenise import tokenise

# Sentences are parted by "|" here
TEXTS = [
    "He came.| She (really!) left.| Why?!| Because ... of that...| OK",
    "Mr. J. Smith of the U.S. Army, e.g. in Jan. 2010, paid 3.50.| Right.",
    '"Why?" he asked.| "Go!"| (Then he went.)| So.',
    "1. First item.| 2. Second item.",
    "a heading\n\n|a wrapped\nline\r\n \r\n|end",
    "Er kam.| „Gut.“| Dann ging er.| « Bien. »| Puis il partit.",
    "你好。|他说：「是。」|然后走了！？|好",
    "東京.|大阪 東京.com",
    "हिन्दी है।| क्या?| هل؟| نعم۔| Ինչ։| Այո",
    "Wait . . .| What ) now",
    "… ! ! so",
    "iPhone. iPad is next",
]

pieces = st.sampled_from([*".!?…。”)('aB1漢", '"', "Mr", " ", "\n", "\n\n"])
texts = st.lists(pieces, max_size=20).map("".join)


@pytest.mark.parametrize("text", TEXTS)
def test_borders(text):
    plain = text.replace("|", "")
    found = [plain[spans[0].start : spans[-1].end] for spans in sentences(plain)]
    assert found == [part.strip() for part in text.split("|")]


@pytest.mark.parametrize("text", ["", "  \n\n "])
def test_no_text_has_no_sentences(text):
    assert sentences(text) == []
    assert list(tokenised(text)) == []


@given(texts | st.text(), st.sampled_from([None, "en"]))
def test_sentences_are_the_tokens_in_order_and_none_is_empty(text, language):
    found = sentences(text, language)
    assert [span for spans in found for span in spans] == tokenise(text, language)
    assert all(found)


def test_conllu_tells_text_and_spaces():
    first, second = tokenised("Hello, my\nfriend!  It's 漢。", "en")
    assert first.lines[0] == "# text = Hello, my friend!"
    assert first.forms == ["Hello", ",", "my", "friend", "!"]
    assert first.column("misc") == ["SpaceAfter=No", "_", "_", "SpaceAfter=No", "_"]
    assert second.forms == ["It", "'s", "漢", "。"]
    assert second.column("misc") == ["SpaceAfter=No", "_", "SpaceAfter=No", "_"]


@given(texts | st.text())
def test_conllu_gives_the_words_back(text):
    for sentence in tokenised(text):
        assert parse_sentence(sentence.lines) == sentence
        marks = ["" if "SpaceAfter=No" in cell else " " for cell in sentence.column("misc")]
        joined = "".join(form + mark for form, mark in zip(sentence.forms, marks, strict=True)).rstrip()
        told = sentence.lines[0].removeprefix("# text = ").replace("\u200b", " ")
        assert joined.split() == told.split()


def test_a_long_sentence_takes_linear_time():
    for text in ("Hi. " * 10_000, "a." + ")" * 40_000, ". " * 20_000, "1. " * 15_000):
        assert sum(map(len, sentences(text))) == len(tokenise(text))
