"""What goes with what: suggestions with reasons, substitutes, where a condition moves items, and maps."""

from __future__ import annotations

from dataclasses import asdict
from heapq import nsmallest
from typing import Annotated, Any

from pydantic import Field

from lilliput.web.forms import MOST_ITEMS, WHOLE, Form, Name
from lilliput.web.maps import POINTS, MapDrawn, Most, drawn
from lilliput.web.remembered import remembered
from lilliput.web.served import Served, Verb

EXAMPLES = 12
MOST_MOVED = 200
Count = Annotated[int, Field(ge=1, le=MOST_MOVED), WHOLE]


class SuggestionAsked(Form):
    """Items that something should go with."""

    items: Annotated[list[Name], Field(min_length=1, max_length=MOST_ITEMS)]
    k: Count = 10
    adventurous: Annotated[float, Field(ge=0, le=1, description="0: usual; 1: rare and supported, from afar")] = 0.0
    context: Annotated[Name | None, Field(description="as it is done there")] = None


class SuggestionWhy(Form):
    """Why an item is suggested."""

    baskets: Annotated[dict[str, int | None], Field(description="baskets with each item given; null: few")]
    lift: Annotated[float, Field(description="times as often as by chance")]
    shared: Annotated[list[str], Field(description="items that go with both")]
    properties: dict[str, int]
    rarest: list[str]


class ItemSuggested(Form):
    """An item, and the chance that it is what is missing."""

    item: str
    score: float
    why: SuggestionWhy


class SuggestionsTold(Form):
    """The best first."""

    suggestions: list[ItemSuggested]


class SubstituteAsked(Form):
    """An item to do without."""

    item: Name
    k: Count = 10


class SubstituteFound(Form):
    """An item that is used likewise."""

    item: str
    score: float
    together: Annotated[int, Field(description="baskets with both")]
    shared: list[str]
    properties: int
    rarest: list[str]


class SubstitutesTold(Form):
    """The best first."""

    substitutes: list[SubstituteFound]


class ConditionAsked(Form):
    """A context or an item to see all others from."""

    on: Name
    k: Count = 20


class ItemMoved(Form):
    """Distance to what all is seen from, and rank from 1, before and after."""

    item: str
    distance_before: float
    distance_after: float
    rank_before: int
    rank_after: int


class ConditionTold(Form):
    """Of the items that are in at least half of the contexts, those that come nearer by most ranks."""

    on: str
    mean_rank_change: float
    moved: list[ItemMoved]


class CompletionAsked(Form):
    """The beginning of an item."""

    typed: Name
    k: Count = 10


class ItemKnown(Form):
    """An item, and how many baskets it is in."""

    item: str
    baskets: int


class CompletionTold(Form):
    """Those that begin so first, then those with a word that does, then those that contain it."""

    items: list[ItemKnown]


class ItemMapAsked(Form):
    """How many items, seen from where."""

    most: Most = POINTS
    context: Annotated[Name | None, Field(description="a context or an item; null: the plain map alone")] = None


def predict(model: Any, asked: SuggestionAsked) -> dict[str, Any]:
    """Suggest what goes with some items."""
    found = model.suggest(asked.items, asked.k, float(asked.adventurous), asked.context)
    return {"suggestions": [asdict(one) for one in found]}


def substitutes(model: Any, asked: SubstituteAsked) -> dict[str, Any]:
    """Find what an item can be replaced by."""
    return {"substitutes": [asdict(one) for one in model.substitutes(asked.item, asked.k)]}


def condition(model: Any, asked: ConditionAsked) -> dict[str, Any]:
    """See all items from a context or an item."""
    told: dict[str, Any] = remembered(model, ("condition", asked.on), lambda: _conditioned(model, asked.on))
    return {**told, "moved": told["moved"][: asked.k]}


def _conditioned(model: Any, on: str) -> dict[str, Any]:
    found = model.condition(on)
    shared = (one for one, told in zip(found.moved(), found.shared.tolist(), strict=True) if told)
    moved = sorted(shared, key=lambda one: one.rank_after - one.rank_before)[:MOST_MOVED]
    return {
        "on": found.on,
        "mean_rank_change": found.mean_rank_change,
        "moved": [one._asdict() for one in moved],
    }


def complete(model: Any, asked: CompletionAsked) -> dict[str, Any]:
    """Find items by what is typed of them."""
    known, typed = model.known_, " ".join(asked.typed.casefold().split())
    best: dict[int, int] = {}
    for name, number in known.folded.items():
        place = name.find(typed)
        if place >= 0:
            level = 0 if place == 0 else 1 if f" {typed}" in name else 2
            best[number] = min(level, best.get(number, level))
    numbers = nsmallest(asked.k, best, key=lambda number: (best[number], number))
    return {"items": [{"item": known.names[number], "baskets": int(known.counts[number])} for number in numbers]}


def drawn_map(model: Any, asked: ItemMapAsked) -> dict[str, Any]:
    """Draw the most frequent items."""
    most = min(asked.most, len(model.known_.names))
    return drawn(model, most) if asked.context is None else drawn(model, most, asked.context)


def about(model: Any) -> dict[str, Any]:
    """How much is known, and the contexts."""
    known = model.known_
    return {
        "items": len(known.names),
        "baskets": known.baskets,
        "contexts": known.contexts,
        "examples": known.names[:EXAMPLES],
        "least_pair": known.pairs.least,
    }


PREDICT = Verb(
    "predict",
    "Suggest what goes with some items, and say why.",
    SuggestionAsked,
    SuggestionsTold,
    predict,
    {"items": ["salt"], "k": 3},
)
SUBSTITUTES = Verb(
    "substitutes", "Find items used like another.", SubstituteAsked, SubstitutesTold, substitutes, {"item": "salt"}
)
CONDITION = Verb(
    "condition", "See all items from a context or an item.", ConditionAsked, ConditionTold, condition, {"on": "salt"}
)
COMPLETE = Verb(
    "complete", "Find items by what is typed of them.", CompletionAsked, CompletionTold, complete, {"typed": "sa"}
)
MAP = Verb("map", "Draw a map of the most frequent items.", ItemMapAsked, MapDrawn, drawn_map, {"most": 5})

SERVED = [Served(("pair",), "pair", (PREDICT, SUBSTITUTES, CONDITION, COMPLETE, MAP), about)]
