"""What a segmenter tells its net of a piece beside the piece itself: numbers for `lilliput.features.windows.MARKS`.

Of a grapheme: its kind, whether it repeats one before (echo), the sizes of known words around it (begins, ends,
covers), and these with their classes (begun, ended, covered). Of a token: what stands before it (gap).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput.features.lexicon import Classes, Hashes, stretch_marks
from lilliput.features.windows import MARKS

_KIND, _ECHO, _GAP, _WORDS = (MARKS.index(name) for name in ("kind", "echo", "gap", "begins"))


def grapheme_marks(
    kinds: Sequence[int] | NDArray[np.int32], characters: Hashes, sentences: NDArray[np.int64], found: Classes
) -> NDArray[np.int32]:
    """Marks of graphemes, int32 (graphemes, marks).

    `kinds`: of `Pieces`; `characters`: a hash each; `sentences`: where each begins, and the total; `found`: the
    known words, as `lilliput.features.lexicon.known` gives them.
    """
    marks = np.full((len(characters), len(MARKS)), -1, dtype=np.int32)
    marks[:, _KIND] = kinds
    marks[:, _ECHO] = _echo(characters, sentences)
    marks[:, _WORDS : _WORDS + 6] = stretch_marks(found)
    return marks


def token_marks(kinds: Sequence[int] | NDArray[np.int32]) -> NDArray[np.int32]:
    """Marks of tokens, int32 (tokens, marks); `kinds`: of `Pieces`."""
    marks = np.full((len(kinds), len(MARKS)), -1, dtype=np.int32)
    marks[:, _GAP] = kinds
    return marks


def _echo(characters: Hashes, sentences: NDArray[np.int64]) -> NDArray[np.int32]:
    """1 where a grapheme is the one before, 2 where it is the one before that, 3 where it is both, of its sentence."""
    place = np.arange(len(characters)) - np.repeat(sentences[:-1], np.diff(sentences))
    echo = np.zeros(len(characters), dtype=np.int32)
    for back in (1, 2):
        same = characters[back:] == characters[:-back]
        echo[back:] += back * (same & (place[back:] >= back))
    return echo
