from __future__ import annotations

import numpy as np
import pytest

from lilliput.retrieval.kmeans import spherical_kmeans


def directions(sizes, spread, seed=0):
    """Directions about as many axes as there are sizes, and the axis of each."""
    random = np.random.default_rng(seed)
    axes = np.repeat(np.arange(len(sizes)), sizes)
    rows = np.eye(len(sizes) + 2)[axes] + spread * random.normal(size=(len(axes), len(sizes) + 2))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), axes


@pytest.mark.parametrize("seed", range(5))
def test_bundles_are_found_the_largest_first(seed):
    rows, axes = directions([40, 30, 20, 10], 0.1)
    order = np.random.default_rng(seed).permutation(len(rows))
    assert np.array_equal(spherical_kmeans(rows[order], 4, seed), axes[order])


def test_every_cluster_has_a_member():
    rows, _ = directions([5, 1], 0.0)
    assert sorted(set(spherical_kmeans(rows, 4, 0).tolist())) == [0, 1, 2, 3]
    assert sorted(spherical_kmeans(rows, 99, 0).tolist()) == list(range(6))
    assert set(spherical_kmeans(np.zeros((6, 3)), 2, 0).tolist()) == {0, 1}


def test_the_same_seed_gives_the_same_clusters():
    rows, _ = directions([30, 30, 30], 0.6)
    assert np.array_equal(spherical_kmeans(rows, 7, 3), spherical_kmeans(rows, 7, 3))
