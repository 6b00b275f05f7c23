"""`TextRegressor` within budgets of bytes: the size of the file, what was planned for it, the error on held-out rows.

    python benchmarks/text_regressor_sizes.py [--sets emotions,cuisines,weather] [--budgets none,10MB,...]
        [--models ensemble] [--threads 1]

emotions  GoEmotions: 10,000 short texts, 28 labels as 0 or 1, of which a text may have several
cuisines  What's Cooking: 10,000 lists of ingredients as texts, one of 20 cuisines, a group that adds up to one
weather   weather tweets: 6,800 rows of a ready matrix of 9,000 columns, 24 soft labels in groups

2,000 rows (1,700 of weather) that no fit sees are predicted: root mean squared error over all values. Beside it
scikit-learn's Ridge, the best of three penalties by a tenth of the rows, on as many of the most frequent of the same
columns as its pickle of float32 weights, column numbers and their weights has room for; and on all of them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import pickle
import time
from pathlib import Path

import numpy as np
import scipy.sparse
import torch
from sklearn.linear_model import Ridge

from lilliput import TextRegressor
from lilliput.core.budget import Budget
from lilliput.features.plain import NGrams
from lilliput.features.tfidf import TfIdf
from weather_tweets import GROUPS, read, rmse

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
BUDGETS = "none,10MB,3MB,1MB,300KB,100KB,30KB"
ROWS = 12_000


def _lines(path):
    with gzip.open(DATA / path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for _, line in zip(range(ROWS), lines, strict=False)]


def emotions():
    rows = _lines("goemotions/train.jsonl.gz")
    Y = np.zeros((len(rows), 28), dtype=np.float32)
    for values, row in zip(Y, rows, strict=True):
        values[row["labels"]] = 1
    return [row["text"] for row in rows], Y, [], 2000


def cuisines():
    rows = _lines("recipes/whats_cooking_train.jsonl.gz")
    names = sorted({row["cuisine"] for row in rows})
    Y = np.array([[row["cuisine"] == name for name in names] for row in rows], dtype=np.float32)
    return [", ".join(row["ingredients"]) for row in rows], Y, [list(range(len(names)))], 2000


def weather():
    X, Y = read()
    return X.tocsr(), Y.astype(np.float32), GROUPS, 1700


SETS = {"emotions": emotions, "cuisines": cuisines, "weather": weather}


def columns_of(X, threads):
    """All columns as `TextRegressor` has them."""
    if not isinstance(X, list):
        return X
    groups = [NGrams("word", 1, 3, bits=20), NGrams("char", 3, 5, bits=20)]
    rows = TfIdf.of(X, groups, 200_000, threads=threads).rows(X, threads)
    return scipy.sparse.csr_matrix((rows.data, rows.indices, rows.indptr), shape=rows.shape)


def peer(X, Y, held, memory):
    """Bytes, columns and error of scikit-learn's Ridge on the most frequent columns that a pickle has room for."""
    most = X.shape[1] if memory is None else min(X.shape[1], (memory - 1000) // (4 * Y.shape[1] + 8))
    if most < 1:
        return None
    kept = np.sort(np.argsort(-X.getnnz(axis=0), kind="stable")[:most])
    known, asked, tenth = X[:-held, kept], X[-held:, kept], len(Y[:-held]) // 10
    errors = {}
    for alpha in (1.0, 3.0, 10.0):
        part = Ridge(alpha, solver="sparse_cg", tol=1e-3).fit(known[:-tenth], Y[:-held][:-tenth])
        errors[alpha] = rmse(np.clip(part.predict(known[-tenth:]), 0, 1), Y[:-held][-tenth:])
    found = Ridge(min(errors, key=errors.get), solver="sparse_cg", tol=1e-3).fit(known, Y[:-held])
    weights = (found.coef_.astype(np.float32), found.intercept_.astype(np.float32))
    size = len(pickle.dumps((weights, kept.astype(np.int32), np.ones(most, np.float32))))
    return size, most, rmse(np.clip(found.predict(asked), 0, 1), Y[-held:])


def ours(kind, X, Y, groups, held, budget, threads):
    model = TextRegressor(kind, groups=groups, budget=budget, threads=threads, progress=False)
    began = time.monotonic()
    model.fit(X[:-held], Y[:-held])
    seconds = time.monotonic() - began
    plan = model.report_.plan
    sizes = f"{plan['columns']:6,} x {plan['bits a weight']:2} bits"
    if kind != "ridge":
        sizes += f", {plan['columns of the network']:5,} - {' - '.join(map(str, plan['hidden']))}"
    return len(model.to_bytes()), sizes, -model.score(X[-held:], Y[-held:]), seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--budgets", default=BUDGETS)
    parser.add_argument("--models", default="ensemble")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.sets.split(","):
        X, Y, groups, held = SETS[name]()
        mean = rmse(np.broadcast_to(Y[:-held].mean(axis=0), Y[-held:].shape), Y[-held:])
        print(f"{name}: {Y.shape[0] - held:,} rows, {Y.shape[1]} values each; the mean {mean:.4f}")
        matrix = None if arguments.no_peer else columns_of(X, arguments.threads)
        for budget in arguments.budgets.split(","):
            for kind in filter(None, arguments.models.split(",")):
                size, sizes, error, seconds = ours(kind, X, Y, groups, held, budget, arguments.threads)
                line = f"  {budget:>6}  {kind:8} {size:10,} bytes  {error:.4f}  {seconds:5.1f} s  {sizes}"
                print(line, flush=True)
            found = None if matrix is None else peer(matrix, Y, held, Budget.parse(budget).memory)
            if found:
                print(
                    f"  {budget:>6}  Ridge    {found[0]:10,} bytes  {found[2]:.4f}           {found[1]:6,} x 32 bits",
                    flush=True,
                )


if __name__ == "__main__":
    main()
