"""Models converted from fastText: labels as of any other labeller, without reasons."""

from __future__ import annotations

from typing import Any

from lilliput.web.served import Served
from lilliput.web.tasks.label import PREDICT, about


def prepare(model: Any) -> Any:
    """The model as one that labels texts."""
    from lilliput.cli.labeller import ConvertedLabeller

    return ConvertedLabeller(model)


SERVED = [Served(("fasttext",), "label", (PREDICT,), about, prepare, reads_files=True)]
