"""Digits, clothes and weather tweets for the benchmarks of the optimisers: rows to learn from and to hold out."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


class Task(NamedTuple):
    """What is learned from, and how."""

    name: str
    train: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    hidden: tuple[int, ...]


def idx(path: Path) -> np.ndarray:
    """The array of a gzipped IDX file of bytes."""
    raw = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(raw, ">i4", raw[3], 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def images(folder: str, rows: int, held_out: int, hidden: tuple[int, ...]) -> Task:
    """The first `rows` training images, and the last `held_out`, with mean 0 and variance 1 over all pixels."""
    pixels = idx(DATA / folder / "train-images-idx3-ubyte.gz").reshape(-1, 784)
    labels = torch.from_numpy(idx(DATA / folder / "train-labels-idx1-ubyte.gz").astype(np.int64))
    inputs = torch.from_numpy(np.concatenate([pixels[:rows], pixels[-held_out:]]).astype(np.float32))
    inputs = (inputs - inputs[:rows].mean()) / inputs[:rows].std()
    return Task(folder, (inputs[:rows], labels[:rows]), (inputs[rows:], labels[-held_out:]), hidden)


def tweets(rows: int, held_out: int, columns: int, hidden: tuple[int, ...]) -> Task:
    """Tweets about the weather: their most frequent columns, each row of length 1, and 24 soft labels."""
    file = np.load(DATA / "weather_tweets" / "kaggle_tfidf_train.npz")
    often = np.bincount(file["indices"], minlength=int(file["shape"][1]))
    place = np.full(len(often), -1)
    place[np.sort(np.argsort(-often, kind="stable")[:columns])] = np.arange(columns)
    count = rows + held_out
    row = np.repeat(np.arange(count), np.diff(file["indptr"][: count + 1]))
    kept = place[file["indices"][: len(row)]]
    inputs = np.zeros((count, columns), dtype=np.float32)
    inputs[row[kept >= 0], kept[kept >= 0]] = file["data"][: len(row)][kept >= 0]
    both = torch.from_numpy(inputs), torch.from_numpy(file["labels"][:count].astype(np.float32))
    return Task("weather tweets", (both[0][:rows], both[1][:rows]), (both[0][rows:], both[1][rows:]), hidden)
