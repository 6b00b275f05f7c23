"""Optional libraries, imported where they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from lilliput.core.errors import LilliputError


def require_extra(module: str, extra: str, why: str) -> ModuleType:
    """Import ``module``, which the extra ``extra`` brings.

    ``why`` begins the sentence of the `LilliputError` when it is missing: "reading Parquet" gives "reading Parquet
    needs pyarrow: pip install 'lilliput[parquet]'". An installed library that fails to import raises its own error.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise LilliputError(f"{why} needs {package}: pip install 'lilliput[{extra}]'") from None
