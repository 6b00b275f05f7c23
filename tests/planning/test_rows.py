from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.features.plain import NGrams
from lilliput.planning.rows import MIN_BITS, ROOMY, SPARSE, candidates, fit_rows, layout_of, scores
from lilliput.training.learner import Learner, Shape

BITS = 12
GROUPS = (NGrams("word", 1, 2, BITS), NGrams("char", 2, 3, BITS))
TEXTS = 100


@st.composite
def choices(draw):
    """A layout, its counts, a worth for each row, bytes a row, and some room."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    counts = [np.zeros(1 << BITS, dtype=np.int32) for _ in GROUPS]
    for count in counts:
        some = generator.choice(1 << BITS, size=draw(st.integers(0, 400)), replace=False)
        count[some] = generator.integers(1, TEXTS, size=len(some))
    layout = candidates(GROUPS, counts, TEXTS, least=1)
    levels = draw(st.sampled_from([2, 1000]))  # with ties, or hardly any
    worth = [generator.integers(0, levels, size=rows.rows).astype(np.float32) for rows in layout.maps]
    return layout, counts, worth, draw(st.sampled_from([0.5, 1.0, 6.0, 18.0])), draw(st.integers(0, 20_000))


def bytes_of(layout, row_bytes):
    return layout.rows * row_bytes + sum(bucket_map.words.nbytes for bucket_map in layout.maps)


def ranked(layout, worth):
    """(group, bucket) of every row, the worthiest first."""
    rows = [(group, bucket) for group, rows in enumerate(layout.maps) for bucket in rows.buckets().tolist()]
    return [rows[place] for place in np.argsort(-np.concatenate(worth), kind="stable")]


def folded(layout, rows):
    """Where rows of the unfolded layout, (group, bucket), come to lie in `layout`."""
    return {(group, bucket >> (BITS - layout.groups[group].bits)) for group, bucket in rows}


def least_bytes(rows, row_bytes):
    """Bytes of rows, (group, bucket), in the smallest maps allowed."""
    counts = [sum(group == number for group, _ in rows) for number in range(len(GROUPS))]
    bits = [max(MIN_BITS, int(np.ceil(np.log2(max(1, count) * SPARSE)))) for count in counts]
    return sum(np.ceil(count * row_bytes) + 2**width / 8 for count, width in zip(counts, bits, strict=True))


@given(choices())
def test_the_room_is_never_exceeded(choice):
    layout, counts, worth, row_bytes, room = choice
    fitting = fit_rows(layout, counts, TEXTS, worth, row_bytes, room)
    assert fitting is None or bytes_of(fitting, row_bytes) <= room


@given(choices())
def test_the_worthiest_rows_are_kept_and_as_many_as_fit(choice):
    layout, counts, worth, row_bytes, room = choice
    fitting = fit_rows(layout, counts, TEXTS, worth, row_bytes, room)
    order = ranked(layout, worth)
    fit = [number for number in range(len(order) + 1) if least_bytes(order[:number], row_bytes) <= room]
    if not fit or not fit[-1]:
        assert fitting is None
        return
    kept = {(group, bucket) for group, rows in enumerate(fitting.maps) for bucket in rows.buckets().tolist()}
    assert any(kept == folded(fitting, order[:number]) for number in range(fit[-1], len(order) + 1))
    assert bytes_of(fitting, row_bytes) <= room


@pytest.mark.parametrize("room", [3_000, 6_000, 12_000])
def test_rows_that_are_folded_into_one_make_room_for_others(room):
    generator = np.random.default_rng(0)
    counts = [generator.integers(1, TEXTS, size=1 << BITS, dtype=np.int32) for _ in GROUPS]
    layout = candidates(GROUPS, counts, TEXTS, least=1)
    worth = [generator.random(rows.rows, dtype=np.float32) for rows in layout.maps]
    used = bytes_of(fit_rows(layout, counts, TEXTS, worth, 6.0, room), 6.0)
    assert 0.97 * room < used <= room


@given(choices())
@settings(max_examples=30)
def test_maps_are_neither_crowded_nor_wider_than_is_of_use(choice):
    layout, counts, worth, row_bytes, _ = choice
    fitting = fit_rows(layout, counts, TEXTS, worth, row_bytes, np.inf)
    for group, rows, before in zip(
        fitting.groups if fitting else [], fitting.maps if fitting else [], layout.maps, strict=False
    ):
        assert group.bits == BITS or 2**group.bits < 2 * ROOMY * max(before.rows, 2**MIN_BITS / ROOMY)
        assert 2**group.bits >= min(2**BITS, SPARSE * rows.rows)


def test_all_rows_are_kept_where_there_is_room_and_no_worth():
    counts = [np.arange(1 << BITS, dtype=np.int32) % 7 for _ in GROUPS]
    layout = candidates(GROUPS, counts, TEXTS, least=2)
    fitting = fit_rows(layout, counts, TEXTS, None, 4.0, np.inf)
    assert fitting.rows == layout.rows == sum(int((count >= 2).sum()) for count in counts)
    assert fitting.groups == GROUPS


@pytest.mark.parametrize("room", [-1e9, 0, 63, 64 + 3, 64 + 64 + 3])
def test_nothing_fits(room):
    counts = [np.ones(1 << BITS, dtype=np.int32) for _ in GROUPS]
    layout = candidates(GROUPS, counts, TEXTS, least=1)
    assert fit_rows(layout, counts, TEXTS, None, 4.0, room) is None
    assert fit_rows(layout, counts, TEXTS, None, 4.0, 64 + 64 + 4).rows == 1


def test_no_rows_are_no_layout():
    counts = [np.zeros(1 << BITS, dtype=np.int32) for _ in GROUPS]
    layout = candidates(GROUPS, counts, TEXTS, least=1)
    assert layout.rows == 0
    assert fit_rows(layout, counts, TEXTS, None, 4.0, np.inf) is None


def test_buckets_that_fold_together_share_a_row_and_their_counts():
    count = np.zeros(1 << BITS, dtype=np.int32)
    count[[0, 1, 9, 4095]] = [3, 98, 5, 7]
    kept = [np.array([0, 1, 9, 4095])]
    layout = layout_of(GROUPS[:1], [count], kept, [9], TEXTS)
    assert layout.groups == (NGrams("word", 1, 2, 9),)
    assert layout.maps[0].buckets().tolist() == [0, 1, 511]
    frequency = np.array([TEXTS, 5, 7])  # no more texts than there are
    rarity = np.log((1 + TEXTS) / (1 + frequency)) + 1
    np.testing.assert_allclose(layout.rates[0], rarity / np.average(rarity, weights=frequency), rtol=1e-6)


@given(choices())
@settings(max_examples=30)
def test_rates_are_one_on_average_over_what_occurs(choice):
    layout, counts, *_ = choice
    if layout.rows:
        frequency = [count[rows.buckets()] for count, rows in zip(counts, layout.maps, strict=True)]
        assert np.average(np.concatenate(layout.rates), weights=np.concatenate(frequency)) == pytest.approx(1, rel=1e-4)
        assert all((rates > 0).all() and rates.dtype == np.float32 for rates in layout.rates)


def test_candidates_occur_often_enough():
    counts = [np.arange(1 << BITS, dtype=np.int32), np.arange(1 << BITS, dtype=np.int32)[::-1].copy()]
    for least in (1, 2, 4000):
        layout = candidates(GROUPS, counts, 5000, least)
        for count, rows in zip(counts, layout.maps, strict=True):
            assert rows.buckets().tolist() == np.flatnonzero(count >= least).tolist()


def test_worth_is_how_far_outputs_are_told_apart_by_frequent_ngrams():
    count = np.zeros(1 << BITS, dtype=np.int32)
    count[[5, 6, 7]] = [16, 16, 1]
    layout = candidates(GROUPS[:1], [count], TEXTS, least=1)
    for linear in (True, False):
        learner = Learner(Shape(GROUPS[:1], 2, 0, 2, 8, linear), layout.maps, layout.rates, seed=0)
        learner.weights(0)[:] = [[3, 1], [2, 2], [3, 1]]
        expected = [4, 0, 2] if linear else [8, 8, 4]  # what all outputs share tells nothing of a linear net
        np.testing.assert_allclose(scores(learner, [count])[0], expected, rtol=1e-6)


def test_worth_of_a_lone_output_is_its_size():
    count = np.zeros(1 << BITS, dtype=np.int32)
    count[[5, 6]] = [1, 81]
    layout = candidates(GROUPS[:1], [count], TEXTS, least=1)
    learner = Learner(Shape(GROUPS[:1], 1, 0, 1, 8, linear=True), layout.maps, layout.rates, seed=0)
    learner.weights(0)[:] = [[-2], [1]]
    np.testing.assert_allclose(scores(learner, [count])[0], [2, 3], rtol=1e-6)
