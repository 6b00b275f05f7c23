"""What goes with what: the API and the page."""

from __future__ import annotations

import sys

import pytest

from lilliput.core.errors import LilliputError
from lilliput.web.maps import drawn
from lilliput.web.remembered import MOST, remembered


def ask(studio, verb, **body):
    return studio.client.post(f"/v1/models/meals/{verb}", json=body)


def test_suggestions_have_reasons(studio):
    found = ask(studio, "predict", items=["Bread", "butter"], k=2).json()["suggestions"]
    assert found[0]["item"] in ("jam", "salt")
    assert set(found[0]["why"]["baskets"]) == {"bread", "butter"}
    assert ask(studio, "predict", items=["salt"], k=1, context="east", adventurous=1).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"items": ["bred"]}, "did you mean 'bread'"),
        ({"items": ["salt"], "context": "North"}, "there is no context 'North'"),
        ({"items": []}, "items: list should have at least 1 item"),
        ({"items": ["salt"], "adventurous": 1.5}, "adventurous: input should be less than or equal to 1"),
        ({"items": ["salt"], "k": 0}, "k: input should be greater than or equal to 1"),
    ],
)
def test_what_cannot_be_answered_is_told(studio, body, said):
    answer = ask(studio, "predict", **body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_items_are_completed_by_beginning_then_word(studio):
    assert [one["item"] for one in ask(studio, "complete", typed="S").json()["items"][:2]] == ["salt", "soy sauce"]
    assert ask(studio, "complete", typed="sauce").json() == {"items": [{"item": "soy sauce", "baskets": 30}]}
    assert ask(studio, "complete", typed="zzz").json() == {"items": []}


def test_substitutes_and_conditions(studio):
    assert len(ask(studio, "substitutes", item="jam", k=2).json()["substitutes"]) == 2
    told = ask(studio, "condition", on="east").json()
    assert told["on"] == "East"
    assert {"item", "rank_before", "rank_after"} < set(told["moved"][0])


def test_map_has_two_panes_under_a_context(studio):
    plain, moved = ask(studio, "map").json(), ask(studio, "map", context="East").json()
    assert (len(plain["maps"]), len(moved["maps"])) == (1, 2)
    assert len(moved["maps"][1]["places"]) == len(moved["names"]) == 7
    assert ask(studio, "map", context="North").status_code == 422


def test_results_are_remembered_and_forgotten():
    class Model:
        pass

    model, done = Model(), []
    for key in [*range(MOST), 0, MOST, 0, 1]:
        assert remembered(model, key, lambda key=key: done.append(key) or [key]) == [key]
    assert done == [*range(MOST), MOST, 1]


def test_map_without_the_extra_says_so(monkeypatch, model_files):
    import lilliput

    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(LilliputError, match="drawing a map"):
        drawn(lilliput.load(model_files["meals"]), 7)


def test_page_suggests_with_chips_and_keys(page):
    page.goto("/m/meals")
    box = page.get_by_role("combobox", name="Add an item")
    box.press_sequentially("bre")
    page.get_by_role("listbox").get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == "option-0"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove bread").wait_for()
    page.get_by_role("button", name="Add jam").click()
    page.get_by_role("button", name="Remove jam").wait_for()
    page.get_by_role("button", name="Instead of").first.click()
    page.get_by_role("button", name="Remove bread").click()
    page.wait_for_function("document.querySelectorAll('#chips li').length === 1")


def test_page_puts_back_what_is_not_known(chromium, studio):
    page = chromium.new_page()
    page.goto(f"{studio.url}m/meals")
    page.get_by_role("combobox", name="Add an item").fill("bread, bananna")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("the item 'bananna' is not among the 7 known").wait_for()
    assert page.get_by_role("combobox", name="Add an item").input_value() == "bread, bananna"
    page.close()


def test_page_draws_the_map_and_finds_names(page):
    page.goto("/m/meals")
    page.get_by_label("As it is done in").select_option("East")
    page.get_by_role("button", name="Draw the map").click()
    page.get_by_role("img", name="All 7 items; Seen from East").wait_for()
    page.get_by_role("searchbox", name="Find a name on the map").fill("rice")
    page.locator(".map-told strong", has_text="rice").wait_for()
    assert "Seen from East: " in page.locator(".map-told").inner_text()
    page.get_by_role("button", name="Add rice").click()
    page.get_by_role("button", name="Remove rice").wait_for()
    page.get_by_text("The groups as lists").click()
    page.locator("#map dd").first.wait_for()
