"""Languages, tags and segments: their API and their pages."""

from __future__ import annotations

import re

import pytest

MIXED = "the cat is on the roof and they were there. Le chat est sur le toit, ou est la maison."


def ask(studio, path, **body):
    return studio.client.post(f"/v1/models/{path}", json=body)


def test_spans_cover_the_text_and_shares_add_up(studio):
    answer = ask(studio, "tongues/spans", text=MIXED).json()
    assert "".join(span["text"] for span in answer["spans"]) == MIXED
    assert [span["language"] for span in answer["spans"]] == ["en", "fr"]
    assert sum(share["share"] for share in answer["shares"]) == pytest.approx(1, abs=1e-5)
    assert ask(studio, "tongues/spans", text="").json() == {"spans": [], "shares": []}


def test_a_text_of_one_language_is_labelled_and_explained(studio):
    (found,) = ask(studio, "tongues/predict", texts=["where is the cat"]).json()["predictions"]
    assert found["label"] == "en"
    assert ask(studio, "tongues/explain", text="le chat").json()["label"] == "fr"


def test_too_long_a_text_is_refused_with_a_sentence(studio):
    answer = ask(studio, "tongues/spans", text="a" * 100_001)
    assert answer.status_code == 422
    assert "text: string should have at most 100000 characters" in answer.json()["detail"]
    answer = ask(studio, "tagger/predict", texts=["a " * 300_000] * 2)
    assert answer.status_code == 422
    assert "send 1,000,000 at a time" in answer.json()["detail"]


def test_tokens_have_their_places_in_characters(studio):
    text = "\U0001f600 The dog sat."
    (found,) = ask(studio, "tagger/predict", texts=[text]).json()["predictions"]
    assert all(text[token["start"] : token["end"]] == token["token"] for token in found["tokens"])
    assert {token["token"]: token["tag"] for token in found["tokens"]}["dog"] == "NOUN"
    assert ask(studio, "tagger/predict", texts=[""]).json() == {"predictions": [{"tokens": []}]}


def test_segments_are_the_words(studio):
    answer = ask(studio, "cutter/predict", texts=["\u732b\u559c\u6b22\u8089"]).json()
    words = answer["predictions"][0]["segments"]
    assert [word["text"] for word in words] == ["\u732b", "\u559c\u6b22", "\u8089"]
    assert studio.client.get("/v1/models/cutter").json()["about"] == {"unit": "word"}


def test_page_colours_languages(page):
    page.goto("/m/tongues")
    page.get_by_role("textbox", name="Text").fill(MIXED)
    page.get_by_text(re.compile("Words by language: .*French \\(fr\\)")).wait_for()
    parts = page.locator("#parts .part")
    assert parts.count() == 2
    colours = [part.evaluate("part => getComputedStyle(part).borderBottomColor") for part in parts.all()]
    assert len(set(colours)) == 2
    parts.nth(1).hover()
    assert "French (fr), probability" in page.locator("#detail").inner_text()


def test_page_tags_tokens_and_keys_walk_over_them(page):
    page.goto("/m/tagger")
    page.get_by_role("textbox", name="Text").fill("the dog sat")
    page.locator("#parts .part").nth(2).wait_for()
    page.locator("#parts .part").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#detail").inner_text().startswith("\u201cdog\u201d: NOUN, noun, probability")
    assert page.get_by_role("list", name="Tags").get_by_role("listitem").count() == 3


def test_page_cuts_words(page):
    page.goto("/m/cutter")
    page.get_by_role("textbox", name="Text").fill("\u732b\u559c\u6b22\u8089")
    page.get_by_text("3 words").wait_for()
