from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data.basket_table import Collector
from lilliput.data.baskets import Basket, BasketSource, guess_separator, items_of


def read(path, *args, **more):
    source = BasketSource(path, *args, **more)
    return [basket for found in source.baskets() for basket in found], source


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_lists_of_json_with_a_context(tmp_path):
    rows = [{"ingredients": ["salt", " Tomato ", "salt"], "cuisine": "greek"}, {"ingredients": ["rice"], "cuisine": ""}]
    found, source = read(jsonl(tmp_path / "r.jsonl", rows), "ingredients", "cuisine")
    assert found == [Basket(["salt", "Tomato"], "greek"), Basket(["rice"], None)]
    assert source.describe().endswith("items 'ingredients', context 'cuisine'")


def test_empty_baskets_are_counted_and_left_out(tmp_path):
    path = jsonl(tmp_path / "r.jsonl", [{"items": []}, {"items": None}, {"items": ["a"]}, {"items": ["", " "]}])
    found, source = read(path)
    assert found == [Basket(["a"])]
    assert source.empty == 3


@pytest.mark.parametrize(("ending", "mark"), [("csv", ";"), ("tsv", ","), ("csv", "|")])
def test_items_inside_a_cell(tmp_path, ending, mark):
    path = tmp_path / f"b.{ending}"
    column = "\t" if ending == "tsv" else ","
    path.write_text(f"id{column}basket\n1{column}a{mark} b{mark}a\n2{column}c\n")
    assert read(path)[0] == [Basket(["a", "b"]), Basket(["c"])]


def test_a_separator_that_is_given(tmp_path):
    path = tmp_path / "b.csv"
    path.write_text("basket\na-b;c\n")
    assert read(path, separator="-")[0] == [Basket(["a", "b;c"])]


@pytest.mark.parametrize("text", ["bread butter jam\nrice\n", "bread,butter,jam\nrice\n", "bread\tbutter\tjam\nrice\n"])
def test_a_line_a_basket(tmp_path, text):
    path = tmp_path / "b.txt.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert read(path)[0] == [Basket(["bread", "butter", "jam"]), Basket(["rice"])]


def test_a_wrong_type_names_its_row(tmp_path):
    path = jsonl(tmp_path / "r.jsonl", [{"items": ["a"]}, {"items": ["a", {"b": 1}]}])
    with pytest.raises(DataError, match=r"row 2: column 'items': a list of items .* it holds \{'b': 1\}"):
        read(path)
    found, source = read(path, skip_bad=True)
    assert len(found) == 1
    assert source.bad.count == 1
    path = jsonl(tmp_path / "n.jsonl", [{"items": 3}])
    with pytest.raises(DataError, match=r"row 1: column 'items': 3 is a number, where a list of items was expected"):
        read(path)


def test_a_wrong_context_names_its_row(tmp_path):
    path = jsonl(tmp_path / "r.jsonl", [{"items": ["a"], "c": ["x"]}])
    with pytest.raises(DataError, match=r"row 1: column 'c': .* where the name of a context was expected"):
        read(path, "items", "c")


@pytest.mark.parametrize("columns", [("ingredient", None), ("ingredients", "cusine")])
def test_a_missing_column_names_the_nearest(tmp_path, columns):
    path = jsonl(tmp_path / "r.jsonl", [{"ingredients": ["a"], "cuisine": "x"}])
    with pytest.raises(DataError, match=r"has no column '(ingredient|cusine)' \(nearest: '(ingredients|cuisine)'\)"):
        read(path, *columns)


def test_nothing_but_empty_baskets(tmp_path):
    with pytest.raises(DataError, match=r"no basket has an item \(2 empty ones"):
        read(jsonl(tmp_path / "r.jsonl", [{"items": []}, {"items": []}]))


def test_a_binary_file_given_as_text(tmp_path):
    path = tmp_path / "b.txt"
    path.write_bytes(bytes(range(128, 256)) * 10)
    with pytest.raises(DataError, match="UTF-8"):
        read(path)


def test_no_separator_is_an_error():
    with pytest.raises(DataError, match="separator is empty"):
        BasketSource("x.csv", separator="")


ITEM = st.text(st.characters(blacklist_characters=",;|\t\n\r", blacklist_categories=["Cs", "Cc", "Z"]), min_size=1)


@given(st.lists(st.lists(ITEM, min_size=1), min_size=1))
def test_every_basket_comes_back(baskets):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = jsonl(Path(folder, "b.jsonl"), [{"items": basket} for basket in baskets])
        found, _ = read(path)
    assert [basket.items for basket in found] == [items_of(basket) for basket in baskets]
    assert all(len(set(basket.items)) == len(basket.items) for basket in found)


@given(st.lists(st.text()), st.booleans())
def test_a_separator_is_always_found(cells, spaces):
    assert guess_separator(cells, spaces=spaces) in ("\t", "|", ";", ",", " ")


@given(st.lists(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1), min_size=1), st.integers(1, 3))
def test_a_table_holds_the_baskets(baskets, least):
    collector = Collector()
    collector.add(Basket(basket) for basket in baskets)
    table = collector.table(least)
    counts = {name: sum(name in basket for basket in baskets) for name in "abcdef"}
    kept = [[name for name in basket if counts[name] >= least] for basket in baskets]
    assert [[table.names[item] for item in table.basket(row)] for row in range(len(table))] == list(filter(None, kept))
    assert table.names == sorted((n for n in counts if counts[n] >= least), key=lambda n: (-counts[n], n))
    assert table.counts.tolist() == [counts[name] for name in table.names]
