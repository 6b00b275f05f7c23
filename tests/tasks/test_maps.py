from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest

from lilliput import WordVectors
from lilliput.core.errors import DataError, LilliputError
from lilliput.tasks.map_layout import OTHER, lay_out
from lilliput.tasks.maps import MapPoints, draw_map

NAMES = [f"w{number}" for number in range(60)]


def vectors(seed=0):
    """Sixty directions about three axes, in turn."""
    rows = np.eye(6)[np.arange(60) % 3] + 0.15 * np.random.default_rng(seed).normal(size=(60, 6))
    return rows.astype(np.float32)


def moved(rows):
    """The first row goes to where the second axis is."""
    found = rows.copy()
    found[0] = rows[1]
    return found


@pytest.fixture(scope="module")
def layout():
    return lay_out(MapPoints(NAMES, vectors(), moved=moved(vectors()), title="plain", moved_title="moved"))


def test_what_is_alike_lies_together(layout):
    gaps = np.linalg.norm(layout.places[:, None] - layout.places[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert np.mean(gaps.argmin(axis=1) % 3 == np.arange(60) % 3) > 0.95
    assert np.abs(layout.places).max() <= 1
    assert (layout.near.rows % 3 == np.arange(60)[:, None] % 3).mean() > 0.95
    assert layout.near.rows.shape == (60, 8)
    assert not (layout.near.rows == np.arange(60)[:, None]).any()


def test_only_what_moved_moves(layout):
    ways = np.linalg.norm(layout.moved - layout.places, axis=1)
    assert ways.argmax() == 0
    assert ways[0] > 5 * np.median(ways)
    group = layout.places[np.arange(60) % 3 == 1].mean(axis=0)
    assert np.linalg.norm(layout.moved[0] - group) < np.linalg.norm(layout.places[0] - group)
    assert 1 in layout.moved_near.rows[0]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_seed_draws_the_same_map(layout, threads):
    again = lay_out(layout.points, 0, threads)
    assert np.array_equal(again.places, layout.places)
    assert np.array_equal(again.moved, layout.moved)
    assert again.names == layout.names


def test_clusters_are_named_by_their_members():
    found = lay_out(MapPoints(NAMES, vectors()), clusters=3)
    kinds = [{int(name[1:]) % 3 for name in names.split(", ")} for names in found.names]
    assert sorted(map(sorted, kinds)) == [[0], [1], [2]]
    assert len(set(found.groups.tolist())) == 3


def test_categories_give_the_colours():
    few = lay_out(MapPoints(NAMES, vectors(), categories=["x" if n % 3 else "y" for n in range(60)]))
    assert few.names == ["x", "y"]
    assert few.groups[:3].tolist() == [1, 0, 0]
    many = lay_out(MapPoints(NAMES, vectors(), categories=[str(min(n, 25)) for n in range(60)]))
    assert len(many.names) == 12
    assert (many.names[0], many.names[-1]) == ("25", OTHER)
    assert many.groups.max() == 11


def test_equal_points_make_a_map_too():
    found = lay_out(MapPoints(NAMES[:6], np.zeros((6, 3))))
    assert np.isfinite(found.places).all()


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (MapPoints(["a"] * 4, np.ones((4, 2))), "4 points make no map; give 5 or more"),
        (MapPoints(NAMES, vectors()[:5]), r"vectors of shape \(5, 6\) for 60 names"),
        (MapPoints(NAMES, np.full((60, 2), np.nan)), "a finite row for each"),
        (MapPoints(NAMES, vectors(), moved=vectors()[:, :2]), "expected the same"),
        (MapPoints(NAMES, vectors(), categories=["a"]), "1 categories for 60 names"),
        (MapPoints(NAMES, vectors(), weights=np.ones(3)), "3 weights for 60 names"),
    ],
)
def test_points_that_make_no_map(points, message):
    with pytest.raises(DataError, match=message):
        lay_out(points)


@pytest.mark.parametrize(
    ("path", "more", "message"),
    [
        ("m.pdf", {}, "ends in '.pdf'; maps are drawn to .html"),
        ("m.html", {"theme": "pink"}, "theme='pink': expected auto, light or dark"),
        ("m.html", {"clusters": 0}, "clusters=0"),
    ],
)
def test_what_cannot_be_drawn(tmp_path, path, more, message):
    with pytest.raises(LilliputError, match=message):
        draw_map(MapPoints(NAMES, vectors()), tmp_path / path, **more)


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(LilliputError, match=r"drawing a map needs openTSNE: pip install 'lilliput\[plots\]'"):
        lay_out(MapPoints(NAMES, vectors()))


def test_a_page_holds_everything_and_asks_for_nothing(tmp_path):
    names = ["</script><b>", "a\udcffb", "$x$", "\u2028", *NAMES[4:]]
    points = MapPoints(names, vectors(), moved=moved(vectors()), title="a <b> & c", moved_title="to", note="said")
    size = draw_map(points, tmp_path / "m.html", theme="dark")
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert size == (tmp_path / "m.html").stat().st_size
    assert not re.search(r"https?:|src=|href=|@import|url\(", page)
    assert "<title>a &lt;b&gt; &amp; c</title>" in page
    assert page.count("</script>") == 2
    data = json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)[1])
    assert data["names"][:4] == ["</script><b>", "a\ufffdb", "$x$", "\u2028"]
    assert [one["title"] for one in data["maps"]] == ["a <b> & c", "to"]
    assert len(data["maps"][1]["places"]) == len(data["groups"]) == len(data["weights"]) == 60
    assert len(data["maps"][0]["near"][0]) == len(data["maps"][0]["cosines"][0]) == 8
    assert (data["theme"], data["note"]) == ("dark", "said")


def test_a_picture_is_drawn_alike_each_time(tmp_path):
    points = MapPoints(
        ["$x$", "漢字", "ไทย\udcff", *NAMES[3:]], vectors(), moved=moved(vectors()), weights=np.arange(60.0)[::-1]
    )
    for name in ("a.png", "b.png"):
        draw_map(points, tmp_path / name, threads=1)
    first = (tmp_path / "a.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert first == (tmp_path / "b.png").read_bytes()


def test_word_vectors_are_drawn(tmp_path):
    model = WordVectors.of(NAMES, vectors(), counts=range(60, 0, -1))
    points = model.map_points(40)
    assert (len(points.names), points.title) == (40, "The 40 most frequent words")
    assert points.weights.tolist()[:2] == [60, 59]
    assert model.map(tmp_path / "m.html", most=40) > 10_000
