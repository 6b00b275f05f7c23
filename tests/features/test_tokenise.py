from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.data.sentences import read_sentences
from lilliput.features.graphemes import shape
from lilliput.features.tokenise import tokenise

# A token a word, as they are to be found whatever stands around them
_KEPT = """
don't O'Neil rock'n'roll l'eau well-known peut-être AT&T col·lecció snake_case naïve cafe\u0301 हिन्दी שָׁלוֹם
co\u00adop Ⅷ x²
3.14 1,000 1,000,000.50 12:30 1/2 11/28/2000 2010-05-06 713-853-3989 1'000 10th m3 .5 ٣٫١٤
U.S. e.g. Ph.D. J.R.R. t.ex. fr.o.m. U.S a.m. notes.txt node.js example.org www.example.org www.Example.com/a
https://en.wikipedia.org/wiki/Foo_(bar) ftp://x.org/~y?a=b&c=d#e http://x a.b+c@d-e.co.uk Rice@ENRON
@name #tag #日本 @naïve_1 ... …… !!! ?!? -- $$ << 👩‍👩‍👧‍👦 👍🏽 🇩🇪 ❤️ 1️⃣ :-) :D ;-) =)
"""
KEPT = _KEPT.split()
SPLIT = {
    "Hello, world!": "Hello|,|world|!",
    "(see [1]).": "(|see|[|1|]|)|.",
    "50% of $5": "50|%|of|$|5",
    "and/or": "and|/|or",
    "漢字かな。": "漢|字|か|な|。",
    "OK漢字": "OK|漢|字",
    "ไทย กำ": "ไ|ท|ย|กำ",
    "😀😀 🇩🇪🇫🇷": "😀|😀|🇩🇪|🇫🇷",
    "end.Next": "end|.|Next",
    "(http://a.org/b). http://c, x": "(|http://a.org/b|)|.|http://c|,|x",
    "see http://a.org/b?c!": "see|http://a.org/b?c|!",
    "#1 @ 5 # x": "#|1|@|5|#|x",
    "Mr. Smith et al. left.": "Mr.|Smith|et|al.|left|.",
    "No. 5? No. And p. 3": "No.|5|?|No|.|And|p.|3",
    "J. R. Smith's vitamin C.": "J.|R.|Smith's|vitamin|C|.",
    "А. С. Пушкин": "А.|С.|Пушкин",
    "pre- and postwar - yes": "pre-|and|postwar|-|yes",
    "“So,” he said": "“|So|,|”|he|said",
    "dogs' 'quote'": "dogs|'|'|quote|'",
    "a\u200bb\x00c": "a|b|\x00|c",
    "...\n\n": "...",
    "": "",
    " \t\n": "",
}
LANGUAGE = [
    ("en", "I don't, can't, DON’T", "I|do|n't|,|ca|n't|,|DO|N’T"),
    ("en", "it's we’ve O'Neil's o'clock café's", "it|'s|we|’ve|O'Neil|'s|o'clock|café|'s"),
    ("en", "cafe\u0301's well-known 713-853-3989", "cafe\u0301|'s|well|-|known|713-853-3989"),
    ("en", "So am I. He left. J. Smith", "So|am|I|.|He|left|.|J.|Smith"),
    ("fr", "l'eau d’été Jusqu'à aujourd'hui peut-être", "l'|eau|d’|été|Jusqu'|à|aujourd'hui|peut-être"),
    ("af", "dis 'n man, 'n", "dis|'n|man|,|'n"),
    ("tlh", "don't", "don't"),
]

pieces = st.sampled_from(
    [*KEPT, *SPLIT, " ", "\n", "\u0301", "\u200d", "🏽", "🇩", ".", "'", "-", "@", "://", "漢", "/", "n't", "C"]
)
texts = st.lists(pieces | st.characters(), max_size=12).map("".join)
languages = st.sampled_from([None, "en", "fr", "af"])


def words(text, language=None):
    return [text[start:end] for start, end in tokenise(text, language)]


@pytest.mark.parametrize("token", KEPT)
def test_one_token(token):
    assert words(token) == [token]
    assert words(f"so {token} , {token}") == ["so", token, ",", token]


@pytest.mark.parametrize(("text", "expected"), SPLIT.items())
def test_several_tokens(text, expected):
    assert words(text) == (expected.split("|") if expected else [])


@pytest.mark.parametrize(("language", "text", "expected"), LANGUAGE)
def test_a_language_has_rules_of_its_own(language, text, expected):
    assert words(text, language) == expected.split("|")


@given(texts, languages)
def test_tokens_hold_all_that_is_no_space_once(text, language):
    spans = tokenise(text, language)
    assert all(start < end for start, end in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    inside = {place for start, end in spans for place in range(start, end)}
    assert inside == {place for place, c in enumerate(text) if not (c.isspace() or c == "\u200b")}


@given(texts, languages)
def test_no_grapheme_is_cut(text, language):
    borders = set(shape(text).starts)
    assert all({start, end} <= borders for start, end in tokenise(text, language))


@given(texts, texts, languages)
def test_a_blank_line_parts_texts(left, right, language):
    assert words(f"{left}\n\n{right}", language)[: len(words(left, language))] == words(left, language)


@pytest.mark.parametrize(
    "unit", ["a.", "a.A", "a@", "a-", "#", "#0", "1,", "a:", "a://", "'", "?.", "_", "(a", "\u0600", "a" * 63 + "."]
)
def test_no_text_takes_more_than_linear_time(unit):
    text = "http://" + unit * (40_000 // len(unit))
    assert "".join(words(text, "en")) == text


def test_most_tokens_of_a_treebank_are_found(shared_data):
    source = shared_data / "pos" / "UD_English-EWT" / "dev.conllu.xz"
    if not source.is_file():
        pytest.skip("UD_English-EWT is not among the shared data sets")
    found = total = 0
    for sentence in read_sentences(source):
        spans, start = set(), 0
        for form in sentence.forms:
            spans.add((start, start + len(form)))
            start += len(form) + 1
        total += len(spans)
        found += len(spans & set(tokenise(" ".join(sentence.forms))))
    assert found / total > 0.97
