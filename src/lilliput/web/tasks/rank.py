"""A ranking: scores, a table that is sorted and searched, why an account is where it is, and what is around it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from lilliput.core.errors import DataError
from lilliput.web.forms import MOST_TEXTS, WHOLE, Form, Most, Name, Text
from lilliput.web.served import Served, Verb

STEPS = 3
"""Of reach."""
Share = Annotated[float, Field(description="of the score")]


class AccountsAsked(Form):
    """Ids of accounts."""

    accounts: Annotated[list[Name], Field(min_length=1, max_length=MOST_TEXTS)]


class AccountRanked(Form):
    """An account's score and rank, from 1; null and 0 for one that is not in the network."""

    account: str
    rank: int | None
    score: float


class AccountsRanked(Form):
    """A result an account, in their order."""

    predictions: list[AccountRanked]


class TableAsked(Form):
    """A part of the table."""

    offset: Annotated[int, Field(ge=0, le=2**32), WHOLE] = 0
    limit: Most = 50
    sort: Annotated[Name, Field(description="a column; see the columns of an answer")] = "rank"
    ascending: bool = True
    search: Annotated[Text, Field(description="what ids are to contain; capitals do not matter")] = ""


class TablePart(Form):
    """Some rows of a table, by the names of the columns."""

    columns: list[str]
    accounts: Annotated[int, Field(description="in all")]
    matching: Annotated[int, Field(description="that contain what is searched for")]
    rows: list[dict[str, Any]]


class AccountAsked(Form):
    """An account."""

    account: Name


class SupportTold(Form):
    """Who supports an account, the share of its score that this brings, and the supporter's rank."""

    account: str
    share: Share
    rank: int


class WayTold(Form):
    """A way on which support arrives."""

    accounts: list[str]
    share: Share


class RankBefore(Form):
    """In an earlier ranking."""

    rank: int
    score: float


class RankExplained(Form):
    """Why an account is where it is."""

    account: str
    rank: int
    of: int
    score: float
    followers: float
    friends: float
    suspicion: Annotated[float, Field(description="share of its support that is doubtful")]
    supporters: list[SupportTold]
    others: Annotated[float, Field(description="share of the score that other supporters bring")]
    jumps: Annotated[float, Field(description="share by jumps, and from followers that were not crawled")]
    paths: list[WayTold]
    way: Annotated[list[str], Field(description="from the nearest seed")]
    distance: int | None
    before: RankBefore | None
    gained: list[str]
    lost: list[str]
    reach: Annotated[list[int], Field(description="accounts that hear it within 1, 2, 3 steps; none: no edges kept")]


class NeighbourhoodAsked(Form):
    """An account, and how many to show with it."""

    account: Name
    most: Annotated[int, Field(ge=2, le=60), WHOLE] = 24


class AccountNear(Form):
    """An account and what it is to the one in the middle: itself, supporter, supported, both."""

    account: str
    rank: int
    score: float
    role: str


class SupportFlow(Form):
    """The share of the target's score that comes from the source."""

    source: str
    target: str
    share: Share


class NeighbourhoodTold(Form):
    """Accounts, the one asked for first, and the edges between them."""

    nodes: list[AccountNear]
    edges: list[SupportFlow]


def predict(view: Any, asked: AccountsAsked) -> dict[str, Any]:
    """Tell scores and ranks."""
    scores = view.model.predict(asked.accounts).tolist()
    return {
        "predictions": [
            {"account": account, "rank": _rank(view.ranking, account), "score": score}
            for account, score in zip(asked.accounts, scores, strict=True)
        ]
    }


def _rank(ranking: Any, account: str) -> int | None:
    number = ranking.ids.find(account)
    return None if number < 0 else int(ranking.rank_of[ranking.row_of[number]])


def table(view: Any, asked: TableAsked) -> dict[str, Any]:
    """Give a part of the table."""
    found = view.table(asked.offset, asked.limit, asked.sort, asked.ascending, asked.search)
    return {
        "columns": view.columns,
        "accounts": len(view.ranking.order),
        "matching": found.matching,
        "rows": found.rows,
    }


def explain(view: Any, asked: AccountAsked) -> dict[str, Any]:
    """Say why an account is where it is."""
    found = asdict(view.model.explain(asked.account))
    found["paths"] = [{"accounts": accounts, "share": share} for accounts, share in found["paths"]]
    if found["before"] is not None:
        found["before"] = dict(zip(("rank", "score"), found["before"], strict=True))
    try:
        found["reach"] = view.model.reach(asked.account, STEPS)
    except DataError:  # the file has no edges
        found["reach"] = []
    return found


def neighbourhood(view: Any, asked: NeighbourhoodAsked) -> dict[str, Any]:
    """Give what is around an account."""
    nodes, edges = view.neighbourhood(asked.account, asked.most)
    return {"nodes": [node._asdict() for node in nodes], "edges": [edge._asdict() for edge in edges]}


def about(view: Any) -> dict[str, Any]:
    """How many accounts, how exact the scores are, and what can be sorted by."""
    sortable = [name for name in view.columns if name != "introducer"]
    return {
        "accounts": len(view.ranking.order),
        "columns": view.columns,
        "sortable": sortable,
        "bound": view.model.bound_,
        "seeds": list(map(str, view.model.seeds or [])),
    }


def prepare(model: Any) -> Any:
    """Something that looks at the ranking."""
    from lilliput.tasks.rank_view import RankView

    return RankView(model)


PREDICT = Verb(
    "predict", "Tell scores and ranks of accounts.", AccountsAsked, AccountsRanked, predict, {"accounts": ["1"]}
)
TABLE = Verb("table", "Give a part of the table, sorted and searched.", TableAsked, TablePart, table, {"limit": 10})
EXPLAIN = Verb("explain", "Say why an account is where it is.", AccountAsked, RankExplained, explain, {"account": "1"})
NEIGHBOURHOOD = Verb(
    "neighbourhood",
    "Give the accounts around an account.",
    NeighbourhoodAsked,
    NeighbourhoodTold,
    neighbourhood,
    {"account": "1"},
)

SERVED = [Served(("rank",), "rank", (PREDICT, TABLE, EXPLAIN, NEIGHBOURHOOD), about, prepare)]
