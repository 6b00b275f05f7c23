"""Counts of n-grams by class against a plain count."""

from __future__ import annotations

from collections import Counter as Plain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.arrays import letters_alone
from lilliput.features.frequencies import Counter, chunks
from lilliput.features.plain import NGrams, buckets

GROUP = NGrams("char", 1, 3, 12)
rows_of = st.lists(st.tuples(st.text(st.sampled_from("ab é漢!"), max_size=8), st.integers(0, 2)), max_size=12)


def counted(rows, group=GROUP):
    counter = Counter(group)
    for text, number in rows:
        counter.add([text], [number])
    return counter.result(3)


def plain(rows):
    return Plain((bucket, number) for text, number in rows for bucket, _ in buckets(letters_alone(text), GROUP))


def as_counts(found):
    pairs = zip(found.buckets.tolist(), found.classes.tolist(), strict=True)
    return dict(zip(pairs, found.counts.tolist(), strict=True))


@given(rows_of)
def test_counts_and_totals_are_those_of_a_plain_count(rows):
    found, wanted = counted(rows), plain(rows)
    assert as_counts(found) == wanted
    assert list(as_counts(found)) == sorted(wanted)
    totals = [sum(count for (_, number), count in wanted.items() if number == label) for label in range(3)]
    assert found.totals.tolist() == totals


@given(rows_of)
def test_batches_make_no_difference(rows):
    whole = Counter(GROUP)
    whole.add([text for text, _ in rows], [number for _, number in rows])
    assert as_counts(whole.result(3)) == as_counts(counted(rows))


@given(rows_of, rows_of)
def test_sums_folds_and_other_numbers(rows, more):
    both = counted(rows).plus(counted(more))
    assert as_counts(both) == plain(rows + more)
    assert as_counts(both.folded(2)) == as_counts(counted(rows + more, NGrams("char", 1, 3, 10)))
    moved = counted([(text, (number + 1) % 3) for text, number in rows])
    again = moved.renumbered(np.array([2, 0, 1]))
    assert as_counts(again) == as_counts(counted(rows))
    assert again.totals.tolist() == counted(rows).totals.tolist()


@given(st.lists(st.text(max_size=9), max_size=9), st.integers(1, 20))
def test_chunks_are_full_and_not_too_full(texts, size):
    cut = chunks(texts, size)
    assert [place for first, last in cut for place in range(first, last)] == list(range(len(texts)))
    sizes = [sum(len(text) + 1 for text in texts[first:last]) for first, last in cut]
    assert all(found <= size or last - first == 1 for found, (first, last) in zip(sizes, cut, strict=True))
