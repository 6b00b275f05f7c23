"""Kernels that read edges from bytes: pairs of plain numbers in one go, any other cells by their places.

A block is whole rows and ends in a newline. `mark` is the byte between cells, or `SPACES` for runs of blanks and tabs.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SPACES = 32
NEWLINE, RETURN, TAB, QUOTE, COMMENT = 10, 13, 9, 34, 35
LARGEST = 0xFFFFFFFE
"""Of the numbers that are read as such; larger ones are texts."""
GOOD, FEW, MANY, UNCLOSED, STRAY = 0, 1, 2, 3, 4
"""What becomes of a row: it is sound, has too few cells, too many, an open quote, text after a closing quote."""

POWERS = 10.0 ** np.arange(23)
EXACT = 1 << 53


@njit(nogil=True, cache=True)
def decimal(data, at, end):
    """The number in ``data[at:end]`` and whether it is one that this exact, short way can tell.

    Digits that make up a whole number below 2^53 and a power of ten up to 22 give the nearest double by one operation
    (Clinger 1990, "How to read floating point numbers accurately", section 4).
    """
    negative = data[at] == 45
    at += negative
    whole, places, digits, point = 0, 0, 0, False
    while at < end:
        digit = data[at] - 48
        if 0 <= digit <= 9:
            whole = whole * 10 + digit
            digits += whole > 0
            places += point
            if digits > 15:
                return 0.0, False
        elif data[at] == 46 and not point:
            point = True
        else:
            return 0.0, False
        at += 1
    if places > 22 or (digits == 0 and whole == 0 and data[end - 1] < 48):
        return 0.0, False
    value = whole / POWERS[places]
    return (-value if negative else value), True


@njit(nogil=True, cache=True)
def pairs(data, mark, width, source, target, weight, sources, targets, weights):  # noqa: C901 (one loop over bytes)
    """Read rows whose `source` and `target` are whole numbers up to `LARGEST`, written without zeros before them.

    Fills uint32 `sources` and `targets`, and float64 `weights` if the place `weight` is not -1. Returns how many edges
    there are, or -1 at the first row that is of another kind: it has to be read by `cells`.
    """
    at, edges, size = 0, 0, len(data)
    blank = TAB if mark == SPACES else mark
    while at < size:
        byte = data[at]
        if mark == SPACES:
            while data[at] == SPACES or data[at] == TAB:
                at += 1
            byte = data[at]
            if byte == COMMENT:
                while data[at] != NEWLINE:
                    at += 1
                byte = NEWLINE
        if byte == RETURN and data[at + 1] == NEWLINE:
            at += 1
            byte = NEWLINE
        if byte == NEWLINE:
            at += 1
            continue
        column = 0
        while True:
            first = at
            if column in (source, target):
                value = 0
                while True:
                    digit = data[at] - 48
                    if digit < 0 or digit > 9:
                        break
                    value = value * 10 + digit
                    at += 1
                length = at - first
                if length == 0 or length > 10 or value > LARGEST or (length > 1 and data[first] == 48):
                    return -1
                if column == source:
                    sources[edges] = value
                if column == target:
                    targets[edges] = value
            elif column == weight:
                while data[at] != mark and data[at] != blank and data[at] != NEWLINE and data[at] != RETURN:
                    at += 1
                if at == first:
                    return -1
                found, sound = decimal(data, first, at)
                if not sound or found < 0:
                    return -1
                weights[edges] = found
            else:
                while data[at] != mark and data[at] != blank and data[at] != NEWLINE and data[at] != RETURN:
                    if data[at] == QUOTE:
                        return -1
                    at += 1
            column += 1
            byte = data[at]
            if mark == SPACES:
                while data[at] == SPACES or data[at] == TAB:
                    at += 1
                byte = SPACES if data[at] > SPACES else data[at]
            else:
                at += byte == mark
            if byte != mark:
                break
        if byte == RETURN:
            at += 1
            byte = data[at]
        if byte != NEWLINE or (column != width if width else column <= max(source, target, weight)):
            return -1
        at += 1
        edges += 1
    return edges


@njit(nogil=True, cache=True)
def last_row_end(data, mark):
    """Where the last row of a CSV that is there as a whole ends, by the rules of quotes; 0 if there is none."""
    at, end, size, fresh = 0, 0, len(data), True
    while at < size:
        byte = data[at]
        if byte == QUOTE and fresh:
            at += 1
            while at < size:
                if data[at] == QUOTE:
                    if at + 1 < size and data[at + 1] == QUOTE:
                        at += 1
                    else:
                        break
                at += 1
            fresh = False
        elif byte == NEWLINE:
            end, fresh = at + 1, True
        else:
            fresh = byte == mark
        at += 1
    return end


@njit(nogil=True, cache=True)
def cells(data, mark, quotes, width, columns, spans, lines):  # noqa: C901 (one loop over bytes)
    """The places of the wanted cells of each row, and what is wrong with it.

    `columns` int64 (k,): the places of the wanted ones among the cells of a row. Fills int32 `spans` (rows, k, 2) with
    the first byte and the end of each, and `lines` int32 (rows, 3) with the row's line, its cells and what becomes of
    it. `width`: how many cells a row has; 0: as many as are wanted or more. A quoted cell is freed of its doubled
    quotes within `data`. Returns the number of rows and of lines.
    """
    at, row, line, size, wanted = 0, 0, 0, len(data), len(columns)
    most = columns.max() + 1
    blank = TAB if mark == SPACES else mark
    while at < size:
        began = line
        if mark == SPACES:
            while data[at] == SPACES or data[at] == TAB:
                at += 1
            if data[at] == COMMENT:
                while data[at] != NEWLINE:
                    at += 1
        if data[at] == RETURN and data[at + 1] == NEWLINE:
            at += 1
        if data[at] == NEWLINE:
            at += 1
            line += 1
            continue
        column, fault, ended = 0, GOOD, False
        while not ended:
            first, end = at, at
            if quotes and data[at] == QUOTE:
                at += 1
                first, end, closed = at, at, False
                while at < size:
                    if data[at] == QUOTE:
                        if at + 1 >= size or data[at + 1] != QUOTE:
                            closed = True
                            break
                        at += 1
                    line += data[at] == NEWLINE
                    data[end] = data[at]
                    end += 1
                    at += 1
                if not closed:
                    spans[row, :, :] = 0
                    lines[row, 0], lines[row, 1], lines[row, 2] = began, column + 1, UNCLOSED
                    return row + 1, line
                at += 1
                if data[at] != mark and data[at] != NEWLINE and data[at] != RETURN:
                    fault = STRAY
            while data[at] != mark and data[at] != blank and data[at] != NEWLINE:
                at += 1
            if end == first and (first == 0 or not quotes or data[first - 1] != QUOTE):
                end = at
                if data[at] == NEWLINE and end > first and data[end - 1] == RETURN:
                    end -= 1
            for place in range(wanted):
                if columns[place] == column:
                    spans[row, place, 0], spans[row, place, 1] = first, end
            column += 1
            ended = data[at] == NEWLINE
            if mark == SPACES:
                while data[at] == SPACES or data[at] == TAB:
                    at += 1
                if data[at] == RETURN and data[at + 1] == NEWLINE:
                    at += 1
                ended = data[at] == NEWLINE
            at += 1 if ended or mark != SPACES else 0
        line += 1
        if fault == GOOD and column < (width if width else most):
            fault = FEW
        if fault == GOOD and width and column > width:
            fault = MANY
        lines[row, 0], lines[row, 1], lines[row, 2] = began, column, fault
        row += 1
    return row, line


@njit(nogil=True, cache=True)
def hashes(data, spans, rows, columns, out):
    """FNV-1a with a last mix, of the cells of the first `columns` columns: uint64 `out` (rows, columns)."""
    for row in range(rows):
        for column in range(columns):
            state = np.uint64(0xCBF29CE484222325)
            for at in range(spans[row, column, 0], spans[row, column, 1]):
                state = (state ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
            state ^= state >> np.uint64(32)
            state *= np.uint64(0x9E3779B97F4A7C15)
            out[row, column] = state ^ (state >> np.uint64(29))


@njit(nogil=True, cache=True)
def intern(data, spans, hashed, kept, table, starts, arena, count, used, out):
    """Number texts in order of first appearance.

    `data` and `spans`: as of `cells`; `kept`: rows to number; `table` uint64: slots of the upper half of a hash and
    one more than a number; a free slot is 0. `starts` int64: where a text begins in the bytes of `arena`. Fills uint32
    `out` (columns, kept). Returns how many texts, and how many bytes of `arena`, there are then.
    """
    low, mask = np.uint64(0xFFFFFFFF), np.uint64(len(table) - 1)
    for place in range(len(kept)):
        row = kept[place]
        for column in range(out.shape[0]):
            first, end = spans[row, column, 0], spans[row, column, 1]
            full = hashed[row, column]
            upper, slot = full & ~low, full & mask
            while True:
                item = table[slot]
                if item == 0:
                    table[slot] = upper | np.uint64(count + 1)
                    for at in range(first, end):
                        arena[used] = data[at]
                        used += 1
                    out[column, place] = count
                    count += 1
                    starts[count] = used
                    break
                number = np.int64(item & low) - 1
                if item & ~low == upper and starts[number + 1] - starts[number] == end - first:
                    base, same = starts[number], True
                    for at in range(end - first):
                        if arena[base + at] != data[first + at]:
                            same = False
                            break
                    if same:
                        out[column, place] = number
                        break
                slot = (slot + np.uint64(1)) & mask
    return count, used


@njit(nogil=True, cache=True)
def numbers(data, spans, rows, column, out, slow):
    """The numbers in a column: float64 `out` (rows,); `slow` tells the rows that another way has to read."""
    for row in range(rows):
        first, end = spans[row, column, 0], spans[row, column, 1]
        slow[row] = True
        if end > first:
            value, sound = decimal(data, first, end)
            out[row], slow[row] = value, not sound


@njit(nogil=True, cache=True)
def digits(values, data, spans):
    """Write whole numbers, uint32 (n,), as texts into `data`, with their places in `spans` (n, 1, 2)."""
    end = 0
    for place in range(len(values)):
        value, first = np.int64(values[place]), end
        while True:
            data[end] = 48 + value % 10
            value //= 10
            end += 1
            if value == 0:
                break
        left, right = first, end - 1
        while left < right:
            data[left], data[right] = data[right], data[left]
            left += 1
            right -= 1
        spans[place, 0, 0], spans[place, 0, 1] = first, end
    return end


@njit(nogil=True, cache=True)
def whole(data, spans, kept, out):
    """Read the cells of the first columns of the rows `kept` as `pairs` does; False if one is of another kind."""
    for place in range(len(kept)):
        for column in range(out.shape[0]):
            first, end = spans[kept[place], column, 0], spans[kept[place], column, 1]
            value = 0
            if end == first or end - first > 10 or (end - first > 1 and data[first] == 48):
                return False
            for at in range(first, end):
                digit = data[at] - 48
                if digit < 0 or digit > 9:
                    return False
                value = value * 10 + digit
            if value > LARGEST:
                return False
            out[column, place] = value
    return True


@njit(nogil=True, cache=True)
def rebuild(table, starts, arena, count):
    """Fill an empty `table` of `intern` with the texts there are."""
    low, mask = np.uint64(0xFFFFFFFF), np.uint64(len(table) - 1)
    for number in range(count):
        state = np.uint64(0xCBF29CE484222325)
        for at in range(starts[number], starts[number + 1]):
            state = (state ^ np.uint64(arena[at])) * np.uint64(0x100000001B3)
        state ^= state >> np.uint64(32)
        state *= np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(29)
        slot = state & mask
        while table[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = (state & ~low) | np.uint64(number + 1)
