"""Texts as a net sees them, and its answers as segments; training texts as tagged pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import DataError
from lilliput.features.joining import Joined, join, takes_spaces
from lilliput.features.pieces import EMPTY_LINE, Pieces
from lilliput.features.tokenise import Span
from lilliput.tasks.segment_quality import Cut
from lilliput.tasks.segment_source import Segments

BEGIN, MIDDLE, END, SINGLE = range(4)
"""Tags of pieces, by their place in a segment."""
TAGS = ("begin", "middle", "end", "single")
SENTENCES = 16
"""Sentences of a document that are learned from as one text, at most."""


class Answer(NamedTuple):
    """Whether a segment begins at each piece of a text, bool (pieces,), and how likely, float32 (pieces,)."""

    begun: NDArray[np.bool_]
    chances: NDArray[np.float32]


class Tags(NamedTuple):
    """A tag for each piece of a text, and how many borders of its segments no piece begins at."""

    tags: list[int]
    lost: int


def joined_texts(items: Iterable[object], unit: str) -> list[Joined]:
    """The texts that training data are made of; raises `DataError` for what cannot be used."""
    found = [_segments(item, number, unit) for number, item in enumerate(_documents(items, unit), 1)]
    silent = [part for segments in found if segments.spaces is None for part in segments.parts]
    spaced = takes_spaces(silent)
    texts = []
    for parts, spaces in found:
        most = SENTENCES if unit == "sentence" else max(1, len(parts))
        for first in range(0, len(parts), most):
            some = parts[first : first + most]
            texts.append(join(some, [spaced] * len(some) if spaces is None else spaces[first : first + most]))
    return texts


def _documents(items: Iterable[object], unit: str) -> list[object]:
    """The items; for sentences, a list of texts is one document."""
    listed = list(items)
    if unit == "sentence" and listed and all(isinstance(item, str) for item in listed):
        return [listed]
    return listed


def _segments(item: object, number: int, unit: str) -> Segments:
    found = item if isinstance(item, Segments) else Segments(list(item)) if isinstance(item, (list, tuple)) else None
    if found is None or not all(isinstance(part, str) for part in found.parts):
        raise DataError(f"text {number}: expected its {unit}s as a list of str, found {item!r:.60}")
    for part in found.parts:
        if not part.strip() or part != part.strip() or (unit == "word" and len(part.split()) > 1):
            raise DataError(
                f"text {number}: {part!r:.60} is empty or has spaces, which always are borders; part it there"
                if unit == "word"
                else f"text {number}: the sentence {part!r:.60} is empty or has spaces at its ends; strip it"
            )
    return found


def tags_of(found: Pieces, segments: Sequence[Span], unit: str) -> Tags:
    """Tags of the pieces of a text with these segments."""
    starts = {segment.start for segment in segments}
    begun = [span.start in starts for span in found.spans]
    lost = len(starts) - sum(begun)
    parts = [begin or sure for begin, sure in zip(begun, forced(found, unit), strict=True)]
    return Tags([_PLACES[pair] for pair in pairwise([*parts, True])], lost)


_PLACES = {(True, True): SINGLE, (True, False): BEGIN, (False, False): MIDDLE, (False, True): END}
"""The tag of a piece by whether a border stands before it, and after it."""


def begins(chances: NDArray[Any]) -> NDArray[np.float32]:
    """How likely a segment begins at each piece, (pieces,), from the chances of its tags, (pieces, tags)."""
    return np.minimum(chances[:, BEGIN] + chances[:, SINGLE], 1).astype(np.float32)


def is_begin(tags: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which tags say that a segment begins."""
    return (tags == BEGIN) | (tags == SINGLE)


def forced(found: Pieces, unit: str) -> list[bool]:
    """Before which pieces a border stands whatever a net says: the first, at spaces of words, at an empty line."""
    if unit == "sentence":
        return [at == 0 or gap == EMPTY_LINE for at, gap in enumerate(found.kinds)]
    spaces = found.spaces(unit)
    return [space or before for space, before in zip(spaces, [True, *spaces], strict=False)]


def segments_of(pieces: Pieces, begun: Sequence[bool], unit: str) -> list[tuple[Span, int]]:
    """The segments where `begun` says that one begins, without spaces, each with the number of its first piece."""
    found: list[tuple[Span, int]] = []
    for at, (span, begin, space) in enumerate(zip(pieces.spans, begun, pieces.spaces(unit), strict=True)):
        if space:
            continue
        if begin or not found:
            found.append((span, at))
        else:
            found[-1] = (Span(found[-1][0].start, span.end), found[-1][1])
    return found


def cut_of(texts: Sequence[Joined], found: Sequence[Pieces], answer: Answer, unit: str) -> Cut:
    """What texts with segments wanted, and the answer of a model for all their pieces, come to."""
    tagged = [tags_of(one, joined.spans, unit) for joined, one in zip(texts, found, strict=True)]
    borders = np.cumsum([0, *(len(one.spans) for one in found)]).astype(np.int64)
    sure, spaces = (
        np.concatenate([np.array(flags, dtype=bool) for flags in of])
        for of in ([forced(one, unit) for one in found], [one.spaces(unit) for one in found])
    )
    wanted = is_begin(np.array([tag for one in tagged for tag in one.tags], dtype=np.int32))
    return Cut(
        borders,
        wanted,
        answer.begun | sure,
        answer.chances,
        ~sure,
        spaces,
        np.array([one.lost for one in tagged], dtype=np.int64),
    )
