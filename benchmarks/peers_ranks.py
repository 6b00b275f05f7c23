"""PageRank by other libraries, from a CSV of edges to a CSV of ranks; run by an interpreter that has them.

    python peers_ranks.py NAME edges.csv ranks.csv [TOLERANCE]

NAME: igraph, networkx, pandas, polars (both with scipy), scikit-network or rustworkx. Prints a JSON object: seconds of
each part, seconds in all from the first import on, passes, L1 residual, peak resident bytes.
"""

from __future__ import annotations

import json
import resource
import sys
import time

started = time.perf_counter()
name, edges, ranks = sys.argv[1:4]
tolerance = float(sys.argv[4]) if len(sys.argv) > 4 else 1e-9
marks = {}


def mark(what):
    marks[what] = time.perf_counter() - started - sum(marks.values())


def power(source, target, count):
    """Power iteration as anyone would write it with scipy, until the L1 residual is small."""
    import numpy as np
    from scipy.sparse import csr_matrix

    matrix = csr_matrix((np.ones(len(source)), (target, source)), shape=(count, count))
    out = np.bincount(source, minlength=count).astype(float)
    inverse = np.divide(1.0, out, out=np.zeros(count), where=out > 0)
    mark("build")
    values, passes, residual = np.full(count, 1 / count), 0, 1.0
    while residual > tolerance:
        fresh = 0.85 * (matrix @ (values * inverse))
        fresh += (1 - fresh.sum()) / count
        residual = float(np.abs(fresh - values).sum())
        values, passes = fresh, passes + 1
    mark("rank")
    return values, passes, residual


passes, residual = None, None
if name == "pandas":
    import numpy as np
    import pandas as pd

    frame = pd.read_csv(edges)
    mark("read")
    codes, ids = pd.factorize(np.concatenate([frame["source"].to_numpy(), frame["target"].to_numpy()]))
    values, passes, residual = power(codes[: len(frame)], codes[len(frame) :], len(ids))
    order = np.argsort(-values, kind="stable")
    pd.DataFrame({"id": ids[order], "rank": np.arange(1, len(ids) + 1), "score": values[order]}).to_csv(
        ranks, index=False
    )
elif name == "polars":
    import numpy as np
    import polars as pl

    frame = pl.read_csv(edges)
    mark("read")
    source, target = frame["source"].to_numpy(), frame["target"].to_numpy()
    there = np.zeros(int(max(source.max(), target.max())) + 1, dtype=bool)  # the fast way, for ids that are dense
    there[source] = there[target] = True
    ids, place = np.flatnonzero(there), np.cumsum(there) - 1
    values, passes, residual = power(place[source], place[target], len(ids))
    order = np.argsort(-values, kind="stable")
    pl.DataFrame({"id": ids[order], "rank": np.arange(1, len(ids) + 1), "score": values[order]}).write_csv(ranks)
elif name == "igraph":
    import igraph

    graph = igraph.Graph.Read_Ncol(edges.removesuffix(".csv") + ".ncol", names=True, directed=True)  # its own reader
    mark("read")
    values = graph.pagerank(damping=0.85)
    mark("rank")
    order = sorted(range(len(values)), key=lambda node: -values[node])
    names = graph.vs["name"]
    with open(ranks, "w") as file:  # noqa: PTH123
        file.write("id,rank,score\n")
        file.writelines(f"{names[node]},{rank},{values[node]}\n" for rank, node in enumerate(order, 1))
elif name == "networkx":
    import networkx

    with open(edges, "rb") as file:  # noqa: PTH123
        next(file)
        graph = networkx.read_edgelist(file, delimiter=",", create_using=networkx.DiGraph, nodetype=int, data=False)
    mark("read")
    found = networkx.pagerank(graph, tol=max(tolerance, 1e-6) / len(graph))
    mark("rank")
    with open(ranks, "w") as file:  # noqa: PTH123
        file.write("id,rank,score\n")
        best = sorted(found.items(), key=lambda pair: -pair[1])
        file.writelines(f"{node},{rank},{score}\n" for rank, (node, score) in enumerate(best, 1))
elif name in ("scikit-network", "rustworkx"):
    import numpy as np
    import pandas as pd

    frame = pd.read_csv(edges)
    codes, ids = pd.factorize(np.concatenate([frame["source"].to_numpy(), frame["target"].to_numpy()]))
    source, target = codes[: len(frame)], codes[len(frame) :]
    mark("read")
    if name == "scikit-network":
        from scipy.sparse import csr_matrix
        from sknetwork.ranking import PageRank

        adjacency = csr_matrix((np.ones(len(source)), (source, target)), shape=(len(ids), len(ids)))
        mark("build")
        values = PageRank().fit_predict(adjacency)
    else:
        import rustworkx

        graph = rustworkx.PyDiGraph()
        graph.add_nodes_from(range(len(ids)))
        graph.extend_from_edge_list(list(zip(source.tolist(), target.tolist(), strict=True)))
        mark("build")
        found = rustworkx.pagerank(graph)
        values = np.array([found[node] for node in range(len(ids))])
    mark("rank")
    order = np.argsort(-values, kind="stable")
    pd.DataFrame({"id": ids[order], "rank": np.arange(1, len(ids) + 1), "score": values[order]}).to_csv(
        ranks, index=False
    )
mark("write")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(
    json.dumps({"parts": marks, "seconds": sum(marks.values()), "passes": passes, "residual": residual, "peak": peak})
)
