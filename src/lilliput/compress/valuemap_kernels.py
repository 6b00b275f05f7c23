"""The kernels of `lilliput.compress.valuemap`: equations from keys, their solution, look-ups of many keys.

A key's equation in a column is: the exclusive or of the solution's bits, where the key's coefficients are one, is a bit
of the key's word. The coefficients are a window of 128 bits that starts at the key's place, so that the system is a
band. It is eliminated row by row as in Dillinger and Walzer 2021, "Ribbon filter: practically smaller than Bloom and
Xor" (arXiv:2103.02515), section 2, where rows sorted by place keep to the cache, and solved from the last slot up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from lilliput.compress.levels import pack_codes
from lilliput.compress.valuemap import GAMMA, MIX_FIRST, MIX_SECOND, PrefixCode, Words, mixed, window
from lilliput.core.errors import DataError

_ZERO, _ONE, _LAST = np.uint64(0), np.uint64(1), np.uint64(63)
_SIX, _HALF = np.uint64(6), np.uint64(32)
_GAMMA, _FIRST, _SECOND = np.uint64(GAMMA), np.uint64(MIX_FIRST), np.uint64(MIX_SECOND)
_TWO_GAMMA, _THREE_GAMMA = np.uint64(2 * GAMMA % 2**64), np.uint64(3 * GAMMA % 2**64)

_GROWTH = 512
"""A system with dependent equations gets one slot more for each 512 that it has."""
_SPARSE = 8
"""With more symbols than this for each value that is used, listing the values takes fewer bits than unused lengths."""
_NONE = np.zeros(0, dtype=np.uint8)


@intrinsic
def _trailing_zeros(typing: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), code


@intrinsic
def _ones(typing: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), code


@njit(inline="always")
def _mixed(value):
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return value ^ (value >> np.uint64(31))


@njit(nogil=True, cache=True)
def equations(keys, salt):
    """Place, both halves of the coefficients, and mask of each of `keys`: uint64 (4, n)."""
    made = np.empty((4, len(keys)), dtype=np.uint64)
    for number, key in enumerate(keys):
        hashed = _mixed(key ^ salt)
        made[0, number] = hashed >> _HALF
        made[1, number] = _mixed(hashed + _GAMMA) | _ONE
        made[2, number] = _mixed(hashed + _TWO_GAMMA)
        made[3, number] = _mixed(hashed + _THREE_GAMMA)
    return made


@njit(nogil=True, cache=True)
def eliminate(places, low, high, words, within, band, constants):
    """Fill `band` (uint64, slots x 2) and `constants` (uint64, slots), both zeros; whether all rows are independent.

    `within` (uint64) is what `window` says of so many slots; a row of `band` begins with its own slot's coefficient.
    """
    starts, low_mask, high_mask = within[0], within[1], within[2]
    for number in range(len(places)):
        slot = np.int64((places[number] * starts) >> _HALF)
        first, second, word = low[number] & low_mask, high[number] & high_mask, words[number]
        while True:
            if first == _ZERO:
                if second == _ZERO:
                    return False
                first, second = second, _ZERO
                slot += 64
            zeros = _trailing_zeros(first)
            first = (first >> zeros) | ((second << _ONE) << (_LAST - zeros))
            second >>= zeros
            slot += np.int64(zeros)
            if band[slot, 0] == _ZERO:
                band[slot, 0], band[slot, 1], constants[slot] = first, second, word
                break
            first ^= band[slot, 0]
            second ^= band[slot, 1]
            word ^= constants[slot]
    return True


@njit(nogil=True, cache=True)
def solve(band, constants, shift):
    """The solution for bit `shift` of the constants: uint8 (slots,), zeros where a slot is free."""
    solution = np.empty(len(band), dtype=np.uint8)
    first, second = _ZERO, _ZERO  # the solution of this slot and of the 127 after it
    for slot in range(len(band) - 1, -1, -1):
        second = (second << _ONE) | (first >> _LAST)
        first <<= _ONE
        product = (first & band[slot, 0]) ^ (second & band[slot, 1])
        bit = (_ones(product) ^ (constants[slot] >> shift)) & _ONE
        first |= bit
        solution[slot] = bit
    return solution


@njit(nogil=True, cache=True)
def look_up(keys, lookup, found):
    """Write the value of each of `keys`, or -1, to `found` (int64); `ValueMap.look_up_one` says the same plainly."""
    salt, columns, bits, values = lookup.salt, lookup.columns, lookup.bits, lookup.values
    for number, key in enumerate(keys):
        hashed = _mixed(key ^ salt)
        place = hashed >> _HALF
        low, high = _mixed(hashed + _GAMMA) | _ONE, _mixed(hashed + _TWO_GAMMA)
        mask = _mixed(hashed + _THREE_GAMMA)
        code = _ZERO
        value = np.int64(-1)
        for length in range(len(columns)):
            start = columns[length, 0] + ((place * columns[length, 1]) >> _HALF)
            word, shift = start >> _SIX, start & _LAST
            back = _LAST - shift
            middle = bits[word + _ONE]
            first = (bits[word] >> shift) | ((middle << _ONE) << back)
            second = (middle >> shift) | ((bits[word + np.uint64(2)] << _ONE) << back)
            product = (first & low & columns[length, 2]) ^ (second & high & columns[length, 3])
            code = (code << _ONE) | ((_ones(product) ^ (mask >> _LAST)) & _ONE)
            mask <<= _ONE
            if code < columns[length, 4]:
                rank = code + columns[length, 6]
                value = np.int64(values[rank]) if len(values) else np.int64(rank)
                break
            if code >= columns[length, 5]:
                break
        found[number] = value


def build(
    keys: Words, values: NDArray[Any], error: float, seed: int
) -> tuple[Words, NDArray[np.uint32], Words, NDArray[np.uint8], NDArray[np.uint32]]:
    """The fields of `ValueMap.build`, in their order."""
    keys, values = _distinct(keys, values)
    coding = _smallest(values, error)
    slots, bits = _solutions(keys, mixed(seed), coding.words(), coding.lengths())
    header = np.array([len(keys), seed, int(np.float64(error).view(np.uint64)), coding.size], dtype=np.uint64)
    return header, slots, bits, coding.packed, coding.listed


def _distinct(keys: Words, values: NDArray[Any]) -> tuple[Words, NDArray[np.int64]]:
    """The keys in order, each once, and their values."""
    if keys.dtype != np.uint64 or keys.ndim != 1 or keys.shape != values.shape or values.dtype.kind not in "iu":
        raise DataError(
            f"keys are {keys.dtype} of shape {keys.shape}, values {values.dtype} of shape {values.shape}: "
            "expected as many integers as there are uint64 keys"
        )
    if len(values) and not 0 <= int(values.min()) <= int(values.max()) < 1 << 32:
        raise DataError(f"values are from {values.min()} to {values.max()}: expected 0 to 2^32 - 1")
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order].astype(np.int64)
    again = np.flatnonzero(keys[1:] == keys[:-1]) + 1
    other = again[values[again] != values[again - 1]]
    if len(other):
        at = other[0]
        raise DataError(
            f"the key {keys[at]:#018x} has the value {values[at - 1]} in row {order[at - 1]} and {values[at]} in row "
            f"{order[at]}: give each key one value"
        )
    return np.delete(keys, again), np.delete(values, again)


@dataclass(frozen=True)
class _Coding:
    """A way to write the keys' values: as symbols, by a code; and what it puts in the file."""

    code: PrefixCode
    ranks: NDArray[np.int64]  # of the keys' codewords among all
    size: int
    packed: NDArray[np.uint8]
    listed: NDArray[np.uint32]

    def lengths(self) -> NDArray[np.int64]:
        """Lengths of the keys' codewords."""
        return np.searchsorted(np.cumsum(self.code.counts), self.ranks, side="right") + 1

    def words(self) -> Words:
        """The keys' codewords, their first bit the highest."""
        lengths = self.lengths()
        before = np.array([0, *(before for _, _, before in self.code.levels)])
        return (self.ranks - before[lengths]).astype(np.uint64) << (64 - lengths).astype(np.uint64)

    def cost(self) -> int:
        """Bits in the file, were there as many slots as equations."""
        return int(self.lengths().sum()) + 32 * len(self.code.counts) + 8 * (self.packed.nbytes + self.listed.nbytes)


