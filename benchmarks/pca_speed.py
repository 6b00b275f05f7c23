"""Principal components against scikit-learn and scipy: seconds, peak memory, residuals, each in a process of its own.

    python benchmarks/pca_speed.py [--parts dense,stream,sparse,text,million] [--repeats 3]

dense    MNIST 60,000 x 784 in memory, 50 components: `PCA` (covariance and randomised)
stream   the same from a .npy file that is mapped: `IncrementalPCA`
sparse   20,000 x 1,000,000 with 100 entries a row, 10 components: `svds`, `TruncatedSVD`. Neither centres the rows; the
         residuals are those of what each was asked for. Once with random columns, where no direction but the first
         leads, and once with columns that fall off as words of a text do.
million  rows of a million columns in a file ten times as large as the memory that may be used
Peers and ours take the same arrays, two threads, and are asked for the same number of components.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
COLUMNS = 1_000_000
ALLOWED = 600_000_000


def mnist():
    with gzip.open(DATA / "mnist" / "train-images-idx3-ubyte.gz") as file:
        file.read(16)
        return np.frombuffer(file.read(), np.uint8).reshape(60_000, 784).astype(np.float32)


def make_sparse(path, words: bool) -> None:
    """Columns drawn at random, or with the frequencies of words (Zipf's law)."""
    from scipy import sparse

    random = np.random.default_rng(0)
    drawn = random.random((20_000, 100))
    columns = np.exp(drawn * np.log(COLUMNS)).astype(np.int64) - 1 if words else (drawn * COLUMNS).astype(np.int64)
    starts = np.arange(0, columns.size + 1, 100)
    matrix = sparse.csr_matrix((random.random(columns.size), columns.ravel(), starts), shape=(20_000, COLUMNS))
    matrix.sum_duplicates()
    sparse.save_npz(path, matrix, compressed=False)


def make_million(path) -> None:
    """1,500 rows: ten planted directions, noise, and a mean of one."""
    random = np.random.default_rng(0)
    rows = np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=(1500, COLUMNS))
    directions = random.standard_normal((10, COLUMNS), dtype=np.float32) / 1000
    scales = np.linspace(40, 8, 10).astype(np.float32)
    for first in range(0, len(rows), 50):
        noise = 0.02 * random.standard_normal((50, COLUMNS), dtype=np.float32)
        rows[first : first + 50] = (
            (random.standard_normal((50, 10), dtype=np.float32) * scales) @ directions + noise + 1
        )
    rows.flush()


def exact_million(path):
    """The variances, by the scatter of the rows in double precision."""
    rows = np.load(path, mmap_mode="r")
    gram = np.zeros((len(rows), len(rows)))
    for first in range(0, COLUMNS, 10_000):
        part = rows[:, first : first + 10_000].astype(np.float64)
        part -= part.mean(axis=0)
        gram += part @ part.T
    return np.linalg.eigvalsh(gram)[::-1][:10] / (len(rows) - 1)


def run(name: str, path: str, tolerance: float) -> dict[str, object]:
    """One candidate, in this process."""
    from lilliput.core.measure import peak_memory

    if path.endswith(".npz"):
        from scipy import sparse

        rows = sparse.load_npz(path)
    else:
        rows = np.load(path, mmap_mode=None if name.startswith("dense") else "r")
    before = peak_memory()
    started, busy = time.perf_counter(), time.process_time()
    values, residuals = candidate(name, rows, tolerance)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    found = {"seconds": seconds, "busy": busy, "peak": peak_memory(), "before": before}
    return found | {"values": [float(value) for value in values], "residual": float(np.max(residuals))}


