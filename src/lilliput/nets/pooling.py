"""The feed-forward network over many texts: hashing, look-up, decoding and pooling fused in one kernel a group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.data.packed import Packed, pack
from lilliput.features.bags import key_set, row_of
from lilliput.features.ngrams import CHAR, WORD, bag_buckets, decode
from lilliput.features.unicode import tables
from lilliput.nets.feedforward import FeedForward

CHUNK = 4096
"""Texts a piece of work: fixed, so that nothing depends on the number of threads."""


def logits(net: FeedForward, texts: Sequence[str], threads: int) -> NDArray[np.float32]:
    """Logits (texts, outputs) of `texts`, by compiled kernels on `threads` threads."""
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    return _joined(net, map_ordered(lambda chunk: net.layers(pooled(net, pack(chunk))), chunks, threads))


def packed_logits(net: FeedForward, packed: Packed, threads: int) -> NDArray[np.float32]:
    """Logits (texts, outputs) of packed texts, by compiled kernels on `threads` threads."""
    starts = range(0, len(packed), CHUNK)
    chunks = [Packed(packed.buffer, packed.offsets[start : start + CHUNK + 1], packed.ascii) for start in starts]
    return _joined(net, map_ordered(lambda chunk: net.layers(pooled(net, chunk)), chunks, threads))


def _joined(net: FeedForward, parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(parts) if parts else np.zeros((0, net.outputs), dtype=np.float32)


def pooled(net: FeedForward, packed: Packed) -> NDArray[np.float32]:
    """Pooled vectors (texts, width) of packed texts, by one thread."""
    lookup = tables(packed.ascii)
    result = np.zeros((len(packed), net.width), dtype=np.float32)
    for group, bucket_map, table, column in zip(net.groups, net.maps, net.tables, net.columns, strict=True):
        pool_group(
            packed.buffer,
            packed.offsets,
            lookup.entries,
            lookup.expansions,
            WORD if group.unit == "word" else CHAR,
            group.low,
            group.high,
            group.bits,
            bucket_map.words,
            bucket_map.ranks,
            table.codes,
            table.bits,
            table.levels,
            table.scales.astype(np.float32),
            result,
            column,
            table.dim,
        )
    return result


@njit(nogil=True, cache=True, error_model="numpy")
def pool_group(
    buffer,
    offsets,
    entries,
    expansions,
    unit,
    low,
    high,
    bits,
    words,
    ranks,
    codes,
    code_bits,
    levels,
    scales,
    pooled,
    column,
    dim,
):
    """Add the bags of one group, each row once a text, divided by the root of their size, to `pooled` (texts, width).

    They go to `dim` columns from `column` on. (`dim` is an argument and no ``len(total)``, with which the compiler
    makes the inner loops three times as slow.)
    """
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    stream = np.empty(6 * longest + 2, dtype=np.uint32)
    tokens = np.empty(6 * longest + 2, dtype=np.uint64)
    keys, key_texts = key_set(longest)
    buckets = np.empty(1024, dtype=np.uint32)
    shift = np.uint64(64 - bits)
    last_text = np.full(ranks[-1], -1, dtype=np.int32)
    total = np.empty(dim, dtype=np.float32)
    row_scaled = len(scales) > 1  # then the levels are linear
    half = np.float32(len(levels) // 2)
    for text in range(len(offsets) - 1):
        length = decode(buffer, offsets[text], offsets[text + 1], entries, expansions, stream)
        if len(buckets) < length * (high - low + 1):
            buckets = np.empty(2 * length * (high - low + 1), dtype=np.uint32)
        made = bag_buckets(stream, length, unit, low, high, shift, tokens, keys, key_texts, text, buckets)
        size = 0
        total[:] = 0
        for item in range(made):
            row = row_of(buckets[item], words, ranks)
            if row >= 0 and last_text[row] != text:
                last_text[row] = text
                size += 1
                scale = scales[row] if row_scaled else scales[0]
                first = row * dim
                if code_bits == 8 and row_scaled:  # arithmetic, which the compiler turns into vector instructions
                    for k in range(dim):
                        total[k] += (np.float32(codes[first + k]) - half) * (scale / half)
                elif code_bits == 8:
                    for k in range(dim):
                        total[k] += levels[codes[first + k]] * scale
                else:
                    for k in range(first, first + dim):
                        code = codes[k >> 1] >> np.uint8((k & 1) << 2) & np.uint8(15)
                        total[k - first] += levels[code] * scale
        if size > 0:
            for k in range(dim):
                pooled[text, column + k] += total[k] / np.float32(np.sqrt(size))
