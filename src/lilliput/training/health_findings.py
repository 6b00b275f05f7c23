"""The sentence of each kind of finding: what was seen, and what to do, in words for a loop and for an estimator."""

from __future__ import annotations

STANDARDISE = (
    ", and a network begins near 0; subtract the mean, divide by the standard deviation, and undo that for predictions"
)
NOTHING_TO_LEARN = ": they are the same in all rows looked at, so that there is nothing to learn; look at the target"

KINDS: dict[str, str] = {
    # Of the data
    "leaking labels": (
        "{where} of the inputs tells the target alone (correlation {measure:.3f}): it is probably made from it; leave "
        "it out, or say so if it is known before the answer is"
    ),
    "shared rows": (
        "{measure:.0%} of the held-out rows are training rows too, so that the held-out score tells memory, not "
        "learning; split again so that copies of a row stay on one side (held_out)"
    ),
    "constant column": "the same in all rows looked at, which tells nothing: {where} of the inputs; leave them out",
    "duplicate column": "a copy of a column before it: {where} of the inputs; leave them out",
    "targets unscaled": "targets have mean {mean} and standard deviation {deviation}{advice}",
    "imbalanced labels": (
        "{most} of the rows have the most frequent label, {least} the rarest: always naming the first looks like "
        "success; weight classes in the loss, and give a score that counts classes alike (score=)"
    ),
    # Of the numbers of a step
    "not finite": "{found}",
    "exploding gradients": (
        "at step {step} the gradients were {measure:.3g} times as long as {what}, most of all in {where}; bound them "
        "(clip={clip:.2g}), begin with smaller weights, or put normalisation between the layers"
    ),
    "vanishing gradients": (
        "the gradients of {where}, against its weights, are {measure:.1e} of those of the layer that gets most: hardly "
        "anything arrives there; use ReLU instead of sigmoid or tanh, weights scaled to the width (Kaiming), skip "
        "connections or normalisation"
    ),
    "dead units": (
        "{measure:.0%} of the rectified units of {where} are zero for all rows of a probe and learn nothing more; "
        "lower the learning rate, begin with smaller biases, use LeakyReLU, or have them revived "
        "(HealthWatch(remedy=True, reinitialise=True))"
    ),
    "steps too large": (
        "a step moves the weights by {measure:.1%} of their length, and the loss went from {then:.3g} to {now:.3g}; "
        "lower the learning rate, to a third at first"
    ),
    "steps too small": (
        "a step moves the weights by {measure:.1e} of their length, so that all {steps} steps could move them by "
        "{travel:.1%}, and the loss is still {now:.4g} after {then:.4g}; raise the learning rate, to ten times at "
        "first"
    ),
    # Of the curves
    "plateau": (
        "the loss has stood at {level:.4g} since step {since}, with the learning rate still high; lower it "
        "(a schedule that falls, or a smaller one), restart warm, or take fewer epochs if this is as low as data allow"
    ),
    "saddle": "{found}",
    "overfitting": (
        "the held-out score has risen from {then:.4g} at step {since} to {now:.4g} while the training loss fell to "
        "{loss:.4g}; keep='best' holds the weights of step {since}: stop there (patience=3), or use more dropout, "
        "weight decay (l2), a smaller network or more rows"
    ),
    "early perfection": (
        "after {passes:.2g} passes the held-out loss is already {measure:.4f} of that of a constant: either the task "
        "is trivial or the inputs hold the answer; look at what they are made of"
    ),
    # In the end
    "underfitting": (
        "in the end the training loss is {now:.4g}, where {rival} reaches {then:.4g}; use a larger network, more "
        "epochs, a larger learning rate, or less dropout and weight decay"
    ),
    "no signal": (
        "in the end the held-out loss is {now:.4g}, no better than {then:.4g} for a constant output; the training loss "
        "{fitted}: inputs and targets may not belong together (look at how rows were paired and shuffled), or the "
        "inputs do not tell the target"
    ),
}
"""Kind of finding -> its sentence, with the names of what is filled in."""


IN_ESTIMATORS: dict[str, str] = {
    "dead units": (
        "{measure:.0%} of the rectified units of {where} are zero for all rows of a probe and learn nothing more; "
        "lower the learning rate (rate)"
    ),
    "overfitting": (
        "the held-out score has risen from {then:.4g} at step {since} to {now:.4g} while the training loss fell to "
        "{loss:.4g}; the weights of step {since} are kept: take fewer epochs, more dropout, a smaller network (hidden) "
        "or more rows"
    ),
}
"""The sentences for those who have an estimator in hand and no loop, where they are others."""


def sentence(kind: str, estimator: bool = False, **words: object) -> str:
    """The sentence of `kind` with its words filled in, for users of an `estimator` or of a loop."""
    known = IN_ESTIMATORS if estimator and kind in IN_ESTIMATORS else KINDS
    return known[kind].format(**words)
