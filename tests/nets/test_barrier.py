from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba import njit

from lilliput.nets.barrier import fresh_barrier, meet, together


@njit(nogil=True)
def relay(numbers, worker, workers, barrier, meetings):
    """Each round every worker adds what its neighbour had in the round before."""
    for number in range(meetings):
        seen = numbers[number % 2, (worker + 1) % workers]
        numbers[1 - number % 2, worker] = numbers[number % 2, worker] + seen
        if not meet(barrier, workers, number + 1):
            return number
    return meetings


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_nobody_goes_on_before_all_have_come(workers):
    numbers = np.zeros((2, workers))
    numbers[0] = np.arange(workers)
    barrier = fresh_barrier()
    with ThreadPoolExecutor(workers) as pool:
        together(lambda worker: relay(numbers, worker, workers, barrier, 50), workers, barrier, pool)
    expected = np.arange(workers, dtype=float)
    for _ in range(50):
        expected = expected + np.roll(expected, -1)
    np.testing.assert_array_equal(numbers[0], expected)


@pytest.mark.parametrize("failing", [0, 1])
def test_when_one_fails_the_others_are_let_go_and_the_error_comes_through(failing):
    barrier, numbers, reached = fresh_barrier(), np.zeros((2, 2)), []

    def work(worker):
        if worker == failing:
            raise ZeroDivisionError("by the test")
        reached.append(relay(numbers, worker, 2, barrier, 50))

    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError, match="by the test"):
        together(work, 2, barrier, pool)
    assert reached == [0]
