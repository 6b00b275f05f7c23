"""A ranking: the API and the page."""

from __future__ import annotations

import re

import pytest


def ask(studio, verb, **body):
    return studio.client.post(f"/v1/models/accounts/{verb}", json=body)


def test_scores_and_ranks(studio):
    bob, nobody = ask(studio, "predict", accounts=["bob", "nobody"]).json()["predictions"]
    assert bob["rank"] == 1
    assert nobody == {"account": "nobody", "rank": None, "score": 0.0}


def test_table_comes_in_parts(studio):
    part = ask(studio, "table", offset=2, limit=3, sort="followers", ascending=False).json()
    assert (part["accounts"], part["matching"], len(part["rows"])) == (45, 45, 3)
    assert part["columns"] == list(part["rows"][0])
    found = ask(studio, "table", search="DOR").json()
    assert (found["matching"], found["rows"][0]["id"], found["rows"][0]["introducer"]) == (1, "Dora", "bob")
    assert ask(studio, "table", offset=10**6).json()["rows"] == []


def test_explanation_and_neighbourhood(studio):
    why = ask(studio, "explain", account="ann").json()
    assert [one["account"] for one in why["supporters"]] == ["bob", "Dora"]
    assert why["reach"][0] == 2
    assert set(why["paths"][0]) == {"accounts", "share"}
    near = ask(studio, "neighbourhood", account="ann", most=3).json()
    assert near["nodes"][0]["role"] == "itself"
    assert len(near["nodes"]) <= 3


@pytest.mark.parametrize(
    ("verb", "body", "said"),
    [
        ("explain", {"account": "bobb"}, "there is no account 'bobb' in this ranking; did you mean 'bob'"),
        ("neighbourhood", {"account": "x" * 50}, "there is no account"),
        ("table", {"sort": "beauty"}, "cannot be sorted by 'beauty'; it can by id, rank"),
        ("table", {"limit": 1001}, "limit: input should be less than or equal to 1000"),
        ("predict", {"accounts": []}, "accounts: list should have at least 1 item"),
    ],
)
def test_what_cannot_be_answered_is_told(studio, verb, body, said):
    answer = ask(studio, verb, **body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_page_sorts_searches_and_explains(page):
    page.goto("/m/accounts")
    page.get_by_text("1 to 25 of 45, by rank, rising").wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("26 to 45 of 45").wait_for()
    page.get_by_role("button", name="id", exact=True).click()
    page.get_by_text("1 to 25 of 45, by id, rising").wait_for()
    page.get_by_role("button", name="id", exact=True).press("Enter")
    page.get_by_text("by id, falling").wait_for()
    assert page.get_by_role("columnheader", name="id").get_attribute("aria-sort") == "descending"
    page.get_by_role("searchbox", name="Search").fill("bob")
    page.get_by_text("1 to 1 of 1 that match").wait_for()
    page.get_by_role("cell", name="bob").get_by_role("button").click()
    page.get_by_role("heading", name="Why bob has rank 1").wait_for()
    page.get_by_role("group", name=re.compile("^bob; supported by .*; supports ann, Dora")).wait_for()
    page.locator("#drawing").get_by_role("button", name=re.compile("^ann, rank")).press("Enter")
    page.get_by_role("heading", name="Why ann has rank").wait_for()
    page.get_by_text("The same as a table").click()
    page.locator("#flows tr").nth(1).wait_for()
