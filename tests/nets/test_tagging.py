"""The net along sentences against the plain net, token by token."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.data.packed import pack
from lilliput.features.buckets import BucketMap
from lilliput.features.window_kernels import tokens_of
from lilliput.features.windows import Window, atoms
from lilliput.nets.feedforward import FeedForward, Layers, Table
from lilliput.nets.sequence import likeliest, sentence_logits
from lilliput.nets.tagging import likeliest_tags, token_logits

TAGS = 4
GROUPS = (
    Window(("word[0]", "shape[0]", "word[-1] word[0]"), 10),
    Window(("chars[0]",), 10),
    Window(("suffix1[-1]", "word[-2] word[-1]", "shape[+1]"), 10),
)
SENTENCES = [["The", "fox", "ran", "."], ["No", "!"], ["漢字", "né", "B-52", "the", "fox"], ["x"]]


def random_net(dim, *, shared, bits=8):
    """A net with a row for half of all buckets."""
    generator = np.random.default_rng(dim)
    maps = tuple(BucketMap.of(generator.choice(1024, 512, replace=False), 10) for _ in GROUPS)
    tables = []
    for one in maps:
        codes = generator.integers(0, 2**bits - 1, one.rows * dim).astype(np.uint8)
        packed = codes if bits == 8 else codes[::2] | codes[1::2] << 4
        scales = generator.uniform(0.5, 1, one.rows if dim >= 8 else 1).astype(np.float16)
        tables.append(Table(packed, scales, dim, bits))
    none = np.zeros((0, 0), np.float32)
    width = dim * (1 if shared else len(GROUPS))
    output = none if shared else generator.normal(size=(width, TAGS)).astype(np.float32)
    bias = generator.normal(size=TAGS).astype(np.float32)
    return FeedForward(GROUPS, maps, tuple(tables), Layers(none, none.ravel(), output, bias), shared)


NETS = {
    "linear": {"dim": TAGS, "shared": True},
    "embedding": {"dim": 9, "shared": False},
    "embedding, 4 bits": {"dim": 16, "shared": False, "bits": 4},
}
every_net = pytest.mark.parametrize("net", [random_net(**form) for form in NETS.values()], ids=NETS)


def laid_out(sentences):
    flat = [word for sentence in sentences for word in sentence]
    borders = np.cumsum([0, *map(len, sentences)]).astype(np.int64)
    return flat, borders


@every_net
@pytest.mark.parametrize("threads", [1, 2])
def test_logits_are_those_of_the_plain_net(net, threads):
    flat, borders = laid_out(SENTENCES)
    logits = token_logits(net, tokens_of(pack(flat), borders), threads)
    for words, first, last in zip(SENTENCES, borders[:-1], borders[1:], strict=True):
        sentence = [atoms(word) for word in words]
        plain = np.array([net.layers(net.pooled((sentence, place))) for place in range(len(words))])
        np.testing.assert_allclose(logits[first:last], plain, atol=1e-4)
        np.testing.assert_allclose(sentence_logits(net, sentence), plain, atol=1e-4)


def test_no_tokens():
    net = random_net(TAGS, shared=True)
    tokens = tokens_of(pack([]), np.zeros(1, dtype=np.int64))
    transitions = np.zeros((TAGS + 1, TAGS), dtype=np.float32)
    tags, chances = likeliest_tags(token_logits(net, tokens, 2), transitions, tokens.sentences, 1.0, 2)
    assert len(tags) == len(chances) == 0
    assert likeliest(sentence_logits(net, []), transitions, 1.0) == ([], [])
