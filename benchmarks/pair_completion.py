"""Complete the basket: one ingredient of each held-out recipe is hidden, and to be among the first ten named.

    LILLIPUT_DATA=DIR LILLIPUT_PEERS=PYTHON python benchmarks/pair_completion.py [--split 1] [--peers EASE]

What's Cooking and the recipes behind the flavour network (Ahn et al. 2011), split at random by ingredient set: 80 % to
learn from, 10 % on which the peers are tuned, 10 % looked at once. Ours is `PairingRecommender` with its defaults, with
budgets of 100 MB and of 1 MB. The differences from the best peer have intervals by paired bootstrap over recipes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from lilliput import PairingRecommender

SETS = {"wc": "whats_cooking_train.jsonl.gz", "fn": "flavor_network_recipes.jsonl.gz"}
DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
BUDGETS = ("100MB", "1MB")


def load(name: str, seed: int) -> tuple[list[list[str]], list[str], list[list[str]], list[list[str]]]:
    """Recipes to learn from and their cuisines, and those for validation and for the test."""
    path = DATA / "recipes" / SETS[name]
    with gzip.open(path) as file:
        rows = [json.loads(line) for line in file]
    recipes = [list(dict.fromkeys(row["ingredients"])) for row in rows]
    random, chance = np.random.default_rng(seed), {}
    for recipe in recipes:
        chance.setdefault(frozenset(recipe), random.random())
    parts = [int(10 * chance[frozenset(recipe)]) for recipe in recipes]
    train = [recipe for recipe, part in zip(recipes, parts, strict=True) if part > 1]
    cuisines = [row["cuisine"] for row, part in zip(rows, parts, strict=True) if part > 1]
    held = [[recipe for recipe, part in zip(recipes, parts, strict=True) if part == wanted] for wanted in (0, 1)]
    return train, cuisines, *held


def cases(recipes: list[list[str]], seed: int) -> list[tuple[list[str], str]]:
    """Each recipe of two ingredients or more without one of them, and that one."""
    random = np.random.default_rng(seed)
    found = []
    for recipe in recipes:
        if len(recipe) > 1:
            at = int(random.integers(len(recipe)))
            found.append((recipe[:at] + recipe[at + 1 :], recipe[at]))
    return found


def peers(train: list[list[str]], valid: list, test: list, threads: int, only: list[str]) -> dict:
    names = {name: number for number, name in enumerate(sorted({item for recipe in train for item in recipe}))}

    def numbered(some: list) -> list:
        return [[[names[i] for i in basket if i in names], names.get(hidden, -1)] for basket, hidden in some]

    job = {"items": len(names), "threads": threads, "train": [[names[item] for item in recipe] for recipe in train]}
    job |= {"peers": only, "valid": numbered(valid), "test": numbered(test)}
    done = subprocess.run(
        [os.environ["LILLIPUT_PEERS"], str(Path(__file__).with_name("peers_pairs.py"))],
        input=json.dumps(job), capture_output=True, text=True, check=False,
    )  # fmt: skip
    sys.stderr.write(done.stderr)
    return json.loads(done.stdout)


def our_ranks(model: PairingRecommender, test: list[tuple[list[str], str]]) -> np.ndarray:
    """The rank of each hidden item by the scores behind `suggest`; -1 for one that is not known."""
    number, found = model.known_.number_of, []
    for basket, hidden in test:
        shown = np.array([number[item] for item in basket if item in number], dtype=np.int32)
        if hidden not in number:
            found.append(-1.0)
            continue
        scores = model.known_.scores(shown)
        mine = scores[number[hidden]]
        scores[shown] = -np.inf
        found.append(float((scores > mine).sum()) + (int((scores == mine).sum()) - 1) / 2)
    return np.array(found)


def hits(ranks: np.ndarray) -> np.ndarray:
    return ((ranks >= 0) & (ranks < 10)).astype(float)


def reciprocal(ranks: np.ndarray) -> np.ndarray:
    return np.where(ranks < 0, 0, 1 / (1 + np.maximum(ranks, 0)))


def difference(one: np.ndarray, other: np.ndarray) -> str:
    random = np.random.default_rng(0)
    gap = one - other
    draws = [gap[random.integers(len(gap), size=len(gap))].mean() for _ in range(2000)]
    low, high = np.quantile(draws, (0.025, 0.975))
    return f"{gap.mean():+.4f} ({low:+.4f} to {high:+.4f})"


def run(name: str, seed: int, threads: int, only: list[str]) -> None:
    train, cuisines, valid_recipes, test_recipes = load(name, seed)
    valid, test = cases(valid_recipes, seed), cases(test_recipes, seed + 1)
    print(f"\n{SETS[name]}, split {seed}: {len(train):,} recipes to learn from, {len(test):,} to complete", flush=True)
    ranks = {}
    for budget in BUDGETS:
        started = time.perf_counter()
        model = PairingRecommender(budget=budget, threads=threads, progress=False).fit(train, cuisines)
        took = time.perf_counter() - started
        ranks[f"ours, {budget}"] = our_ranks(model, test)
        size, plan = model.report_.file_bytes, model.report_.plan
        _line(f"ours, {budget}", ranks[f"ours, {budget}"], f"{size:,} bytes, fit {took:.0f} s, {plan}")
    if "LILLIPUT_PEERS" in os.environ:
        found = peers(train, valid, test, threads, only)
        for peer, one in found.items():
            ranks[peer] = np.array(one["ranks"])
            _line(peer, ranks[peer], f"fit {one['seconds']:.0f} s, {one['settings']}")
        best = max(found, key=lambda peer: hits(ranks[peer]).mean())
        for budget in BUDGETS:
            ours = ranks[f"ours, {budget}"]
            print(
                f"ours, {budget}, less {best}: hit@10 {difference(hits(ours), hits(ranks[best]))}, "
                f"MRR {difference(reciprocal(ours), reciprocal(ranks[best]))}"
            )
    large, small = (ranks[f"ours, {budget}"] for budget in BUDGETS)
    print(f"1 MB less 100 MB: hit@10 {difference(hits(small), hits(large))}", flush=True)


def _line(name: str, ranks: np.ndarray, more: str) -> None:
    print(f"  {name:<20} hit@10 {hits(ranks).mean():.4f}  MRR {reciprocal(ranks).mean():.4f}  {more}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default="fn,wc")
    parser.add_argument("--split", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", default="", help="some of them, such as EASE,PMI; all if not given")
    given = parser.parse_args()
    for name in given.sets.split(","):
        run(name, given.split, given.threads, list(filter(None, given.peers.split(","))))


if __name__ == "__main__":
    main()
