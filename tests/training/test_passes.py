from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.nets import pooling
from lilliput.nets.kernels import SIGMOID, SOFTMAX
from lilliput.training import passes as passes_module
from lilliput.training.passes import BATCH, Clock, Crowded, Passes, Schedule

BLOCK = 32
"""Batches between two looks at the clock, where a test needs more texts than one block has."""
FORMS = {
    "linear": {},
    "linear, wide, 4 bits": {"outputs": 9, "code_bits": 4},
    "embedding": {"dim": 4},
    "embedding, wide": {"dim": 9, "code_bits": 4},
    "hidden": {"dim": 8, "hidden": 6},
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def content(learner):
    """All that a learner has learned, as bytes."""
    return [array.tobytes() for array in (*learner.tables, *learner.head)]


@pytest.fixture
def fit(toy, make_learner, make_source):
    """Train on toy texts; returns the learner."""

    def run(form, threads=1, seed=0, loss=SOFTMAX, parts=2, schedule=None, count=300, **options):
        texts, labels = toy(count)
        learner = make_learner(texts, **form)
        source = make_source(learner, texts, labels, parts)
        Passes(learner, loss, threads, seed).run(source, schedule or Schedule(0.3, 3), **options)
        return learner

    return run


@every_form
@pytest.mark.parametrize("loss", [SOFTMAX, SIGMOID])
def test_any_number_of_threads_gives_the_same_bytes(fit, form, loss, monkeypatch):
    monkeypatch.setattr(passes_module, "WORTH_THREADS", 0)
    expected = content(fit(form, threads=1, loss=loss))
    for threads in (2, 3, 16):
        assert content(fit(form, threads=threads, loss=loss)) == expected


def test_the_seed_alone_sets_the_result(fit):
    same, again, other = (content(fit({}, seed=seed)) for seed in (1, 1, 2))
    assert same == again
    assert same != other


@pytest.mark.parametrize("form", [{}, {"dim": 8}, {"dim": 6, "hidden": 5}], ids=["linear", "embedding", "hidden"])
@pytest.mark.parametrize("loss", [SOFTMAX, SIGMOID])
def test_a_separable_problem_is_learned(fit, toy, form, loss):
    learner = fit(form, loss=loss, schedule=Schedule(0.3, 10), count=500)
    texts, labels = toy(400, seed=1)
    found = pooling.logits(learner.freeze(), texts, 1).argmax(axis=1)
    assert (found == labels).mean() > 0.95


def test_texts_held_back_are_not_learned_from(toy, make_learner, make_source):
    texts, labels = toy(200)
    learn = np.arange(200) % 3 > 0
    results = []
    for wrong in (labels, np.where(learn, labels, 1 - labels)):
        learner = make_learner(texts)
        source = make_source(learner, texts, wrong, 2, learn)
        counted = []
        Passes(learner, SOFTMAX, 1, 0).run(source, Schedule(0.3, 2), counted.append)
        results.append(content(learner))
        assert sum(counted) == 2 * len(source) == 2 * learn.sum()
    assert results[0] == results[1]


def test_no_texts_no_pass(make_learner, make_source):
    learner = make_learner(["ein Text"])
    source = make_source(learner, [], [])
    assert Passes(learner, SOFTMAX, 1, 0).run(source, Schedule(0.3, 3)) == 0
    assert learner.coded


@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1, BATCH * BLOCK + 3])
def test_every_pass_sees_every_text(fit, monkeypatch, count):
    monkeypatch.setattr(passes_module, "BLOCK", BLOCK)
    counted = []
    fit({}, parts=1, count=count, schedule=Schedule(0.1, 2), advance=counted.append)
    assert sum(counted) == 2 * count
    assert max(counted) <= BATCH * BLOCK


def test_each_pass_has_an_order_of_its_own(toy, make_learner, make_source, monkeypatch):
    texts, labels = toy(100)
    learner = make_learner(texts)
    orders = []
    monkeypatch.setattr(Passes, "_train", lambda self, pool, block, rates: orders.append(block.texts.tolist()))
    Passes(learner, SOFTMAX, 1, 0).run(make_source(learner, texts, labels), Schedule(0.3, 3))
    assert len({tuple(order) for order in orders}) == 3
    assert all(sorted(order) == list(range(100)) for order in orders)


def test_rates_fall_evenly_from_the_first_to_nearly_zero(toy, make_learner, make_source, monkeypatch):
    texts, labels = toy(BATCH * 10)
    learner = make_learner(texts)
    seen = []
    monkeypatch.setattr(Passes, "_train", lambda self, pool, block, rates: seen.extend(rates.tolist()))
    Passes(learner, SOFTMAX, 1, 0).run(make_source(learner, texts, labels), Schedule(0.4, 5))
    np.testing.assert_allclose(seen, 0.4 * (1 - np.arange(50) / 50), rtol=1e-5)


@pytest.mark.parametrize(("coded", "share"), [(0.0, 0.0), (0.25, 0.25), (1.0, 1.0)])
def test_the_last_part_of_the_schedule_is_coded(fit, monkeypatch, coded, share):
    seen = []
    monkeypatch.setattr(Passes, "_train", lambda self, pool, block, rates: seen.append(self.learner.coded))
    learner = fit({}, parts=1, schedule=Schedule(0.3, 8, coded=coded))
    assert np.mean(seen) == share
    assert seen == sorted(seen)
    assert learner.coded


def test_a_fit_ends_when_its_time_is_over(fit):
    fit({})  # kernels compiled
    counted = []
    started = time.monotonic()
    learner = fit({}, schedule=Schedule(0.3, 10**9, seconds=0.3), advance=counted.append)
    assert 0.25 < time.monotonic() - started < 3
    assert sum(counted) > 300
    assert learner.coded


