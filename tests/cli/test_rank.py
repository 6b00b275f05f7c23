"""`lilliput fit rank`, and what the other verbs make of its models."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lilliput.cli.main import main

EDGES = "follower,followed,kind,day\n" + "".join(
    f"{source},{target},{kind},2024-0{month}-01\n"
    for source, target, kind, month in [
        ("ann", "bob", "follow", 1),
        ("cem", "bob", "reply", 5),
        ("bob", "dora </script>", "follow", 5),
        ("dora </script>", "ann", "reply", 2),
        ("eve", '"x, y"', "follow", 3),
    ]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rank")
    (folder / "edges.csv").write_text(EDGES)
    (folder / "seeds.txt").write_text("ann\n\n")
    (folder / "accounts.csv").write_text("id,followers,friends\nbob,500,20\n")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    out = folder / "r.safetensors"
    options = ["--seeds", folder / "seeds.txt", "--kind", "kind", "--kinds", "follow=1,reply=2", "--time", "day"]
    options += ["--half-life", 30, "--communities", "--quiet", "--threads", 1]
    assert main(["fit", "rank", str(folder / "edges.csv"), "-o", str(out), *map(str, options)]) == 0
    return out


def test_the_table(model, run, tmp_path):
    shown = run("predict", model)
    assert shown.code == 0
    assert shown.out.splitlines()[0] == "id,rank,score,followers,friends,suspicion,distance,introducer,community"
    assert run("predict", model, "-o", tmp_path / "t.csv").err == f"saved {tmp_path / 't.csv'} (6 accounts)\n"
    assert (tmp_path / "t.csv").read_text().count("\n") == 7
    lines = [json.loads(line) for line in run("predict", model, "--json").out.splitlines()]
    assert [line["rank"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[0]["id"] == "ann"


def test_an_account_is_explained(model, run):
    shown = run("predict", model, "bob").out
    assert "bob: rank 2 of 6" in shown
    assert "from the seeds: ann - bob (1 steps)" in shown
    assert "heard within 1 steps by 2" in shown
    found = json.loads(run("predict", model, "x, y", "--json").out)
    assert found["way"] == []
    assert found["reach"] == [1, 1, 1]
    wrong = run("predict", model, "nobody")
    assert wrong.code == 2
    assert "there is no account 'nobody' in this ranking" in wrong.err
    assert run("predict", model, "bob", "-o", "x.csv").code == 2
    told = run("predict", model, "bob", "--explain").err
    assert "ranks accounts and has no use for --explain; it takes -o --json" in told


def test_the_page_holds_the_table_and_fetches_nothing(model, run, tmp_path):
    assert run("predict", model, "-o", tmp_path / "t.html").code == 0
    page = (tmp_path / "t.html").read_text()
    assert page.count("</script>") == 1
    assert not re.search(r"(?:src|href)=|url\(|@import|fetch\(|https?://(?!www\.w3\.org/2000/svg)", page)
    data = json.loads(re.search(r"^const data = (.*);$", page, re.MULTILINE)[1])
    ids = [json.loads(line)["id"] for line in run("predict", model, "--json").out.splitlines()]
    assert [row[0] for row in data["rows"]] == ids
    assert data["accounts"] == 6


def test_what_is_in_the_file(model, run):
    assert "ranked      6: ann, bob" in run("inspect", model).out
    assert run("score", model, model).code == 2


def test_totals_and_an_earlier_ranking(folder, model, run, tmp_path):
    out = tmp_path / "new.safetensors"
    done = run("fit", "rank", folder / "edges.csv", "-o", out, "--accounts", folder / "accounts.csv", "--before", model)
    assert done.code == 0
    assert "L1 residual" in done.out
    assert "5 of 6 accounts have no totals" in done.out
    assert "before: rank 2" in run("predict", out, "bob").out
    assert json.loads(run("predict", out, "--json").out.splitlines()[0])["followers"] == 500


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--kinds", "follow"], "expected weights by kind, such as follow=1,reply=2"),
        (["--kind", "kind", "--kinds", "follow=1"], "row 2 (line 3): the kind 'reply' has no weight"),
        (["--weight", "kind"], "row 1 (line 2): the weight 'follow' is no number"),
        (["--source", "who", "--target", "followed"], "has no column 'who'"),
        (["--damping", "2"], "damping=2.0: expected a number between 0 and 1"),
        (["--seeds", "none.txt"], "none.txt does not exist"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line(folder, run, tmp_path, options, reason):
    done = run("fit", "rank", folder / "edges.csv", "-o", tmp_path / "m.safetensors", *options)
    assert done.code == 2
    assert reason in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "m.safetensors").exists()
