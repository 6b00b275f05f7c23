"""Where the points of a map lie: t-SNE, clusters for the colours, and a second map that is aligned with the first.

van der Maaten and Hinton 2008, "Visualizing Data using t-SNE" (JMLR 9), as openTSNE does it (Poličar et al. 2024, JSS
109), from exact neighbours by cosine. The second map starts where the first ended, and is turned, shifted and scaled
onto it (Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem"), so that what seems to have
moved has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.core.extras import require_extra
from lilliput.core.progress import Progress
from lilliput.retrieval.kmeans import spherical_kmeans
from lilliput.retrieval.nearest import Nearest, inverse_lengths, nearest
from lilliput.retrieval.vectortable import Codes
from lilliput.tasks.map_points import MapPoints

PERPLEXITY = 30.0
NEAR = 8
"""Neighbours that are kept for each point."""
GATHERING, SPREADING, MOVING = 250, 500, 250
"""Steps: with the attraction made stronger, without, and from the first map to the second."""
EVERY = 50
"""Steps after which the progress is told."""
STRONGER = 12
"""By how much; and by how much the steps of the second map are shorter than usual.

With them points whose vectors have not changed move by 0.4 % of the map (median of 1,000 words), and those that a
condition moves by up to 24 %; with steps of the usual length that is 3 and 37 %, and wrong ones are among the first.
"""
SMALL = 1e-4
"""The spread of the start."""
CLUSTERS = 12
NAMED_BY = 3
"""Words that name a cluster."""
MOST_CATEGORIES = 12
OTHER = "other"

Places = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """A map: ``places``, float64 (points, 2), within -1 and 1; ``moved``, those under the condition, or None.

    ``groups``: of each point, an index into ``names`` of groups; ``near`` and ``moved_near``: its neighbours by cosine.
    """

    points: MapPoints
    places: Places
    moved: Places | None
    groups: NDArray[np.int64]
    names: list[str]
    near: Nearest
    moved_near: Nearest | None


def lay_out(
    points: MapPoints, seed: int = 0, threads: int = 1, clusters: int = CLUSTERS, show: bool | Literal["auto"] = False
) -> Layout:
    """The map of some points. The same seed gives the same map with any number of threads.

    Raises `DataError` for points that make no map and `LilliputError` without the extra ``plots``.
    """
    points = points.checked()
    unit = _unit(points.vectors)
    groups, names = _categories(points, unit, clusters, seed)
    near = _neighbours(unit, threads)
    moved = moved_near = None
    with Progress(GATHERING + SPREADING + MOVING * (points.moved is not None), "drawing", "steps", show) as progress:
        first = _embedded(unit, near, None, seed, threads, progress)
        centre = first.mean(axis=0)
        spread = np.abs(first - centre).max()
        if points.moved is not None:
            to = _unit(points.moved)
            moved_near = _neighbours(to, threads)
            moved = _onto(_embedded(to, moved_near, first, seed, threads, progress), first)
            spread = max(spread, np.abs(moved - centre).max())
            moved = (moved - centre) / spread
    return Layout(points, (first - centre) / spread, moved, groups, names, _few(near), moved_near and _few(moved_near))


def _embedded(unit: Places, near: Nearest, start: Places | None, seed: int, threads: int, progress: Progress) -> Places:
    """Places (points, 2) from neighbours, from the principal components or from `start`."""
    require_extra("openTSNE", "plots", "drawing a map")
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    distances = np.sqrt(np.clip(2 - 2 * near.cosines, 0, None)) + 1e-9
    known = PrecomputedNeighbors(near.rows, distances)
    perplexity = min(PERPLEXITY, near.rows.shape[1] / 3)
    how: dict[str, Any] = {"n_jobs": threads, "random_state": seed, "verbose": False}
    affinities = PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=threads, random_state=seed)
    # Barnes-Hut: unlike the other way, based on Fourier transforms, it is as fast as one could wish for some thousand
    # points, and its sums are the same with any number of threads.
    how["negative_gradient_method"] = "bh"
    how |= {"callbacks": lambda step, error, places: progress.advance(EVERY), "callbacks_every_iters": EVERY}
    if start is None:
        found = TSNEEmbedding(_components(unit, seed), affinities, **how)
        found = found.optimize(GATHERING, exaggeration=STRONGER, momentum=0.5)
        return np.asarray(found.optimize(SPREADING, momentum=0.8), dtype=np.float64)
    found = TSNEEmbedding(start, affinities, **how)
    return np.asarray(found.optimize(MOVING, momentum=0.5, learning_rate=len(start) / STRONGER), dtype=np.float64)


def _components(unit: Places, seed: int) -> Places:
    """The first two principal components, as small as t-SNE wants its start, and no two points at one place."""
    found = SMALL / 100 * np.random.default_rng(seed).normal(size=(len(unit), 2))
    left, sizes, _ = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    axes = min(2, len(sizes))
    ways = left[:, :axes] * sizes[:axes]
    ways *= np.sign(ways[np.abs(ways).argmax(axis=0), np.arange(axes)])  # else either sign would do
    spread = ways[:, 0].std()
    if spread > 0:
        found[:, :axes] += SMALL * ways / spread
    return found


def _onto(places: Places, goal: Places) -> Places:
    """Places shifted, turned and scaled to lie as near to `goal` as they can, point for point."""
    middle, other = places - places.mean(axis=0), goal - goal.mean(axis=0)
    left, sizes, right = np.linalg.svd(middle.T @ other)
    scale = sizes.sum() / np.square(middle).sum()
    turned: Places = scale * middle @ left @ right + goal.mean(axis=0)
    return turned


def _neighbours(unit: Places, threads: int) -> Nearest:
    """The neighbours of each point that t-SNE looks at, and not itself."""
    codes = Codes.of(unit).codes
    most = min(len(unit) - 1, int(3 * PERPLEXITY))
    found = nearest(codes, inverse_lengths(codes), unit, most + 1, threads)
    own = found.rows == np.arange(len(unit))[:, None]
    own[~own.any(axis=1), -1] = True  # as near to itself as to many others
    return Nearest(found.rows[~own].reshape(-1, most), found.cosines[~own].reshape(-1, most))


def _few(found: Nearest) -> Nearest:
    return Nearest(found.rows[:, :NEAR], found.cosines[:, :NEAR])


def _categories(points: MapPoints, unit: Places, clusters: int, seed: int) -> tuple[NDArray[np.int64], list[str]]:
    """The group of each point and the groups' names: categories, the rarest as one, or clusters named by words."""
    if points.categories is None:
        groups = spherical_kmeans(unit, min(clusters, max(1, len(unit) // 5)), seed)
        return groups, [_cluster_name(points, unit, groups == group) for group in range(groups.max() + 1)]
    listed = [str(category) for category in points.categories]
    names, numbers, counts = np.unique(listed, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    places = np.empty(len(names), dtype=np.int64)
    places[order] = np.arange(len(names))
    if len(names) <= MOST_CATEGORIES:
        return places[numbers], names[order].tolist()
    places = np.minimum(places, MOST_CATEGORIES - 1)
    return places[numbers], [*names[order][: MOST_CATEGORIES - 1].tolist(), OTHER]


def _cluster_name(points: MapPoints, unit: Places, inside: NDArray[np.bool_]) -> str:
    """The most important of the members in the middle of a cluster."""
    members = np.flatnonzero(inside)
    nearness = unit[members] @ unit[members].sum(axis=0)
    middle = members[np.argsort(-nearness, kind="stable")[: max(2 * NAMED_BY, len(members) // 4)]]
    return ", ".join(str(points.names[row]) for row in np.sort(middle)[:NAMED_BY])


def _unit(vectors: NDArray[np.floating]) -> Places:
    """Vectors at length 1; zeros stay zeros."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(lengths > 0, lengths, 1)
