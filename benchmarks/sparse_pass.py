"""A pass of the 9000-2000-2000-24 network over the weather tweets: sparse rows against dense PyTorch, taken in turns.

    python benchmarks/sparse_pass.py [--steps 20] [--repeats 5] [--threads 2]

Both take the same batches of 128 rows, dropout 0.2 and 0.5, Adam (fused where it is dense), and the same loss. The
dense side is PyTorch's own layers and dropout on rows made dense batch by batch, which is not counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lilliput.data.matrix import Compressed
from lilliput.nets.mlp import MLP
from lilliput.training.optimiser_rows import RowAdam, Together
from lilliput.training.sparse_rows import SparseRows

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
BATCH = 128


def rows():
    file = np.load(DATA / "weather_tweets" / "kaggle_tfidf_train.npz")
    shape = (int(file["shape"][0]), int(file["shape"][1]))
    matrix = Compressed(file["data"], file["indices"].astype(np.int32), file["indptr"].astype(np.int64), shape)
    return SparseRows(matrix, torch.from_numpy(file["labels"]))


def sparse_side():
    torch.manual_seed(0)
    module = MLP(9000, (2000, 2000), 24, input_dropout=0.2, dropout=0.5, sparse=True)
    dense = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], 1e-3, fused=True)
    return module, Together([RowAdam(module.hidden[0], 1e-3), dense]), lambda batch: batch


def dense_side():
    torch.manual_seed(0)
    drop, half = nn.Dropout(0.2), nn.Dropout(0.5)
    module = nn.Sequential(
        drop, nn.Linear(9000, 2000), nn.ReLU(), half, nn.Linear(2000, 2000), nn.ReLU(), half, nn.Linear(2000, 24)
    )
    return module, torch.optim.Adam(module.parameters(), 1e-3, fused=True), lambda batch: batch.dense()


def seconds(side, batches):
    module, optimiser, form = side
    prepared = [(form(inputs), targets) for inputs, targets in batches]
    began = time.perf_counter()
    for inputs, targets in prepared:
        optimiser.zero_grad()
        nn.functional.mse_loss(module(inputs), targets).backward()
        optimiser.step()
    return (time.perf_counter() - began) / len(batches)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = rows()
    batches = [data.take(torch.arange(BATCH * step, BATCH * (step + 1))) for step in range(arguments.steps)]
    sides = sparse_side(), dense_side()
    turns = [[seconds(side, batches) for side in sides] for _ in range(arguments.repeats + 1)][1:]
    ours, theirs = (statistics.median(side) for side in zip(*turns, strict=True))
    ratio = statistics.median(dense / sparse for sparse, dense in turns)
    print(f"a step of {BATCH} rows: sparse {ours * 1e3:.0f} ms, dense PyTorch {theirs * 1e3:.0f} ms, {ratio:.2f} times")
