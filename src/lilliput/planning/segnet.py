"""What the net of a segmenter looks at: windows of graphemes for words, of tokens for sentences.

Conjunctions of neighbouring characters are given as features of their own: Botha, Pitler, Ma, Bakalov, Salcianu, Weiss,
McDonald and Petrov 2017, "Natural Language Processing with Small Feed-Forward Networks" (EMNLP), section 3.3.
"""

from __future__ import annotations

from lilliput.compress.valuemap import ValueMap
from lilliput.features.windows import Window
from lilliput.planning.tagnet import BITS, CLUSTER_WINDOW, TagRecipe

PASSES, MOST_PASSES = 10, 50
SEEN = 500_000
"""Pieces that a net sees in training at least, all passes together, unless these become `MOST_PASSES`."""
GRAPHEMES = (
    ("word[-2]", "word[-1]", "word[0]", "word[+1]", "word[+2]"),
    (
        "word[-2] word[-1]",
        "word[-1] word[0]",
        "word[0] word[+1]",
        "word[+1] word[+2]",
        "word[-1] word[+1]",
    ),
    ("word[-2] word[-1] word[0]", "word[-1] word[0] word[+1]", "word[0] word[+1] word[+2]"),
    (
        "kind[-1] kind[0]",
        "kind[0] kind[+1]",
        "kind[-1] kind[0] kind[+1]",
        "kind[-2] kind[-1] kind[0] kind[+1] kind[+2]",
        "echo[0]",
    ),
    (
        "begins[0]",
        "ends[0]",
        "covers[0]",
        "begins[0] ends[0] covers[0]",
        "ends[-1] begins[0]",
        "ends[0] begins[+1]",
        "ends[-1] begins[0] ends[0] covers[0] begins[+1]",
    ),
    (
        "begun[0]",
        "ended[0]",
        "covered[0]",
        "begun[0] ended[0] covered[0]",
        "ended[-1] begun[0]",
        "ended[0] begun[+1]",
    ),
    ("word[0] begins[0]", "word[0] ends[0]", "word[0] covers[0]"),
)
TOKENS = (
    ("word[0]", "word[-1]", "word[-1] gap[0]", "word[0] gap[0]", "gap[0]"),
    ("word[-2] word[-1]", "word[-1] word[0]", "word[0] word[+1]", "word[-2]", "word[+1]"),
    ("shape[-1] gap[0] shape[0]", "shape[-2] shape[-1] gap[0] shape[0]", "shape[0] shape[+1]", "shape[-2]"),
    ("shape[-1] gap[0] shape[0] word[-1]", "suffix1[-1] gap[0] prefix1[0]", "suffix2[-1] gap[0]", "prefix3[0]"),
    ("gap[0] gap[+1]", "gap[-1] gap[0]", "word[-1] gap[-1] gap[0] shape[0]", "word[0] shape[+1] gap[0]"),
    (
        "shape[-1]",
        "shape[0]",
        "shape[-1] shape[0] shape[+1]",
        "shape[-2] shape[-1] shape[0]",
        "shape[0] shape[+1] shape[+2]",
        "word[-1] shape[0]",
        "shape[-1] word[0]",
        "shape[0] word[+1]",
        "suffix3[-1]",
    ),
)
RATES = {"word": 0.04, "sentence": 0.1}


def segment_recipe(unit: str, pieces: int, clusters: ValueMap | None) -> TagRecipe:
    """The recipe of a segmenter that learns from so many pieces; few are seen more often."""
    windows = GRAPHEMES if unit == "word" else TOKENS
    passes = min(MOST_PASSES, max(PASSES, SEEN // max(1, pieces)))
    groups = tuple(Window(templates, BITS) for templates in windows)
    if clusters is not None:
        groups += (Window(CLUSTER_WINDOW[1], BITS, clusters),)
    return TagRecipe(groups, (1.0,) * len(groups), rate=RATES[unit], passes=passes, sums=0.0)
