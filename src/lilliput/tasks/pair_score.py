"""How well a recommender completes baskets it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lilliput.core.errors import DataError
from lilliput.core.report import Measure
from lilliput.data.baskets import BasketSource
from lilliput.tasks.pair_input import Held, renamer
from lilliput.tasks.pair_report import measures_of, ranks

if TYPE_CHECKING:
    from lilliput.tasks.pair import PairingRecommender


def score_baskets(model: PairingRecommender, source: BasketSource, seed: int = 0) -> dict[str, Measure]:
    """hit@10 and MRR of one hidden item of each basket, drawn by the seed, beside popularity's.

    A hidden item that is not known is a miss; a basket is left out where none of the others is known. Raises
    `DataError` where no basket is left.
    """
    model._check_fitted()
    rename, number_of, names = renamer(model), model.known_.number_of, model.known_.names
    random = np.random.default_rng(seed)
    held = Held([], [])
    for found in source.baskets():
        for basket in found:
            items = basket.items if rename is None else rename(basket.items)
            items = list(dict.fromkeys(names[number_of[item]] if item in number_of else item for item in items))
            if len(items) < 2:
                continue
            at = int(random.integers(len(items)))
            rest = [number_of[item] for place, item in enumerate(items) if place != at and item in number_of]
            if rest:
                held.baskets.append(np.array(rest, dtype=np.int32))
                held.hidden.append(number_of.get(items[at], -1))
    if not held.hidden:
        raise DataError("no basket has two items of which one is known, so there is nothing to complete")
    ours, popular = ranks(model.known_, held)
    return measures_of(ours) | measures_of(popular, "popularity ")
