"""The likeliest tags of a chain as a whole: numba kernel; `lilliput.nets.sequence` has the same in plain NumPy.

`lilliput.nets.chain` states how tags score. Where tags must fit one another, as those of the parts of a word, the best
path is better than the best tag at each place.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lilliput.core.threads import map_ordered
from lilliput.features.window_kernels import cuts

Floats = NDArray[np.float32]


def best_paths(logits: Floats, transitions: Floats, sentences: NDArray[np.int64], threads: int) -> NDArray[np.int32]:
    """Tags of the tokens, int32 (tokens,), those of a sentence the likeliest together (Viterbi 1967).

    Takes what `lilliput.nets.tagging.tag_chances` takes. Of equal scores the first tag wins.
    """
    tags = np.empty(len(logits), dtype=np.int32)

    def find(cut: tuple[int, int]) -> None:
        _best_paths(logits, transitions, sentences[cut[0] : cut[1] + 1], tags)

    map_ordered(find, cuts(sentences), threads)
    return tags


@njit(nogil=True, cache=True)
def _best_paths(logits, transitions, sentences, tags):
    count = logits.shape[1]
    before = np.empty((np.diff(sentences).max(), count), dtype=np.int32)
    scores, reached = np.empty(count), np.empty(count)
    for sentence in range(len(sentences) - 1):
        first, size = sentences[sentence], sentences[sentence + 1] - sentences[sentence]
        for place in range(size):
            for tag in range(count):
                best = 0
                if place == 0:
                    reached[tag] = transitions[count, tag]
                else:
                    for last in range(1, count):
                        if scores[last] + transitions[last, tag] > scores[best] + transitions[best, tag]:
                            best = last
                    reached[tag] = scores[best] + transitions[best, tag]
                reached[tag] += logits[first + place, tag]
                before[place, tag] = best
            scores[:] = reached
        tag = np.argmax(scores)
        for place in range(size - 1, -1, -1):
            tags[first + place] = tag
            tag = before[place, tag]
