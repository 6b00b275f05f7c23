from __future__ import annotations

import time
import weakref

import numpy as np
import pytest

from lilliput.data.packed import Packed
from lilliput.nets import pooling
from lilliput.planning import continuation
from lilliput.planning.continuation import Continuation, least_room
from lilliput.training import examples, passes

NEW = {"prächtig": 0, "furchtbar": 1}
ROOM = 3000  # of a net in 4 bits


@pytest.fixture
def go_on(make_corpus, make_targets):
    """`net` after more texts; `rows`: how many of them are learned from."""

    def run(net, texts, labels, outputs=None, rows=None, **options):
        outputs = outputs or net.outputs
        learn = np.arange(len(texts)) < (len(texts) if rows is None else rows)
        settings = {"single": True, "seed": 0, "threads": 1, **options}
        more = Continuation(net, make_corpus(texts, 2), make_targets(labels, outputs), outputs, **settings)
        return more.train(learn).net

    return run


@pytest.fixture
def new_rows(toy):
    """Texts whose labels are told by words that were not there before."""
    texts, _ = toy(200, seed=5)
    plain = [" ".join(word for word in text.split() if word not in ("gut", "schlecht")) for text in texts]
    words = [list(NEW)[row % 2] for row in range(len(plain))]
    return [f"{text} {word}" for text, word in zip(plain, words, strict=True)], [NEW[word] for word in words]


@pytest.mark.parametrize("shape", [{}, {"dim": 4}, {"dim": 12}, {"dim": 12, "hidden": 8}], ids=str)
@pytest.mark.parametrize("labels", [2, 3])
def test_nothing_new_changes_nothing(trained_net, go_on, toy, shape, labels):
    net = trained_net(labels, **shape)
    texts, chosen = toy(100, labels, seed=1)
    found = pooling.logits(go_on(net, texts, chosen, rows=0), texts, 1)
    expected = pooling.logits(net, texts, 1)
    np.testing.assert_allclose(found, expected, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize("shape", [{}, {"dim": 12}], ids=str)
@pytest.mark.parametrize("labels", [2, 3])
def test_a_new_output_leaves_the_others_as_they_are(trained_net, go_on, toy, shape, labels):
    net = trained_net(labels, **shape)
    texts, chosen = toy(100, labels, seed=1)
    before = pooling.logits(net, texts, 1)
    after = pooling.logits(go_on(net, texts, chosen, labels + 1, rows=0), texts, 1)
    if labels == 2:
        before, after = before[:, 0], after[:, 1] - after[:, 0]
    else:
        before, after = before - before[:, :1], after[:, :3] - after[:, :1]
    np.testing.assert_allclose(after, before, atol=0.03 * np.abs(before).max())


@pytest.mark.parametrize("shape", [{}, {"dim": 12}], ids=str)
@pytest.mark.parametrize("room", [None, ROOM])
def test_new_words_are_learned_and_old_ones_kept(trained_net, go_on, toy, new_rows, shape, room):
    net = trained_net(2, room, **shape)
    after = go_on(net, *new_rows, room=room)

    def right(net, texts, labels):
        return np.mean((pooling.logits(net, texts, 1)[:, 0] > 0) == labels)

    texts, labels = new_rows
    assert right(after, texts, labels) > 0.97 > 0.75 > right(net, texts, labels)
    assert right(after, *toy(200, seed=7)) > 0.95
    assert {table.bits for table in after.tables} == {table.bits for table in net.tables}


@pytest.mark.parametrize("labels", [2, 3])
def test_four_bits_with_an_odd_number_of_weights_go_on(trained_net, go_on, toy, labels):
    rooms = range(2000, 2100)
    nets = (trained_net(labels, room) for room in rooms)
    odd = (
        net
        for net in nets
        if any(len(table.codes) * 2 > rows_of(net, at) * table.dim for at, table in enumerate(net.tables))
    )
    net = next(odd)
    assert go_on(net, *toy(100, labels, seed=1)).outputs == net.outputs


def rows_of(net, group):
    return net.maps[group].rows


@pytest.mark.parametrize("shape", [{}, {"dim": 12}], ids=str)
@pytest.mark.parametrize("labels", [2, 3, 5])
def test_the_room_is_kept_by_leaving_out_the_weakest_rows(trained_net, go_on, toy, wild_texts, shape, labels):
    net = trained_net(labels, ROOM, **shape)
    texts, chosen = toy(200, labels, seed=1)
    mixed = [f"{text} {more}" for text, more in zip(texts, wild_texts(200), strict=True)]
    least = least_room(net, net.outputs)
    for room in (least, ROOM, 2 * ROOM):
        found = go_on(net, mixed, chosen, room=room)
        assert sum(array.nbytes for array in found.arrays().values()) <= room + 4  # a scale for each table
    unlimited = go_on(net, mixed, chosen)
    assert sum(array.nbytes for array in unlimited.arrays().values()) > ROOM
    logits = pooling.logits(found, texts, 1)
    assert np.mean((logits[:, 0] > 0 if labels == 2 else logits.argmax(axis=1)) == chosen) > 0.95


@pytest.fixture
def wild_texts():
    """Texts of many words that say nothing."""

    def make(count):
        generator = np.random.default_rng(0)
        return [" ".join(f"wort{number}" for number in generator.integers(0, 700, size=12)) for _ in range(count)]

    return make


def test_more_outputs_need_more_room(trained_net):
    linear, embedding = trained_net(3), trained_net(3, dim=12)
    assert least_room(linear, 30) > 5 * least_room(linear, 3) - sum(rows.words.nbytes for rows in linear.maps) * 5
    assert 0 < least_room(embedding, 30) - least_room(embedding, 3) == 27 * 4 * (24 + 1)


@pytest.mark.parametrize("shape", [{}, {"dim": 12}], ids=str)
def test_any_number_of_threads_gives_the_same_bytes(trained_net, go_on, new_rows, shape, monkeypatch):
    monkeypatch.setattr(passes, "WORTH_THREADS", 0)
    net = trained_net(2, ROOM, **shape)
    one, two, three = (
        {name: array.tobytes() for name, array in go_on(net, *new_rows, room=ROOM, threads=threads).arrays().items()}
        for threads in (1, 2, 3)
    )
    assert one == two == three


@pytest.fixture
def make_continuation(trained_net, make_corpus, make_targets, new_rows):
    texts, labels = new_rows

    def make(net=None, **options):
        settings = {"single": True, "seed": 0, "threads": 1, **options}
        return Continuation(net or trained_net(), make_corpus(texts, 2), make_targets(labels, 1), 1, **settings)

    return make


def test_what_was_learned_before_does_not_change_what_is_learned_now(make_continuation):
    learn, some = np.ones(200, dtype=bool), np.arange(200) < 100
    twice = make_continuation()
    twice.train(some)
    found, expected = (more.train(learn).net.arrays() for more in (twice, make_continuation()))
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in expected.items()
    }


