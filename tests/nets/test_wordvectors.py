from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.special import expit

from lilliput.nets.softplus_kernels import softplus
from lilliput.nets.window_tiles import LANES, adjust, dots
from lilliput.nets.windows_kernels import CBOW, PLAIN, SUBWORDS, look_around, subsample
from lilliput.nets.wordvector_kernels import surprise
from lilliput.nets.wordvectors import Grams, Settings, WordNet, alias_table, keeping

WORDS = 30


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.mark.parametrize(("put", "held", "width"), [(1, 1, LANES), (5, 6, 56), (10, 6, 48), (3, 8, 24), (7, 4, 16)])
def test_tiles_are_matrix_products(random, put, held, width):
    inner, outer = (random.normal(size=(50, width)).astype(np.float32) for _ in range(2))
    rows, columns = random.permutation(50)[:put], random.permutation(50)[:held]
    places = np.concatenate([[7], rows * width]), np.concatenate([[5, 5], columns * width])
    products = np.zeros(2 + put * held, dtype=np.float32)
    dots(inner.ravel(), places[0], 1, put, outer.ravel(), places[1], 2, held, width, products, 2)
    np.testing.assert_allclose(products[2:].reshape(put, held), inner[rows] @ outer[columns].T, rtol=2e-4, atol=1e-4)

    steps = random.normal(size=put * held).astype(np.float32) * np.float32(0.1)
    damp_in, damp_out = random.random(put + 1).astype(np.float32), random.random(held + 2).astype(np.float32)
    expected_in, expected_out = inner.copy(), outer.copy()
    for first in _blocks(held):  # some outputs at a time, each with the inputs that those before have moved
        step = steps.reshape(put, held)[:, first]
        before = expected_in[rows].copy()
        expected_in[rows] += damp_in[1:, None] * (step @ expected_out[columns[first]])
        expected_out[columns[first]] += damp_out[2:][first][:, None] * (step.T @ before)
    adjust(inner.ravel(), places[0], damp_in, 1, put, outer.ravel(), places[1], damp_out, 2, held, width, steps, 0)
    np.testing.assert_allclose(inner, expected_in, atol=1e-4)
    np.testing.assert_allclose(outer, expected_out, atol=1e-4)


def _blocks(held):
    first = 0
    while first < held:
        size = next(size for size in (6, 3, 1) if held - first >= size)
        yield slice(first, first + size)
        first += size


def test_softplus_of_many_and_of_extremes(random):
    many = 30 * random.normal(size=1000).astype(np.float32)
    extremes = np.array([0, -0.0, 1e-30, 79, -79, 81, -81, 1e4, -1e4, 3e38, -3e38], dtype=np.float32)
    for x in (many, many[:96], many[:97], many[:1], many[:0], extremes):
        room = np.concatenate([x, np.full(LANES, 7, dtype=np.float32)])
        steps = np.full(len(room), 9, dtype=np.float32)
        loss, squares = softplus(room, 0, len(x), np.float32(-0.5), steps)
        exact = x.astype(np.float64)
        assert loss == pytest.approx(np.logaddexp(0, exact).sum(), rel=1e-6)
        np.testing.assert_allclose(steps[: len(x)], -0.5 * expit(exact), rtol=1e-5, atol=1e-34)
        if np.abs(x).max(initial=0) < 1e10:
            assert squares == pytest.approx((exact**2).sum(), rel=1e-5)


def test_steps_are_the_gradient_of_the_loss(random):
    put, held, expected, weight = 3, 6, 2, 2.5
    products = (4 * random.normal(size=put * held)).astype(np.float32)

    def loss(products):
        steps, room = np.zeros((2, put * held + LANES), dtype=np.float32)
        room[: put * held] = products
        return surprise(room, 0, put, held, expected, np.float32(1), np.float32(weight), steps), steps

    (value, size), steps = loss(products)
    assert size == pytest.approx(np.sqrt((products**2).mean()), rel=1e-5)
    x = products.reshape(put, held).astype(np.float64)
    exact = np.logaddexp(0, -x[:, :expected]).sum() + weight * np.logaddexp(0, x[:, expected:]).sum()
    assert value == pytest.approx(exact, rel=1e-5)
    for place in range(put * held):
        near = [products.copy(), products.copy()]
        near[0][place] -= np.float32(0.01)
        near[1][place] += np.float32(0.01)
        slope = (loss(near[1])[0][0] - loss(near[0])[0][0]) / 0.02
        assert steps[place] == pytest.approx(-slope, abs=2e-3)


