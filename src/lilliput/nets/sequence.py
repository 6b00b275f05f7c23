"""A net over windows of tokens, run along one sentence by plain Python and NumPy; for few tokens and cold starts.

`lilliput.nets.tagging` runs it over many sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput.features.windows import TAG, Atoms, atom_hash
from lilliput.nets.feedforward import FeedForward

Floats = NDArray[np.float32]


def transitions(net: FeedForward) -> Floats:
    """What two tags before a token add to its logits: float32 (tags + 1, tags + 1, tags).

    First the tag two tokens before, then that of the token before; the last place stands for the sentence's beginning.
    """
    tags = net.outputs
    pooled = np.zeros(((tags + 1) ** 2, net.width), dtype=np.float32)
    for window, bucket_map, table, column in zip(net.groups, net.maps, net.tables, net.columns, strict=True):
        if not window.uses_tags:
            continue
        for place in range(len(pooled)):
            rows = [bucket_map.row(bucket) for bucket, _ in window.bag(_after(*divmod(place, tags + 1), tags))]
            found = np.array([row for row in rows if row >= 0], dtype=np.int64)
            if len(found):
                total = table.weights(found).sum(axis=0) / np.float32(np.sqrt(len(found)))
                pooled[place, column : column + table.dim] += total
    return (net.layers(pooled) - net.layers.bias).reshape(tags + 1, tags + 1, tags)


def _after(before: int, last: int, tags: int) -> tuple[list[Atoms], int]:
    """A sentence in which the token at the place given comes after two tags, the one of number `tags` being none."""
    known = [tag for tag in (before, last) if tag < tags] if last < tags else []
    return [_tagged(tag) for tag in known] + [_tagged(-1)], len(known)


def _tagged(tag: int) -> Atoms:
    hashes = [0] * TAG + [atom_hash(TAG, [tag]) if tag >= 0 else 0]
    return Atoms(hashes, [""] * TAG + [str(tag)], [])


def sentence_logits(net: FeedForward, sentence: Sequence[Atoms]) -> Floats:
    """Logits (tokens, outputs) of a sentence without what the tags before a token add; bias included."""
    pooled = np.zeros((len(sentence), net.width), dtype=np.float32)
    for group, (window, table, column) in enumerate(zip(net.groups, net.tables, net.columns, strict=True)):
        if window.uses_tags:
            continue
        for place in range(len(sentence)):
            rows, _ = net.bag((sentence, place), group)
            if len(rows):
                pooled[place, column : column + table.dim] += table.weights(rows).sum(axis=0) / np.float32(
                    np.sqrt(len(rows))
                )
    return net.layers(pooled)


def greedy_sentence(logits: Floats, table: Floats, temperature: float) -> tuple[list[int], list[float]]:
    """Tags of one sentence, each the best after the two before, and their probabilities."""
    none = logits.shape[1]
    tags, chances = [none, none], []
    for row in logits:
        scores = row + table[tags[-2], tags[-1]]
        best = int(scores.argmax())
        chances.append(float(1 / np.exp((scores - scores[best]) / np.float32(temperature)).sum()))
        tags.append(best)
    return tags[2:], chances
