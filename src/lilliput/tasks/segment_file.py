"""What the model file of a segmenter must hold, checked before anything is built from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.features.pieces import UNITS
from lilliput.features.windows import Window
from lilliput.tasks.label_file import check_net, finite
from lilliput.tasks.segment_texts import TAGS

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segmenter

LEXICON = "lexicon."
"""What the names of a lexicon's arrays begin with."""


def check_segmenter(
    model: Segmenter, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath
) -> None:
    """Raise `ModelFileError` unless parameters, manifest and net are those of a segmenter."""
    own = {name: array for name, array in arrays.items() if not name.startswith(LEXICON)}
    try:
        groups = check_net(manifest["net"], own, path)
        outputs = manifest["net"]["outputs"]
        require(arrays, {"transitions": (np.float16, (outputs + 1, outputs))}, path)
        temperature, lexicon = manifest["temperature"], manifest["lexicon"]
        known = model.unit in UNITS and outputs == len(TAGS)
        known = known and "layers.hidden" not in arrays and all(isinstance(group, Window) for group in groups)
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError, LilliputError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe a segmenter ({error!r})") from error
    if not (known and isinstance(lexicon, bool) and finite(temperature) and temperature > 0):
        raise ModelFileError(f"{path}: the manifest does not describe a segmenter")


def lexicon_arrays(lexicon: ValueMap | None) -> dict[str, NDArray[Any]]:
    """The arrays of a lexicon for a model file."""
    return {} if lexicon is None else {LEXICON + name: array for name, array in lexicon.arrays().items()}


def lexicon_of(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> ValueMap | None:
    """The lexicon among the arrays, checked, or None if the manifest says that there is none."""
    found = {name.removeprefix(LEXICON): array for name, array in arrays.items() if name.startswith(LEXICON)}
    if bool(found) != manifest["lexicon"]:
        raise ModelFileError(f"{path}: the manifest and the arrays do not agree whether there is a lexicon")
    return ValueMap.restore(found, path) if found else None
