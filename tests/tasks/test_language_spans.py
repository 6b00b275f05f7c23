"""The best way through the words of a text."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.tasks.language_spans import best_path


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 1000))
def test_the_best_path_is_the_best_of_all(length, languages, seed):
    gains = np.random.default_rng(seed).normal(size=(length, languages)).astype(np.float32)

    def worth(path):
        changes = sum(before != after for before, after in pairwise(path))
        return sum(float(gains[row, column]) for row, column in enumerate(path)) - 0.7 * changes

    best = max(map(worth, product(range(languages), repeat=length)))
    assert worth(best_path(gains, 0.7).tolist()) == pytest.approx(best, abs=1e-5)
