"""Clusters of directions: k-means by cosine, seeded with k-means++.

Dhillon and Modha 2001, "Concept Decompositions for Large Sparse Text Data Using Clustering", Machine Learning 42;
Arthur and Vassilvitskii 2007, "k-means++: The Advantages of Careful Seeding" (SODA).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PASSES = 100
"""More than it ever takes for some thousand vectors."""


def spherical_kmeans(vectors: NDArray[np.float64], clusters: int, seed: int) -> NDArray[np.int64]:
    """The cluster of each vector (rows, dim) of length 1, from 0, the largest first; int64 (rows,).

    There are as many clusters as asked for, or as there are rows if these are fewer.
    """
    clusters = min(clusters, len(vectors))
    centres = _seeds(vectors, clusters, np.random.default_rng(seed))
    found = np.full(len(vectors), -1)
    for _ in range(PASSES):
        nearness = vectors @ centres.T
        chosen = nearness.argmax(axis=1)
        for empty in np.flatnonzero(np.bincount(chosen, minlength=clusters) == 0):
            lonely = nearness[np.arange(len(chosen)), chosen].argmin()
            chosen[lonely] = empty
            nearness[lonely, empty] = np.inf
        if np.array_equal(chosen, found):
            break
        found = chosen
        for cluster in range(clusters):
            centre = vectors[found == cluster].sum(axis=0)
            length = np.linalg.norm(centre)
            centres[cluster] = centre / length if length > 0 else centre
    order = np.argsort(-np.bincount(found, minlength=clusters), kind="stable")
    places = np.empty(clusters, dtype=np.int64)
    places[order] = np.arange(clusters)
    return places[found]


def _seeds(vectors: NDArray[np.float64], clusters: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Rows far from each other, each drawn in proportion to its distance from those drawn before."""
    chosen = [int(random.integers(len(vectors)))]
    distances = np.full(len(vectors), np.inf)
    while len(chosen) < clusters:
        distances = np.minimum(distances, np.clip(1 - vectors @ vectors[chosen[-1]], 0, None))
        distances[chosen] = 0
        total = distances.sum()
        free = np.ones(len(vectors), dtype=bool)
        free[chosen] = False
        chances = distances / total if total > 0 else free / free.sum()
        chosen.append(int(random.choice(len(vectors), p=chances)))
    return vectors[chosen].copy()