def _window(kind, words, at, seed=0, window=3, negatives=4):
    words, places = np.array(words, dtype=np.int32), np.arange(len(words))
    nearby, outputs = np.full(20, -9, dtype=np.int32), np.full(40, -9, dtype=np.int32)
    aliases = alias_table(np.ones(WORDS))
    put, held, expected = look_around(
        kind, words, len(words), places, at, np.uint64(seed), window, negatives, aliases, nearby, outputs
    )
    return nearby[:put].tolist(), outputs[:held].tolist(), expected


def test_a_window_stays_in_its_text():
    text = [1, 2, 3, -1, 4, 5, 6, -1, 7, -1]
    for seed in range(50):
        near, held, expected = _window(PLAIN, text, 4, seed)
        assert set(near) <= {5, 6}
        assert 5 in near
        assert held[0] == 4
        assert expected == 1
        assert len(set(held)) == len(held)
    assert {len(_window(PLAIN, text, 4, seed)[0]) for seed in range(50)} == {1, 2}  # the window is dynamic
    assert _window(PLAIN, text, 8) == ([], [], 0)  # nothing beside it
    assert _window(PLAIN, text, 3) == ([], [], 0)  # the end of a text


def test_with_ngrams_the_word_is_put_in_and_its_neighbours_are_expected():
    near, held, expected = _window(SUBWORDS, [1, 2, 3], 1)
    assert near == [2]
    assert held[:expected] == [1, 3]
    assert not {1, 3} & set(held[expected:])
    assert _window(CBOW, [1, 2, 3], 1)[0] == [1, 3]


def test_frequent_words_are_thinned():
    counts = np.array([10**6, 10**3, 10])
    keep = keeping(counts, 1e-3)
    numbers = np.repeat(np.array([0, 1, -1], dtype=np.int32), 20_000)
    words, places = np.empty(len(numbers), dtype=np.int32), np.empty(len(numbers), dtype=np.int64)
    kept = words[: subsample(numbers, 7, np.uint64(3), keep, words, places)]
    share = 1e-3 * counts.sum() / counts[0]
    assert (kept == 0).mean() * len(kept) / 20_000 == pytest.approx(np.sqrt(share) + share, rel=0.1)
    assert (kept == 1).sum() == (kept == -1).sum() == 20_000
    assert places[0] >= 7
    assert (keeping(counts, 0.0) == 0xFFFFFFFF).all()


def test_negatives_are_drawn_by_their_weights(random):
    weights = np.array([5.0, 1.0, 0.5, 3.5])
    aliases = alias_table(weights)
    share, others = (aliases >> np.uint64(32)) / 0xFFFFFFFF / 4, (aliases & np.uint64(0xFFFFFFFF)).astype(np.int64)
    drawn = share + np.bincount(others, 1 / 4 - share, 4)
    np.testing.assert_allclose(drawn, weights / 10, atol=1e-6)


def _text(random, length=4000):
    numbers = random.integers(WORDS, size=length).astype(np.int32)
    numbers[random.random(length) < 0.1] = -1
    return numbers


def _net(kind="skipgram", grams=None, threads=1, **more):
    counts = np.arange(WORDS, 0, -1) * 100
    settings = Settings(**{"dim": 110, "method": kind, "window": 3, "sample": 0.0, "seed": 4, **more})
    return WordNet(counts, settings, threads, grams, 0 if grams is None else 20)


