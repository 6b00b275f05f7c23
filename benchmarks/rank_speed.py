"""From a CSV of edges to a CSV of ranks: InfluencerRanker beside other libraries, each a process of its own.

    LILLIPUT_PEERS=peers/bin/python python benchmarks/rank_speed.py [EDGES] [PEERS]

EDGES: 10_000_000 if not given, of R-MAT (see rmat.py). PEERS: names of peers_ranks.py, parted by commas; without any
only ours is run. Each is run three times in turn; medians of the wall time of the process, and its peak memory beyond
that of a process that has ranked three edges. Ours writes more columns than the peers. Then the passes alone, beside
scipy's power iteration to the same residual and beside the time to copy the bytes of a pass.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rmat import make

RUNS, TURNS = 3, 9
"""Of whole processes, and of the passes alone, of which the least times count."""
OURS = """
import json, sys, time
started = time.perf_counter()
from lilliput.core.measure import peak_memory
from lilliput.tasks.rank import InfluencerRanker
if sys.argv[3] == "base":
    InfluencerRanker(progress=False, threads=2).fit([("1", "2"), ("2", "3"), ("3", "1")]).write(sys.argv[2])
else:
    InfluencerRanker(tolerance=1e-9, progress=False, threads=2).fit(sys.argv[1]).write(sys.argv[2])
print(json.dumps({"seconds": time.perf_counter() - started, "peak": peak_memory()}))
"""


def run(*command: str) -> dict:
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        return {"wall": float("nan"), "peak": 0, "busy": 0.0, "error": done.stderr.strip().splitlines()[-1:]}
    return {"wall": time.perf_counter() - started, "busy": busy, **json.loads(done.stdout.splitlines()[-1])}


def passes(path: Path) -> None:
    """Time the passes alone."""
    from scipy.sparse import csr_matrix

    from lilliput.data.edges import read_edges
    from lilliput.graph.matrix import build
    from lilliput.graph.pagerank import pagerank

    matrix = build(read_edges([path], threads=2), threads=2)
    count, edges = len(matrix), len(matrix.sources)
    given = csr_matrix((np.ones(edges), matrix.sources.astype(np.int32), matrix.starts), shape=(count, count))
    inverse = np.divide(1.0, matrix.out, out=np.zeros(count), where=matrix.out > 0)
    pagerank(matrix, tolerance=1e-9, threads=2)
    block = np.ones(4 * edges + 32 * count, dtype=np.uint8)  # what a pass reads and writes at least
    target = block.copy()

    def ours() -> int:
        return pagerank(matrix, tolerance=1e-9, threads=2).passes

    def scipy() -> int:
        values, residual, rounds = np.full(count, 1 / count), 1.0, 0
        while residual > 1e-9:
            fresh = 0.85 * (given @ (values * inverse))
            fresh += (1 - fresh.sum()) / count
            residual = float(np.abs(fresh - values).sum())
            values, rounds = fresh, rounds + 1
        return rounds

    def copy() -> int:
        np.copyto(target, block)
        return 2  # a copy moves each byte twice

    wall, busy, rounds = timed(ours, scipy, copy)
    for name, spent in (("wall", wall), ("processors", busy)):
        each, moved = spent["ours"] / rounds["ours"], spent["copy"] / 2
        print(
            f"passes alone, {name}: ours {spent['ours']:.3f} s ({rounds['ours']} passes), scipy {spent['scipy']:.3f} s "
            f"({rounds['scipy']}): {spent['scipy'] / spent['ours']:.2f} x; a pass {1e3 * each:.1f} ms, its bytes "
            f"{1e3 * moved:.1f} ms: {moved / each:.2f}"
        )


def timed(*candidates) -> tuple[dict, dict, dict]:
    """The least wall time and time of the processors of some turns, by name, and what each returned."""
    wall, busy, given = {}, {}, {}
    for _ in range(TURNS):
        for candidate in candidates:
            name, started, before = candidate.__name__, time.perf_counter(), time.process_time()
            given[name] = candidate()
            wall[name] = min(wall.get(name, np.inf), time.perf_counter() - started)
            busy[name] = min(busy.get(name, np.inf), time.process_time() - before)
    return wall, busy, given


def main() -> None:
    edges = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    peers = sys.argv[2].split(",") if len(sys.argv) > 2 else []
    interpreter = os.environ.get("LILLIPUT_PEERS", sys.executable)
    script = str(Path(__file__).with_name("peers_ranks.py"))
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "edges.csv"), str(Path(folder, "ranks.csv"))
        make(edges, path)
        if "igraph" in peers:
            text = path.read_bytes().partition(b"\n")[2].replace(b",", b" ")
            path.with_suffix(".ncol").write_bytes(text)
        commands = {"lilliput": (sys.executable, "-c", OURS, str(path), out, "all")}
        commands |= {name: (interpreter, script, name, str(path), out) for name in peers}
        base = run(sys.executable, "-c", OURS, str(path), out, "base")["peak"]
        found: dict[str, list[dict]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                if not found[name] or found[name][0]["wall"] < 12:
                    found[name].append(run(*command))
        ours = statistics.median(one["wall"] for one in found["lilliput"])
        for name, runs in found.items():
            wall = statistics.median(one["wall"] for one in runs)
            busy = statistics.median(one["busy"] for one in runs)
            peak = max(one["peak"] for one in runs) - (base if name == "lilliput" else 0)
            note = runs[0].get("error") or runs[0].get("parts") or ""
            print(
                f"{name:<15} {wall:8.2f} s {wall / ours:6.2f} x {busy:7.2f} s of processors "
                f"{peak / 1e6:8.0f} MB {peak / edges:6.1f} B/edge {note}"
            )
        if edges <= 20_000_000:
            passes(path)


if __name__ == "__main__":
    main()
