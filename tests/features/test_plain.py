from __future__ import annotations

import itertools
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.features.plain import BORDER, NGrams, bag_buckets, buckets, runs, stream, tokens
from lilliput.features.unicode import CODE_MASK, LETTER

WORDS = NGrams("word", 1, 2)
CHARS = NGrams("char", 2, 4)
# Letters of several scripts whose upper and title case fold back to them, one by one
CASED = "abcxyzéöñçßﬁﬃµſжщёабвαβγάέσςωაბიᏸꭰ"


def spelled(text):
    """The stream with a bar for each border."""
    return "".join("|" if item == BORDER else chr(item & CODE_MASK) for item in stream(text))


def words(text):
    return ["".join(chr(item & CODE_MASK) for item in token) for token in tokens(stream(text))]


def ngrams(text, unit, low, high):
    return [shown for _, shown in buckets(text, NGrams(unit, low, high))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "|"),
        (" ", "|"),
        ("\0", "|"),
        ("\u200d", "|"),  # a joiner joins nothing
        ("a", "|a|"),
        ("!", "|!|"),
        ("漢", "|漢|"),
        ("\U00020000", "|\U00020000|"),
        ("Hello, World", "|hello|,|world|"),
        ("  a \t\n b  ", "|a|b|"),
        ("don't", "|don|'|t|"),
        ("wow!!! :-)", "|wow|!!!|:-)|"),  # a run of symbols stays together, a gap parts it
        ("a!", "|a|!|"),
        ("! !", "|!|!|"),
        ("snake_case", "|snake_case|"),
        ("co\u00adop", "|coop|"),
        ("a\u200bb", "|a|b|"),  # the zero-width space is a space
        ("3.14", "|3|.|14|"),
        ("Straße", "|strasse|"),
        ("ﬁn", "|fin|"),
        ("İ", "|i\u0307|"),
        ("漢字kana", "|漢字kana|"),
        ("👩\u200d👧🏽", "|👩👧🏽|"),
        ("❤\ufe0f", "|❤|"),
        ("שָׁלוֹם!", "|שָׁלוֹם|!|"),
        ("a\U000e0067b\U0010ffff", "|ab|"),  # tags and private characters are as if not there
        ("葛\U000e0100", "|葛|"),
        ("\ud800", "|?|"),
        ("a\ud800b", "|a|?|b|"),
    ],
)
def test_streams(text, expected):
    assert spelled(text) == unicodedata.normalize("NFC", expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("Hello, World", ["hello", ",", "world"]),
        ("wow!!", ["wow", "!", "!"]),
        ("漢字", ["漢", "字"]),
        ("tokyo東京tower", ["tokyo", "東", "京", "tower"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("한국어 좋다", ["한국어", "좋다"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("😀😀", ["😀", "😀"]),
        ("\U00020000\U0002a6d7", ["\U00020000", "\U0002a6d7"]),
        ("#tag @me", ["#", "tag", "@", "me"]),
    ],
)
def test_tokens(text, expected):
    assert words(text) == expected


def test_word_ngrams_by_hand():
    assert ngrams("b a b", "word", 1, 2) == ["b", "b a", "a", "a b", "b"]
    assert ngrams("a b c", "word", 2, 3) == ["a b", "a b c", "b c"]
    assert ngrams("a b", "word", 3, 3) == []


def test_char_ngrams_by_hand():
    assert ngrams("ab c", "char", 2, 3) == ["_a", "_ab", "ab", "ab_", "b_", "_c", "_c_", "c_"]
    assert ngrams("ab", "char", 1, 1) == ["a", "b"]  # a border alone says nothing
    assert ngrams("ab", "char", 4, 5) == ["_ab_"]
    assert ngrams("a", "char", 2, 4) == ["_a", "_a_", "a_"]
    assert ngrams("", "char", 1, 5) == []


def bag(text, unit, low, high):
    return [shown for _, shown in bag_buckets(text, NGrams(unit, low, high))]


def test_a_bag_by_hand():
    assert bag("b a b a", "word", 1, 2) == ["b", "b a", "a", "a b"]
    assert bag("ab ab", "char", 2, 2) == ["_a", "ab", "b_"]
    assert bag("ab b ab", "char", 2, 2) == ["_a", "ab", "b_", "_b", "b_"]  # once for each distinct run
    assert bag("aaa", "char", 1, 2) == ["_a", "a", "aa", "a", "aa", "a", "a_"]  # but as often as a run has it
    assert bag("a! !a", "char", 3, 3) == ["_a_", "_!_"]
    assert bag("", "word", 1, 2) == bag(" \n", "char", 1, 2) == []


def test_runs_by_hand():
    spelled_runs = [
        "".join("|" if item == BORDER else chr(item & CODE_MASK) for item in run) for run in runs(stream("a!b c"))
    ]
    assert spelled_runs == ["|a|", "|!|", "|b|", "|c|"]
    assert list(runs(stream(""))) == []


@given(st.text())
def test_runs_joined_at_their_borders_are_the_stream(text):
    items = stream(text)
    found = list(runs(items))
    assert all(run[0] == run[-1] == BORDER and len(run) > 2 and BORDER not in run[1:-1] for run in found)
    assert [item for run in found for item in run[:-1]] + [BORDER] == items


@given(st.lists(st.sampled_from(["a", "ab", "ba", "aab", "!", "?!", "漢字"]), max_size=12), st.integers(1, 3))
def test_a_bag_of_characters_adds_up_the_distinct_words(words, low):
    group = NGrams("char", low, low + 2)
    expected = Counter(gram for word in set(words) for gram in buckets(word, group))
    assert Counter(bag_buckets(" ".join(words), group)) == expected


@given(st.text())
def test_a_bag_holds_the_buckets_of_the_text_and_words_once(text):
    assert bag_buckets(text, WORDS) == list(dict.fromkeys(buckets(text, WORDS)))
    assert set(bag_buckets(text, CHARS)) == set(buckets(text, CHARS))


def test_repeats_share_a_bucket_and_others_do_not():
    (first, _), (second, _), (third, _) = buckets("a b a", NGrams("word", 1, 1))
    assert first == third != second


def test_word_and_character_hashes_of_the_same_letter_differ():
    assert buckets("a", NGrams("word", 1, 1))[0][0] != buckets("a", NGrams("char", 1, 1))[0][0]


def test_order_matters_to_bigrams():
    assert buckets("a b", NGrams("word", 2, 2)) != buckets("b a", NGrams("word", 2, 2))


def test_fewer_bits_are_the_top_of_more():
    text = "the quick brown fox"
    wide, narrow = (buckets(text, NGrams("char", 1, 3, bits)) for bits in (22, 9))
    assert narrow == [(bucket >> 13, shown) for bucket, shown in wide]


@pytest.mark.parametrize("group", [WORDS, CHARS])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", "cafe\u0301"),
        ("STRASSE", "straße"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("İstanbul", "i\u0307stanbul"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("\u212bngstrom", "ångstrom"),
        ("two  words", " two\twords\n"),
        ("co-operate", "Co-\u00adOperate"),
    ],
)
def test_one_and_the_same(group, one, other):
    assert buckets(one, group) == buckets(other, group)


@given(st.text())
def test_normal_forms_make_no_difference(text):
    assert stream(text) == stream(unicodedata.normalize("NFD", text)) == stream(unicodedata.normalize("NFC", text))


@given(st.text(st.sampled_from(CASED + " 7!漢")))
def test_case_makes_no_difference(text):
    assert stream(text) == stream(text.upper()) == stream(text.lower()) == stream(text.casefold())


@given(st.text())
def test_a_stream_has_a_border_at_both_ends_and_never_two_in_a_row(text):
    items = stream(text)
    assert items[0] == items[-1] == BORDER
    assert all(item != BORDER or following != BORDER for item, following in itertools.pairwise(items))


@given(st.text())
def test_tokens_hold_the_stream_without_its_borders(text):
    items = stream(text)
    assert [item for token in tokens(items) for item in token] == [item for item in items if item != BORDER]
    for token in tokens(items):
        assert len(token) == 1 or {item >> 24 for item in token} == {LETTER}


@given(st.text(), st.integers(1, 3), st.integers(0, 2))
def test_the_number_of_word_ngrams(text, low, more):
    count = len(words(text))
    expected = sum(max(0, count - size + 1) for size in range(low, low + more + 1))
    assert len(ngrams(text, "word", low, low + more)) == expected


@pytest.mark.parametrize(
    "fields", [("line", 1, 2), ("word", 0, 2), ("word", 3, 2), ("char", 1, 17), ("char", 1, 2, 0), ("char", 1, 2, 31)]
)
def test_what_is_no_group(fields):
    with pytest.raises(DataError, match="is no group of n-grams"):
        NGrams(*fields)


def test_a_group_goes_to_a_dict_and_back():
    assert NGrams(**CHARS.to_dict()) == CHARS
