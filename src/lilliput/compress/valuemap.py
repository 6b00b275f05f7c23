"""A static map from 64-bit hashes to values in few bits, that says "not here" to all but a given share of other keys.

The Bloom map (Talbot and Talbot 2008, "Bloom maps", ANALCO) set the bound: no such map with the error e takes fewer
than log2(1 / e) + H bits a key, H the entropy of the values. Here

* a value has a codeword of a prefix code whose codewords take up no more than the share e of all words: a random word
  begins with one with probability e at most, which makes a fingerprint needless, and frequent values have short ones;
* column j is bit j of all codewords that are longer than j: a system of linear equations over GF(2), one a key, whose
  solution takes 1 to 4 % more bits than there are equations (Dillinger, Hübschle-Schneider, Sanders and Walzer 2022,
  "Fast succinct retrieval and approximate membership using ribbon", SEA; here their standard ribbon);
* codewords are masked with bits of their key's hash, so that any other key gets a random word.

`lilliput.compress.valuemap_kernels` builds the map and looks up many keys; one key takes plain Python alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.levels import unpack_codes
from lilliput.core.arrays import constant
from lilliput.core.errors import DataError, ModelFileError
from lilliput.core.modelfile import StrPath, require

GAMMA, MIX_FIRST, MIX_SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""Of SplitMix64: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators" (OOPSLA)."""
WINDOW = 128
"""Coefficients of an equation. With 64 a solution for a million keys takes 9 % more bits than equations, not 4 %."""
LEAST_ERROR, MOST_ERROR = 2.0**-32, 0.5

_MASK = (1 << 64) - 1
_PREFIX = "value_map."

Words = NDArray[np.uint64]


class Lookup(NamedTuple):
    """What the kernels need of a `ValueMap`: salt, a row a column, bits, and values by rank; all arrays read-only."""

    salt: np.uint64
    columns: Words
    bits: Words
    values: NDArray[np.uint32]


def no_lookup() -> Lookup:
    """A stand-in where a kernel has no map to look into."""
    columns, bits, values = np.zeros((0, 7), np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint32)
    return Lookup(np.uint64(0), constant(columns), constant(bits), constant(values))


