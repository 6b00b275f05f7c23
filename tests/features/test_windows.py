"""Features of tokens: what the templates mean, and that the kernels agree with the plain definition."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data.packed import pack
from lilliput.features.bags import SEGMENTS
from lilliput.features.buckets import BucketMap
from lilliput.features.window_kernels import count_windows, gather_windows, tokens_of
from lilliput.features.windows import ATOMS, MARKS, Window, atoms, character_class

EVERYTHING = Window(
    (
        *(f"{atom}[0]" for atom in ATOMS),
        "chars[0]",
        "word[-1] word[0]",
        "shape[+1] suffix2[-2]",
        "word[-2] word[-1] cased[+1]",
    ),
    bits=20,
)
NEIGHBOURS = Window(("word[-1]", "word[+1]", "cluster[-3] cluster[3]", "suffix1[-1]"), bits=20)
words = st.one_of(
    st.text(max_size=6),
    st.text(st.sampled_from("aB1é-'ßﬁ漢ไ\u0301\u200d👩\U00020000\U000e0067\0 İ"), max_size=8),
    st.sampled_from(["the", "The", "NATO", "B-52", "naïve", "don't", "3.14", "", "漢字"]),
)
sentences_of = st.lists(st.lists(words, min_size=1, max_size=7), max_size=3)


def shown(words, window, place=0, **numbers):
    sentence = [atoms(word, **numbers) for word in words]
    return [name for _, name in window.bag((sentence, place))]


def laid_out(sentences):
    """Packed tokens, sentence borders, and a cluster and marks for most of the tokens."""
    flat = [word for sentence in sentences for word in sentence]
    borders = np.cumsum([0, *map(len, sentences)]).astype(np.int64)
    numbers = np.arange(len(flat) * len(MARKS), dtype=np.int32)
    return flat, borders, numbers[: len(flat)] % 5 - 1, numbers.reshape(-1, len(MARKS)) % 7 - 1


def plain_bags(sentences, window):
    flat, borders, clusters, marks = laid_out(sentences)
    made = [atoms(*parts) for parts in zip(flat, clusters.tolist(), marks.tolist(), strict=True)]
    return [
        [bucket for bucket, _ in window.bag((made[first:last], place))]
        for first, last in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
        for place in range(last - first)
    ]


def test_a_template_names_atoms_of_neighbours():
    window = Window(("word[0]", "cased[-1] shape[0]", "suffix3[+1]", "prefix4[0]", "word[-2]"))
    assert shown(["The", "NATO", "don't"], window, 1) == [
        "word[0]=nato",
        "cased[-1] shape[0]=The X",
        "suffix3[+1]=n't",
        "prefix4[0]=nato",
        "word[-2]=^",
    ]
    assert shown(["a"], window) == ["word[0]=a", "cased[-1] shape[0]=^ x", "suffix3[+1]=$", "word[-2]=^"]


def test_characters_stand_between_borders():
    assert shown(["Ab"], Window(("chars[0]",))) == ["_a", "_ab", "_ab_", "ab", "ab_", "b_"]


@pytest.mark.parametrize(
    ("word", "shape"), [("NATO", "X"), ("McX-9b", "XxX-0x"), ("漢字", "o"), ("aBaBaBaBaB", "xXxXxXxX")]
)
def test_a_shape_is_the_classes_without_repeats(word, shape):
    assert shown([word], Window(("shape[0]",))) == [f"shape[0]={shape}"]


def test_no_cluster_gives_no_feature():
    window = Window(("cluster[0]", "cluster[-1] cluster[-2]"))
    assert shown(["a", "b"], window, 1) == []
    assert shown(["a", "b"], window, 1, cluster=0) == ["cluster[0]=0", "cluster[-1] cluster[-2]=0 ^"]


@pytest.mark.parametrize(
    "template",
    [
        "word",
        "word[0]x",
        "word[4]",
        "colour[0]",
        "",
        "tag[-1]",
        "chars[1]",
        "word[0] chars[0]",
        "word[0] " * 6,
    ],
)
def test_a_template_without_sense_is_refused(template):
    with pytest.raises(DataError, match="expected one to 5 of word, cased"):
        Window((template,))


@pytest.mark.parametrize("window", [EVERYTHING, NEIGHBOURS], ids=["everything", "neighbours"])
@given(sentences=sentences_of)
@example(sentences=[["the"], ["fox", "ran"] * 4])
def test_the_kernels_see_what_the_plain_definition_says(window, sentences):
    flat, borders, clusters, marks = laid_out(sentences)
    tokens = tokens_of(pack(flat), borders, clusters, marks)
    expected = plain_bags(sentences, window)
    counts = np.zeros(1 << window.bits, dtype=np.int32)
    count_windows(tokens, window, counts)
    np.testing.assert_array_equal(counts, np.bincount(np.array([*chain(*expected)], dtype=int), minlength=len(counts)))
    some = BucketMap.of(np.flatnonzero(counts)[::2], window.bits)
    for threads in (1, 2):
        bounds, rows = gather_windows(tokens, window, some.words, some.ranks, threads)
        assert bounds.shape == (len(flat), SEGMENTS + 1)
        for bag, edges in zip(expected, bounds, strict=True):
            found = rows[edges[0] : edges[-1]]
            assert sorted(found.tolist()) == sorted(row for bucket in bag if (row := some.row(bucket)) >= 0)
            segments = np.repeat(np.arange(SEGMENTS), np.diff(edges))
            assert (found.astype(np.int64) * SEGMENTS // max(1, some.rows) == segments).all()


def test_long_sentences_are_gathered_in_pieces():
    sentences = [["a", "b", "c"] * 3000, ["d"], ["e"] * 9000]
    flat, borders, clusters, marks = laid_out(sentences)
    tokens = tokens_of(pack(flat), borders, clusters, marks)
    counts = np.zeros(1 << NEIGHBOURS.bits, dtype=np.int32)
    count_windows(tokens, NEIGHBOURS, counts)
    whole = BucketMap.of(np.flatnonzero(counts), NEIGHBOURS.bits)
    bounds, rows = gather_windows(tokens, NEIGHBOURS, whole.words, whole.ranks, 2)
    assert np.diff(bounds[:, [0, -1]], axis=1).sum() == len(rows) == counts.sum()
    assert (bounds[1:, 0] == bounds[:-1, -1]).all()


def test_every_character_has_a_class():
    assert "".join(chr(character_class(character)) for character in "aÀǅ1²漢\u0301-\U00020000") == "xXX00oo-o"
