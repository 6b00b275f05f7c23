"""`lilliput fit pair`, and what the other verbs make of its models."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lilliput.cli.demo_pair import demo_pair
from lilliput.cli.main import main

KITCHENS = {"italian": ["tomato", "basil", "pasta", "garlic"], "japanese": ["soy sauce", "rice", "nori", "garlic"]}


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("recipes") / "recipes.jsonl"
    rows = []
    for row in range(300):
        cuisine = list(KITCHENS)[row % 2]
        items = [KITCHENS[cuisine][at] for at in random.permutation(4)[:3].tolist()]
        rows.append(json.dumps({"cuisine": cuisine, "ingredients": items if row else []}))
    path.write_text("\n".join(rows))
    return path


@pytest.fixture(scope="module")
def model(recipes):
    out = recipes.with_name("r.safetensors")
    columns = ["--items", "ingredients", "--context", "cuisine"]
    assert main(["fit", "pair", str(recipes), *columns, "-o", str(out), "--budget", "50KB", "--quiet"]) == 0
    return out


def test_fit_reports_and_says_what_next(recipes, run, tmp_path):
    out = tmp_path / "r.safetensors"
    done = run("fit", "pair", recipes, "-o", out, "--dim", 4, "--threads", 1)
    assert done.code == 0
    assert "popularity hit@10" in done.out
    assert "empty baskets left out 1" in done.out
    assert "items 'ingredients'" in done.err
    assert f'try: lilliput predict {out} "one item, another"' in done.err


def test_suggestions_say_why(model, run):
    done = run("predict", model, "tomato, basil", "--top", 2)
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == ["pasta"]  # garlic is with tomato less often than by chance
    assert all("in baskets: " in line and "with tomato, " in line and "times chance" in line for line in lines)
    found = json.loads(run("predict", model, "garlic", "--context", "japanese", "--adventurous", "0.5", "--json").out)
    assert found[0]["item"] in KITCHENS["japanese"]
    assert set(found[0]["why"]) == {"baskets", "lift", "shared", "properties", "rarest"}


def test_what_is_not_known_is_told_in_a_line(model, run):
    done = run("predict", model, "tomatoe")
    assert (done.code, done.out) == (2, "")
    assert "did you mean 'tomato'" in done.err
    done = run("predict", model, "tomato", "--context", "french")
    assert done.code == 2
    assert "known are 'japanese', 'italian'" in done.err
    done = run("predict", model, " , ")
    assert done.code == 2
    assert "there is no item" in done.err


def test_score_completes_baskets(model, recipes, run):
    done = run("score", model, recipes)
    assert done.code == 0, done.err
    assert done.out.startswith("hit@10")
    assert json.loads(run("score", model, recipes, "--items", "ingredients", "--json").out)["rows"] == 299


@pytest.mark.parametrize(("options", "said"), [(["--explain"], "suggests items"), (["--text", "a"], "suggests items")])
def test_options_of_other_tasks(model, run, options, said):
    done = run("predict", model, "tomato", *options)
    assert done.code == 2
    assert said in done.err


def test_a_column_that_is_missing(recipes, run, tmp_path):
    done = run("fit", "pair", recipes, "--items", "ingredient", "-o", tmp_path / "r.safetensors")
    assert done.code == 2
    assert "nearest: 'ingredients'" in done.err


def test_inspect_shows_the_report(model, run):
    assert "popularity MRR" in run("inspect", model).out


def test_the_demo_suggests_modules(capsys, tmp_path):
    demo_pair(tmp_path)
    out = capsys.readouterr().out
    assert "which modules go together?" in out
    assert out.count("more daring:") >= 2
    assert (tmp_path / "pair.safetensors").stat().st_size < 100_000


def test_what_items_share_beside_baskets(recipes, run, tmp_path):
    side = tmp_path / "side.csv"
    side.write_text(
        "id,food,compound\n1,tomato,umami\n2,nori,umami\n3,pasta,starch\n4,rice,starch\n5,basil,umami\n6,moon,cheese\n"
    )
    out = tmp_path / "r.safetensors"
    done = run("fit", "pair", recipes, "-o", out, "--side", side)
    assert (done.code, done.out) == (2, "")
    assert "name one with --side-properties" in done.err
    columns = ["--side-item", "food", "--side-properties", "compound"]
    done = run("fit", "pair", recipes, "-o", out, "--side", side, *columns, "--quiet")
    assert done.code == 0, done.err
    assert "items with properties 5" in done.out
    assert "items of the side information in no basket 1" in done.out
    found = json.loads(run("predict", out, "tomato", "--json").out)
    assert {one["item"]: one["why"]["properties"]["tomato"] for one in found}["basil"] == 1
    assert "; 1 in common: umami" in run("predict", out, "tomato").out
