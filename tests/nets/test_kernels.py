"""Adagrad steps and the coding of rows; `test_gradients` has the forward pass, the losses and the gradients."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lilliput.compress.levels import linear_levels, tree_levels
from lilliput.features.bags import SEGMENTS
from lilliput.nets.kernels import (
    SIGMOID,
    coding_of,
    forward,
    losses,
    row_scales,
    step_head,
    step_tables,
    store_rows,
)

FORMS = {"linear": {"dim": 3, "shared": True, "output": False}, "embedding": {"dim": 9, "hidden": 5}}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
rows_of_weights = hnp.arrays(np.float32, st.integers(1, 12), elements=st.floats(-60000, 60000, width=32))


def store_row(weights, stored, coding):
    """One row, which is the whole table."""
    store_rows(weights, stored, np.zeros(1, np.int32), 0, len(weights), coding)


def row_scale(weights):
    return row_scales(weights[None])[0]


ROW_SCALED = [coding_of(linear_levels(bits), 0.0) for bits in (4, 8)]
CODINGS = [*ROW_SCALED, *(coding_of(tree_levels(bits), scale) for bits in (4, 8) for scale in (2.0**-14, 0.37, 5))]


def with_gradients(net):
    """The net after a forward and a backward pass over all its texts."""
    texts = np.arange(len(net.targets.weights))
    forward(texts, net.bags, net.tables, net.tables.weights, net.head, net.scratch)
    losses(texts, 0, len(texts), net.targets, SIGMOID, net.head, net.scratch)
    return net


def adagrad(weights, sums, gradient, rate):
    """One step in float64, by the formula of Duchi et al. 2011."""
    sums += gradient**2
    weights -= rate * gradient / np.sqrt(sums + 1e-8)


@every_form
def test_rows_take_an_adagrad_step_for_each_text_in_order(make_net, form):
    net = with_gradients(make_net(**form))
    texts = np.array([6, 0, 5, 3, 3])
    weights, sums = (table.astype(np.float64) for table in (net.tables.weights, net.tables.sums))
    for slot, text in enumerate(texts):
        for group, rows in enumerate(net.groups):
            bag = net.bag_rows[group][text]
            for row in bag:
                column, place = net.tables.columns[group], rows.start + row
                gradient = net.scratch.d_pooled[slot, column : column + net.dim].astype(np.float64) / np.sqrt(len(bag))
                adagrad(weights[place], sums[place], gradient, 0.3 * net.tables.rates[place])
    step_tables(texts, net.bags, net.tables, net.coding, np.float32(0.3), 0, SEGMENTS, net.scratch)
    np.testing.assert_allclose(net.tables.weights, weights, atol=1e-5)
    np.testing.assert_allclose(net.tables.sums, sums, rtol=1e-4)


@every_form
def test_dense_layers_take_one_adagrad_step_for_the_summed_gradients(make_net, form):
    net = with_gradients(make_net(**form))
    head, count = net.head, 6
    _, pooled, hidden, _, d_logits, d_hidden, _ = (array[:count].astype(np.float64) for array in net.scratch)
    layers = [(head.bias, head.bias_sums, d_logits.sum(axis=0))]
    if len(head.output):
        layers.append((head.output, head.output_sums, hidden.T @ d_logits))
    if len(head.hidden):
        layers.append((head.hidden, head.hidden_sums, pooled.T @ d_hidden))
        layers.append((head.hidden_bias, head.hidden_bias_sums, d_hidden.sum(axis=0)))
    expected = []
    for weights, sums, gradient in layers:
        sums[:] = 0.5
        wanted = (weights.astype(np.float64), sums.astype(np.float64))
        adagrad(*wanted, gradient, 0.3)
        expected.append(wanted)
    step_head(np.arange(count), head, np.float32(0.3), net.scratch)
    for (weights, sums, _), wanted in zip(layers, expected, strict=True):
        np.testing.assert_allclose(weights, wanted[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(sums, wanted[1], rtol=1e-4)


@every_form
@pytest.mark.parametrize("coding", [None, *CODINGS[:4]], ids=["plain", "linear4", "linear8", "tree4", "tree4-small"])
@pytest.mark.parametrize("cuts", [[0, 3, 8], [0, 2, 5, 8], [*range(9)]], ids=["2", "3", "8"])
def test_segments_stepped_apart_in_any_order_give_the_same_bytes(make_net, form, coding, cuts):
    whole, parted = (with_gradients(make_net(**form)) for _ in range(2))
    coding = coding or whole.coding
    texts, rate = np.array([1, 7, 2, 4, 1]), np.float32(0.2)
    step_tables(texts, whole.bags, whole.tables, coding, rate, 0, SEGMENTS, whole.scratch)
    for first, last in reversed(list(itertools.pairwise(cuts))):
        step_tables(texts, parted.bags, parted.tables, coding, rate, first, last, parted.scratch)
    assert [table.tobytes() for table in whole.tables] == [table.tobytes() for table in parted.tables]


def test_rows_of_no_text_are_left_alone(make_net):
    net = with_gradients(make_net(4))
    before = net.tables.weights.copy()
    step_tables(np.array([0]), net.bags, net.tables, net.coding, np.float32(0.2), 0, SEGMENTS, net.scratch)
    changed = np.flatnonzero((before != net.tables.weights).any(axis=1))
    expected = [rows.start + bags[0] for rows, bags in zip(net.groups, net.bag_rows, strict=True)]
    np.testing.assert_array_equal(changed, np.concatenate(expected))


@pytest.mark.parametrize("coding", CODINGS[:4])
def test_in_the_last_phase_each_step_stores_the_row_anew(make_net, coding):
    net = with_gradients(make_net(4))
    step_tables(np.arange(8), net.bags, net.tables, coding, np.float32(0.2), 0, SEGMENTS, net.scratch)
    stepped = np.unique(
        np.concatenate([rows.start + bag for rows, bags in zip(net.groups, net.bag_rows, strict=True) for bag in bags])
    )
    expected = np.empty_like(net.tables.weights)
    for row, stored in zip(net.tables.weights, expected, strict=True):
        store_row(row, stored, coding)
    np.testing.assert_array_equal(net.tables.stored[stepped], expected[stepped])


@given(rows_of_weights, st.sampled_from(CODINGS))
def test_a_stored_weight_is_the_nearest_level_times_the_scale(weights, coding):
    stored = np.full_like(weights, np.nan)
    store_row(weights, stored, coding)
    scale = np.float64(coding.scale or row_scale(weights))
    distances = np.abs(weights[:, None] - coding.levels * scale)
    assert (np.abs(stored[:, None] - coding.levels * scale).min(axis=1) <= 1e-6 * scale).all()
    assert (np.abs(stored - weights.astype(np.float64)) <= distances.min(axis=1) + 1e-6 * scale).all()


@pytest.mark.parametrize("coding", CODINGS)
def test_levels_are_stored_as_they_are(coding):
    scale = np.float32(coding.scale or 0.75)
    weights = coding.levels * scale
    stored = np.empty_like(weights)
    store_row(weights, stored, coding)
    np.testing.assert_allclose(stored, weights, rtol=1e-6)


@given(rows_of_weights)
@example(np.zeros(3, np.float32))
@example(np.float32([2.0**-14]))
@example(np.float32([1e-30]))
@example(np.float32([1.0]))
@example(np.float32([1.0000001]))
def test_the_scale_of_a_row_is_just_above_its_largest_weight_and_exact_in_16_bits(weights):
    scale = np.float32(row_scale(weights))
    largest = max(np.abs(weights).max(), np.float32(2.0**-14))
    assert largest <= scale <= largest * (1 + 2.0**-7)
    assert np.float16(scale) == scale


@given(rows_of_weights, st.sampled_from(ROW_SCALED))
def test_with_a_scale_a_row_linear_levels_are_half_a_step_off_at_most(weights, coding):
    stored = np.empty_like(weights)
    store_row(weights, stored, coding)
    half_step = 0.5 / (len(coding.levels) // 2) * np.float64(row_scale(weights))
    assert (np.abs(stored.astype(np.float64) - weights) <= half_step * (1 + 1e-5)).all()


@pytest.mark.parametrize("coding", CODINGS)
def test_zero_is_stored_as_zero(coding):
    stored = np.full(3, np.nan, dtype=np.float32)
    store_row(np.zeros(3, np.float32), stored, coding)
    assert stored.tolist() == [0, 0, 0]


@pytest.mark.parametrize("coding", CODINGS[:4])
def test_many_rows_at_once(make_net, coding):
    weights = make_net(9).tables.weights
    found, expected = np.full_like(weights, np.nan), np.full_like(weights, np.nan)
    store_rows(weights.reshape(-1), found.reshape(-1), np.array([4, 0, 2], np.int32), 3, 9, coding)
    for row in (7, 3, 5):
        store_row(weights[row], expected[row], coding)
    np.testing.assert_array_equal(found, expected)
    assert row_scales(weights).tolist() == [row_scale(row) for row in weights]
    assert row_scales(weights).dtype == np.float32


@pytest.mark.parametrize("coding", CODINGS[2:])
def test_no_two_middles_share_a_cell_so_that_one_comparison_finds_the_level(coding):
    between = coding.middles[:-1]
    values = np.concatenate([between, np.nextafter(between, np.float32(2)), np.nextafter(between, np.float32(-2))])
    stored = np.empty_like(values)
    exact = coding_of(np.array(coding.levels), 1.0)
    store_row(values, stored, exact)
    np.testing.assert_array_equal(stored, coding.levels[np.searchsorted(between, values)])