def _smallest(values: NDArray[np.int64], error: float) -> _Coding:
    """Values as they are or listed, coded evenly or by how frequent they are: what takes fewest bits."""
    distinct, numbers = np.unique(values, return_inverse=True)
    listed = distinct.astype(np.uint32)
    codings = []
    for symbols, size, listing in ((values, distinct.max(initial=-1) + 1, listed[:0]), (numbers, len(listed), listed)):
        codings.append(_Coding(PrefixCode.even(int(size), error), symbols, int(size), _NONE, listing))
        if size <= _SPARSE * len(listed):
            lengths = best_lengths(np.bincount(symbols, minlength=size), error)
            code = PrefixCode.of(lengths)
            ranks = np.empty(size, dtype=np.int64)
            ranks[code.symbols] = np.arange(len(code.symbols))
            codings.append(_Coding(code, ranks[symbols], int(size), _packed(lengths), listing))
    return min(codings, key=_Coding.cost)


def _packed(lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """How much shorter than the longest each is, from 1, or 0 for no codeword; in 4 bits if that is possible."""
    depths = np.where(lengths, lengths.max(initial=0) + 1 - lengths, 0).astype(np.uint8)
    return pack_codes(depths, 4 if depths.max(initial=0) < 16 else 8)


def best_lengths(counts: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """Lengths of codewords (int64; zero for none) for symbols that come `counts` times.

    They make the sum of ``counts * lengths`` small while that of ``2.0 ** -lengths`` is at most `share`: Shannon's
    lengths, some less one bit, first where that gains most for what it adds to the share.
    """
    lengths = np.zeros(len(counts), dtype=np.int64)
    used = np.flatnonzero(counts)
    fractions, exponents = np.frexp(counts.sum() / (counts[used] * share))  # exact, which logarithms are not
    lengths[used] = exponents - (fractions == 0.5)
    room = share - (2.0 ** -lengths[used]).sum()
    while True:
        order = used[np.argsort(-counts[used] * 2.0 ** lengths[used], kind="stable")]
        order = order[2.0 ** -lengths[order] <= room]
        if not len(order):
            return lengths
        shorter = order[np.cumsum(2.0 ** -lengths[order]) <= room]
        room -= (2.0 ** -lengths[shorter]).sum()
        lengths[shorter] -= 1


def _solutions(keys: Words, salt: int, words: Words, lengths: NDArray[np.int64]) -> tuple[NDArray[np.uint32], Words]:
    """Slots of each column (uint32), and the solved columns one after the other with two words of zeros at the end."""
    made = equations(keys, np.uint64(salt))
    order = np.argsort(made[0], kind="stable")
    places, low, high, masks = made[:, order]
    words, lengths = words[order] ^ masks, lengths[order]
    columns = [_NONE]
    for column in range(lengths.max(initial=0)):
        if column == 0 or (lengths == column).any():  # fewer equations than in the column before
            rows = lengths > column
            band, constants = _eliminated(places[rows], low[rows], high[rows], words[rows])
        columns.append(solve(band, constants, np.uint64(63 - column)))
    slots = np.array([len(column) for column in columns[1:]], dtype=np.uint32)
    solved = np.concatenate(columns)
    bits = np.zeros((-(-len(solved) // 64) + 2) * 64, dtype=np.uint8)
    bits[: len(solved)] = solved
    return slots, np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def _eliminated(places: Words, low: Words, high: Words, words: Words) -> tuple[Words, Words]:
    """The system in as few slots as make its equations independent, but for about one in 512."""
    slots = len(places)
    while True:
        band, constants = np.zeros((slots, 2), dtype=np.uint64), np.zeros(slots, dtype=np.uint64)
        if eliminate(places, low, high, words, np.array(window(slots), dtype=np.uint64), band, constants):
            return band, constants
        slots += 1 + slots // _GROWTH
