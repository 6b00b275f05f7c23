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
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.stored_rows import add_rows, padded

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


def greedy(
    logits: Floats, table: Floats, sentences: NDArray[np.int64], temperature: float
) -> tuple[NDArray[np.int32], Floats]:
    """Tags (tokens,), each the best after the two before, and their probabilities (tokens,).

    `logits`: of `token_logits`; `table`: of `lilliput.nets.sequence.transitions`; `sentences`: where each begins, and
    the number of tokens.
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
