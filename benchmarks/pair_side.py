"""What flavour compounds add to pairings: completion, daring suggestions and substitutes, with them and without.

    LILLIPUT_DATA=DIR python benchmarks/pair_side.py [--split 1] [--held test] [--sets fn,wc]

Compounds of 1,107 kinds in 1,530 ingredients, of the flavour network (Ahn et al. 2011). What's Cooking's names are
matched with its by their normal form. Completion: compounds are not used for it, and here is what they would do: the
likeness of compounds, times a weight, is added to the scores. Daring: as in pair_adventure.py. Substitutes: the share
of the first five that are of the same category (fruit, herb, meat, ...; 14 of them) as the item, for the 200 most
frequent items that have one; the categories are used for nothing else. Of those with compounds only, both ways.
"""

from __future__ import annotations

import argparse
import gzip
from dataclasses import replace

import numpy as np

from lilliput import PairingRecommender
from lilliput.features.ingredients import normalise_ingredient
from lilliput.tasks.pair_side import Side
from pair_adventure import Clusters, measure, questions
from pair_completion import DATA, cases, difference, hits, load, reciprocal

WEIGHTS = (0.0, 0.5, 1.0, 2.0)


def rows(name: str) -> list[list[str]]:
    with gzip.open(DATA / "recipes" / f"flavor_network_{name}.tsv.gz", "rt") as lines:
        return [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]


def compounds(names: list[str]) -> tuple[dict[str, set[str]], dict[str, str]]:
    """The compounds and the category of each ingredient whose name, or its normal form, is in the flavour network."""
    info, compound = {row[0]: row[1:] for row in rows("ingr_info")}, {row[0]: row[1] for row in rows("comp_info")}
    held: dict[str, set[str]] = {}
    for number, one in rows("ingr_comp"):
        held.setdefault(info[number][0], set()).add(compound[one])
    kinds = dict(info.values())
    plain = {normalise_ingredient(name.replace("_", " ")): name for name in sorted(kinds, reverse=True)}
    there = {name: name if name in kinds else plain.get(normalise_ingredient(name.replace("_", " "))) for name in names}
    return (
        {name: held[found] for name, found in there.items() if found in held},
        {name: kinds[found] for name, found in there.items() if found is not None},
    )


def with_compounds(model: PairingRecommender, test: list[tuple[list[str], str]], weight: float) -> np.ndarray:
    """The rank of each hidden item when likeness of compounds is added to the scores; -1 for one that is not known."""
    known, found = model.known_, []
    everything = np.arange(len(known.names))
    for basket, hidden in test:
        shown = np.array([known.number_of[item] for item in basket if item in known.number_of], dtype=np.int32)
        if hidden not in known.number_of:
            found.append(-1)
            continue
        scores = known.scores(shown) + weight * known.side.likeness(shown.tolist(), everything)
        mine = scores[known.number_of[hidden]]
        scores[shown] = -np.inf
        found.append(int((scores > mine).sum()))
    return np.array(found)


def alike(model: PairingRecommender, side: Side, pairs: list[list[str]]) -> float:
    """How alike in compounds daring suggestions are to the two items given, 0 to 1, the mean."""
    number, found = model.known_.number_of, []
    for items in pairs[:300]:
        named = [number[one.item] for one in model.suggest(items, 10, 1.0)]
        found += side.likeness([number[item] for item in items], np.array(named, dtype=np.int32)).tolist()
    return float(np.mean(found))


def same_kind(model: PairingRecommender, kinds: dict[str, str]) -> np.ndarray:
    """Of each frequent item's first five substitutes with a category, the share that has the item's own."""
    asked = [item for item in model.items_ if item in kinds][:200]
    shares = []
    for item in asked:
        found = [one.item for one in model.substitutes(item, 20) if one.item in kinds][:5]
        shares.append(sum(kinds[one] == kinds[item] for one in found) / max(1, len(found)))
    return np.array(shares)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default="fn,wc")
    parser.add_argument("--split", type=int, default=1)
    parser.add_argument("--held", choices=("valid", "test"), default="test")
    given = parser.parse_args()
    for name in given.sets.split(","):
        train, cuisines, valid, test = load(name, given.split)
        held = test if given.held == "test" else valid
        side, kinds = compounds(sorted({item for recipe in train for item in recipe}))
        model = PairingRecommender(progress=False).fit(train, cuisines, side=side)
        data = model.report_.data
        told = f"{data['items with properties']:,} of {data['items']:,} items, file {model.report_.file_bytes:,} bytes"
        print(f"\n{name}, split {given.split}, {given.held}: compounds of {told}", flush=True)
        known, known_items = model.known_, set(model.items_)
        asked = cases(held, given.split)
        ranks = [with_compounds(model, asked, weight) for weight in WEIGHTS]
        for weight, one in zip(WEIGHTS, ranks, strict=True):
            print(
                f"  completion, weight {weight}: hit@10 {hits(one).mean():.4f}  MRR {reciprocal(one).mean():.4f}  "
                f"hit@10 less that without {difference(hits(one), hits(ranks[0]))}",
                flush=True,
            )
        pairs, clusters, sets = questions(held, known_items, 1000), Clusters(train, cuisines), list(map(set, held))

        shares = {}
        for text, used in (("without", None), ("with", known.side)):
            model.known_ = replace(known, side=used)
            far, supported, both = measure(model, clusters, pairs, sets, 1.0)
            shares[text] = same_kind(model, kinds)
            print(
                f"  {text} compounds: daring {far:.2f} of 10 from elsewhere, supported {supported:.3f}, of those from "
                f"afar {both:.3f}, alike in compounds {alike(model, known.side, pairs):.3f}; substitutes of the same "
                f"category {shares[text].mean():.3f}",
                flush=True,
            )
        print(f"  substitutes, with less without: {difference(shares['with'], shares['without'])}")


if __name__ == "__main__":
    main()
