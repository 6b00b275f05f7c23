"""A net over windows of tokens and a chain of tags, for one sentence, by plain Python and NumPy.

For few tokens and cold starts; `lilliput.nets.tagging` is the same for many sentences. `lilliput.nets.chain` states
what the chances of tags are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput.features.windows import Atoms
from lilliput.nets.feedforward import FeedForward

Floats = NDArray[np.float32]
DEEPEST = -80.0
"""No logit is taken for less than this below the largest of its token, no transition below the largest of all."""


def sentence_logits(net: FeedForward, sentence: Sequence[Atoms]) -> Floats:
    """Logits (tokens, outputs) of the tokens of a sentence; bias included."""
    pooled = [net.pooled((sentence, place)) for place in range(len(sentence))]
    return net.layers(np.array(pooled, dtype=np.float32).reshape(len(sentence), net.width))


def likeliest(logits: Floats, transitions: Floats, temperature: float) -> tuple[list[int], list[float]]:
    """The likeliest tag of each token of one sentence, given all of the sentence, and how likely it is."""
    if not len(logits):
        return [], []
    chances = sentence_chances(logits, transitions, temperature)
    return chances.argmax(axis=1).tolist(), chances.max(axis=1).tolist()


def sentence_chances(logits: Floats, transitions: Floats, temperature: float) -> NDArray[np.float64]:
    """How likely each tag of each token of one sentence is, given all of the sentence; (tokens, tags)."""
    if not len(logits):
        return np.zeros(logits.shape)
    says = _powers(logits, logits.max(axis=1, keepdims=True), temperature)
    steps = _powers(transitions, transitions.max(), temperature)
    before, after = np.empty_like(says), np.ones_like(says)
    row = steps[-1]
    for place, said in enumerate(says):
        before[place] = row * said / (row * said).sum()
        row = before[place] @ steps[:-1]
    for place in range(len(says) - 1, 0, -1):
        row = steps[:-1] @ (says[place] * after[place])
        after[place - 1] = row / row.max()
    chances = before * after
    return chances / chances.sum(axis=1, keepdims=True)


def best_path(logits: Floats, transitions: Floats) -> NDArray[np.int32]:
    """Tags of the tokens of one sentence, int32 (tokens,), the likeliest together."""
    tags = np.zeros(len(logits), dtype=np.int32)
    scores, steps = transitions[-1].astype(np.float64), transitions[:-1].astype(np.float64)
    before = []
    for place, says in enumerate(logits.astype(np.float64)):
        if place:
            reached = scores[:, None] + steps
            before.append(reached.argmax(axis=0))
            scores = reached.max(axis=0)
        scores = scores + says
    tag = scores.argmax()
    for place in range(len(tags) - 1, -1, -1):
        tags[place] = tag
        tag = before[place - 1][tag] if place else tag
    return tags


def _powers(values: Floats, largest: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    return np.exp(np.maximum((values.astype(np.float64) - largest) / temperature, DEEPEST))
