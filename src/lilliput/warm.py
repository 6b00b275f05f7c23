"""The kernels' machine code: whether it is there, and how to make it ahead of its first use.

numba compiles a kernel for each combination of array types, at its first call, and keeps the result on disk. A fit
that does so on the way takes a minute or two longer; `warm` pays that once.

numba takes kept code for fresh as long as the file of the kernel is the same, though a kernel or a constant of another
file may have changed that was compiled into it. So `warm` leaves a stamp of all these files in numba's cache, and
without the right stamp begins anew.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

PACKAGES = tuple(
    f"lilliput.{name}" for name in ("compress", "data", "features", "graph", "nets", "retrieval", "spectral")
)
"""Where the kernels live, with all that is compiled into them."""
CALLED = (
    "lilliput.compress.moment_kernels",
    "lilliput.compress.valuemap_kernels",
    "lilliput.data.edge_kernels",
    "lilliput.features.bags",
    "lilliput.features.cluster_kernels",
    "lilliput.features.counts",
    "lilliput.features.exchange_bigram",
    "lilliput.features.exchange_counts",
    "lilliput.features.exchange_predictive",
    "lilliput.features.exchange_words",
    "lilliput.features.subword_kernels",
    "lilliput.features.vocabulary_kernels",
    "lilliput.features.window_kernels",
    "lilliput.graph.matrix_kernels",
    "lilliput.graph.pagerank_kernels",
    "lilliput.graph.rank_kernels",
    "lilliput.graph.walk_kernels",
    "lilliput.nets.basket_kernels",
    "lilliput.nets.chain",
    "lilliput.nets.row_kernels",
    "lilliput.nets.kernels",
    "lilliput.nets.perceptron_kernels",
    "lilliput.nets.windows_kernels",
    "lilliput.nets.wordvector_kernels",
    "lilliput.nets.tagging",
    "lilliput.retrieval.nearest_kernels",
    "lilliput.spectral.kernels",
    "lilliput.nets.pooling",
)
"""Modules with kernels that Python calls; those of other modules are compiled with them."""
STAMPED = "lilliput.spectral.kernels"
"""The stamp lies where its machine code does: to ask for it, every fit imports this module, which imports no other."""
FEW, MORE = 100, 200
"""Rows of a tiny fit: with few all passes are run, to the coded one; with more some are held out to decide by."""

_PYTHON = f"py{sys.version_info.major}{sys.version_info.minor}"


def compiled() -> bool:
    """Whether `warm` has been here since the kernels, numba or Python last changed."""
    stamp = stamp_file()
    if stamp is None:
        return True
    kept = any(stamp.parent.glob(f"*.{_PYTHON}*.nbi"))
    return kept and stamp.is_file() and stamp.read_text() == fingerprint()


def warm() -> float:
    """Compile the kernels by fitting tiny models of every kind; returns the seconds (about three when cached).

    Covered: one output and several, one label, several and soft ones, ASCII and Unicode, linear and embedding networks,
    one thread and two, texts that come as str and packed, models just fitted and models mapped from a file; all with
    words and characters, as is the rule.
    """
    started = time.monotonic()
    if not compiled():
        forget()
    for use in STEPS:
        use()
    stamp = stamp_file()
    if stamp is not None:
        with suppress(OSError):  # without a stamp the next fit looks again
            stamp.write_text(fingerprint())
    return time.monotonic() - started


def _label() -> None:
    """Label texts by tiny models of every kind."""
    _round_trip(["a", "b"], "linear", FEW, threads=1, accents=False)
    _round_trip([["a"], ["b", "c"], []], "linear", MORE, threads=2, accents=True)
    _round_trip(["a", "b", "c"], "embedding", FEW, threads=2, accents=False)
    _round_trip([{"a": 0.5, "b": 1.0}, {"a": 0.0, "b": 0.5}], "embedding", MORE, threads=1, accents=True)


def _round_trip(kinds: list[Any], network: str, rows: int, *, threads: int, accents: bool) -> None:
    """Fit, predict, save, load, predict."""
    from lilliput.core.registry import load
    from lilliput.tasks.label import TextClassifier

    texts = [" ".join(f"w{(row * 7 + word) % 50}" for word in range(14)) + " été" * accents for row in range(rows)]
    model = TextClassifier(network=network, threads=threads, progress=False)
    model.fit(texts, [kinds[row % len(kinds)] for row in range(rows)])
    model.predict(texts)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        restored: Any = load(path)
        restored.predict(texts)
        restored.predict(texts[:1])


def _tag_and_cluster() -> None:
    """Fit and use a tiny segmenter, tiny clusters, and tiny taggers without them and with them."""
    from lilliput.tasks.clusters import WordClusters
    from lilliput.tasks.segment import Segmenter
    from lilliput.tasks.tag import SequenceTagger

    words = [["the", "dog", "ran", "é"], ["the", "cat", "sat", "."]] * 20
    clusters = WordClusters(2, least=1, threads=1, progress=False).fit(["a b c", "é b a"] * 10)
    for threads, known in ((1, None), (2, clusters)):
        tagger = SequenceTagger(budget="50KB", clusters=known, threads=threads, progress=False)
        tagger.fit(words, [["D", "N", "V", "X"]] * 40).predict(words)
    Segmenter(threads=1, progress=False).fit(words).predict(["thedogran"] * 20)


def _count() -> None:
    """Count the n-grams of a tiny text."""
    from lilliput.features.counts import hashed_counts
    from lilliput.features.plain import NGrams

    hashed_counts(["a b"], NGrams("word", 1, 1, 9), threads=1)


def _look_near() -> None:
    """Look for the nearest rows of a tiny table."""
    from lilliput.retrieval.nearest import inverse_lengths, scanned

    codes = np.eye(4, dtype=np.int8)
    scanned(codes, inverse_lengths(codes), codes.astype(np.int16), 1, threads=1)


def _multiply_sparse() -> None:
    """Find the components of tiny sparse rows, few and many."""
    from lilliput.spectral.moments import moments_of
    from lilliput.spectral.rows import Sparse, SparseRows
    from lilliput.spectral.scatter import ColumnScatter, RowScatter

    for dtype in (np.float32, np.float64):
        block = Sparse(np.arange(4), np.arange(3, dtype=np.int32), np.ones(3, dtype=dtype))
        rows, vectors = SparseRows(block, 3), np.ones((3, 2), dtype=dtype)
        mean = moments_of(rows).mean
        ColumnScatter(rows, mean, 3, 1).product(vectors)
        few = RowScatter(block, 3, mean, 1)
        few.directions(few.product(vectors), np.ones(2))


def _learn_vectors() -> None:
    """Learn tiny word vectors."""
    from lilliput.tasks.vectors import WordVectors

    for subwords in (None, (3, 6)):
        model = WordVectors(8, epochs=1, least=1, subwords=subwords, threads=1, progress=False)
        model.fit(["a b c", "é b a"] * 10)


def _rank() -> None:
    """Rank tiny networks of numbers and of texts, without weights and with them, and use them from their files."""
    from lilliput.core.registry import load
    from lilliput.tasks.rank import InfluencerRanker

    pairs = [("1", "2"), ("2", "3"), ("3", "1")]
    with TemporaryDirectory() as folder:
        model, table = Path(folder, "model.safetensors"), Path(folder, "table.csv")
        for edges, seeds, text in (
            (pairs, None, "source,target\n1,2\n2,1\n"),
            ([(*pair, 0.1) for pair in pairs], ["1"], "1 2 0.5\n2 1 1\n"),
            ([(*pair, 2) for pair in pairs] + [("a", "1", 1)], ["a"], 'source,target\n"a",b\nb,a\n'),
        ):
            ranker = InfluencerRanker(seeds=seeds, communities=True, threads=1, progress=False).fit(edges)
            ranker.write(table)
            ranker.save(model)
            restored: Any = load(model)
            restored.write(table)
            restored.write(table.with_suffix(".html"))
            restored.explain("1")
            restored.reach("1")
            file = Path(folder, "edges.csv" if "," in text else "edges.txt")
            file.write_text(text)
            weight = "3" if "0.5" in text else None
            columns: dict[str, Any] = {"source": "1", "target": "2", "weight": weight}
            ranker.set_params(seeds=None, **columns).fit(file)


def _pair() -> None:
    """Fit a tiny recommender."""
    from lilliput.tasks.pair import PairingRecommender

    PairingRecommender(dim=4, threads=1, progress=False).fit([["a", "b", "c"], ["b", "c"], ["d", "a"]] * 20)


def _step_in_eight_bits() -> None:
    """Step a tiny network's parameters by optimisers with eight-bit state; torch need not be there."""
    from lilliput.compress.moment_kernels import adam, momentum, rmsprop

    parameters, codes, scales = np.ones(8, dtype=np.float32), np.zeros(8, dtype=np.uint8), np.ones(1, dtype=np.float32)
    numbers = (np.float32(0.1),) * 6
    adam(parameters, parameters, codes, scales, codes, scales, numbers)
    rmsprop(parameters, parameters, codes, scales, numbers[:4])
    momentum(parameters, parameters, codes, scales, numbers[:3])


