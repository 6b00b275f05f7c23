"""Labels within a megabyte: quality, calibration, fit time and identical bytes, beside fastText and scikit-learn.

    python benchmarks/label_accuracy.py [SET ...] [--fresh] [--fasttext PYTHON] [--json FILE]

Every set runs every peer and us in the same process tree, on the same rows, with the same threads. The peers' settings
are chosen on the test rows, set by set. Ours are the same defaults for all sets, and the planner sees no test row. Of
those defaults passes and lengths of n-grams were once picked on these test rows; Adagrad's start and the choice among
networks on a fifth of the training rows, of some sets of `--fresh` too, and held against the test rows of two sets.
`--fresh` takes the sets on whose test rows nothing was picked.
`--fasttext` names an interpreter that has the `fasttext` package (NumPy 1); without it that peer is left out, and the
line says so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

THREADS = 2
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))

import numpy as np

from label_sets import FRESH, SETS, LabelSet
from lilliput import TextClassifier
from lilliput.tasks.quality import score_batches

BUDGETS = ("1MB", "100KB")


def ours(data: LabelSet, budget: str, folder: Path, threads: int = THREADS) -> dict[str, Any]:
    """Fit to a saved file and score it on the test rows."""
    file = folder / f"{data.name}-{budget}-{threads}.safetensors"
    started = time.perf_counter()
    model = TextClassifier(budget=budget, threads=threads, progress=False).fit(*data.train)
    size = model.save(file)
    seconds = time.perf_counter() - started
    measures, _ = score_batches(model, [data.test])
    return {
        "quality": next(iter(measures.values())).value,
        "calibration": measures["calibration_error"].value,
        "fit_s": seconds,
        "bytes": size,
        "digest": hashlib.sha256(file.read_bytes()).hexdigest()[:16],
    }


def scikit_learn(data: LabelSet) -> dict[str, Any]:
    """The best of three linear models on TF-IDF of words 1-2, all with their default settings."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.metrics import f1_score
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer
    from sklearn.svm import LinearSVC

    warnings.simplefilter("ignore", ConvergenceWarning)
    started = time.perf_counter()
    vectorizer = TfidfVectorizer(ngram_range=(1, 2))
    train, test = vectorizer.fit_transform(data.train[0]), vectorizer.transform(data.test[0])
    reading = time.perf_counter() - started
    best: dict[str, Any] = {"quality": 0.0}
    for model in (LinearSVC(), SGDClassifier(random_state=0), LogisticRegression()):
        started = time.perf_counter()
        if data.multi:
            binary = MultiLabelBinarizer().fit(data.train[1])
            fitted = OneVsRestClassifier(model).fit(train, binary.transform(data.train[1]))
            value = float(f1_score(binary.transform(data.test[1]), fitted.predict(test), average="micro"))
        else:
            value = float(np.mean(model.fit(train, data.train[1]).predict(test) == np.array(data.test[1])))
        seconds = reading + time.perf_counter() - started
        if value > best["quality"]:
            best = {"quality": value, "model": type(model).__name__, "fit_s": seconds}
    return best


def fast_text(data: LabelSet, python: str | None) -> dict[str, Any] | None:
    """The real fastText in its own interpreter; None without one."""
    if python is None:
        return None
    parts = []
    for texts, labels in (data.train, data.test):
        parts.append([texts, labels if data.multi else [[label] for label in labels]])
    job = json.dumps({"train": parts[0], "test": parts[1], "threads": THREADS})
    script = Path(__file__).with_name("peers_fasttext.py")
    done = subprocess.run([python, str(script)], input=job, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def run(name: str, python: str | None, folder: Path) -> dict[str, Any]:
    data = {**SETS, **FRESH}[name]()
    row: dict[str, Any] = {"set": name, "train": len(data.train[0]), "test": len(data.test[0])}
    for budget in BUDGETS:
        row[budget] = ours(data, budget, folder)
    digests = {row["1MB"]["digest"], *(ours(data, "1MB", folder, threads)["digest"] for threads in (1, 2, 3))}
    row["identical"] = len(digests) == 1
    row["scikit_learn"] = scikit_learn(data)
    row["fasttext"] = fast_text(data, python)
    return row


def best_peer(row: dict[str, Any]) -> float:
    peers = [row["scikit_learn"]["quality"]]
    if row["fasttext"]:
        peers += [row["fasttext"]["quality"], row["fasttext"]["ftz_quality"]]
    return max(peers)


def show(row: dict[str, Any]) -> str:
    mine, small, peer = row["1MB"], row["100KB"], row["fasttext"]
    fasttext = "not here" if peer is None else f"{peer['quality']:.4f} {peer['ftz_quality']:.4f}"
    seconds = None if peer is None else peer["train_s"] + peer["quantise_s"]
    times = "" if seconds is None else f"{seconds:6.1f} {mine['fit_s'] / seconds:5.2f}"
    return (
        f"{row['set']:<14} {mine['quality']:.4f} {small['quality']:.4f} {row['scikit_learn']['quality']:.4f}"
        f" {fasttext:<14}"
        f" {mine['quality'] - best_peer(row):+.4f}  {mine['calibration']:.4f} {mine['fit_s']:6.1f} {times}"
        f"  {mine['bytes']:>8,} {small['bytes']:>8,}  {'same' if row['identical'] else 'DIFFERENT'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--fresh", action="store_true", help="sets on whose test rows nothing was picked")
    parser.add_argument("--fasttext", default=os.environ.get("LILLIPUT_FASTTEXT"), metavar="PYTHON")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    folder = Path(os.environ.get("TMPDIR", "/tmp"))
    TextClassifier(progress=False).fit(["a good one", "a bad one"] * 50, ["good", "bad"] * 50)  # compile the kernels
    print(
        "set            at 1MB 100KB  sklearn fastText  .ftz  ahead by  calib.  fit s  fastText s, ratio"
        "  bytes at 1MB, 100KB, threads 1/2/3",
        flush=True,
    )
    rows = []
    for name in arguments.sets or (FRESH if arguments.fresh else SETS):
        rows.append(run(name, arguments.fasttext, folder))
        print(show(rows[-1]), flush=True)
    mean = {key: statistics.mean(row[key]["quality"] for row in rows) for key in BUDGETS}
    peers = statistics.mean(best_peer(row) for row in rows)
    print(f"\nmean: 1MB {mean['1MB']:.4f}, 100KB {mean['100KB']:.4f}, best peer of any size, in hindsight {peers:.4f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    sys.exit(main())
