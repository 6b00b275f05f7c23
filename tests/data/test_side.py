from __future__ import annotations

import gzip
import json

import pytest

from lilliput.core.errors import DataError
from lilliput.data.side import SideSource


def read(path, *args, **more):
    return list(SideSource(path, *args, **more).properties())


def test_a_property_a_row_may_have_commas(tmp_path):
    path = tmp_path / "c.tsv.gz"
    path.write_bytes(gzip.compress(b"ingredient\tcompound\nlemon\tlimonene\ncoffee\t2,5-dimethylpyrazine\n"))
    assert read(path) == [("lemon", ["limonene"]), ("coffee", ["2,5-dimethylpyrazine"])]


@pytest.mark.parametrize("mark", [", ", ";", "|"])
def test_all_properties_in_a_cell(tmp_path, mark):
    path = tmp_path / "c.csv"
    path.write_text(f'what,item\n"a{mark}b{mark}a",lemon\n"c",lime\n')
    assert read(path) == [("lemon", ["a", "b"]), ("lime", ["c"])]


def test_lists_of_json_and_columns_by_name(tmp_path):
    path = tmp_path / "c.jsonl"
    rows = [{"id": 1, "food": "lemon", "has": ["a", "b"]}, {"id": 2, "food": None, "has": ["a"]}]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert read(path, "food", "has") == [("lemon", ["a", "b"])]
    with pytest.raises(DataError, match=r"which column holds the properties\? There are 'id', 'food', 'has'"):
        read(path, "food")
    with pytest.raises(DataError, match="'fruit'"):
        read(path, "fruit", "has")


def test_plain_text_has_no_columns(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("lemon limonene\n")
    with pytest.raises(DataError, match="properties of items need two columns"):
        SideSource(path)
