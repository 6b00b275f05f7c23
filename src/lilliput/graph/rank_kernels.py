"""Kernels of a ranking: its table as text, and the best supporters of each account."""

from __future__ import annotations

import numpy as np
from numba import njit

NOBODY = 0xFFFFFFFF
COMMA, TAB, QUOTE, NEWLINE, RETURN, SPACE = 44, 9, 34, 10, 13, 32
DIGITS = 10
"""Of a score."""


@njit(nogil=True, cache=True)
def put_whole(out, at, value):
    """Write a whole number from 0 on; returns where it ends."""
    size, limit = 1, np.int64(10)
    while size < 18 and value >= limit:
        size += 1
        limit *= 10
    for place in range(size):
        out[at + size - 1 - place] = 48 + value % 10
        value //= 10
    return at + size


@njit(nogil=True, cache=True)
def put_score(out, at, value):
    """Write a number between 0 and 1 with `DIGITS` digits: ``1.234567890e-05``."""
    if value <= 0.0:
        out[at] = 48
        return at + 1
    power = int(np.floor(np.log10(value)))
    whole = np.int64(np.rint(value * 10.0 ** (DIGITS - 1 - power)))
    if whole >= 10**DIGITS:
        whole, power = whole // 10, power + 1
    elif whole < 10 ** (DIGITS - 1):
        power -= 1
        whole = np.int64(np.rint(value * 10.0 ** (DIGITS - 1 - power)))
    end = put_whole(out, at + 1, whole)
    out[at] = out[at + 1]
    out[at + 1] = 46
    out[end], out[end + 1] = 101, 45 if power < 0 else 43
    power = abs(power)
    if power < 10:
        out[end + 2] = 48
        return put_whole(out, end + 3, power)
    return put_whole(out, end + 2, power)


@njit(nogil=True, cache=True)
def put_text(out, at, data, first, end, mark):
    """Write a text as a cell: in CSV with quotes where it needs them, in TSV with blanks for tabs and line ends."""
    quoted = False
    if mark == COMMA:
        for place in range(first, end):
            byte = data[place]
            quoted |= byte in (COMMA, QUOTE, NEWLINE, RETURN)
    if quoted:
        out[at] = QUOTE
        at += 1
    for place in range(first, end):
        byte = data[place]
        if quoted and byte == QUOTE:
            out[at] = QUOTE
            at += 1
        elif mark == TAB and (byte in (TAB, NEWLINE, RETURN)):
            byte = SPACE
        out[at] = byte
        at += 1
    if quoted:
        out[at] = QUOTE
        at += 1
    return at


@njit(nogil=True, cache=True)
def put_id(out, at, number, numbers, data, starts, mark):
    """Write an id, from `numbers` if there are any, else from the texts."""
    if len(numbers):
        return put_whole(out, at, np.int64(numbers[number]))
    return put_text(out, at, data, starts[number], starts[number + 1], mark)


@njit(nogil=True, cache=True)
def lines(rows, rank, mark, order, scores, followers, friends, suspicion, distance, introducer, community, ids, out):
    """Write a line for each of `rows`, ranked from `rank` on; arrays without length have no column.

    `ids`: numbers, data, starts. Returns the number of bytes.
    """
    numbers, data, starts = ids
    at = 0
    for place in range(len(rows)):
        row = rows[place]
        at = put_id(out, at, order[row], numbers, data, starts, mark)
        out[at] = mark
        at = put_whole(out, at + 1, rank + place)
        out[at] = mark
        at = put_score(out, at + 1, scores[row])
        out[at] = mark
        at = put_whole(out, at + 1, np.int64(followers[row]))
        out[at] = mark
        at = put_whole(out, at + 1, np.int64(friends[row]))
        out[at] = mark
        at = put_whole(out, at + 1, np.int64(np.rint(100 * suspicion[row])))
        if len(distance):
            out[at] = mark
            at += 1
            if distance[row] >= 0:
                at = put_whole(out, at, np.int64(distance[row]))
            out[at] = mark
            at += 1
            if introducer[row] != NOBODY:
                at = put_id(out, at, order[introducer[row]], numbers, data, starts, mark)
        if len(community):
            out[at] = mark
            at = put_whole(out, at + 1, np.int64(community[row]))
        out[at] = NEWLINE
        at += 1
    return at


@njit(nogil=True, cache=True)
def best(starts, sources, weights, given, values, damping, found, flows):
    """The sources that bring most to each row, uint32 `found` (rows, K), and the share of its value each brings."""
    weighted, most = len(weights) > 0, found.shape[1]
    added = np.zeros(len(values))
    for row in range(len(values)):
        for edge in range(starts[row], starts[row + 1]):
            added[sources[edge]] += given[sources[edge]] * (weights[edge] if weighted else 1.0)
        for edge in range(starts[row], starts[row + 1]):
            source = sources[edge]
            flow = damping * added[source] / values[row] if values[row] > 0.0 else 0.0
            added[source] = 0.0
            place = most
            while place > 0 and (
                flow > flows[row, place - 1] or (flow == flows[row, place - 1] and source < found[row, place - 1])
            ):
                place -= 1
            if flow <= 0.0 or place == most:
                continue
            for later in range(most - 1, place, -1):
                found[row, later], flows[row, later] = found[row, later - 1], flows[row, later - 1]
            found[row, place], flows[row, place] = source, flow
