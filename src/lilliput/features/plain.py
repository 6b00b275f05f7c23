"""N-grams of words and characters in plain Python: what a cold process uses, and the oracle of the kernels' tests.

The definitions stand here; `lilliput.features.ngrams` must agree with them to the last bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lilliput.core.errors import DataError
from lilliput.data.packed import normalise
from lilliput.features.unicode import IGNORED, KIND_SHIFT, LETTER, SEPARATOR, SYMBOL, fold, kind_of

if TYPE_CHECKING:
    from lilliput.compress.valuemap import ValueMap

BORDER = 0x20
"""Stands before and after every run of a stream; no folded letter or symbol is a space."""

WORD_SEED = 0xCBF29CE484222325
CHAR_SEED = 0x84222325CBF29CE4
GRAM_SEED = 0x9AE16A3B2F90404F
CLUSTER_SEED = 0x2F90404F9AE16A3B
STEP_MULTIPLIER = 0x100000001B3
GRAM_MULTIPLIER = 0x9E3779B97F4A7C15
MIX_MULTIPLIER = 0xD6E8FEB86659FD93
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class NGrams:
    """A group of n-grams, `low` to `high` long, hashed to ``2 ** bits`` buckets.

    `unit`: of "word"s, of "char"s, or of the "cluster"s of words, which `clusters` tells; a word without one is a gap.
    """

    unit: str
    low: int
    high: int
    bits: int = 22
    clusters: ValueMap | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if (
            self.unit not in ("word", "char", "cluster")
            or not 1 <= self.low <= self.high <= 16
            or not 1 <= self.bits <= 30
            or (self.unit == "cluster") != (self.clusters is not None)
        ):
            raise DataError(
                f"{self} is no group of n-grams: unit is 'word', 'char', or, with clusters, 'cluster', "
                "1 <= low <= high <= 16"
            )

    @property
    def once(self) -> bool:
        """Whether a bag holds a row once, however often it occurs."""
        return self.unit != "char"

    def bag(self, text: str) -> list[tuple[int, str]]:
        """`bag_buckets` of this group."""
        return bag_buckets(text, self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for a manifest; the clusters are arrays of the model file."""
        return {"unit": self.unit, "low": self.low, "high": self.high, "bits": self.bits}


def stream(text: str) -> list[int]:
    """Folded code points of `text` with their kind in the high bits, every run between two borders."""
    items = [BORDER]
    symbols = False
    for character in normalise(text).encode("utf-8", "replace").decode():  # as `pack` has it: lone surrogates are "?"
        kind = kind_of(character)
        if kind == IGNORED:
            continue
        parts = kind == SEPARATOR
        if not parts and (kind == SYMBOL) != symbols:
            symbols, parts = not symbols, True
        if parts and items[-1] != BORDER:
            items.append(BORDER)
        if kind != SEPARATOR:
            items.extend(ord(piece) | kind << KIND_SHIFT for piece in fold(character))
    if items[-1] != BORDER:
        items.append(BORDER)
    return items


def tokens(items: list[int]) -> list[list[int]]:
    """Tokens of a stream: runs of letters, and every ideograph and symbol alone."""
    found: list[list[int]] = []
    inside = False
    for item in items:
        letter = item >> KIND_SHIFT == LETTER
        if letter and inside:
            found[-1].append(item)
        elif item != BORDER:
            found.append([item])
        inside = letter
    return found


def word_ngrams(items: list[int], low: int, high: int, clusters: ValueMap | None = None) -> Iterator[tuple[int, str]]:
    """(64-bit hash, readable form) of the n-grams of `low` to `high` tokens, or of their clusters ("~word")."""
    words = tokens(items)
    shown = [_shown(word) for word in words]
    hashes = [token_hash(word) for word in words]
    if clusters is not None:
        shown = [f"~{word}" for word in shown]
        hashes = [cluster_token(clusters.look_up_one(value)) for value in hashes]
    for first in range(len(words)):
        value = GRAM_SEED
        for size in range(1, min(high, len(words) - first) + 1):
            token = hashes[first + size - 1]
            if not token:
                break
            value = (value ^ token) * GRAM_MULTIPLIER & _MASK
            value ^= value >> 32
            if size >= low:
                yield value * MIX_MULTIPLIER & _MASK, " ".join(shown[first : first + size])


def char_ngrams(items: list[int], low: int, high: int) -> Iterator[tuple[int, str]]:
    """(64-bit hash, readable form) of the n-grams of `low` to `high` characters within borders."""
    for first in range(len(items) - 1):
        value = (CHAR_SEED ^ items[first]) * STEP_MULTIPLIER & _MASK
        if low <= 1 and items[first] != BORDER:
            yield _mixed(value), _shown(items[first : first + 1])
        for size in range(2, high + 1):
            item = items[first + size - 1]
            value = (value ^ item) * STEP_MULTIPLIER & _MASK
            if size >= low:
                yield _mixed(value), _shown(items[first : first + size])
            if item == BORDER:
                break


def buckets(text: str, group: NGrams) -> list[tuple[int, str]]:
    """(bucket, readable n-gram) for every n-gram of `text` in `group`, repeats included, in text order."""
    items, shift = stream(text), 64 - group.bits
    if group.unit == "char":
        ngrams = char_ngrams(items, group.low, group.high)
    else:
        ngrams = word_ngrams(items, group.low, group.high, group.clusters)
    return [(value >> shift, shown) for value, shown in ngrams]


def bag_buckets(text: str, group: NGrams) -> list[tuple[int, str]]:
    """(bucket, n-gram) of what a bag holds of `text`: those of words once, those of characters once a distinct run."""
    if group.once:
        return list(dict(buckets(text, group)).items())
    found: list[tuple[int, str]] = []
    shift = 64 - group.bits
    for run in dict.fromkeys(runs(stream(text))):
        found += [(value >> shift, shown) for value, shown in char_ngrams(list(run), group.low, group.high)]
    return found


def runs(items: list[int]) -> Iterator[tuple[int, ...]]:
    """The runs of a stream, each with its two borders."""
    borders = [at for at, item in enumerate(items) if item == BORDER]
    for first, last in pairwise(borders):
        yield tuple(items[first : last + 1])


def token_hash(word: list[int]) -> int:
    """64-bit hash of a token of a stream."""
    value = WORD_SEED
    for item in word:
        value = (value ^ (item & (1 << KIND_SHIFT) - 1)) * STEP_MULTIPLIER & _MASK
    return _mixed(value)


def cluster_token(cluster: int) -> int:
    """What stands for a word of that cluster; 0 for -1, no cluster."""
    return _mixed((CLUSTER_SEED ^ cluster) * STEP_MULTIPLIER & _MASK) if cluster >= 0 else 0


def _mixed(value: int) -> int:
    value = (value ^ value >> 32) * MIX_MULTIPLIER & _MASK
    return value ^ value >> 32


def _shown(items: list[int]) -> str:
    return "".join("_" if item == BORDER else chr(item & (1 << KIND_SHIFT) - 1) for item in items)
