"""The pages in a real browser."""

from __future__ import annotations


def test_home_shows_the_models_and_leads_to_them(page):
    page.goto("/")
    page.get_by_role("heading", name="opinions").wait_for()
    page.get_by_role("navigation", name="Loaded models").get_by_role("link", name="opinions").click()
    page.get_by_role("heading", name="opinions", level=1).wait_for()


def test_labels_follow_the_typing_and_say_what_spoke_for_them(page):
    page.goto("/m/opinions")
    page.get_by_role("textbox", name="Text").press_sequentially("a lovely play")
    page.get_by_text("Label: praise").wait_for()
    page.locator("#said", has_text="lovely").wait_for()
    page.locator("#marked mark").first.wait_for()
