"""What the options of pairings do to completing baskets: `window`, `subsample`, and names brought to a normal form.

    LILLIPUT_DATA=DIR python benchmarks/pair_options.py [--split 7] [--sets fn,wc]

As in pair_completion.py one ingredient of each held-out recipe is hidden. Each option is fitted once and measured on
the validation recipes; the value that is best there by hit@10, if it is not the default, is then held against the
default on the test recipes, with intervals by paired bootstrap. Normal forms (What's Cooking, whose names are as people
wrote them): all models are asked for the normal form of what is hidden, rules and aliases as one model found them. One
that learned from the names as they are gives the sum of the chances of the names of a form, so that both choose among
as many.
"""

from __future__ import annotations

import argparse

import numpy as np

from lilliput import PairingRecommender
from lilliput.features.ingredients import normalise_ingredient
from pair_completion import SETS, cases, difference, hits, load, our_ranks, reciprocal

OPTIONS = [{"window": window} for window in (1, 2, 4, 8)] + [{"subsample": share} for share in (0.3, 0.1, 0.03)]


def fitted(train: list[list[str]], **options: object) -> PairingRecommender:
    return PairingRecommender(progress=False, **options).fit(train)


def told(name: str, ranks: np.ndarray) -> float:
    print(f"    {name:<32} hit@10 {hits(ranks).mean():.4f}  MRR {reciprocal(ranks).mean():.4f}", flush=True)
    return float(hits(ranks).mean())


def options(train: list[list[str]], valid: list, test: list) -> None:
    plain = fitted(train)
    print("  on the validation recipes")
    best, best_hits, chosen = plain, told("as it is by default", our_ranks(plain, valid)), {}
    for option in OPTIONS:
        model = fitted(train, **option)
        found = told(", ".join(f"{name}={value}" for name, value in option.items()), our_ranks(model, valid))
        if found > best_hits:
            best, best_hits, chosen = model, found, option
    print("  on the test recipes")
    usual = our_ranks(plain, test)
    told("as it is by default", usual)
    if best is not plain:
        other = our_ranks(best, test)
        told(str(chosen), other)
        print(f"    that less the default: hit@10 {difference(hits(other), hits(usual))}", flush=True)


def form_ranks(model: PairingRecommender, test: list[tuple[list[str], str]], forms: dict[str, str]) -> np.ndarray:
    """The rank of the form of what is hidden among all forms; -1 for one that is not known."""
    known = model.known_
    numbers = {form: number for number, form in enumerate(dict.fromkeys(_form(name, forms) for name in known.names))}
    form_of = np.array([numbers[_form(name, forms)] for name in known.names])
    found = []
    for basket, hidden in test:
        shown = [known.number_of.get(item, known.number_of.get(_form(item, forms), -1)) for item in basket]
        items = np.array(list(dict.fromkeys(item for item in shown if item >= 0)), dtype=np.int32)
        wanted = numbers.get(_form(hidden, forms), -1)
        scores = known.scores(items).astype(np.float64)
        chances = np.bincount(form_of, np.exp(scores - scores.max()))
        chances[form_of[items]] = -1
        found.append(-1 if wanted < 0 else int((chances > chances[wanted]).sum()))
    return np.array(found)


def _form(name: str, forms: dict[str, str]) -> str:
    form = normalise_ingredient(name)
    return forms.get(form, form)


def normal_forms(train: list[list[str]], valid: list, test: list) -> None:
    models = {
        "names as they are": fitted(train),
        "normal forms, without aliases": fitted(train, normalise="ingredients", aliases=False),
        "normal forms and aliases": fitted(train, normalise="ingredients"),
    }
    forms = models["normal forms and aliases"].aliases_
    for text, asked in (("validation", valid), ("test", test)):
        usable = [
            (basket, hidden)
            for basket, hidden in asked
            if _form(hidden, forms) not in {_form(item, forms) for item in basket}
        ]
        print(f"  normal forms, on {len(usable):,} {text} recipes")
        ranks = {name: form_ranks(model, usable, forms) for name, model in models.items()}
        for name, one in ranks.items():
            told(f"{name} ({len(models[name].items_):,})", one)
        base = ranks["names as they are"]
        for name in list(models)[1:]:
            gap, mrr = difference(hits(ranks[name]), hits(base)), difference(reciprocal(ranks[name]), reciprocal(base))
            print(f"    {name} less names as they are: hit@10 {gap}, MRR {mrr}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default="fn,wc")
    parser.add_argument("--split", type=int, default=7)
    given = parser.parse_args()
    for name in given.sets.split(","):
        train, _, valid_recipes, test_recipes = load(name, given.split)
        valid, test = cases(valid_recipes, given.split), cases(test_recipes, given.split + 1)
        print(f"\n{SETS[name]}, split {given.split}: {len(train):,} recipes to learn from", flush=True)
        options(train, valid, test)
        if name == "wc":
            normal_forms(train, valid, test)


if __name__ == "__main__":
    main()
