"""A ranking as one page: a table to sort and search, and the neighbourhood of an account drawn; nothing is fetched."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from lilliput.tasks.rank import Ranking
from lilliput.tasks.rank_explain import best_supporters
from lilliput.tasks.rank_table import columns, rows

if TYPE_CHECKING:
    from lilliput.tasks.rank import InfluencerRanker

SHOWN = 1000
"""Accounts in the table of the page; the others are in the CSV."""
NEIGHBOURS = 6


def page(model: InfluencerRanker) -> str:
    """The page as HTML."""
    ranking = model.ranking_
    shown = min(SHOWN, len(ranking.order))
    data = {
        "columns": columns(ranking),
        "rows": list(rows(ranking, SHOWN)),
        "links": _links(model, shown),
        "accounts": len(ranking.order),
        "bound": model.bound_,
    }
    text = orjson.dumps(data).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    template = files("lilliput.tasks").joinpath("rank_page.html").read_text(encoding="utf-8")
    return template.replace('"DATA"', text, 1)


def _links(model: InfluencerRanker, shown: int) -> list[list[Any]]:
    """For each account shown its best supporters: [id, place in the table or -1, percent of the score]."""
    ranking: Ranking = model.ranking_
    if ranking.matrix is not None:
        best, flows = best_supporters(model, NEIGHBOURS)
    elif ranking.best is not None and ranking.flows is not None:
        best, flows = ranking.best, ranking.flows
    else:
        return [[] for _ in range(shown)]
    found = []
    for row in ranking.by_rank[:shown].tolist():
        kept = np.flatnonzero(flows[row] > 0)
        pairs = zip(best[row][kept].tolist(), flows[row][kept].tolist(), strict=True)
        places = [(source, int(ranking.rank_of[source]) - 1, flow) for source, flow in pairs]
        found.append([[ranking.name(s), p if p < shown else -1, round(100 * flow, 1)] for s, p, flow in places])
    return found
