"""Word clusters as features of other tasks: what a user names becomes a map small enough for the model file."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lilliput.compress.valuemap import ValueMap
from lilliput.core.errors import LilliputError
from lilliput.core.modelfile import StrPath
from lilliput.features.clusters import cluster_map
from lilliput.tasks.clusters import Clustering, WordClusters

if TYPE_CHECKING:
    from lilliput.training.sentences import Tagged

SHARE = 0.2
"""Of the bytes there are for a net: what the map may take, the most frequent words first."""


def map_of(clusters: StrPath | WordClusters | Clustering | None, room: float | None) -> ValueMap | None:
    """The map of the words of `clusters` (a file of word clusters, or fitted ones) that has its share of `room` bytes.

    None for None. Raises `LilliputError` for what holds no clusters.
    """
    if clusters is None:
        return None
    found = _clustering(clusters)
    whole = cluster_map(found.words, found.clusters)
    if room is None or whole.nbytes <= SHARE * room:
        return whole
    most = max(1, int(len(found.words) * SHARE * room / whole.nbytes))
    return cluster_map(found.words[:most], found.clusters[:most])


def check_clusters(clusters: Any) -> None:
    """Raise `LilliputError` unless `clusters` is a file of word clusters, fitted ones, or None."""
    if clusters is not None:
        _clustering(clusters)


def with_clusters(tagged: Tagged, clusters: ValueMap) -> Tagged:
    """The same tokens with their clusters."""
    from lilliput.features.cluster_kernels import clusters_of

    return replace(tagged, clusters=clusters_of(tagged.packed, clusters))


def _clustering(clusters: Any) -> Clustering:
    if isinstance(clusters, (str, os.PathLike)):
        from lilliput.core.registry import load

        path, clusters = clusters, load(clusters)
        if not isinstance(clusters, WordClusters):
            raise LilliputError(f"{path} holds a model of task {clusters.task!r}; give one of `fit clusters`")
    if isinstance(clusters, WordClusters):
        clusters._check_fitted()
        clusters = clusters.clustering_
    if not isinstance(clusters, Clustering):
        raise LilliputError(
            f"clusters={clusters!r:.60}: expected the path of a file of `fit clusters`, or fitted WordClusters"
        )
    return clusters
