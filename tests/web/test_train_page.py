"""Training in a real browser: a file, its findings, a job that a reload finds again, a model that is kept."""

from __future__ import annotations

import re

import pytest

KINDS = {"praise": ("good", "great", "fine", "lovely"), "blame": ("bad", "dull", "poor", "awful")}
LINES = [
    f"a {word} {thing} no {number},{kind}"
    for number in range(100)
    for kind, words in KINDS.items()
    for word in words
    for thing in ("film", "book", "song", "play")
]
CSV = "\n".join(["text,label", *LINES]).encode()


@pytest.fixture
def train(page):
    """The page, with a file sent."""
    page.set_default_timeout(30_000)
    page.goto("/train")
    page.get_by_label("Drop a file here, or choose one").set_input_files(
        {"name": "opinions.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    page.get_by_role("cell", name="praise").first.wait_for()
    return page


def test_a_job_survives_reloads_and_its_model_is_kept(train):
    page = train
    page.get_by_text("rows that repeat an earlier text").or_(page.get_by_text("Nothing is wrong with it.")).wait_for()
    assert page.get_by_label("Column of the texts").input_value() == "text"
    page.get_by_label("Size of the model, at most").fill("100KB")
    page.get_by_label("Time, at most").fill("30s")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("At work …").wait_for()
    assert re.search(r"\?job=[0-9a-f]{24}$", page.url)
    page.reload()
    page.get_by_role("heading", name="Learning label from opinions.csv").wait_for()
    page.get_by_text("Done: a model of").wait_for()
    assert "held out loss from" in page.get_by_role("img", name="Curves over").get_attribute("aria-label")
    page.get_by_text("learning from opinions.csv").wait_for()
    points = page.locator("#job polyline").get_attribute("points")
    page.reload()
    page.get_by_text("Done: a model of").wait_for()
    assert page.locator("#job polyline").get_attribute("points") == points
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "opinions-label.safetensors"
    page.get_by_label("Serve it as").fill("from-the-page")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("link", name="Open from-the-page").click()
    page.get_by_role("heading", name="from-the-page", level=1).wait_for()
    page.get_by_role("textbox", name="Text").press_sequentially("a lovely play")
    page.get_by_text("Label: praise").wait_for()


def test_a_job_is_cancelled_on_the_page(train):
    page = train
    page.get_by_label("Time, at most").fill("50s")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("learning:").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled").first.wait_for()
    page.get_by_role("list").get_by_text(re.compile("cancelled,")).first.wait_for()


def test_an_error_is_a_sentence(page):
    page.goto("/train")
    page.get_by_label("Drop a file here, or choose one").set_input_files(
        {"name": "one.csv", "mimeType": "text/csv", "buffer": b"text,label\n<b>first</b>,x\nsecond,x\n"}
    )
    page.get_by_role("cell", name="<b>first</b>").wait_for()
    page.get_by_text("there is one label only, 'x'; a classifier needs two").wait_for()
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Failed: ").wait_for()


def test_a_file_is_labelled_on_the_page_of_its_model(page):
    page.goto("/m/opinions")
    page.get_by_label("Drop a file here, or choose one").set_input_files(
        {"name": "new.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    page.get_by_role("button", name="Start").click()
    page.get_by_text(re.compile("Done: .* of answers")).wait_for()
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "new-answers.csv"
