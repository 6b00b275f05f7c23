"""What the model file of a tagger must hold, checked before anything is built from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.data.conllu import tag_column
from lilliput.features.windows import Window
from lilliput.tasks.label_file import check_labels, check_net, finite

if TYPE_CHECKING:
    from lilliput.tasks.tag import SequenceTagger


def check_tagger(
    model: SequenceTagger, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath
) -> None:
    """Raise `ModelFileError` unless parameters, manifest and arrays are those of a tagger."""
    try:
        tag_column(model.column)
        groups = check_net(manifest["net"], arrays, path)
        outputs = manifest["net"]["outputs"]
        check_labels(manifest["labels"], outputs, arrays, path)
        require(arrays, {"transitions": (np.float16, (outputs + 1, outputs))}, path)
        temperature = manifest["temperature"]
        known = manifest["labels"] == {"type": "str", "mode": "single"} and "layers.hidden" not in arrays
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError, LilliputError) as error:
        raise ModelFileError(f"{path}: the manifest does not describe a tagger ({error!r})") from error
    if not (known and all(isinstance(group, Window) for group in groups) and finite(temperature) and temperature > 0):
        raise ModelFileError(f"{path}: the manifest does not describe a tagger")
