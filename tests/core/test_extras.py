from __future__ import annotations

import json

import pytest

from lilliput.core.errors import LilliputError
from lilliput.core.extras import require_extra


def test_an_installed_module_is_returned():
    assert require_extra("json", "parquet", "reading JSON") is json
    assert require_extra("json.decoder", "parquet", "reading JSON") is json.decoder


@pytest.mark.parametrize("module", ["no_such_library", "no_such_library.part"])
def test_a_missing_module_names_the_pip_line(module):
    expected = r"^reading Parquet needs no_such_library: pip install 'lilliput\[parquet\]'$"
    with pytest.raises(LilliputError, match=expected):
        require_extra(module, "parquet", "reading Parquet")


def test_a_broken_library_raises_its_own_error(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import its_missing_part\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="its_missing_part"):
        require_extra("half_installed", "parquet", "reading Parquet")
