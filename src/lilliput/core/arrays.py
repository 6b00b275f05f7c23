"""Arrays as the kernels are compiled for."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def constant(array: NDArray[Number]) -> NDArray[Number]:
    """A read-only view of `array`.

    numba compiles a kernel once for arrays that may be written to, and once more for others, such as those of a mapped
    file. Given views of this kind it does so once.
    """
    view: NDArray[Any] = array.view()
    view.flags.writeable = False
    return view
