from __future__ import annotations

import numpy as np
import pytest

from lilliput.compress.levels import linear_levels, tree_levels, unpack_codes
from lilliput.features.buckets import BucketMap
from lilliput.features.plain import NGrams, buckets, runs, stream
from lilliput.features.unicode import CODE_MASK
from lilliput.nets.feedforward import FeedForward, Layers, Table

FORMS = {
    "linear, 8 bits": {"dims": (3, 3), "shared": True},
    "linear, 4 bits": {"dims": (3, 3), "shared": True, "bits": 4},
    "linear, wide, 4 bits": {"dims": (9, 9), "shared": True, "bits": 4, "outputs": 9},
    "linear, one output": {"dims": (1, 1), "shared": True, "bits": 4, "outputs": 1},
    "embedding, 8 bits": {"dims": (4, 3)},
    "embedding, wide, 4 bits": {"dims": (9, 8), "bits": 4},
    "embedding, narrow and wide": {"dims": (3, 16), "outputs": 2},
    "hidden": {"dims": (4, 9), "hidden": 6},
    "one group": {"dims": (5,), "hidden": 2, "bits": 4},
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def decoded(table, rows):
    """A table as a float64 matrix, by the words of `Table`: levels[code] * scale."""
    levels = linear_levels(table.bits) if table.dim >= 8 else tree_levels(table.bits)
    codes = unpack_codes(table.codes, table.bits, rows * table.dim).reshape(rows, table.dim)
    return levels.astype(np.float64)[codes] * table.scales.astype(np.float64)[:, None]


def bag_of(text, group, kept):
    """Rows of the bag of `text`: n-grams of words once, of characters once for each distinct run."""
    if group.unit == "word":
        return [kept.index(bucket) for bucket in {bucket for bucket, _ in buckets(text, group)} & set(kept)]
    spelled = {"".join(chr(item & CODE_MASK) for item in run[1:-1]) for run in runs(stream(text))}
    return [kept.index(bucket) for run in spelled for bucket, _ in buckets(run, group) if bucket in kept]


def oracle(net, text):
    """Logits of one text, in float64, with nothing of the net's own methods."""
    blocks = []
    for group, bucket_map, table in zip(net.groups, net.maps, net.tables, strict=True):
        kept = bucket_map.buckets().tolist()
        weights = decoded(table, len(kept))
        bag = bag_of(text, group, kept)
        blocks.append(weights[bag].sum(axis=0) / np.sqrt(max(1, len(bag))))
    pooled = np.sum(blocks, axis=0) if net.shared else np.concatenate(blocks)
    layers = net.layers
    units = np.maximum(pooled @ layers.hidden + layers.hidden_bias, 0) if len(layers.hidden) else pooled
    return (units @ layers.output if len(layers.output) else units) + layers.bias


@every_form
def test_logits_follow_the_formula(make_stored, texts, form):
    net = make_stored(**form)
    logits = net.logits(texts)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, [oracle(net, text) for text in texts], atol=2e-5)


@every_form
def test_no_texts(make_stored, form):
    net = make_stored(**form)
    assert net.logits([]).shape == (0, net.outputs)


@every_form
def test_a_text_without_features_gets_what_the_layers_make_of_nothing(make_stored, form):
    net = make_stored(**form)
    expected = net.layers(np.zeros((1, net.width), np.float32))
    np.testing.assert_array_equal(net.logits(["", "\n", "\u200d"]), np.repeat(expected, 3, axis=0))
    if not form.get("hidden"):
        np.testing.assert_array_equal(expected[0], net.layers.bias)
    assert net.contributions("") == []


@every_form
def test_parts_and_biases_add_up_to_the_logits(make_stored, texts, form):
    net = make_stored(**form)
    for text, logits in zip(texts, net.logits(texts), strict=True):
        parts = net.contributions(text)
        total = net.layers.bias.astype(np.float64)
        for _, says in parts:
            assert says.shape == (net.outputs,)
            total = total + says
        if form.get("hidden"):  # the hidden biases of the units that are switched on say something too
            active = net.pooled(text) @ net.layers.hidden + net.layers.hidden_bias > 0
            total += (net.layers.hidden_bias * active) @ net.layers.output
        np.testing.assert_allclose(total, logits, atol=2e-5)