@dataclass(frozen=True, eq=False)
class ValueMap:
    """The map; its fields are what a file holds. Made by `build` or `restore`.

    Symbols stand for the values in the code: the values as they are, or their numbers in a list. `header` is uint64
    (4,): number of keys, seed, bits of the error as a float64, number of symbols; `slots` uint32: bits of each column;
    `bits` uint64: the columns one after the other, and two words of zeros; `lengths` uint8: of the symbols' codewords,
    packed, or empty where the code is `PrefixCode.even`; `values` uint32: the list, or empty. Where one of the last two
    is there, a table of four bytes a symbol is added in memory.
    """

    header: Words
    slots: NDArray[np.uint32]
    bits: Words
    lengths: NDArray[np.uint8]
    values: NDArray[np.uint32]

    @classmethod
    def build(cls, keys: Words, values: NDArray[Any], error: float = 1 / 256, seed: int = 0) -> ValueMap:
        """The map from ``keys[i]`` (uint64, hashes) to ``values[i]`` (integers, 0 to 2 ** 32 - 1); both (n,).

        `error` is the share of other keys that may get a value. Neither the order of the keys matters nor that one
        comes again with its value. Raises `DataError` for a key with two values, and for arrays, an error (2 ** -32 to
        1/2) or a seed (0 to 2 ** 64 - 1) that cannot be used.
        """
        from lilliput.compress.valuemap_kernels import build

        if not LEAST_ERROR <= error <= MOST_ERROR or not 0 <= seed <= _MASK:
            raise DataError(f"error={error}, seed={seed}: expected an error of 2^-32 to 1/2, a seed of 0 to 2^64 - 1")
        return cls(*build(keys, values, error, seed))

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], path: StrPath = "the model file") -> ValueMap:
        """The map that these arrays hold, among others; raises `ModelFileError` as `check` does."""
        check(arrays, path)
        return cls(*(arrays[name] for name in _names()))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fields for a model file, by the names ``value_map.header`` and so on."""
        return dict(zip(_names(), (self.header, self.slots, self.bits, self.lengths, self.values), strict=True))

    def look_up(self, keys: Words) -> NDArray[np.int64]:
        """The values of `keys` (uint64, (n,)), -1 for those that are not in the map; int64 (n,)."""
        from lilliput.compress.valuemap_kernels import look_up

        asked = constant(np.ascontiguousarray(keys, dtype=np.uint64))
        found = np.empty(len(asked), dtype=np.int64)
        look_up(asked, self.lookup, found)
        return found

    @cached_property
    def lookup(self) -> Lookup:
        """The map for the kernels."""
        return Lookup(np.uint64(self._salt), constant(self._columns), constant(self.bits), constant(self._table))

    def look_up_one(self, key: int) -> int:
        """The value of `key` (0 to 2 ** 64 - 1), or -1; the plain form of `look_up`."""
        hashed = mixed(key ^ self._salt)
        low, high, mask = (mixed(hashed + step * GAMMA & _MASK) for step in (1, 2, 3))
        coefficients = high << 64 | low | 1
        code = 0
        for first, starts, bits, leaves, nodes, before in self._rows:
            start = first + ((hashed >> 32) * starts >> 32)
            solution = int.from_bytes(self._bytes[start >> 3 : (start >> 3) + 17], "little") >> (start & 7)
            code = code << 1 | ((solution & coefficients & bits).bit_count() ^ mask >> 63) & 1
            mask = mask << 1 & _MASK
            if code < leaves:
                rank = code + before & _MASK
                return int(self._table[rank]) if len(self._table) else rank
            if code >= nodes:
                break
        return -1

    def __getstate__(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @property
    def error(self) -> float:
        """The share of keys outside the map that may get a value."""
        return float(self.header[2:3].view(np.float64)[0])

    @property
    def largest(self) -> int:
        """No look-up gives a value above this, the largest of the map; -1 for a map without keys."""
        return int(self.values.max()) if len(self.values) else int(self.header[3]) - 1

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    @property
    def bits_per_key(self) -> float:
        """Bits of the arrays, shared out among the keys; infinite for a map without keys."""
        return self.nbytes * 8 / len(self) if len(self) else math.inf

    def __len__(self) -> int:
        """Number of keys."""
        return int(self.header[0])

    @cached_property
    def _salt(self) -> int:
        return mixed(int(self.header[1]))

    @cached_property
    def _rows(self) -> list[tuple[int, ...]]:
        """`_columns` with whole masks."""
        return [
            (first, starts, high << 64 | low, *level) for first, starts, low, high, *level in self._columns.tolist()
        ]

    @cached_property
    def _bytes(self) -> memoryview:
        return self.bits.astype("<u8", copy=False).view(np.uint8).data

    @cached_property
    def _code(self) -> PrefixCode:
        size = int(self.header[3])
        if not len(self.lengths):
            return PrefixCode.even(size, self.error)
        depths = unpack_codes(self.lengths, 4 if len(self.lengths) == (size + 1) // 2 else 8, size)
        return PrefixCode.of(np.where(depths, np.uint8(len(self.slots) + 1) - depths, 0))

    @cached_property
    def _table(self) -> NDArray[np.uint32]:
        """Values in the order of their codewords; empty where a codeword's number is its value."""
        symbols = self._code.symbols
        if not len(symbols):
            return self.values.copy()
        return self.values[symbols] if len(self.values) else symbols.astype(np.uint32)

    @cached_property
    def _columns(self) -> Words:
        """A row a column: its first bit, its `window`, and the code's `PrefixCode.levels` (places modulo 2 ** 64)."""
        slots = self.slots.tolist()
        starts = accumulate(slots, initial=0)
        rows = [
            (start, *window(size), leaves, nodes, before & _MASK)
            for start, size, (leaves, nodes, before) in zip(starts, slots, self._code.levels, strict=False)
        ]
        return np.array(rows, dtype=np.uint64).reshape(-1, 7)