def candidate(name: str, rows, tolerance: float):
    kind, which = name.split(":")
    if which == "lilliput":
        from lilliput.tasks.pca import StreamingPCA

        more = {"working_memory": "100MB", "n_components": 10} if kind == "million" else {}
        more |= {"n_components": 10, "tolerance": tolerance} if kind == "sparse" else {}
        model = StreamingPCA(**{"n_components": 50, "threads": 2, "progress": False, **more}).fit(rows)
        return model.explained_variance_, model.residuals_ / model.explained_variance_[0]
    if which == "svds":
        from scipy.sparse.linalg import svds

        vectors, values, components = svds(rows, 10, tol=tolerance)
        rest = rows.T @ (vectors * values) - components.T * values**2
        return values[::-1] ** 2, np.linalg.norm(rest, axis=0) / values.max() ** 2
    from sklearn import decomposition as peers

    model = {
        "PCA": lambda: peers.PCA(50),
        "PCA randomised": lambda: peers.PCA(50, svd_solver="randomized", random_state=0),
        "IncrementalPCA": lambda: peers.IncrementalPCA(50),
        "TruncatedSVD": lambda: peers.TruncatedSVD(10, random_state=0),
    }[which]()
    model.fit(rows)
    return model.explained_variance_, np.array([np.nan])


def measured(name: str, path: Path, repeats: int, tolerance: float = 0.0):
    """The median of some fresh processes."""
    runs = []
    for _ in range(repeats):
        command = [sys.executable, __file__, "--run", name, "--path", str(path), "--tolerance", str(tolerance)]
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    middle = dict(runs[0])
    for key in ("seconds", "busy", "peak", "before"):
        middle[key] = statistics.median(one[key] for one in runs)
    return middle


def compare(title: str, ours: str, peers: list[tuple[str, float]], path: Path, repeats: int, tolerance: float) -> None:
    print(f"\n{title}")
    mine = measured(ours, path, repeats, tolerance)
    _line(ours.split(":")[1], mine, mine)
    for peer, asked in peers:
        _line(f"{peer.split(':')[1]} {f'tol {asked:g}' if asked else ''}", measured(peer, path, repeats, asked), mine)


def _line(name: str, found, mine) -> None:
    print(
        f"  {name:22} {found['seconds']:7.2f} s ({found['seconds'] / mine['seconds']:5.2f} of ours)  "
        f"{found['busy']:6.2f} s of processors ({found['busy'] / mine['busy']:5.2f})  peak "
        f"{found['peak'] / 1e6:6.0f} MB, {(found['peak'] - found['before']) / 1e6:6.0f} beyond the rows  "
        f"variance {sum(found['values']):.6g}  residual {found['residual']:.1e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="dense,stream,sparse,text,million")
    parser.add_argument("--repeats", type=int, default=3)
    for hidden in ("--run", "--path"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--tolerance", type=float, default=1e-9, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(run(asked.run, asked.path, asked.tolerance)))
        return
    parts = asked.parts.split(",")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        if {"dense", "stream"} & set(parts):
            np.save(path / "mnist.npy", mnist())
        if "dense" in parts:
            peers = [("dense:PCA", 0.0), ("dense:PCA randomised", 0.0)]
            compare("MNIST, 50 components", "dense:lilliput", peers, path / "mnist.npy", asked.repeats, 0)
        if "stream" in parts:
            peers = [("stream:IncrementalPCA", 0.0)]
            compare("MNIST from a mapped file, 50", "stream:lilliput", peers, path / "mnist.npy", asked.repeats, 0)
        for part in {"sparse", "text"} & set(parts):
            make_sparse(path / "sparse.npz", part == "text")
            peers = [("sparse:svds", 0.0), ("sparse:svds", 1e-4), ("sparse:TruncatedSVD", 0.0)]
            compare(f"sparse, {part}", "sparse:lilliput", peers, path / "sparse.npz", asked.repeats, 1e-9)
        if "million" in parts:
            million(path / "million.npy")


def million(path: Path) -> None:
    make_million(path)
    found = measured("million:lilliput", path, 1)
    exact = exact_million(path)
    size = path.stat().st_size
    print(f"\na million columns, {size / 1e9:.1f} GB in a file, 10 components")
    print(
        f"  lilliput {found['seconds']:.1f} s, peak {found['peak'] / 1e6:.0f} MB of {ALLOWED / 1e6:.0f} allowed "
        f"(the file is {size / found['peak']:.1f} times as large), largest error of a variance "
        f"{np.max(np.abs(np.array(found['values']) / exact - 1)):.1e}"
    )


if __name__ == "__main__":
    main()
