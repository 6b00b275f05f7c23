"""The kernels' machine code: whether it is there, and how to make it ahead of its first use.

numba compiles a kernel for each combination of array types at its first call and keeps the result on disk. A fit that
does so on the way takes a minute longer; `warm` pays that once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

KERNELS = {
    "lilliput.features.bags": ("document_frequencies", "gather_bags"),
    "lilliput.nets.kernels": ("forward", "losses", "step_tables", "step_head", "train_texts", "row_scales", "store_all"),
    "lilliput.nets.pooling": ("pool_group",),
}
"""Kernels that are called from Python, by module; those they call are compiled with them."""

