from __future__ import annotations

import numpy as np
import pytest

from lilliput.data.basket_table import Collector
from lilliput.data.baskets import Basket
from lilliput.features.aliases import letters
from lilliput.tasks.pair_aliases import one_name_each

INDIAN = ["turmeric", "cumin", "paneer", "ghee", "cardamom"]
ITALIAN = ["basil", "pasta", "garlic", "parmesan cheese", "olive"]


def baskets(other_names, count=1200):
    """Baskets of two kitchens; at random some items have another name."""
    random = np.random.default_rng(0)
    found = []
    for number in range(count):
        items = [[INDIAN, ITALIAN][number % 2][at] for at in random.permutation(5)[:3]]
        found.append([other_names.get(item, item) if random.random() < 0.3 else item for item in items])
    return found


def named(rows):
    collector = Collector()
    collector.add(map(Basket, rows))
    return one_name_each(collector.table())


def aliases(rows):
    return {alias.name: (alias.of, alias.kind) for alias in named(rows).aliases}


def test_names_that_are_spelt_and_used_alike_are_one():
    other = {"turmeric": "tumeric", "parmesan cheese": "parmesan-cheese", "cardamom": "cardamon"}
    found = named(baskets(other))
    assert {(alias.name, alias.of) for alias in found.aliases} == {(b, a) for a, b in other.items()}
    assert set(found.table.names) == {*INDIAN, *ITALIAN}
    plain = named(baskets({})).table
    assert dict(zip(found.table.names, found.table.counts, strict=True)) == dict(
        zip(plain.names, plain.counts, strict=True)
    )


def test_the_order_of_words_and_kinds():
    found = aliases(baskets({"parmesan cheese": "cheese parmesan", "paneer": "fresh paneer"}))
    assert found == {"cheese parmesan": ("parmesan cheese", "order"), "fresh paneer": ("paneer", "kind")}


def test_names_spelt_alike_and_used_otherwise_are_two():
    rows = [[{"paneer": "pastas"}.get(item, item) for item in basket] for basket in baskets({})]
    assert aliases(rows) == {}


def test_names_that_are_together_are_two():
    rows = [[*basket, "cardamon"] if "cardamom" in basket else basket for basket in baskets({})]
    assert aliases(rows) == {}


def test_company_alone_is_a_suspicion():
    found = named(baskets({"turmeric": "haldi"}))
    assert (found.aliases, found.suspects) == ([], [("turmeric", "haldi")])


def test_no_alias_has_aliases():
    rows = baskets({"turmeric": "tumeric"}) + baskets({"turmeric": "turmerik"})
    found = named(rows).aliases
    assert {alias.name for alias in found} == {"tumeric", "turmerik"}
    assert {alias.of for alias in found} == {"turmeric"}


def test_few_baskets_have_no_aliases():
    assert aliases([["a", "b"], ["c"]]) == {}
    assert aliases([["...", "!!"], ["--", "!!"]]) == {}


@pytest.mark.parametrize(("name", "plain"), [("Crème fraîche", "cremefraiche"), ("corn-starch", "cornstarch")])
def test_letters(name, plain):
    assert letters(name) == plain
