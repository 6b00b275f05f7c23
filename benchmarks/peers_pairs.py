"""Peers that complete baskets; run by an interpreter that has SciPy, gensim and implicit.

    PYTHON peers_pairs.py < job.json

The job: {"items": n, "threads": t, "peers": names (none: all), "train": [[item, ...], ...], "valid": [[[item, ...],
hidden], ...], "test": the same}. Each peer is tuned on the validation cases by hit@10. Prints a JSON object: for each
peer its settings, seconds of the chosen fit, and the rank from 0 of each hidden test item (-1: not known). EASE is by
Steck 2019, "Embarrassingly shallow autoencoders for sparse data", equation 8.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

BLOCK = 1024
Score = Callable[[sp.csr_matrix], np.ndarray]


def matrix(baskets: list[list[int]], items: int) -> sp.csr_matrix:
    ends = np.concatenate([[0], np.cumsum([len(basket) for basket in baskets])])
    columns = np.array([item for basket in baskets for item in basket], dtype=np.int64)
    return sp.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(baskets), items))


def ranks(score: Score, cases: list[Any], items: int) -> np.ndarray:
    found = []
    for first in range(0, len(cases), BLOCK):
        part = cases[first : first + BLOCK]
        shown = matrix([basket for basket, _ in part], items)
        scores = np.asarray(score(shown), dtype=np.float32)
        scores[shown.nonzero()] = -np.inf
        hidden = np.array([item for _, item in part])
        mine = scores[np.arange(len(part)), np.maximum(hidden, 0)][:, None]
        rank = (scores > mine).sum(axis=1) + ((scores == mine).sum(axis=1) - 1) / 2
        found.append(np.where(hidden < 0, -1, rank))
    return np.concatenate(found)


def popularity(x: sp.csr_matrix, _: int) -> Iterator[tuple[str, Callable[[], Score]]]:
    counts = np.asarray(x.sum(axis=0))
    yield "", lambda: lambda shown: np.repeat(counts, shown.shape[0], axis=0)


def cooccurrence(x: sp.csr_matrix, _: int) -> Iterator[tuple[str, Callable[[], Score]]]:
    together = (x.T @ x).toarray()
    counts = np.diag(together).copy()
    for power in (0.0, 0.25, 0.5, 1.0):
        scaled = together / np.maximum(counts, 1)[:, None] ** power
        yield f"divided by the counts of items given to the {power}", lambda scaled=scaled: lambda shown: shown @ scaled


def pmi(x: sp.csr_matrix, _: int) -> Iterator[tuple[str, Callable[[], Score]]]:
    together = (x.T @ x).toarray()
    counts = np.diag(together).copy()
    chance = np.outer(counts, counts) / x.shape[0]
    prior = np.log(counts + 1)
    for shrunk in (0.1, 1.0, 10.0):
        information = np.log((together + shrunk) / (chance + shrunk)).astype(np.float32)
        for weight in (0.0, 0.5, 1.0, 2.0):
            yield (
                f"shrunk by {shrunk}, popularity weighs {weight}",
                lambda information=information, weight=weight: lambda shown: shown @ information + weight * prior,
            )


def item2vec(x: sp.csr_matrix, threads: int) -> Iterator[tuple[str, Callable[[], Score]]]:
    from gensim.models import Word2Vec

    lines = [[str(item) for item in row] for row in np.split(x.indices, x.indptr[1:-1])]
    for dim, epochs, exponent in ((100, 10, 0.75), (100, 10, 0.0), (100, 20, 0.75)):

        def fitted(dim: int = dim, epochs: int = epochs, exponent: float = exponent) -> Score:
            model = Word2Vec(
                lines, vector_size=dim, window=100, min_count=1, sg=1, negative=10, epochs=epochs, seed=0,
                workers=threads, ns_exponent=exponent, sample=0,
            )  # fmt: skip
            order = [model.wv.key_to_index.get(str(item), -1) for item in range(x.shape[1])]
            known = np.array(order) >= 0
            inside = np.where(known[:, None], model.wv.vectors[order], 0)
            outside = np.where(known[:, None], model.syn1neg[order], 0)
            return lambda shown: (shown @ inside) @ outside.T

        yield f"dimension {dim}, {epochs} epochs, negatives by counts to the {exponent}", fitted


def als(x: sp.csr_matrix, threads: int) -> Iterator[tuple[str, Callable[[], Score]]]:
    from implicit.als import AlternatingLeastSquares

    for factors in (64, 128):
        for alpha, regularisation in ((1.0, 0.1), (1.0, 10.0), (10.0, 10.0)):

            def fitted(factors: int = factors, alpha: float = alpha, regularisation: float = regularisation) -> Score:
                model = AlternatingLeastSquares(
                    factors=factors, alpha=alpha, regularization=regularisation, iterations=15, num_threads=threads,
                    random_state=0,
                )  # fmt: skip
                model.fit(x, show_progress=False)

                def score(shown: sp.csr_matrix) -> np.ndarray:
                    users = model.recalculate_user(np.arange(shown.shape[0]), shown)
                    return users @ model.item_factors.T

                return score

            yield f"{factors} factors, alpha {alpha}, regularisation {regularisation}", fitted


def ease(x: sp.csr_matrix, _: int) -> Iterator[tuple[str, Callable[[], Score]]]:
    gram = (x.T @ x).toarray().astype(np.float64)
    for penalty in (3.0, 10.0, 20.0, 40.0, 100.0):

        def fitted(penalty: float = penalty) -> Score:
            inverse = np.linalg.inv(gram + penalty * np.eye(len(gram)))
            weights = inverse / -np.diag(inverse)
            np.fill_diagonal(weights, 0)
            weights = weights.astype(np.float32)
            return lambda shown: shown @ weights

        yield f"penalty {penalty}", fitted


PEERS = {
    "popularity": popularity,
    "co-occurrence": cooccurrence,
    "PMI": pmi,
    "item2vec (gensim)": item2vec,
    "ALS (implicit)": als,
    "EASE": ease,
}


def main() -> None:
    job = json.load(sys.stdin)
    items, threads = job["items"], job["threads"]
    x = matrix(job["train"], items)
    report = {}
    for name, settings in PEERS.items():
        if job["peers"] and name not in job["peers"]:
            continue
        best, chosen, told, seconds = -1.0, None, "", 0.0
        for text, make in settings(x, threads):
            started = time.perf_counter()
            score = make()
            took = time.perf_counter() - started
            rank = ranks(score, job["valid"], items)
            hits = float(((rank >= 0) & (rank < 10)).mean())
            print(f"  {name}, {text}: hit@10 {hits:.4f} on validation", file=sys.stderr, flush=True)
            if hits > best:
                best, chosen, told, seconds = hits, score, text, took
        assert chosen is not None
        report[name] = {"settings": told, "seconds": seconds, "ranks": ranks(chosen, job["test"], items).tolist()}
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