def test_when_time_is_over_no_further_part_is_fetched(toy, make_learner, make_source):
    texts, labels = toy(40)
    learner = make_learner(texts)
    source = make_source(learner, texts, labels, parts=40)
    fetched = []

    class Slow:
        def __len__(self):
            return len(source)

        def parts(self, generator):
            for examples in source.parts(generator):
                fetched.append(len(examples.texts))
                time.sleep(0.02)
                yield examples

    Passes(learner, SOFTMAX, 1, 0).run(Slow(), Schedule(0.3, 1, seconds=0.1))
    assert len(fetched) <= 10


def test_a_fit_that_stalls_lands_in_one_more_pass(fit, monkeypatch):
    rates, asked = [], []
    train = Passes._train

    def spy(self, pool, block, batch_rates):
        rates.append(float(batch_rates[0]))
        train(self, pool, block, batch_rates)

    monkeypatch.setattr(Passes, "_train", spy)

    def stalled(passes):
        asked.append(passes)
        return passes == 2

    learner = fit({}, parts=1, schedule=Schedule(0.3, 10), stalled=stalled)
    np.testing.assert_allclose(rates, [0.3, 0.27, 0.24], rtol=1e-6)  # the third pass falls all the way
    assert asked == [1, 2]
    assert learner.coded


def test_the_pass_it_landed_after_is_told_and_can_be_asked_for(toy, make_learner, make_source):
    texts, labels = toy(100)

    def run(schedule, **options):
        learner = make_learner(texts)
        landed = Passes(learner, SOFTMAX, 1, 0).run(make_source(learner, texts, labels), schedule, **options)
        return landed, content(learner)

    assert run(Schedule(0.3, 3))[0] == 0
    landed, early = run(Schedule(0.3, 10), stalled=lambda passes: passes == 4)
    assert landed == 4
    assert run(Schedule(0.3, 10, land_after=4)) == (4, early)


@pytest.mark.parametrize(("threads", "ends"), [(1, (3,)), (2, (1, 8))])
def test_ctrl_c_leaves_a_learner_that_can_be_frozen(toy, make_learner, make_source, monkeypatch, threads, ends):
    monkeypatch.setattr(passes_module, "WORTH_THREADS", 0)
    monkeypatch.setattr(passes_module, "BLOCK", BLOCK)
    texts, labels = toy(BATCH * BLOCK + 1)
    for blocks in ends:  # 1, 3, 8: before, at and after the start of coding
        learner = make_learner(texts)
        counted = []

        def advance(count, counted=counted, blocks=blocks):
            counted.append(count)
            if len(counted) == blocks:
                raise KeyboardInterrupt("by the user")

        with pytest.raises(KeyboardInterrupt, match="by the user"):
            Passes(learner, SOFTMAX, threads, 0).run(make_source(learner, texts, labels), Schedule(0.3, 4), advance)
        assert len(counted) == blocks
        if not learner.coded:
            learner.start_coding()
        found = pooling.logits(learner.freeze(), texts, 1).argmax(axis=1)
        assert (found == labels).mean() > 0.9


@given(st.integers(1, 10**7), st.integers(1, 300), st.data())
def test_a_clock_ends_exactly_on_its_last_text_landed_or_not(total, passes, data):
    clock = Clock(total * passes, None)
    assert (clock.spent(0), clock.spent(total * passes), clock.spent(total * passes + 1)) == (0, 1, 1)
    landed = data.draw(st.integers(0, passes))
    before = clock.spent(total * landed)
    clock.land(total * landed, total)
    assert clock.spent(total * landed) == pytest.approx(before, abs=1e-12)
    assert clock.spent(total * (landed + 1)) == 1
    if landed < passes:
        assert clock.spent(total * landed + total // 2) < 1


def test_a_clock_runs_by_time_where_that_is_faster():
    clock = Clock(1e12, 10.0)
    clock.began -= 5
    assert clock.spent(1) == pytest.approx(0.5, abs=0.01)
    clock.began -= 5
    assert clock.spent(1) == 1


def test_threads_that_have_to_wait_for_a_processor_leave_the_next_blocks_to_one():
    crowded = Crowded()
    asked = []
    for _ in range(30):
        asked.append(crowded.now())
        if not asked[-1]:
            crowded.note(wall=1.0, processor=0.5)
    assert asked == [False, *[True] * 7, False, *[True] * 15, False, *[True] * 5]
    crowded.note(wall=0.001, processor=0.0)
    quiet = Crowded()
    quiet.note(wall=1.0, processor=0.95)
    quiet.note(wall=0.001, processor=0.0)
    assert not quiet.now()


@given(sizes=st.lists(st.integers(1, 90), max_size=30), seed=st.integers(0, 9))
def test_chains_come_whole_and_once_and_are_not_cut_by_batches(sizes, seed):
    chains = np.repeat(np.arange(len(sizes)), sizes)
    texts = np.flatnonzero(chains % 3 != 1)
    order, edges = passes_module._chains_in_order(texts, chains, np.random.default_rng(seed))
    assert sorted(order) == texts.tolist()
    borders = np.flatnonzero(np.diff(chains[order], prepend=-1))
    assert set(edges) <= set(borders)
    assert len(borders) == len(set(chains[texts]))
    if len(texts):
        assert edges[0] == 0
        assert (np.diff(edges, append=len(texts)) < BATCH + max(sizes)).all()
        assert all((np.diff(order[first:last]) == 1).all() for first, last in pairwise([*borders, len(order)]))
