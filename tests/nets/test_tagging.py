"""The net along sentences against the plain net, token by token."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.data.packed import pack
from lilliput.features.buckets import BucketMap
from lilliput.features.window_kernels import tokens_of
from lilliput.features.windows import Window, atoms
from lilliput.nets.feedforward import FeedForward, Layers, Table
from lilliput.nets.sequence import greedy_sentence, sentence_logits, transitions
from lilliput.nets.tagging import greedy, token_logits

TAGS = 4
GROUPS = (
    Window(("word[0]", "shape[0]", "word[-1] word[0]"), 10),
    Window(("chars[0]",), 10),
    Window(("tag[-1]", "tag[-2]", "tag[-2] tag[-1]"), 10),
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


def plain_logits(net, words, tags):
    """Logits of every token after the tags given to those before it."""
    known = [*tags, *[-1] * (len(words) - len(tags))]
    sentence = [atoms(word, tag=tag) for word, tag in zip(words, known, strict=True)]
    return np.array([net.layers(net.pooled((sentence, place))) for place in range(len(words))])


@every_net
@pytest.mark.parametrize("threads", [1, 2])
def test_logits_and_transitions_add_up_to_those_of_the_plain_net(net, threads):
    flat, borders = laid_out(SENTENCES)
    logits, table = token_logits(net, tokens_of(pack(flat), borders), threads), transitions(net)
    assert table.shape == (TAGS + 1, TAGS + 1, TAGS)
    generator = np.random.default_rng(0)
    for words, start in zip(SENTENCES, borders.tolist(), strict=False):
        tags = generator.integers(0, TAGS, len(words)).tolist()
        before = [TAGS, TAGS, *tags]
        found = [logits[start + at] + table[before[at], before[at + 1]] for at in range(len(words))]
        np.testing.assert_allclose(found, plain_logits(net, words, tags), atol=1e-4)


@every_net
def test_each_tag_is_the_best_after_the_two_before(net):
    flat, borders = laid_out(SENTENCES)
    logits, table = token_logits(net, tokens_of(pack(flat), borders), 1), transitions(net)
    tags, chances = greedy(logits, table, borders, 2.0)
    for words, start in zip(SENTENCES, borders.tolist(), strict=False):
        given = tags[start : start + len(words)].tolist()
        for at in range(len(words)):
            scores = plain_logits(net, words, given[:at])[at]
            powers = np.exp(scores / 2)
            assert given[at] == scores.argmax()
            assert chances[start + at] == pytest.approx(powers.max() / powers.sum(), abs=1e-5)


@every_net
def test_one_sentence_in_plain_python_is_tagged_as_by_the_kernels(net):
    flat, borders = laid_out(SENTENCES)
    logits, table = token_logits(net, tokens_of(pack(flat), borders), 1), transitions(net)
    tags, chances = greedy(logits, table, borders, 1.5)
    for words, start in zip(SENTENCES, borders.tolist(), strict=False):
        span = slice(start, start + len(words))
        plain = sentence_logits(net, [atoms(word) for word in words])
        np.testing.assert_allclose(plain, logits[span], atol=1e-4)
        found, sure = greedy_sentence(plain, table, 1.5)
        assert found == tags[span].tolist()
        np.testing.assert_allclose(sure, chances[span], atol=1e-5)


def test_no_tokens():
    net = random_net(TAGS, shared=True)
    tokens = tokens_of(pack([]), np.zeros(1, dtype=np.int64))
    tags, chances = greedy(token_logits(net, tokens, 2), transitions(net), tokens.sentences, 1.0)
    assert len(tags) == len(chances) == 0