@every_form
def test_parts_name_ngrams_of_the_text_that_have_a_row(make_stored, texts, form):
    net = make_stored(**form)
    for text in texts:
        shown = {
            ngram
            for group, bucket_map in zip(net.groups, net.maps, strict=True)
            for bucket, ngram in buckets(text, group)
            if bucket_map.row(bucket) >= 0
        }
        assert {ngram for ngram, _ in net.contributions(text)} <= shown


@every_form
def test_shape_and_arrays_build_the_same_net(make_stored, texts, form):
    net = make_stored(**form)
    again = FeedForward.build(net.shape(), net.arrays())
    np.testing.assert_array_equal(again.logits(texts), net.logits(texts))
    assert (again.groups, again.shared, again.outputs) == (net.groups, net.shared, net.outputs)
    assert again.shape() == net.shape()
    assert list(again.arrays()) == list(net.arrays())


def test_a_table_without_rows(texts):
    group = NGrams("word", 1, 1, 9)
    empty = BucketMap.of(np.zeros(0, np.int64), 9)
    none = np.zeros((0, 0), np.float32)
    for dim, scales in ((3, np.float16([1])), (9, np.zeros(0, np.float16))):
        table = Table(np.zeros(0, np.uint8), scales, dim, 8)
        bias = np.arange(dim, dtype=np.float32)
        net = FeedForward((group,), (empty,), (table,), Layers(none, none.ravel(), none, bias), shared=True)
        again = FeedForward.build(net.shape(), net.arrays())
        np.testing.assert_array_equal(again.logits(texts), np.tile(bias, (len(texts), 1)))
        assert again.tables[0].all_weights().shape == (0, dim)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("dim", [1, 2, 3, 7, 8, 9, 11])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_weights_of_rows_are_those_rows_of_the_table(bits, dim, rows):
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 2**bits - 1, size=rows * dim).astype(np.uint8)
    if bits == 4:
        codes = np.append(codes, np.zeros(len(codes) % 2, np.uint8))
        codes = codes[::2] | codes[1::2] << 4
    scales = generator.uniform(0.5, 2, size=rows if dim >= 8 else 1).astype(np.float16)
    table = Table(codes, scales, dim, bits)
    expected = decoded(table, rows)
    order = generator.permutation(rows)
    np.testing.assert_allclose(table.weights(order), expected[order], rtol=1e-6)
    # one-column tables in 4 bits may show a filler at the end
    np.testing.assert_allclose(table.all_weights()[:rows], expected, rtol=1e-6)
    assert len(table.all_weights()) - rows in ((0, 1) if dim == 1 and bits == 4 else (0,))


def test_a_bag_names_the_ngram_of_every_row_repeats_included():
    groups = (NGrams("word", 1, 1, 12), NGrams("char", 2, 2, 12))
    everything = BucketMap.of(np.arange(1 << 12), 12)
    table = Table(np.zeros(1 << 12, np.uint8), np.float16([1]), 1, 8)
    none = np.zeros((0, 0), np.float32)
    layers = Layers(none, none.ravel(), none, np.zeros(1, np.float32))
    net = FeedForward(groups, (everything,) * 2, (table,) * 2, layers, shared=True)
    (words, shown_words), (runs_rows, shown_runs) = (net.bag("ab b, ab", group) for group in (0, 1))
    assert shown_words == ["ab", "b", ","]
    assert shown_runs == ["_a", "ab", "b_", "_b", "b_", "_,", ",_"]
    assert (words.dtype, runs_rows.dtype) == (np.int64, np.int64)
    assert runs_rows[2] == runs_rows[4]
    assert len(set(words.tolist())) == 3


def test_parameters_count_weights_and_biases(make_stored):
    net = make_stored((4, 9), hidden=6)
    rows = [bucket_map.rows for bucket_map in net.maps]
    assert net.parameters() == 4 * rows[0] + 9 * rows[1] + (13 * 6 + 6) + (6 * 3 + 3)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_filler_in_four_bits_is_no_parameter(rows):
    group = NGrams("word", 1, 1, 9)
    table = Table(np.zeros((rows + 1) // 2, np.uint8), np.float16([1]), 1, 4)
    none = np.zeros((0, 0), np.float32)
    layers = Layers(none, none.ravel(), none, np.zeros(1, np.float32))
    net = FeedForward((group,), (BucketMap.of(np.arange(rows), 9),), (table,), layers, shared=True)
    assert net.parameters() == rows + 1
