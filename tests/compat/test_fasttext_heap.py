from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.compat import fasttext_heap as heap
from lilliput.compat.fasttext_loss import huffman_tree


def sorted_by_heap(values, k):
    scores, ids, size = [0.0] * (k + 1), [0] * (k + 1), 0
    for i, value in enumerate(values):
        size = heap.push(scores, ids, size, value, i)
        if size > k:
            size = heap.pop(scores, ids, size)
    rest = size
    while rest > 1:
        rest = heap.pop(scores, ids, rest)
    return ids[:size], scores[:size]


@given(st.lists(st.integers(0, 6), max_size=30), st.integers(1, 10))
def test_the_best_k_come_out_in_order(values, k):
    ids, scores = sorted_by_heap(values, k)
    assert scores == sorted(values, reverse=True)[:k]
    assert [values[i] for i in ids] == scores
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("values", "k", "order"),
    [
        ([1, 1], 1, [1]),
        ([1, 1, 1], 3, [2, 1, 0]),
        ([1, 1, 1, 1, 1, 1, 1, 1], 5, [3, 1, 4, 7, 6]),
        ([2, 1, 2, 1, 3, 2, 1, 3, 3, 1], 10, [8, 7, 4, 0, 5, 2, 9, 3, 6, 1]),
    ],
)
def test_ties_fall_as_in_libstdcpp(values, k, order):
    """The orders are those of a C++ program with std::push_heap, std::pop_heap and std::sort_heap (GCC 12)."""
    assert sorted_by_heap(values, k)[0] == order


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_a_huffman_tree_holds_every_label_once(counts):
    counts.sort(reverse=True)
    tree = huffman_tree(counts)
    labels = len(counts)
    children = [*tree.left[labels:].tolist(), *tree.right[labels:].tolist()]
    assert sorted(children) == list(range(2 * labels - 2)), "all nodes but the root are a child once"
    assert set(tree.left[:labels].tolist()) == {-1}
    assert all(child < node for node in range(labels, 2 * labels - 1) for child in (tree.left[node], tree.right[node]))