def _step_rows() -> None:
    """Step two rows of a tiny table."""
    from lilliput.nets.row_kernels import adam_rows

    whole, numbers = np.arange(2), np.ones(4, dtype=np.float32)
    tables = [np.ones((2, 3), dtype=np.float32) for _ in range(4)]
    adam_rows(whole, np.arange(3), whole, np.ones(2, dtype=np.float32), *tables, 0, 2, numbers)


def forget() -> None:
    """Remove the lists of what numba has kept for this Python."""
    for name in CALLED:
        folder = _cache_folder(name)
        for index in folder.glob(f"*.{_PYTHON}*.nbi") if folder else ():
            index.unlink(missing_ok=True)


def _perceive() -> None:
    """Learn hyperplanes by both rules."""
    from lilliput.nets.perceptron import RULES, Settings, learn

    rows, signs = np.array([[0.0], [1.0]]), np.array([[-1.0, 1.0]])
    for rule in RULES:
        learn(rows, signs, Settings(rule, 0.1, 1, True), np.random.default_rng(0), 1, lambda done: True)


def stamp_file() -> Path | None:
    """Where `warm` notes what the kept machine code was made of; None if numba was told not to compile."""
    folder = _cache_folder(STAMPED)
    return folder and folder / f"lilliput.{_PYTHON}.warm"


def _cache_folder(name: str) -> Path | None:
    """Where numba keeps the kernels of a module's package; None if it was told not to compile."""
    members = vars(import_module(name)).values()
    kernels = (member for member in members if getattr(member, "__module__", "") == name and hasattr(member, "stats"))
    return next((Path(kernel.stats.cache_path) for kernel in kernels if kernel.stats.cache_path), None)


def fingerprint() -> str:
    """Hash of numba's version and of all sources that kernels are compiled from."""
    import numba

    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=16)
    for source in _sources():
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted(Path(str(import_module(package).__file__)).parent.glob("*.py"))


STEPS = (
    _label,
    _tag_and_cluster,
    _count,
    _look_near,
    _multiply_sparse,
    _learn_vectors,
    _rank,
    _pair,
    _step_in_eight_bits,
    _perceive,
    _step_rows,
)
"""What `warm` does; each calls some kernels as they are called in earnest."""
