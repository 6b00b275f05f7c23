from __future__ import annotations

import numpy as np
import pytest

from lilliput.data.packed import pack, subset
from lilliput.nets import pooling
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.pooling import logits, packed_logits, pooled

FORMS = {
    "linear, 8 bits": {"dims": (3, 3), "shared": True},
    "linear, wide, 4 bits": {"dims": (9, 9), "shared": True, "bits": 4, "outputs": 9},
    "linear, one output": {"dims": (1, 1), "shared": True, "bits": 4, "outputs": 1},
    "embedding, 8 bits": {"dims": (4, 3)},
    "embedding, wide, 4 bits": {"dims": (9, 8), "bits": 4},
    "hidden": {"dims": (4, 9), "hidden": 6},
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@pytest.fixture
def many(texts):
    generator = np.random.default_rng(0)
    words = " ".join(texts).split()
    return texts + [" ".join(generator.choice(words, size=size)) for size in (1, 2, 3, 500)]


@every_form
def test_kernels_say_what_the_plain_net_says(make_stored, many, form):
    net = make_stored(**form)
    found = logits(net, many, 1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, net.logits(many), atol=1e-5)
    np.testing.assert_allclose(pooled(net, pack(many)), [net.pooled(text) for text in many], atol=1e-5)


@every_form
def test_one_text_and_no_text(make_stored, form):
    net = make_stored(**form)
    assert logits(net, [], 2).shape == packed_logits(net, pack([]), 2).shape == (0, net.outputs)
    np.testing.assert_allclose(logits(net, ["the fox"], 1), net.logits(["the fox"]), atol=1e-5)
    np.testing.assert_allclose(logits(net, [""], 1), net.logits([""]), atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_neither_threads_nor_chunks_nor_neighbours_change_a_bit(make_stored, many, monkeypatch, threads):
    net = make_stored((4, 9))  # no matrix product but the last, whose rows do not depend on their neighbours
    expected = pooled(net, pack(many))
    for chunk in (1, 3, 4096):
        monkeypatch.setattr(pooling, "CHUNK", chunk)
        np.testing.assert_allclose(logits(net, many, threads), net.layers(expected), atol=1e-6)
        np.testing.assert_array_equal(logits(net, many, threads), logits(net, many, 1))
        np.testing.assert_array_equal(packed_logits(net, pack(many), threads), packed_logits(net, pack(many), 1))


def test_packed_texts_may_be_a_subset(make_stored, many):
    net = make_stored((4, 9))
    order = np.array([5, 0, 0, 3])
    expected = net.logits([many[at] for at in order])
    np.testing.assert_allclose(packed_logits(net, subset(pack(many), order), 1), expected, atol=1e-5)


def test_a_loaded_net_may_stand_in_memory_that_cannot_be_written(make_stored, many):
    net = make_stored((4, 3))
    arrays = {
        name: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape) for name, array in net.arrays().items()
    }
    loaded = FeedForward.build(net.shape(), arrays)
    np.testing.assert_array_equal(logits(loaded, many, 1), logits(net, many, 1))
