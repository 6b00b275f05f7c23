"""How far ranks are from the exact ones: InfluencerRanker beside igraph, and a warm start after a change.

    LILLIPUT_DATA=data LILLIPUT_PEERS=peers/bin/python python benchmarks/rank_exact.py

On both real graphs, plain, weighted (by a rule from the ends) and from three seeds. "Exact" is a power iteration in
NumPy, 400 passes, which has nothing in common with the kernels.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from lilliput.data.edges import Chunk, Edges
from lilliput.graph.matrix import build
from lilliput.graph.pagerank import Teleport, pagerank

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
IGRAPH = """
import sys, numpy as np, igraph
given = np.load(sys.argv[1])
ends, weights, reset = given["ends"], given["weights"], given["reset"]
graph = igraph.Graph(n=len(reset), edges=ends.T, directed=True)
options = {"weights": weights.tolist()} if len(weights) else {}
if reset.any():
    found = graph.personalized_pagerank(damping=0.85, reset=reset.tolist(), **options)
else:
    found = graph.pagerank(damping=0.85, **options)
np.save(sys.argv[2], found)
"""


def igraph(ends, weights, reset) -> np.ndarray | None:
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder, "given.npz"), Path(folder, "out.npy")
        np.savez(given, ends=ends, weights=np.zeros(0) if weights is None else weights, reset=reset)
        command = [os.environ.get("LILLIPUT_PEERS", sys.executable), "-c", IGRAPH, str(given), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return np.load(out) if done.returncode == 0 else None


def exact(ends, weights, reset) -> np.ndarray:
    count = len(reset)
    teleport = reset / reset.sum() if reset.any() else np.full(count, 1 / count)
    weights = np.ones(ends.shape[1]) if weights is None else weights
    out = np.bincount(ends[0], weights, minlength=count)
    share = 0.85 * weights / out[ends[0]]
    values = teleport
    for _ in range(400):
        fresh = np.bincount(ends[1], share * values[ends[0]], minlength=count)
        values = fresh + (1 - fresh.sum()) * teleport
    return values


def ours(ends, weights, reset, start=None):
    chunk = Chunk(ends.astype(np.uint32), None if weights is None else weights.copy())
    matrix = build(Edges([chunk], len(reset), None), loops=True)
    codes = matrix.ids.values[matrix.order]
    teleport = Teleport(reset[codes]) if reset.any() else None
    found = pagerank(matrix, teleport=teleport, start=None if start is None else start[codes])
    values = np.zeros(len(reset))
    values[codes] = found.values
    return values, found


def main() -> None:
    for name in ("wiki_vote", "ego_twitter"):
        data = np.load(DATA / "graphs" / f"{name}.npz")
        count = len(data["node_ids"])
        ends = np.stack([np.repeat(np.arange(count), np.diff(data["indptr"])), data["indices"]]).astype(np.int64)
        seeds = np.zeros(count)
        seeds[:3] = 1
        for kind, weights, reset in (
            ("plain", None, np.zeros(count)),
            ("weighted", 0.5 + (ends[0] * 7 + ends[1]) % 10, np.zeros(count)),
            ("seeds", None, seeds),
            ("weighted seeds", 0.5 + (ends[0] * 7 + ends[1]) % 10, seeds),
        ):
            values, found = ours(ends, weights, reset)
            peer = igraph(ends, weights, reset)
            wanted = exact(ends, weights, reset)
            told = "igraph is not there" if peer is None else f"from igraph {np.abs(values - peer).sum():.1e}"
            told += "" if peer is None else f", igraph from exact {np.abs(peer - wanted).sum():.1e}"
            distance = np.abs(values - wanted).sum()
            print(f"{name} {kind}: {found.passes} passes, from exact {distance:.1e} (bound {found.bound:.1e}), {told}")
        generator = np.random.default_rng(0)
        changed = ends.copy()
        moved = generator.choice(ends.shape[1], ends.shape[1] // 100, replace=False)
        changed[1, moved] = generator.integers(count, size=len(moved))
        before, _ = ours(ends, None, np.zeros(count))
        _, cold = ours(changed, None, np.zeros(count))
        _, warm = ours(changed, None, np.zeros(count), before)
        print(
            f"{name}, 1 % of the edges changed: {cold.passes} passes from nothing, {warm.passes} from the ranks before"
        )


if __name__ == "__main__":
    main()
