from __future__ import annotations

import itertools
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lilliput.data.packed import pack, subset
from lilliput.features.bags import lookup_of
from lilliput.features.clusters import cluster_map
from lilliput.features.counts import count_ngrams
from lilliput.features.ngrams import UNITS, decode, scan
from lilliput.features.plain import NGrams, buckets, runs, stream, tokens
from lilliput.features.unicode import TABLE_SIZE, TAGS, tables

CLUSTERS = cluster_map(["the", "fox", "a", "b", "漢", "1", "!"], np.arange(7, dtype=np.int32) // 2, error=1 / 2)
GROUPS = [
    NGrams("word", 1, 2, 18),
    NGrams("word", 2, 3, 18),
    NGrams("char", 2, 4, 18),
    NGrams("char", 1, 5, 18),
    NGrams("cluster", 1, 3, 18, CLUSTERS),
]
# What tokenisers stumble over: scripts, marks, joiners, expansions, symbols, far planes, lone surrogates
SNAGS = (
    "aAbZ07_‿ \t\n\0\u00a0\u200b\u3000éÉe\u0301\u0308ßẞﬁﬃİıſŉǰ\u0390\u0345µΣσςжЖ!?.,'’…-–$€+"
    "漢字かナｶ한\u1112\u1161\u11abไทย\u0e35עברי\u05b0تعر\u064b१\u0903👩👨\u200d👧🏽🇩🇪❤\ufe0f\ufe0e\u00ad\u2060"
    "\U00010400\U0001e900\U0001b000\U0001ffff\U00020000\U0002f800\U000e0001\U0010ffff\ue000\ud800\udfff"
)
WORDS = ["a", "the", "Fox", "ﬁne", "straße", "!?", "漢字", "ไทย", "👩\u200d👧", "שלום", "it's"]
texts_of = st.one_of(
    st.text(),
    st.text(st.sampled_from(SNAGS), max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
)
every_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group.unit}-{group.low}-{group.high}")


def counted(texts, group, packed=None):
    """What the kernel counts: a dict from bucket to count for each text."""
    packed = pack(texts) if packed is None else packed
    lookup = tables(packed.ascii)
    shape = (UNITS[group.unit], group.low, group.high, group.bits)
    indptr, indices, counts = count_ngrams(
        packed.buffer, packed.offsets, lookup.entries, lookup.expansions, *shape, lookup_of(group)
    )
    assert (indptr.dtype, indices.dtype, counts.dtype) == (np.int64, np.int32, np.float32)
    assert indptr[0] == 0
    assert indptr[-1] == len(indices) == len(counts)
    rows = [slice(start, end) for start, end in itertools.pairwise(indptr)]
    assert all(len(set(indices[row])) == row.stop - row.start for row in rows)  # no bucket twice in a text
    return [dict(zip(indices[row].tolist(), counts[row].tolist(), strict=True)) for row in rows]


def expected(texts, group):
    return [Counter(bucket for bucket, _ in buckets(text, group)) for text in texts]


@every_group
def test_no_texts_empty_texts_and_texts_of_one_character(group):
    assert counted([], group) == []
    for texts in ([""], ["", ""], *([character] for character in SNAGS)):
        assert counted(texts, group) == expected(texts, group)


@every_group
@given(st.lists(texts_of, max_size=4))
@example(["\ud800"])
@example(["ŉ\u0345" * 300, "", "\U0010ffff"])
def test_the_kernel_counts_what_the_plain_definition_says(group, texts):
    assert counted(texts, group) == expected(texts, group)


@every_group
def test_long_texts_outgrow_every_buffer(group):
    letters = np.random.default_rng(0).integers(0, len(SNAGS), size=6000)
    long = "".join(SNAGS[letter] for letter in letters)
    ascii_long = "".join(chr(33 + letter % 90) for letter in letters)
    for texts in (["short", long, "", "short"], [ascii_long, "short"], [long] * 3):
        assert counted(texts, group) == expected(texts, group)


@given(texts_of)
@example("ß" * 50 + "\u0390" * 50)  # every character expands
@example("a!" * 50)  # a border after every character
def test_a_decoded_stream_is_the_plain_one_and_fits_its_buffer(text):
    packed = pack([text])
    lookup = tables(packed.ascii)
    room = 6 * len(packed.buffer) + 2
    buffer = np.full(room + 8, 7, dtype=np.uint32)
    length = decode(packed.buffer, 0, len(packed.buffer), lookup.entries, lookup.expansions, buffer)
    assert buffer[:length].tolist() == stream(text)
    assert (buffer[room:] == 7).all()


@given(texts_of)
@example("ß" * 50 + "\u0390" * 50)
@example("ﬁ\u200dne a\u00adb漢字c!?ŉ")
@example("a!b ! c")
def test_a_scan_finds_the_runs_of_the_stream_and_the_tokens_in_them(text):
    packed = pack([text])
    lookup = tables(packed.ascii)
    size = len(packed.buffer)
    found, keys = np.zeros(3 * size + 1, np.uint64), np.zeros(3 * size + 1, np.uint64)
    spans = np.zeros(size + 2, np.int64)
    chars = (lookup.entries, lookup.expansions)
    count, number = scan(packed.buffer, 0, size, *chars, found, keys, spans)
    assert count == len(tokens(stream(text)))
    buffer = np.empty(6 * size + 2, dtype=np.uint32)
    pieces = []
    for start, end in itertools.pairwise(spans[: number + 1]):
        pieces.append(tuple(buffer[: decode(packed.buffer, start, end, *chars, buffer)].tolist()))
    wanted = [tuple(run) for run in runs(stream(text))]
    assert pieces == wanted
    assert len(set(zip(keys[:number].tolist(), wanted, strict=True))) == len(set(wanted)) == len(set(keys[:number]))


far_planes = st.characters(min_codepoint=TABLE_SIZE - 0x100, exclude_categories=["Cs"])


@given(st.text(st.one_of(st.sampled_from("aß!漢 "), far_planes), max_size=20))
@example("".join(map(chr, (0x1FFFF, 0x20000, 0xDFFFF, 0xE0000, 0xE0001, 0xE007F, 0xE0100, 0xE01EF, 0xF0000, 0x10FFFF))))
@example("a\U000e0067b🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f!葛\U000e0100")
def test_beyond_the_table_the_kernel_sees_the_plain_stream(text):
    packed = pack([text])
    lookup = tables(packed.ascii)
    buffer = np.empty(6 * len(packed.buffer) + 2, dtype=np.uint32)
    length = decode(packed.buffer, 0, len(packed.buffer), lookup.entries, lookup.expansions, buffer)
    assert buffer[:length].tolist() == stream(text)
    tags = {character for character in text if ord(character) >= TAGS}
    assert stream("".join(character for character in text if character not in tags)) == stream(text)


@given(st.lists(texts_of, min_size=1, max_size=4), st.data())
def test_the_place_of_a_text_in_the_buffer_does_not_matter(texts, data):
    order = data.draw(st.permutations(range(len(texts))))
    packed = subset(pack(texts), np.array(order))
    assert counted(None, GROUPS[2], packed) == [expected([texts[at]], GROUPS[2])[0] for at in order]


@given(texts_of)
def test_normal_forms_make_no_difference(text):
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    composed, decomposed = counted(forms, GROUPS[3])
    assert composed == decomposed == counted([text], GROUPS[3])[0]


def test_ascii_text_gives_the_same_with_small_and_full_tables():
    text = "".join(map(chr, range(128))) * 2
    alone, beside = counted([text], GROUPS[2]), counted([text, "é"], GROUPS[2])
    assert alone[0] == beside[0]


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=12).map(" ".join), min_size=1),
    st.sampled_from([(1, 1), (1, 2), (2, 3)]),
)
def test_word_ngrams_are_counted_as_scikit_learn_does(texts, lengths):
    text_features = pytest.importorskip("sklearn.feature_extraction.text")
    vectorizer = text_features.CountVectorizer(ngram_range=lengths, token_pattern=r"\w+")
    group = NGrams("word", *lengths, 22)
    ours = counted(texts, group)
    if max(text.count(" ") + 1 for text in texts) < lengths[0]:  # scikit-learn raises where there is nothing
        assert ours == [{}] * len(texts)
        return
    peer = vectorizer.fit_transform(texts)
    for at, counts in enumerate(ours):
        assert sorted(counts.values()) == sorted(peer[at].data.tolist())
    assert len(set().union(*ours)) == peer.shape[1]


def test_buckets_are_spread_evenly():
    texts = [f"{number} w{number:05d} x{number * 7919:x}" for number in range(20_000)]
    group = NGrams("word", 1, 1, 10)
    totals = Counter()
    for counts in counted(texts, group):
        totals.update(counts)
    filled = np.array([totals[bucket] for bucket in range(1024)])
    mean = filled.mean()
    chi_square = ((filled - mean) ** 2 / mean).sum()
    assert chi_square < 1023 + 5 * np.sqrt(2 * 1023)  # five standard deviations above the mean
