"""N-grams of words and characters, hashed straight from UTF-8 bytes: numba kernels.

A text becomes a stream of folded code points in which every run of word characters, and every run of symbols, stands
between two borders. Word n-grams are taken over the tokens of that stream (a run of letters, one ideograph or one
symbol), character n-grams over the runs with their borders. Each n-gram is hashed to 64 bits, of which the top `bits`
name its bucket. `lilliput.features.plain` says the same in plain Python and is what these kernels are tested against.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from lilliput.features.plain import (
    BORDER,
    CHAR_SEED,
    GRAM_MULTIPLIER,
    GRAM_SEED,
    MIX_MULTIPLIER,
    STEP_MULTIPLIER,
    WORD_SEED,
)
from lilliput.features.unicode import (
    CODE_MASK,
    EXPANDS,
    IDEOGRAPH,
    IGNORED,
    KIND_SHIFT,
    LETTER,
    SEPARATOR,
    SYMBOL,
    TAGS,
)

WORD, CHAR, CLUSTER = 0, 1, 2
UNITS = {"word": WORD, "char": CHAR, "cluster": CLUSTER}

_BORDER = np.uint32(BORDER)
_TAGS = np.uint32(TAGS)
_EXPANDS = np.uint32(EXPANDS)
_CODE_MASK = np.uint32(CODE_MASK)
_KIND_SHIFT = np.uint32(KIND_SHIFT)
_LONE_IDEOGRAPH = np.uint32(IDEOGRAPH << KIND_SHIFT)
_WORD_SEED, _CHAR_SEED, _GRAM_SEED = np.uint64(WORD_SEED), np.uint64(CHAR_SEED), np.uint64(GRAM_SEED)
_STEP, _GRAM, _MIX = np.uint64(STEP_MULTIPLIER), np.uint64(GRAM_MULTIPLIER), np.uint64(MIX_MULTIPLIER)
_HALF = np.uint64(32)


@njit(inline="always")
def code_point(buffer, at):
    """Code point of the sequence of several bytes at `at`, and its length; the buffer holds valid UTF-8."""
    first = np.uint32(buffer[at])
    second = np.uint32(buffer[at + 1]) & np.uint32(63)
    if first < 0xE0:
        return ((first & np.uint32(31)) << np.uint32(6)) | second, 2
    third = np.uint32(buffer[at + 2]) & np.uint32(63)
    if first < 0xF0:
        return ((first & np.uint32(15)) << np.uint32(12)) | (second << np.uint32(6)) | third, 3
    fourth = np.uint32(buffer[at + 3]) & np.uint32(63)
    return (
        ((first & np.uint32(7)) << np.uint32(18)) | (second << np.uint32(12)) | (third << np.uint32(6)) | fourth,
        4,
    )


@njit(nogil=True, cache=True)
def decode(buffer, start, end, entries, expansions, stream):
    """Write the stream of ``buffer[start:end]`` (valid UTF-8, NFC) and return its length.

    `stream` (uint32) must hold ``6 * (end - start) + 2`` values: kind in the high bits, folded code point in the low.
    """
    stream[0] = _BORDER
    length = 1
    symbols = False  # the last run is one of symbols
    at = start
    table = len(entries)
    while at < end:
        if buffer[at] < 0x80:
            entry = entries[buffer[at]]
            at += 1
        else:
            code, step = code_point(buffer, at)
            at += step
            if code >= _TAGS:
                continue
            entry = entries[code] if code < table else (code | _LONE_IDEOGRAPH)
        if not symbols and (entry >> _KIND_SHIFT) == LETTER:  # the usual case
            stream[length] = entry
            length += 1
            continue
        kind = (entry >> _KIND_SHIFT) & np.uint32(7)
        if kind == IGNORED:
            continue
        if kind == SEPARATOR:
            if stream[length - 1] != _BORDER:
                stream[length] = _BORDER
                length += 1
            continue
        if (kind == SYMBOL) != symbols:
            symbols = kind == SYMBOL
            if stream[length - 1] != _BORDER:
                stream[length] = _BORDER
                length += 1
        if entry & _EXPANDS:
            row = expansions[entry & _CODE_MASK]
            for piece in range(3):
                if row[piece]:
                    stream[length] = row[piece] | (kind << _KIND_SHIFT)
                    length += 1
        else:
            stream[length] = entry
            length += 1
    if stream[length - 1] != _BORDER:
        stream[length] = _BORDER
        length += 1
    return length


@njit(inline="always")
def mixed(value):
    """The last step of a hash."""
    value = (value ^ (value >> _HALF)) * _MIX
    return value ^ (value >> _HALF)


@njit(nogil=True, cache=True)
def scan(buffer, start, end, entries, expansions, tokens, keys, spans):  # noqa: C901 a call a character costs too much
    """Hash the tokens and the runs of ``buffer[start:end]`` without making a stream; returns the numbers of both.

    `tokens` (uint64): the hash of each token; `keys` (uint64): of each run, made of its tokens'; `spans` (int64):
    ``spans[r]`` to ``spans[r + 1]`` are the bytes of run r and of what is before it, to `decode` it from. The first two
    must hold ``3 * (end - start)`` values, `spans` one more than there are bytes.
    """
    count = runs = 0
    value, key = _WORD_SEED, _WORD_SEED
    word = symbols = False  # within a run of letters, within a run of symbols
    open_run = 0  # first token of the run
    at = start
    table = len(entries)
    spans[0] = start
    while at < end:
        here = at
        if buffer[at] < 0x80:
            entry = entries[buffer[at]]
            at += 1
        else:
            code, step = code_point(buffer, at)
            at += step
            if code >= _TAGS:
                continue
            entry = entries[code] if code < table else (code | _LONE_IDEOGRAPH)
        if not symbols and (entry >> _KIND_SHIFT) == LETTER:  # the usual case
            value = (value ^ np.uint64(entry & _CODE_MASK)) * _STEP
            word = True
            continue
        kind = (entry >> _KIND_SHIFT) & np.uint32(7)
        if kind == IGNORED:
            continue
        if word and kind != LETTER:
            tokens[count] = mixed(value)
            key = (key ^ tokens[count]) * _GRAM
            count += 1
            value = _WORD_SEED
            word = False
        if kind == SEPARATOR or (kind == SYMBOL) != symbols:
            symbols = kind == SYMBOL
            if count > open_run:
                keys[runs] = key ^ (key >> _HALF)
                runs += 1
                spans[runs] = here
                key = _WORD_SEED
                open_run = count
        if kind == SEPARATOR:
            continue
        if not entry & _EXPANDS:
            value = (value ^ np.uint64(entry & _CODE_MASK)) * _STEP
            if kind != LETTER:
                tokens[count] = mixed(value)
                key = (key ^ tokens[count]) * _GRAM
                count += 1
                value = _WORD_SEED
        else:
            for piece in expansions[entry & _CODE_MASK]:
                if piece:
                    value = (value ^ np.uint64(piece)) * _STEP
                    if kind != LETTER:
                        tokens[count] = mixed(value)
                        key = (key ^ tokens[count]) * _GRAM
                        count += 1
                        value = _WORD_SEED
        word = kind == LETTER
    if word:
        tokens[count] = mixed(value)
        key = (key ^ tokens[count]) * _GRAM
        count += 1
    if count > open_run:
        keys[runs] = key ^ (key >> _HALF)
        runs += 1
        spans[runs] = end
    return count, runs


@njit(nogil=True, cache=True)
def word_ngrams(tokens, count, low, high, shift, buckets):
    """Buckets (uint32) of the n-grams of `low` to `high` tokens, none over a token of 0; returns their number."""
    made = 0
    for first in range(count):
        value = _GRAM_SEED
        for size in range(1, min(high, count - first) + 1):
            token = tokens[first + size - 1]
            if token == 0:
                break
            value = (value ^ token) * _GRAM
            value ^= value >> _HALF
            if size >= low:
                buckets[made] = (value * _MIX) >> shift
                made += 1
    return made


@njit(nogil=True, cache=True)
def char_ngrams(stream, length, low, high, shift, buckets):
    """Buckets (uint32) of the n-grams of `low` to `high` characters within borders; returns their number."""
    made = 0
    for first in range(length - 1):
        value = (_CHAR_SEED ^ np.uint64(stream[first])) * _STEP
        if low <= 1 and stream[first] != _BORDER:
            buckets[made] = mixed(value) >> shift
            made += 1
        for size in range(2, high + 1):
            item = stream[first + size - 1]
            value = (value ^ np.uint64(item)) * _STEP
            if size >= low:
                buckets[made] = mixed(value) >> shift
                made += 1
            if item == _BORDER:
                break
    return made


@njit(nogil=True, cache=True)
def is_new(key, text, keys, texts):
    """Whether `key` is met for the first time in `text`; an open-addressed set in `keys` (uint64) and `texts`."""
    mask = np.uint64(len(keys) - 1)
    place = key & mask
    while texts[place] == text:
        if keys[place] == key:
            return False
        place = (place + np.uint64(1)) & mask
    keys[place] = key
    texts[place] = text
    return True
