"""A net over windows of tokens and a chain of tags, run over many sentences."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.core.arrays import constant
from lilliput.core.threads import map_ordered
from lilliput.features.bags import keep_rows
from lilliput.features.window_kernels import Tokens, cuts, most_chars, window_buckets
from lilliput.nets.chain import ChainScratch, chances_at, posteriors, step_weights
from lilliput.nets.feedforward import FeedForward
from lilliput.nets.stored_rows import add_rows, padded

Floats = NDArray[np.float32]


def token_logits(net: FeedForward, tokens: Tokens, threads: int) -> Floats:
    """Logits (tokens, outputs); bias included."""
    pooled = np.zeros((len(tokens.atoms), net.width), dtype=np.float32)

    def pool(cut: tuple[int, int]) -> None:
        for window, bucket_map, table, column in zip(net.groups, net.maps, net.tables, net.columns, strict=True):
            _pool(
                *tokens,
                window.table,
                np.uint64(64 - window.bits),
                constant(bucket_map.words),
                bucket_map.ranks,
                constant(table.codes),
                table.bits,
                table.levels,
                table.scales.astype(np.float32),
                table.dim,
                *cut,
                pooled[:, column : column + table.dim],
            )

    map_ordered(pool, cuts(tokens.sentences), threads)
    return net.layers(pooled)


def likeliest_tags(
    logits: Floats, transitions: Floats, sentences: NDArray[np.int64], temperature: float, threads: int
) -> tuple[NDArray[np.int32], Floats]:
    """The likeliest tag of each token (tokens,), all tags of its sentence considered, and how likely it is (tokens,).

    Takes what `tag_chances` takes.
    """
    chances = tag_chances(logits, transitions, sentences, temperature, threads)
    return chances.argmax(axis=1).astype(np.int32), chances.max(axis=1, initial=0)


def tag_chances(
    logits: Floats, transitions: Floats, sentences: NDArray[np.int64], temperature: float, threads: int
) -> Floats:
    """How likely each tag of each token is, all tags of its sentence considered; float32 (tokens, tags).

    `logits`: of `token_logits`; `transitions`: see `lilliput.nets.chain`; `sentences`: where each begins, and the
    number of tokens.
    """
    chances = np.empty(logits.shape, dtype=np.float32)

    def fill(cut: tuple[int, int]) -> None:
        _chances(logits, transitions, sentences[cut[0] : cut[1] + 1], 1 / temperature, chances)

    map_ordered(fill, cuts(sentences), threads)
    return chances


@njit(nogil=True, cache=True)
def _chances(logits, transitions, sentences, sharpness, chances):
    count = logits.shape[1]
    longest = np.diff(sentences).max()
    scratch = ChainScratch(
        np.empty((longest, count), np.float64), np.empty((longest, count), np.float64), np.empty(longest, np.float64)
    )
    weights, _ = step_weights(transitions, sharpness)
    turned = weights[:-1].T.copy()
    row = np.empty(count, dtype=np.float64)
    for sentence in range(len(sentences) - 1):
        first, size = sentences[sentence], sentences[sentence + 1] - sentences[sentence]
        posteriors(logits[first : first + size], sharpness, weights, turned, 0, size, scratch)
        for place in range(size):
            chances_at(place, size, turned, scratch, row)
            chances[first + place] = row


def best_paths(logits: Floats, transitions: Floats, sentences: NDArray[np.int64], threads: int) -> NDArray[np.int32]:
    """Tags of the tokens, int32 (tokens,), those of a sentence the likeliest together (Viterbi 1967).

    Takes what `tag_chances` takes. Of equal scores the first tag wins. Where tags must fit one another, as those of the
    parts of a word, the best path is better than the best tag of each token.
    """
    tags = np.empty(len(logits), dtype=np.int32)

    def find(cut: tuple[int, int]) -> None:
        _best_paths(logits, transitions, sentences[cut[0] : cut[1] + 1], tags)

    map_ordered(find, cuts(sentences), threads)
    return tags


@njit(nogil=True, cache=True)
def _best_paths(logits, transitions, sentences, tags):
    count = logits.shape[1]
    before = np.empty((np.diff(sentences).max(), count), dtype=np.int32)
    scores, reached = np.empty(count), np.empty(count)
    for sentence in range(len(sentences) - 1):
        first, size = sentences[sentence], sentences[sentence + 1] - sentences[sentence]
        for place in range(size):
            for tag in range(count):
                best = 0
                if place == 0:
                    reached[tag] = transitions[count, tag]
                else:
                    for last in range(1, count):
                        if scores[last] + transitions[last, tag] > scores[best] + transitions[best, tag]:
                            best = last
                    reached[tag] = scores[best] + transitions[best, tag]
                reached[tag] += logits[first + place, tag]
                before[place, tag] = best
            scores[:] = reached
        tag = int(np.argmax(scores))
        for place in range(size - 1, -1, -1):
            tags[first + place] = tag
            tag = before[place, tag]


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
