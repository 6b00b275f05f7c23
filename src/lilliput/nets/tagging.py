"""A net over windows of tokens, run along sentences: what does not depend on the tags so far is pooled in bulk.

The groups that look at the tags of the two tokens before add the same to the logits wherever these tags are the same,
so they become a table of transitions, and a step of the search is one addition and one look for the best.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.features.bags import keep_rows
from lilliput.features.window_kernels import Tokens, cuts, most_chars, window_buckets
from lilliput.features.windows import TAG, Atoms, Window, atom_hash
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.pooling import add_rows, padded

Floats = NDArray[np.float32]


def token_logits(net: FeedForward, tokens: Tokens, threads: int) -> Floats:
    """Logits (tokens, outputs) without what the tags before a token add; bias included."""
    pooled = np.zeros((len(tokens.atoms), net.width), dtype=np.float32)

    def pool(cut: tuple[int, int]) -> None:
        for window, bucket_map, table, column in zip(net.groups, net.maps, net.tables, net.columns, strict=True):
            if not window.uses_tags:
                _pool(
                    *tokens,
                    window.table,
                    np.uint64(64 - window.bits),
                    bucket_map.words,
                    bucket_map.ranks,
                    table.codes,
                    table.bits,
                    table.levels,
                    table.scales.astype(np.float32),
                    table.dim,
                    *cut,
                    pooled[:, column : column + table.dim],
                )

    map_ordered(pool, cuts(tokens.sentences), threads)
    return net.layers(pooled)


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


def greedy(
    logits: Floats, table: Floats, sentences: NDArray[np.int64], temperature: float
) -> tuple[NDArray[np.int32], Floats]:
    """Tags (tokens,), each the best after the two before, and their probabilities (tokens,).

    `logits`: of `token_logits`; `table`: of `transitions`; `sentences`: where each begins, and the number of tokens.
    """
    tags = np.empty(len(logits), dtype=np.int32)
    chances = np.empty(len(logits), dtype=np.float32)
    _greedy(logits, table, sentences, np.float32(1 / temperature), tags, chances)
    return tags, chances


@njit(nogil=True, cache=True)
def _greedy(logits, table, sentences, sharpness, tags, chances):
    count = logits.shape[1]
    scores = np.empty(count, dtype=np.float32)
    for sentence in range(len(sentences) - 1):
        before, last = count, count
        for token in range(sentences[sentence], sentences[sentence + 1]):
            best = 0
            for tag in range(count):
                scores[tag] = logits[token, tag] + table[before, last, tag]
                if scores[tag] > scores[best]:
                    best = tag
            norm = np.float32(0)
            for tag in range(count):
                norm += np.exp((scores[tag] - scores[best]) * sharpness)
            tags[token], chances[token] = best, 1 / norm
            before, last = last, best


@njit(nogil=True, cache=True, error_model="numpy")
def _pool(
    atoms,
    chars,
    char_bounds,
    sentences,
    templates,
    shift,
    words,
    ranks,
    codes,
    code_bits,
    levels,
    scales,
    dim,
    first,
    last,
    pooled,
):
    """Add the bags of one group, divided by the root of their size, for the tokens of the sentences [first, last)."""
    most = most_chars(char_bounds, sentences[first], sentences[last])
    buckets = np.empty(len(templates) + most, dtype=np.uint32)
    total = np.empty(padded(dim), dtype=np.float32)
    for sentence in range(first, last):
        begin, end = sentences[sentence], sentences[sentence + 1]
        for token in range(begin, end):
            made = window_buckets(atoms, chars, char_bounds, begin, end, token, templates, shift, buckets)
            size = keep_rows(buckets, made, words, ranks)
            if size > 0:
                total[:] = 0
                add_rows(codes, code_bits, levels, scales, buckets, size, dim, total)
                root = np.float32(np.sqrt(size))
                for k in range(dim):
                    pooled[token, k] += total[k] / root
