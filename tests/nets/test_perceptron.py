from __future__ import annotations

import numpy as np
import pytest

from lilliput.nets.perceptron_kernels import delta_pass, rosenblatt_pass, wrong_side

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.standard_normal((40, 3))
SIGNS = np.where(RANDOM.random(40) < 0.5, 1.0, -1.0)


@pytest.mark.parametrize("rule", ["rosenblatt", "delta"])
def test_a_pass_is_what_the_rule_says(rule):
    order = np.random.default_rng(1).permutation(40)
    weights, sums, expected, every, wrong = np.zeros(4), np.zeros(4), np.zeros(4), [], 0
    for at in order:
        row = np.append(ROWS[at], 1)
        score = expected @ row
        wrong += score * SIGNS[at] <= 0
        if rule == "delta":
            expected = expected + 0.3 * (SIGNS[at] - score) * row / (row @ row)
        elif score * SIGNS[at] <= 0:
            expected = expected + SIGNS[at] * row
        every.append(expected)
    state = (ROWS, SIGNS, order, weights, sums, 0.0)
    assert (delta_pass(*state, 0.3) if rule == "delta" else rosenblatt_pass(*state)) == wrong
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    np.testing.assert_allclose(weights - sums / 40, np.mean(every, axis=0), atol=1e-12)
    flags = (ROWS @ weights[:-1] + weights[-1]) * SIGNS <= 0
    np.testing.assert_array_equal(wrong_side(ROWS, SIGNS, weights), flags)
