"""What holds for every page: nothing serious for those who cannot see or use a mouse, and no page wider than a phone.

Pictures of all pages are kept in ``LILLIPUT_SCREENSHOTS``, if that is set.
"""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

CONTROLS = "button, input, select, textarea, summary, main a"
SETTLED = "() => !document.querySelector('[aria-busy=true]')"


def addresses() -> list[str]:
    """A page of each kind; those of the tasks are looked at in test_task_pages.py too."""
    return ["", "train", "docs", *(f"m/{name}" for name in ("opinions", "line"))]


def opened(page, address: str) -> None:
    page.goto(f"/{address}")
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SETTLED)


def test_every_page_is_for_everyone(page):
    for address in addresses():
        opened(page, address)
        check_widths(page, address)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            bad = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
            found = [(one["id"], [node["html"][:150] for node in one["nodes"][:3]]) for one in bad]
            assert not found, f"{address}, {scheme}"
        check_tab(page, address)


def check_widths(page, address: str) -> None:
    """No page is wider than the screen."""
    folder = os.environ.get("LILLIPUT_SCREENSHOTS")
    for width in (375, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            name = address.replace("/", "-") or "home"
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def check_tab(page, address: str) -> None:
    """Every control is reached with the Tab key."""
    wanted = page.evaluate(
        f"[...document.querySelectorAll('{CONTROLS}')].filter(e => e.checkVisibility() && !e.disabled"
        " && e.tabIndex >= 0 && e.type !== 'radio').length"
    )
    reached = set()
    for _ in range(wanted + 40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                f"(e => e.matches('{CONTROLS}') ? [...document.querySelectorAll('{CONTROLS}')].indexOf(e) : -1)"
                "(document.activeElement)"
            )
        )
        if len(reached - {-1}) >= wanted:
            return
    raise AssertionError(f"{address}: {len(reached - {-1})} of {wanted} controls are reached")


def test_markup_and_a_million_characters_are_shown_as_text(page):
    page.goto("/m/opinions")
    box = page.get_by_role("textbox", name="Text")
    box.fill("a lovely <script>window.bad = 1</script><img src=x onerror='window.bad = 1'> film")
    page.get_by_text("Label: praise").wait_for()
    page.locator("#marked mark").first.wait_for()
    assert "<script>" in page.locator("#marked").inner_text()
    box.evaluate("(box, text) => { box.value = text; box.dispatchEvent(new Event('input')) }", "awful dinner " * 80_000)
    page.get_by_text("Label: blame").wait_for()
    assert page.evaluate("window.bad") is None


def test_the_race_is_shown_and_told(page, studio, monkeypatch):
    from lilliput.training import surface_race
    from lilliput.web import race

    whole = surface_race.race
    monkeypatch.setattr(surface_race, "race", lambda: whole(("sgd", "adam"), rates=(0.01,), most=100))
    race.main(str(studio.folder / "race.json"))  # else it takes ten seconds
    page.goto("/optimisers")
    page.get_by_role("row", name="adam").wait_for()
    page.locator("#play:not([disabled])").wait_for()
    assert page.locator("canvas").count() == 4
    page.get_by_role("slider", name="Step").fill("200")
    assert page.get_by_text("Step 100").count() == 1


def test_the_api_page_tries_a_verb(page):
    page.goto("/docs")
    page.get_by_text("/v1/models/opinions/predict").first.click()
    part = page.locator("details", has_text="POST /v1/models/opinions/predict")
    part.get_by_role("textbox", name="Try it").fill('{"texts": ["a lovely film"]}')
    part.get_by_role("button", name="Send").click()
    part.get_by_text('"label": "praise"').wait_for()
