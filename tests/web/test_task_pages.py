"""The pages of the tasks: for everybody, at every width, in light and dark."""

from __future__ import annotations

import pytest


def fill_text(text):
    def work(page):
        page.get_by_role("textbox", name="Text").fill(text)
        page.locator("#parts .part").first.wait_for()

    return work


def fill_meals(page):
    page.get_by_role("combobox", name="Add an item").fill("bread")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add jam").wait_for()
    page.get_by_role("button", name="Instead of").first.click()
    draw(page)


def fill_vectors(page):
    page.get_by_role("searchbox", name="A word, several, or a sum").fill("king")
    page.locator("#near li").first.wait_for()
    draw(page)


def draw(page):
    page.get_by_role("button", name="Draw the map").click()
    page.get_by_role("img", name="a map of 7 names").wait_for()
    page.get_by_text("The groups as lists").click()


def fill_accounts(page):
    page.locator("#body button").first.click()
    page.locator("svg.near").wait_for()


PAGES = {
    "tongues": fill_text("the cat is here. Le chat est sur le toit"),
    "tagger": fill_text("the dog sat"),
    "cutter": fill_text("\u732b\u9c7c"),
    "meals": fill_meals,
    "vectors": fill_vectors,
    "accounts": fill_accounts,
}


@pytest.mark.parametrize(("name", "scheme"), list(zip(PAGES, ["light", "dark"] * 3, strict=True)))
def test_page_is_for_everybody(page, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": 375, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"/m/{name}")
    PAGES[name](page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
