from __future__ import annotations

import os
import threading
import time

import pytest

from lilliput.core import threads as threads_module
from lilliput.core.errors import LilliputError
from lilliput.core.threads import available_threads, lasting, map_ordered, resolve_threads


@pytest.mark.parametrize("threads", [1, 2, 3, 100])
def test_results_keep_the_order_of_the_items(threads):
    def slow_first(number):
        time.sleep(0.01 if number == 0 else 0)
        return number * number

    assert map_ordered(slow_first, iter(range(20)), threads) == [number * number for number in range(20)]


def test_no_items():
    assert map_ordered(str, [], 4) == []


def test_one_thread_or_one_item_stays_in_the_calling_thread():
    here = threading.get_ident()
    assert map_ordered(lambda _: threading.get_ident(), [1, 2, 3], 1) == [here] * 3
    assert map_ordered(lambda _: threading.get_ident(), [1], 8) == [here]


def test_items_run_side_by_side():
    barrier = threading.Barrier(3, timeout=10)
    assert sorted(map_ordered(lambda _: barrier.wait(), range(3), 3)) == [0, 1, 2]


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_through(threads):
    def fail(number):
        if number == 2:
            raise KeyError("the third")
        return number

    with pytest.raises(KeyError, match="the third"):
        map_ordered(fail, range(5), threads)


def test_none_means_all_that_this_process_may_use(monkeypatch):
    assert resolve_threads(None) == available_threads() >= 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert resolve_threads(None) == 3
    monkeypatch.delattr(threads_module.os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert resolve_threads(None) == 1


def test_a_number_is_taken_as_it_is():
    assert [resolve_threads(number) for number in (1, 2, 500)] == [1, 2, 500]


@pytest.mark.parametrize("threads", [0, -1])
def test_less_than_one_thread_is_refused(threads):
    with pytest.raises(LilliputError, match=f"threads={threads}: give 1 or more"):
        resolve_threads(threads)


def test_threads_that_last_do_the_same_in_the_same_threads():
    workers, barrier = lasting(2), threading.Barrier(2)

    def meet(_):
        barrier.wait()
        return threading.get_ident()

    first, second = map_ordered(meet, range(2), workers), map_ordered(meet, range(4), workers)
    assert set(first) == set(second)
    assert map_ordered(str, range(20), workers) == [str(number) for number in range(20)]
    assert lasting(1) == 1
