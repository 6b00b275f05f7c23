from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from lilliput.data.packed import pack
from lilliput.features.cluster_kernels import clusters_of
from lilliput.features.clusters import cluster_map, head_hash

WORDS = ["the", "don", "t", "straße", "漢", "!", "well", "known", "1984", "İ"]
NUMBERS = np.array([3, 0, 1, 2, 9, 4, 5, 6, 7, 8], dtype=np.int32)
pieces = st.lists(st.sampled_from([*WORDS, "'", "-", " ", "字", "\0", "\u0301", "😀", "STRASSE", "zzz"]), max_size=5)


def test_every_word_has_its_cluster_however_it_is_written():
    found = cluster_map(WORDS, NUMBERS, error=2.0**-20)
    assert len(found) == len(WORDS)
    written = ["THE", "Don", "T", "STRASSE", "漢", "!", "Well", "KNOWN", "1984", "İ"]
    for words in (WORDS, written):
        assert clusters_of(pack(words), found).tolist() == NUMBERS.tolist()
    assert clusters_of(pack(["cat", "", " ", "\u200d"]), found).tolist() == [-1] * 4


def test_a_token_of_several_words_goes_by_its_last_run_of_letters_else_by_its_last_symbol():
    found = cluster_map(WORDS, NUMBERS, error=2.0**-20)
    tokens = ["don't", "n't", "well-known", "(the)", "the 1984", "...!", "the!", "字漢", "漢字"]
    assert clusters_of(pack(tokens), found).tolist() == [1, 1, 6, 3, 7, 4, 3, 9, -1]


def test_of_words_that_are_folded_to_one_the_first_counts():
    found = cluster_map(["May", "may", "MAY"], np.array([5, 2, 7], dtype=np.int32), error=2.0**-20)
    assert (len(found), clusters_of(pack(["may", "MAY"]), found).tolist()) == (1, [5, 5])


@given(st.lists(st.one_of(pieces.map("".join), st.text(max_size=12)), max_size=6))
@example(["don't", "\ud800", "a\0b", "\u0301"])
def test_the_plain_look_up_agrees_with_the_compiled_one(words):
    found = cluster_map(WORDS, NUMBERS, error=1 / 2)  # so that many a word is taken for another
    assert clusters_of(pack(words), found).tolist() == [found.look_up_one(head_hash(word)) for word in words]