def _grams(random):
    ends = np.arange(WORDS + 1) * 3
    rows = random.integers(WORDS, WORDS + 20, size=3 * WORDS).astype(np.int32)
    rows[::3] = np.arange(WORDS)
    return Grams(rows, ends)


@pytest.mark.parametrize(("kind", "with_grams"), [("skipgram", False), ("cbow", False), ("cbow", True),
                                                  ("skipgram", True)])  # fmt: skip
def test_threads_make_no_difference(random, kind, with_grams):
    numbers = _text(random)
    found = []
    for threads in (1, 2, 3):
        net = _net(kind, _grams(np.random.default_rng(1)) if with_grams else None, threads, dim=160)
        with ThreadPoolExecutor(3) as pool:
            net.learn(numbers, 0, 0, (0.05, 0.02), pool)
            net.learn(numbers, len(numbers), 1, (0.02, 0.0), pool)
        assert net.threads == threads
        found.append((net.vectors(0, WORDS).tobytes(), net.inner(0, net.rows).tobytes(), net.loss()))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
def test_a_batch_is_learned_as_in_plain_numpy(random, kind):
    """One batch, words that occur once each: every window's gradient with the vectors as they were."""
    numbers = np.array([3, 8, 12, 20, 5, -1, 9, 27, 1], dtype=np.int32)
    net = _net(kind)
    net._outer[:] = random.normal(size=len(net._outer)).astype(np.float32) * np.float32(0.3)
    inner, outer = net.inner(0, WORDS).astype(np.float64), _outer(net).astype(np.float64)
    key = np.random.SeedSequence([4, 0]).generate_state(1, np.uint64)[0]
    rate, loss, many = 1e-4, 0.0, 0
    moved_in, moved_out = inner.copy(), outer.copy()
    words, places = numbers, np.arange(len(numbers))
    for at in range(len(numbers)):
        nearby, held = np.zeros(6, dtype=np.int32), np.zeros(6, dtype=np.int32)
        put, amount, expected = look_around(
            PLAIN if kind == "skipgram" else CBOW, words, len(words), places, at, key, 3, 5, net._aliases, nearby, held
        )
        if not put:
            continue
        near, held = nearby[:put], held[:amount]
        hidden = inner[near] if kind == "skipgram" else inner[near].mean(axis=0, keepdims=True)
        x = hidden @ outer[held].T
        target = np.arange(amount) < expected
        loss += np.logaddexp(0, np.where(target, -x, x)).sum()
        many += len(hidden)
        step = rate * (target - 1 / (1 + np.exp(-x)))
        np.add.at(moved_in, near, step @ outer[held])
        np.add.at(moved_out, held, step.T @ hidden)
    with ThreadPoolExecutor(1) as pool:
        net.learn(numbers, 0, 0, (rate, rate), pool)
    assert net.loss() == (pytest.approx(loss, rel=1e-5), many)
    np.testing.assert_allclose(net.inner(0, WORDS) - inner, moved_in - inner, rtol=0.02, atol=1e-7)
    np.testing.assert_allclose(_outer(net) - outer, moved_out - outer, rtol=0.02, atol=1e-7)


def _outer(net):
    parts, start = [], 0
    for _, width, _ in net._slices.tolist():
        parts.append(net._outer[start : start + WORDS * width].reshape(WORDS, width))
        start += WORDS * width
    sizes = [last - first for first, last in net._borders]
    return np.concatenate([part[:, :size] for part, size in zip(parts, sizes, strict=True)], axis=1)


def test_a_word_in_every_place_does_not_overshoot():
    """A frequent word has thousands of terms in a batch; with full steps its vector would grow without end."""
    numbers = np.tile(np.array([0, 1, 0, 2], dtype=np.int32), 20_000)
    net = _net("skipgram")
    with ThreadPoolExecutor(1) as pool:
        net.learn(numbers, 0, 0, (0.5, 0.0), pool)
    loss, pairs = net.loss()
    assert np.abs(net.vectors(0, WORDS)).max() < 20
    assert loss / pairs < 4
