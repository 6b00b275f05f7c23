"""Which recipes are worth trying for a problem, from the least to the most expensive choice of words and characters."""

from __future__ import annotations

from dataclasses import replace

from lilliput.compress.valuemap import ValueMap
from lilliput.features.plain import NGrams
from lilliput.nets.kernels import SIGMOID, SOFTMAX
from lilliput.planning.textnet import Recipe

Span = tuple[int, int]

WORDS: Span = (1, 2)
CHARS: Span = (2, 4)
CLUSTERS: Span = (1, 1)
COUNT_BITS = 22
"""Buckets in which n-grams are first counted: 2 ** 22."""
MANY_OUTPUTS = 64
"""From here on a row of one weight an output is wide, and an embedding serves better than a linear model."""
WIDTH = 32
"""Columns that the groups of an embedding network have together; a lone group has all of them."""
PASSES = 6
LITTLE_BYTES = 3_000_000
"""Bytes of text up to which both networks are tried: of short texts an embedding sometimes learns more, it costs
little then, and where texts are long, rows held out are too much like those that were learned from to tell."""
FEW_BYTES = 30_000_000
"""Bytes of text up to which `PASSES` are made; of more text fewer, with the root of its size."""
PLENTY = 20_000_000
"""Bytes from which on longer n-grams can be afforded."""


def recipes(
    outputs: int,
    single: bool,
    room: float | None,
    patient: bool,
    words: Span | None,
    chars: Span | None,
    network: str,
    clusters: ValueMap | None,
    text_bytes: int,
) -> list[Recipe]:
    """The recipes to try, the best guess first; `patient`: a time budget leaves room for more than the usual ones.

    `words`, `chars`: lengths of n-grams as the user wants them (None: ours; (0, 0): none of them); `network`: "auto",
    "linear" or "embedding"; `clusters`: of words, to take their n-grams too; ``text_bytes``: of all texts together.
    """
    plenty = room is not None and room >= PLENTY
    passes = max(1, min(PASSES, round(PASSES * (FEW_BYTES / text_bytes) ** 0.5)))
    best_words = words or ((1, 3) if plenty else WORDS)
    best_chars = chars or ((2, 5) if plenty else CHARS)
    first = _recipe(outputs, single, best_words, best_chars, network, clusters, passes)
    tried = [first]
    other = _recipe(outputs, single, best_words, best_chars, "linear" if first.dim else "embedding", clusters, passes)
    if network == "auto" and single and 2 < outputs <= MANY_OUTPUTS and text_bytes <= LITTLE_BYTES:
        tried.append(other)
    if patient:
        tried += [replace(first, rate=first.rate / 2, passes=first.passes * 2)]
        if chars is None:
            tried.append(_recipe(outputs, single, best_words, (2, 5), network, clusters, passes))
        if words is None:
            tried.append(_recipe(outputs, single, (1, 3), best_chars, network, clusters, passes))
        if network == "auto":
            tried.append(other)
    return list(dict.fromkeys(tried))


def _recipe(
    outputs: int, single: bool, words: Span, chars: Span, network: str, clusters: ValueMap | None, passes: int
) -> Recipe:
    groups = tuple(
        NGrams(unit, *span, COUNT_BITS) for unit, span in (("word", words), ("char", chars)) if span != (0, 0)
    )
    if clusters is not None:
        groups += (NGrams("cluster", *CLUSTERS, COUNT_BITS, clusters),)
    if network == "linear" or (network == "auto" and outputs <= MANY_OUTPUTS):
        return Recipe(groups, passes=passes)
    loss = SOFTMAX if single and outputs > 1 else SIGMOID
    return Recipe(groups, dim=WIDTH // len(groups), loss=loss, rate=0.07, passes=passes + 2, sums=0.0)
