"""A ranking as one looks at it: parts of its table, and neighbourhoods."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lilliput import InfluencerRanker
from lilliput.core.errors import DataError
from lilliput.tasks.rank_table import columns, rows
from lilliput.tasks.rank_view import KEPT, RankView

EDGES = [("zed", "bob"), ("cem", "bob"), ("bob", "Ann"), ("ann", "bob"), ("\u00e9va", "bob"), ("bob", "zed")]


@pytest.fixture(scope="module")
def view():
    rng = np.random.default_rng(0)
    edges = [(f"u{a}", f"u{b}") for a, b in rng.integers(300, size=(1500, 2)).tolist()]
    return RankView(InfluencerRanker(seeds=["u7"], communities=True, progress=False).fit(edges))


def test_table_is_that_of_the_file_in_any_order(view):
    names = columns(view.ranking)
    whole = [dict(zip(names, row, strict=True)) for row in rows(view.ranking)]
    assert view.table(0, 1000).rows == whole
    assert view.table(10, 5).rows == whole[10:15]
    for name in set(names) - {"introducer"}:
        for ascending in (True, False):
            found = view.table(0, 1000, name, ascending).rows
            cells = [row[name] if row[name] is not None else 10**9 for row in found]
            assert cells == sorted(cells, reverse=not ascending)
            if name in ("followers", "friends", "distance", "community"):  # the others are rounded in the table
                ties = [(row[name], row["rank"]) for row in found]
                assert all(one[0] != other[0] or one[1] < other[1] for one, other in pairwise(ties))
    assert len(view._orders) == KEPT


def test_search_is_within_one_id(view):
    found = view.table(0, 1000, search="U1")
    wanted = {row["id"] for row in view.table(0, 1000).rows if "u1" in row["id"]}
    assert {row["id"] for row in found.rows} == wanted
    assert found.matching == len(wanted)
    assert view.table(0, 10, search="1u").matching == 0
    assert view.table(0, 1, search="u29").matching == sum("u29" in row["id"] for row in view.table(0, 1000).rows)


def test_numbers_are_searched_and_sorted_as_numbers():
    view = RankView(InfluencerRanker(progress=False).fit([("9", "10"), ("10", "110"), ("110", "9"), ("2", "9")]))
    assert [row["id"] for row in view.table(0, 9, "id").rows] == ["2", "9", "10", "110"]
    assert {row["id"] for row in view.table(0, 9, search="10").rows} == {"10", "110"}
    assert view.ranking.ids.find("9" * 5000) == -1


def test_neighbourhood_has_both_sides_and_their_edges():
    view = RankView(InfluencerRanker(progress=False).fit(EDGES))
    nodes, edges = view.neighbourhood("bob", 60)
    assert {node.account: node.role for node in nodes} == {
        "bob": "itself", "zed": "both", "cem": "supporter", "ann": "supporter", "\u00e9va": "supporter",
        "Ann": "supported",
    }  # fmt: skip
    assert {(edge.source, edge.target) for edge in edges} == set(EDGES)
    explained = view.model.explain("bob").supporters[0]
    assert max(edge.share for edge in edges if edge.target == "bob") == explained.share


def test_neighbourhood_is_no_larger_than_asked(view):
    for most in (2, 3, 10, 60):
        nodes, edges = view.neighbourhood("u7", most)
        assert len(nodes) <= most
        names = {node.account for node in nodes}
        assert all(edge.source in names and edge.target in names for edge in edges)


def test_file_without_edges_has_its_best_supporters():
    rng = np.random.default_rng(1)
    edges = [(str(a), str(b)) for a, b in rng.integers(500, size=(20_000, 2)).tolist()]
    model = InfluencerRanker(budget="40KB", progress=False).fit(edges)
    assert model.ranking_.matrix is None
    view = RankView(model)
    nodes, _ = view.neighbourhood(model.top(1)[0], 20)
    assert {"supporter", "supported"} & {node.role for node in nodes}


def test_bad_questions_are_told(view):
    with pytest.raises(DataError, match="cannot be sorted by 'introducer'; it can by id, rank"):
        view.table(0, 1, "introducer")
    with pytest.raises(DataError, match="there is no account 'u999'"):
        view.neighbourhood("u999", 5)
