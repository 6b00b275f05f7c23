"""Waiting together: batches, bounds and time limits, without a server."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lilliput.core.errors import LilliputError
from lilliput.web.batcher import MOST_TOGETHER, Batcher
from lilliput.web.problems import ProblemError


def ask_all(run, requests, *, bound=10_000, seconds=30.0, weight=1, first=()):
    """The answers, or errors, of requests that come at once; `first`: what is answered before, one by one."""

    async def go():
        with ThreadPoolExecutor(2) as executor:
            batcher = Batcher(executor, bound, seconds)
            for request in first:
                await batcher.ask(run, request, weight)
            asked = [batcher.ask(run, request, weight) for request in requests]
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert batcher.waiting == 0
            return found

    with ThreadPoolExecutor(1) as thread:  # a browser's test may have a loop in this one
        return thread.submit(asyncio.run, go()).result()


def test_each_gets_its_own_answer_and_many_are_answered_together():
    sizes = []

    def run(requests):
        sizes.append(len(requests))
        return [LilliputError(f"no {request}") if request % 10 == 3 else request * 2 for request in requests]

    found = ask_all(run, range(300))
    for number, one in enumerate(found):
        assert str(one) == (f"no {number}" if number % 10 == 3 else str(2 * number))
    assert max(sizes) == MOST_TOGETHER
    assert sum(sizes) == 300


def test_a_failing_batch_fails_for_all_and_the_next_is_answered():
    def run(requests):
        if requests[0] < MOST_TOGETHER:
            raise ZeroDivisionError
        return requests

    found = ask_all(run, range(100))
    assert all(isinstance(one, ZeroDivisionError) for one in found[:MOST_TOGETHER])
    assert found[MOST_TOGETHER:] == list(range(MOST_TOGETHER, 100))


def test_more_than_the_bound_are_refused_at_once():
    def run(requests):
        time.sleep(0.05)
        return requests

    found = ask_all(run, range(30), bound=20)
    assert found[:20] == list(range(20))
    for one in found[20:]:
        assert one.status == 503
        assert one.headers == {"Retry-After": "1"}


def test_who_would_wait_longer_than_a_second_is_refused():
    def run(requests):
        time.sleep(0.03 * len(requests))
        return requests

    began = time.monotonic()
    found = ask_all(run, range(100), weight=500, first=range(12))
    refused = [isinstance(one, ProblemError) and one.status == 503 for one in found]
    assert not any(refused[:5])
    assert all(refused[80:])
    assert time.monotonic() - began < 4


def test_a_few_may_wait_for_what_is_dear():
    def run(requests):
        time.sleep(0.4)
        return requests

    assert ask_all(run, range(4), weight=10, first=range(2)) == list(range(4))


def test_an_answer_that_does_not_come_is_given_up():
    def run(requests):
        time.sleep(0.3)
        return requests

    (one,) = ask_all(run, ["?"], seconds=0.05)
    assert one.status == 504
    assert "0.05 s" in str(one)


@pytest.mark.parametrize("bound", [1, 2])
def test_the_guard_lets_only_so_many_in(model_files, tmp_path, bound):
    import httpx

    from lilliput.web.app import build
    from lilliput.web.settings import Settings

    model = str(model_files["opinions"])
    guard = build(Settings(models={"opinions": model}, folder=str(tmp_path), most_waiting=bound))

    async def go():
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            url, body = "/v1/models/opinions/predict", {"texts": ["a good film"]}
            return await asyncio.gather(*(client.post(url, json=body) for _ in range(6)))

    with ThreadPoolExecutor(1) as thread:
        statuses = [answer.status_code for answer in thread.submit(asyncio.run, go()).result()]
    assert statuses.count(503) >= 6 - 2 * bound
    assert statuses.count(200) >= bound
    guard.studio.close()