def test_the_time_is_kept(make_continuation, monkeypatch):
    monkeypatch.setattr(continuation, "PASSES", 10**6)
    seen = []
    more = make_continuation(advance=seen.append)
    started = time.monotonic()
    net = more.train(np.ones(200, dtype=bool), seconds=0.3).net
    assert 0.2 < time.monotonic() - started < 3
    assert sum(seen) > 3 * 200
    assert np.isfinite(net.logits(["das prächtig"])).all()


def test_ctrl_c_ends_the_passes_and_leaves_a_net(make_continuation):
    calls = []

    def advance(texts):
        calls.append(texts)
        if len(calls) == 2:
            raise KeyboardInterrupt

    net, interrupted = make_continuation(advance=advance).train(np.ones(200, dtype=bool))
    assert interrupted
    assert np.isfinite(pooling.logits(net, ["das prächtig"], 1)).all()
    assert not make_continuation().train(np.ones(200, dtype=bool)).interrupted


def test_too_many_new_ngrams_to_train_lose_the_rarest(trained_net, make_continuation, monkeypatch):
    net, learn = trained_net(), np.ones(200, dtype=bool)
    plain = make_continuation(net).train(learn).net.maps
    monkeypatch.setattr(continuation, "MOST_WEIGHTS", 5)
    for found, old, more in zip(make_continuation(net).train(learn).net.maps, net.maps, plain, strict=True):
        assert set(old.buckets().tolist()) <= set(found.buckets().tolist())
        assert found.rows < more.rows


def test_one_shard_at_a_time_is_in_memory(trained_net, make_corpus, make_targets, new_rows, monkeypatch):
    texts, labels = new_rows
    corpus = make_corpus(texts, 5)
    held = []

    def shard(number):
        packed, rows = corpus.parts[number]
        buffer = packed.buffer.copy()
        buffer.flags.writeable = False
        held.append(weakref.ref(buffer))
        assert sum(other() is not None for other in held) <= 2  # the last one and this one
        return Packed(buffer, packed.offsets, packed.ascii), rows

    monkeypatch.setattr(corpus, "shard", shard, raising=False)
    monkeypatch.setattr(examples, "CACHE", 0)
    more = Continuation(trained_net(), corpus, make_targets(labels, 1), 1, single=True, seed=0, threads=1)
    more.train(np.ones(len(texts), dtype=bool))
    assert len(held) >= 5 * 2


def test_every_pass_is_told(trained_net, go_on, new_rows):
    seen = []
    go_on(trained_net(), *new_rows, rows=150, advance=seen.append)
    assert sum(seen) == 3 * 150
