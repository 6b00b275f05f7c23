"""Daring suggestions: how many come from another cuisine, and how many of those are in recipes nobody learned from.

    LILLIPUT_DATA=DIR python benchmarks/pair_adventure.py [--split 1] [--held test]

Two ingredients of each of 1,000 held-out recipes are given, ten suggestions taken at each degree of daring. Clusters
are told from the recipes learned from: the two given are of the cuisine where they are most over-represented together
(shrunk by 3 recipes). A suggestion is of another cluster if some cuisine has it twice as often as the average, and that
of those given less often than the average. It is supported if at least one held-out recipe has it with both ingredients
given. Asked: at 1 three times as many from another cluster as at 0, and at least half of the support at 0.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict

import numpy as np

from lilliput import PairingRecommender
from pair_completion import load

DEGREES = (0.0, 0.25, 0.5, 0.75, 1.0)


class Clusters:
    """Cuisines of ingredients, by the recipes learned from."""

    def __init__(self, recipes: list[list[str]], cuisines: list[str]) -> None:
        self.sizes, self.total = Counter(cuisines), len(recipes)
        self.inside: dict[str, Counter[str]] = defaultdict(Counter)
        for recipe, cuisine in zip(recipes, cuisines, strict=True):
            for item in recipe:
                self.inside[item][cuisine] += 1

    def lifts(self, item: str) -> dict[str, float]:
        count = sum(self.inside[item].values())
        return {
            cuisine: float(np.log((self.inside[item][cuisine] + 3) / (count * size / self.total + 3)))
            for cuisine, size in self.sizes.items()
        }

    def home(self, items: list[str]) -> str:
        """The cuisine that ingredients tell of most."""
        summed: Counter[str] = Counter()
        for item in items:
            summed.update(self.lifts(item))
        return max(summed, key=summed.__getitem__)

    def elsewhere(self, item: str, here: str) -> bool:
        """Whether an ingredient belongs to another cuisine and not to this one."""
        lifts = self.lifts(item)
        return max(lifts.values()) >= np.log(2) and lifts[here] < 0


def questions(recipes: list[list[str]], known: set[str], most: int) -> list[list[str]]:
    random = np.random.default_rng(0)
    usable = [[item for item in recipe if item in known] for recipe in recipes]
    usable = [recipe for recipe in usable if len(recipe) > 3]
    chosen = random.permutation(len(usable))[:most].tolist()
    return [[usable[row][at] for at in random.permutation(len(usable[row]))[:2]] for row in chosen]


def measure(model: PairingRecommender, clusters: Clusters, asked: list[list[str]], held: list[set[str]], a: float):
    """Of ten suggestions how many are from another cluster, the share with support, and that of those from afar."""
    by_item: dict[str, set[int]] = defaultdict(set)
    for number, recipe in enumerate(held):
        for item in recipe:
            by_item[item].add(number)
    far = supported = both = total = 0
    for items in asked:
        here = clusters.home(items)
        among = by_item[items[0]] & by_item[items[1]]
        for one in model.suggest(items, 10, a):
            away = clusters.elsewhere(one.item, here)
            found = bool(among & by_item[one.item])
            far, supported, both, total = far + away, supported + found, both + (away and found), total + 1
    return far / len(asked), supported / total, both / max(1, far)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default="wc,fn")
    parser.add_argument("--split", type=int, default=1)
    parser.add_argument("--held", choices=("valid", "test"), default="test")
    given = parser.parse_args()
    for name in given.sets.split(","):
        train, cuisines, valid, test = load(name, given.split)
        model = PairingRecommender(progress=False).fit(train, cuisines)
        held = test if given.held == "test" else valid
        asked = questions(held, set(model.items_), 1000)
        clusters, sets = Clusters(train, cuisines), list(map(set, held))
        print(f"\n{name}, split {given.split}: {len(asked):,} pairs of ingredients of {len(held):,} recipes")
        rows = [measure(model, clusters, asked, sets, a) for a in DEGREES]
        for a, (far, supported, both) in zip(DEGREES, rows, strict=True):
            print(
                f"  adventurous {a:4}: {far:5.2f} of 10 from another cluster ({far / rows[0][0]:.2f} times), "
                f"supported {supported:.3f} ({supported / rows[0][1]:.2f} of that at 0), of those from afar {both:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
