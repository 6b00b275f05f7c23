from __future__ import annotations

import numpy as np
import pytest

from lilliput.data.edges import Chunk, Edges
from lilliput.graph.matrix import build
from lilliput.graph.pagerank import Teleport, pagerank


def edges_of(pairs, weights=None, chunks=3):
    ends = np.array(pairs, dtype=np.uint32).reshape(-1, 2).T
    parts = np.array_split(np.arange(ends.shape[1]), chunks)
    values = None if weights is None else np.array(weights, dtype=np.float64)
    made = [Chunk(np.ascontiguousarray(ends[:, p]), None if values is None else values[p].copy()) for p in parts]
    return Edges([chunk for chunk in made if len(chunk)], int(ends.max()) + 1, None)


def drawn(nodes=60, edges=300, seed=0, weighted=True):
    generator = np.random.default_rng(seed)
    pairs = generator.integers(nodes * 3 // 4, size=(edges, 2))
    pairs[:, 1] = generator.integers(nodes, size=edges)  # some nodes point at none
    weights = np.round(generator.exponential(size=edges), 3) * (generator.random(edges) > 0.2)
    return pairs, weights if weighted else None


def dense(pairs, weights, nodes, teleport, damping, loops=True, followers=None, friends=None, private=False):
    """The chain with every node of its own, private neighbours too, by a dense solve."""
    weights = np.ones(len(pairs)) if weights is None else weights
    extra = 2 * nodes if followers is not None else 0
    matrix = np.zeros((nodes + extra, nodes + extra))
    for (source, target), weight in zip(pairs, weights, strict=True):
        if loops or source != target:
            matrix[source, target] += weight
    teleport = np.concatenate([teleport, np.zeros(extra)])
    if followers is not None:
        for node in range(nodes):
            matrix[nodes + node, node] = followers[node]
            matrix[node, 2 * nodes + node] = friends[node]
        if private:
            teleport[nodes:] = np.concatenate([followers, friends])
    teleport = teleport / teleport.sum()
    out = matrix.sum(axis=1)
    chain = np.where(out[:, None] > 0, matrix / np.where(out > 0, out, 1)[:, None], teleport)
    google = damping * chain + (1 - damping) * teleport
    system = np.vstack([google.T - np.eye(len(google)), np.ones(len(google))])
    found = np.linalg.lstsq(system, np.append(np.zeros(len(google)), 1), rcond=None)[0][:nodes]
    return found / found.sum()


def by_node(matrix, ranks):
    """Ranks by node code: only of nodes that are of an edge."""
    values = np.zeros(int(matrix.ids.values.max()) + 1)
    values[matrix.ids.values[matrix.order]] = ranks.values
    return values


@pytest.mark.parametrize("damping", [0.5, 0.85, 0.99])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("personal", [False, True])
def test_equal_to_a_dense_solve(damping, weighted, loops, personal):
    pairs, weights = drawn(weighted=weighted)
    nodes = int(pairs.max()) + 1
    there = np.isin(np.arange(nodes), pairs)
    to = np.random.default_rng(5).random(nodes) ** 4 * there if personal else there.astype(float)
    matrix = build(edges_of(pairs, weights), loops=loops, threads=1)
    teleport = Teleport(to[matrix.ids.values[matrix.order]])
    ranks = pagerank(matrix, damping=damping, tolerance=1e-12, teleport=teleport)
    wanted = dense(pairs, weights, nodes, to, damping, loops)
    error = np.abs(by_node(matrix, ranks) - wanted).sum()
    assert error <= ranks.bound + 1e-13
    assert error < 1e-10
    assert ranks.converged
    assert ranks.values.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("personal", [False, True])
def test_private_neighbours_are_those_of_the_whole_chain(personal):
    pairs, weights = drawn(nodes=30, edges=90)
    nodes = int(pairs.max()) + 1
    generator = np.random.default_rng(3)
    followers, friends = generator.integers(0, 50, nodes).astype(float), generator.integers(0, 9, nodes).astype(float)
    there = np.isin(np.arange(nodes), pairs)
    followers, friends = followers * there, friends * there
    to = (np.arange(nodes) == pairs[0, 0]).astype(float) if personal else there.astype(float)
    matrix = build(edges_of(pairs, weights), loops=True, threads=1)
    codes = matrix.ids.values[matrix.order]
    teleport = Teleport(to[codes], followers[codes], friends[codes], private=not personal)
    ranks = pagerank(matrix, tolerance=1e-12, teleport=teleport)
    wanted = dense(pairs, weights, nodes, to, 0.85, True, followers, friends, private=not personal)
    error = np.abs(by_node(matrix, ranks) - wanted).sum()
    assert error <= ranks.bound + 1e-13
    assert error < 1e-10


def test_the_bound_holds_at_every_tolerance():
    pairs, weights = drawn(nodes=400, edges=900, seed=2)
    exact = pagerank(build(edges_of(pairs, weights)), damping=0.95, tolerance=1e-14).values
    for tolerance in (1e-1, 1e-2, 1e-4, 1e-8):
        ranks = pagerank(build(edges_of(pairs, weights)), damping=0.95, tolerance=tolerance)
        assert ranks.residual <= tolerance
        assert ranks.bound == pytest.approx(ranks.residual * 0.95 / 0.05)
        assert np.abs(ranks.values - exact).sum() <= ranks.bound


def test_an_empty_tolerance_is_said():
    pairs, _ = drawn()
    assert "says little about" in pagerank(build(edges_of(pairs)), tolerance=0.1).notes[0]
    assert pagerank(build(edges_of(pairs)), tolerance=1e-6).notes == []


def test_the_same_for_any_number_of_threads_and_chunks(monkeypatch):
    monkeypatch.setattr("lilliput.graph.pagerank.SMALL", 0)
    pairs, weights = drawn(nodes=3000, edges=20_000)
    found = []
    for threads, chunks in ((1, 3), (2, 3), (3, 7)):
        matrix = build(edges_of(pairs, weights, chunks), threads=threads)
        found.append((matrix.sources.tobytes(), pagerank(matrix, threads=threads).values.tobytes()))
    assert found[0] == found[1] == found[2]


def test_a_warm_start_needs_fewer_passes():
    pairs, _ = drawn(nodes=3000, edges=20_000, weighted=False)
    matrix = build(edges_of(pairs))
    cold = pagerank(matrix)
    assert pagerank(matrix, start=cold.values).passes <= 2


def test_groups_that_nobody_leaves_do_not_cost_a_pass_for_each_sixth_of_a_digit():
    generator = np.random.default_rng(3)
    inside = [group * 20 + generator.integers(20, size=(60, 2)) for group in range(25)]
    pairs = np.concatenate(
        [*inside, np.stack([generator.integers(500, 800, 900), generator.integers(500, size=900)], 1)]
    )
    matrix = build(edges_of(pairs), threads=1)
    ranks = pagerank(matrix, tolerance=1e-12)
    nodes = int(pairs.max()) + 1
    there = np.isin(np.arange(nodes), pairs).astype(float)
    assert (
        np.abs(by_node(matrix, ranks) - dense(pairs, None, nodes, there, 0.85, loops=False)).sum()
        <= ranks.bound + 1e-13
    )
    assert ranks.converged
    assert ranks.passes < 90  # 0.85 a pass would take 160