@dataclass(frozen=True)
class PrefixCode:
    """The canonical prefix code with ``counts[i]`` codewords of length i + 1: in their order they rise from zero.

    `symbols` (integers) has the symbol of each codeword in turn; empty where codeword i is that of symbol i.
    """

    counts: list[int]
    symbols: NDArray[np.int64]

    @classmethod
    def of(cls, lengths: NDArray[np.integer[Any]]) -> PrefixCode:
        """The code in which symbol i has a codeword of ``lengths[i]``, or none where that is zero."""
        order = np.argsort(lengths, kind="stable")
        return cls(np.bincount(lengths, minlength=1)[1:].tolist(), order[np.count_nonzero(lengths == 0) :])

    @classmethod
    def even(cls, size: int, share: float) -> PrefixCode:
        """The code with lengths as equal as can be whose `size` codewords take up at most `share` of all words."""
        longest = 0
        while size > share * 2**longest:
            longest += 1
        shorter = int(share * 2**longest) - size
        counts = [0] * longest
        if size:
            counts[-1] = size - shorter
        if shorter > 0:
            counts[-2] = shorter
        return cls(counts, np.zeros(0, dtype=np.int64))

    @cached_property
    def levels(self) -> list[tuple[int, int, int]]:
        """What it takes to read a word bit by bit, its first bits as a number; a row for each length from 1.

        The first number past the codewords of this length, the first with which no codeword begins, and what to add to
        a codeword for its place among all.
        """
        leaves, before = [], []
        first = place = 0
        for count in self.counts:
            leaves.append(first + count)
            before.append(place - first)
            first, place = 2 * (first + count), place + count
        nodes = list(accumulate(reversed(leaves), lambda deeper, own: max(own, (deeper + 1) // 2)))[::-1]
        return list(zip(leaves, nodes, before, strict=True))

    @property
    def share(self) -> float:
        """The share of all words that begin with a codeword."""
        return math.fsum(count * 2.0 ** -(number + 1) for number, count in enumerate(self.counts))


def mixed(value: int) -> int:
    """The finaliser of SplitMix64."""
    value = (value ^ value >> 30) * MIX_FIRST & _MASK
    value = (value ^ value >> 27) * MIX_SECOND & _MASK
    return value ^ value >> 31


def window(slots: int) -> tuple[int, int, int]:
    """In a column: at how many places a window can begin, and the low and the high half of the mask of its bits."""
    width = min(WINDOW, slots)
    mask = (1 << width) - 1
    return slots - width + 1, mask & _MASK, mask >> 64


def holds_map(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Whether there is a map among these arrays."""
    return f"{_PREFIX}header" in arrays


def check(arrays: Mapping[str, NDArray[Any]], path: StrPath) -> None:
    """Raise `ModelFileError`, which says what is wrong, unless a map can be restored from these arrays."""
    types = (np.uint64, np.uint32, np.uint64, np.uint8, np.uint32)
    shapes = ((4,), (None,), (None,), (None,), (None,))
    require(arrays, dict(zip(_names(), zip(types, shapes, strict=True), strict=True)), path)
    wrong = _wrong(ValueMap(*(arrays[name] for name in _names())))
    if wrong:
        raise ModelFileError(f"{path}: the value map {wrong}; copy the file again or fit the model again")


def _wrong(found: ValueMap) -> str:
    """What is wrong with a map whose arrays have the right types, if anything."""
    (keys, _, _, size), slots = found.header.tolist(), found.slots.tolist()
    words = -(-sum(slots) // 64) + 2
    if not LEAST_ERROR <= found.error <= MOST_ERROR:
        return f"has the error {found.error}, expected 2^-32 to 1/2"
    if len(found.bits) != words:
        return f"has {len(found.bits)} words of bits, expected {words} for {sum(slots)} slots"
    if size > 2**32 or (size == 0) != (keys == 0) or keys > max(slots, default=0) or 0 in slots or len(slots) > 64:
        return f"has {keys} keys and {size} symbols in columns of {slots} slots"
    if len(found.lengths) not in (0, (size + 1) // 2, size) or len(found.values) not in (0, size):
        return f"has {size} symbols, but {len(found.lengths)} bytes of lengths and {len(found.values)} values"
    code = found._code
    if len(code.counts) != len(slots) or code.share > found.error:
        found_code = f"codewords of at most {len(code.counts)} bits with the share {code.share:.3g} of all words"
        return f"has {found_code}, expected {len(slots)} bits and the share {found.error:.3g}"
    return ""


def _names() -> list[str]:
    return [_PREFIX + field.name for field in fields(ValueMap)]
