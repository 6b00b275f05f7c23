"""Words between spaces, counted and numbered in a buffer of UTF-8: a hash table over their bytes."""

from __future__ import annotations

import numpy as np
from numba import njit

FREE = np.int32(-1)
FNV_OFFSET, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@njit(nogil=True, cache=True)
def space_at(buffer, at, end):
    """How many bytes the space at this place has, 0 where there is none; Unicode's spaces too."""
    first = buffer[at]
    if first <= 32:
        return 1
    if first < 0xC2 or first > 0xE3 or at + 1 >= end:
        return 0
    second = buffer[at + 1]
    if first == 0xC2:
        return 2 if second == 0xA0 or second == 0x85 else 0
    if at + 2 >= end or first < 0xE1:
        return 0
    third = buffer[at + 2]
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:
        return 3 if second == 0x80 and third == 0x80 else 0
    if first == 0xE2 and second == 0x80:
        return 3 if 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
    return 3 if first == 0xE2 and second == 0x81 and third == 0x9F else 0


@njit(nogil=True, cache=True)
def _mixed(value):
    """The bits of a hash, so that the low ones depend on all."""
    value ^= value >> np.uint64(32)
    value *= np.uint64(0x9E3779B97F4A7C15)
    return value ^ (value >> np.uint64(29))


@njit(nogil=True, cache=True)
def _slot(buffer, start, end, word, slots, hashes, letters, ends):
    """The slot of a word, or the free one where it would be."""
    mask = np.uint64(len(slots) - 1)
    at = word & mask
    while slots[at] >= 0:
        number = slots[at]
        if hashes[number] == word and ends[number + 1] - ends[number] == end - start:
            first = ends[number]
            same = True
            for place in range(end - start):
                if letters[first + place] != buffer[start + place]:
                    same = False
                    break
            if same:
                return at
        at = (at + np.uint64(1)) & mask
    return at


@njit(nogil=True, cache=True)
def refill(slots, hashes, used):
    """Put the words into an empty table."""
    mask = np.uint64(len(slots) - 1)
    for number in range(used):
        at = hashes[number] & mask
        while slots[at] >= 0:
            at = (at + np.uint64(1)) & mask
        slots[at] = number


@njit(nogil=True, cache=True)
def count(buffer, offsets, at, text, slots, hashes, counts, letters, ends, used, most, numbers):
    """Count and number the words of texts until `numbers` is full or there may be no room for another word.

    A word gets the next number when it is first met; -1 ends a text. Words of more than `most` bytes are left out.
    Returns where it has come to (byte and text), how many numbers there are, and how many words are known.
    """
    size, filled = len(numbers), 0
    while text < len(offsets) - 1:
        end = offsets[text + 1]
        while at < end:
            width = space_at(buffer, at, end)
            while width:
                at += width
                width = space_at(buffer, at, end) if at < end else 0
            start, word = at, FNV_OFFSET
            while at < end and space_at(buffer, at, end) == 0:
                word = (word ^ np.uint64(buffer[at])) * FNV_PRIME
                at += 1
            if at == start or at - start > most:
                continue
            if filled + 1 >= size or used >= len(counts) or ends[used] + at - start > len(letters):
                return start, text, filled, used
            word = _mixed(word)
            slot = _slot(buffer, start, at, word, slots, hashes, letters, ends)
            number = slots[slot]
            if number < 0:
                number = np.int32(used)
                slots[slot], hashes[number], counts[number] = number, word, 0
                first = ends[used]
                for place in range(at - start):
                    letters[first + place] = buffer[start + place]
                used += 1
                ends[used] = first + at - start
            counts[number] += 1
            numbers[filled] = number
            filled += 1
        if filled >= size:
            return at, text, filled, used
        numbers[filled] = -1
        filled += 1
        text += 1
    return at, text, filled, used


@njit(nogil=True, cache=True)
def kept(letters, ends, hashes, counts, used, least):
    """Move the words that occur `least` times or more to the front; returns how many they are.

    `hashes`, `counts`, `letters` and `ends` are changed.
    """
    at = 0
    for number in range(used):
        if counts[number] < least:
            continue
        first, last, place = ends[number], ends[number + 1], ends[at]
        for letter in range(last - first):
            letters[place + letter] = letters[first + letter]
        hashes[at], counts[at] = hashes[number], counts[number]
        at += 1
        ends[at] = place + last - first
    return at


@njit(nogil=True, cache=True)
def renumber(numbers, row_of, longest, length, out):
    """The rows of the words that are kept; -1 ends a text, and texts are cut after `longest` words.

    `row_of`: the row of each number, -1 for words that are left out; `length`: of the text so far. Returns how much of
    `out` was filled, how many of these are words, and the length of the text that is not over.
    """
    filled = words = 0
    for number in numbers:
        if number < 0 or length == longest:
            if length:
                out[filled] = -1
                filled += 1
            length = 0
        if number >= 0 and row_of[number] >= 0:
            out[filled] = row_of[number]
            filled += 1
            words += 1
            length += 1
    return filled, words, length
