"""Word vectors: the API and the page."""

from __future__ import annotations

import pytest


def ask(studio, verb, **body):
    return studio.client.post(f"/v1/models/vectors/{verb}", json=body)


def test_neighbours_of_words_and_sums(studio):
    assert ask(studio, "neighbours", asked="king", k=1).json()["neighbours"][0]["word"] == "man"
    asked = "king - man + woman"
    found = ask(studio, "neighbours", asked=asked).json()["neighbours"]
    assert found[0]["word"] == "queen"
    assert found == ask(studio, "analogy", a="king", b="man", c="woman").json()["neighbours"]
    assert ask(studio, "neighbours", asked="New York", k=3).status_code == 200


def test_many_words_at_once(studio):
    both = ask(studio, "predict", words=["king", "man"], k=2).json()["predictions"]
    assert both[1] == ask(studio, "neighbours", asked="man", k=2).json()
    mixed = ask(studio, "predict", words=["king - man + woman", "man"], k=2).json()["predictions"]
    assert (mixed[0]["neighbours"][0]["word"], mixed[1]) == ("queen", both[1])


def test_similarity_is_a_cosine(studio):
    assert ask(studio, "similarity", first="king", second="king").json()["similarity"] == pytest.approx(1, abs=1e-4)


def test_words_that_are_no_text_are_made_so(studio):
    found = ask(studio, "neighbours", asked="apple").json()["neighbours"]
    assert "x\ufffd" in [one["word"] for one in found]
    assert "x\ufffd" in ask(studio, "map", most=7).json()["names"]


@pytest.mark.parametrize(
    ("verb", "body", "said"),
    [
        ("neighbours", {"asked": "kinq"}, "the word 'kinq' is not among the words; did you mean 'king'"),
        ("neighbours", {"asked": "king -"}, "ends in '-'; expected a word after it"),
        ("neighbours", {"asked": ""}, "asked: string should have at least 1 character"),
        ("predict", {"words": ["king", "kinq"]}, "did you mean 'king'"),
        ("analogy", {"a": "king", "b": "man", "c": "womann"}, "did you mean 'woman'"),
        ("similarity", {"first": "king", "second": "qeen"}, "did you mean 'queen'"),
        ("map", {"most": 1}, "most: input should be greater than or equal to 5"),
    ],
)
def test_what_cannot_be_answered_is_told(studio, verb, body, said):
    answer = ask(studio, verb, **body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_page_shows_neighbours_analogies_and_the_map(page):
    page.goto("/m/vectors")
    page.get_by_role("searchbox", name="A word, several, or a sum").fill("king - man + woman")
    page.get_by_text("Nearest to \u201cking - man + woman\u201d: queen").wait_for()
    page.get_by_role("textbox", name="First word").fill("man")
    page.get_by_role("textbox", name="Second word").fill("king")
    page.get_by_role("textbox", name="Third word").fill("woman")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_text("man is to king as woman is to queen").wait_for()
    page.get_by_role("textbox", name="One word").fill("king")
    page.get_by_role("textbox", name="Other word").fill("man")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("The cosine of king and man is").wait_for()
    page.get_by_role("button", name="Draw the map").click()
    drawing = page.get_by_role("img", name="All 7 words: a map of 7 names")
    drawing.focus()
    for key in ("+", "ArrowLeft", "0"):
        page.keyboard.press(key)
    page.get_by_role("searchbox", name="Find a name on the map").fill("appl")
    page.locator(".map-told strong", has_text="apple").wait_for()
