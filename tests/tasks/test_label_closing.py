"""What a time budget keeps back for the end of a fit."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from lilliput.core.budget import Budget
from lilliput.data.packed import pack
from lilliput.planning.textnet import Held
from lilliput.tasks import label_closing
from lilliput.tasks.label_closing import Closing
from lilliput.tasks.labels import Labels
from lilliput.tasks.promise import Promise


@pytest.fixture
def close(monkeypatch):
    """The closing of a fit of some rows whose time, if there is a budget, has just begun."""

    def make(budget=None, rows=1000, labels=3, mode="single", size=10**6, rehearsed=None):
        if rehearsed is not None:
            monkeypatch.setattr(label_closing, "_seconds", lambda work: rehearsed)
        names = tuple(f"label {number}" for number in range(labels))
        known = SimpleNamespace(corpus=SimpleNamespace(rows=rows, bytes=size), labels=Labels(names, mode))
        held = Held(pack([]), np.arange(rows // 5), rows // 10)
        return Closing(Promise(Budget.parse(budget), time.monotonic()), known, held, None)

    return make


def test_without_a_time_nothing_is_kept_back(close):
    closing = close()
    assert (closing.seconds, closing.begins, closing.left(), closing.notes()) == (0, None, None, [])


def test_what_is_kept_back_grows_with_what_was_rehearsed(close):
    quick, slow = (close("10s", rehearsed=seconds).seconds for seconds in (0.0, 0.1))
    assert 0 < quick < slow < 5


@pytest.mark.parametrize(
    ("rows", "labels", "mode"), [(0, 2, "single"), (9, 2, "single"), (1000, 30, "multi"), (99, 3, "soft")]
)
def test_anything_can_be_rehearsed(close, rows, labels, mode):
    closing = close("10s", rows, labels, mode)
    assert 0 < closing.seconds < 2
    assert 8 < closing.left() < 10
    assert closing.left(1 / 2) == pytest.approx(closing.left() / 2, abs=0.01)


def test_some_of_the_time_is_always_for_training(close):
    assert close("2s", rehearsed=100.0).left() == pytest.approx(0.6, abs=0.1)


def test_of_a_lone_block_the_longest_is_feared(close):
    closing = close("20s", rehearsed=0.0)
    before = closing.seconds
    time.sleep(0.1)
    closing.advance(64)
    assert closing.seconds - before == pytest.approx(0.3, abs=0.1)


def test_slow_blocks_need_more(close, monkeypatch):
    closing = close("20s", rehearsed=0.0)
    before, now = closing.seconds, time.monotonic()
    clock = iter([now + 1, now + 2, now + 3])
    with monkeypatch.context() as patch:
        patch.setattr(label_closing, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        for _ in range(3):
            closing.advance(64)
    assert closing.seen == 192
    assert closing.seconds == pytest.approx(before + 3, abs=0.1)  # 1.5 times two blocks


def test_what_a_first_training_took_after_its_blocks_is_kept_back_for_the_next(close):
    closing = close("20s", rehearsed=0.0)
    closing.trained()  # without a block there is nothing to go by
    closing.advance(64)
    before = closing.seconds
    time.sleep(0.1)
    closing.trained()
    assert closing.seconds - before == pytest.approx(0.15, abs=0.1)


def test_a_time_that_let_it_see_too_little_is_noted(close):
    closing = close("20s", rows=1000)
    closing.advance(799)
    assert closing.notes() == ["the time let it see 799 of 800 texts; more would do better"]
    closing.advance(1)
    assert closing.notes() == []
