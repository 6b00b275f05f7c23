"""Classes of rows in a model file: whole numbers as an array, texts in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath


def stored_classes(classes: NDArray[Any]) -> tuple[list[str] | None, dict[str, NDArray[Any]]]:
    """What goes into the manifest as "classes", and arrays: one of the two holds the classes."""
    if classes.dtype.kind in "biuf":
        return None, {"classes": classes}
    return [str(label) for label in classes], {}


def restored_classes(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> NDArray[Any]:
    """The classes that `stored_classes` gave away; `ModelFileError` if there are not two or more."""
    labels = manifest.get("classes")
    found = np.array(arrays["classes"]) if "classes" in arrays else np.array(labels or [])
    if found.ndim != 1 or len(found) < 2 or len(np.unique(found)) != len(found):
        raise ModelFileError(f"{path}: the classes are missing; this file does not fit its task")
    return found
