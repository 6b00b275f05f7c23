from __future__ import annotations

import numpy as np
import pytest

from lilliput.core.arrays import constant


def test_only_the_view_is_read_only():
    array = np.zeros(2)
    view = constant(array)
    array[1] = 3
    assert view.tolist() == [0, 3]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
