"""Languages from tables, and from plain text in one file a language."""

from __future__ import annotations

import gzip
import io
import sys

import pytest

from lilliput.core.errors import DataError
from lilliput.data.source import Source
from lilliput.tasks.language_source import LanguageSource


@pytest.fixture
def files(tmp_path):
    """Two plain texts, one of them compressed."""
    (tmp_path / "en.txt").write_text("one\ntwo\n", encoding="utf-8")
    with gzip.open(tmp_path / "pt-BR.txt.gz", "wt", encoding="utf-8") as file:
        file.write("um\n")
    return [tmp_path / "en.txt", tmp_path / "pt-BR.txt.gz"]


def rows(source):
    return [pair for texts, languages in source.batches() for pair in zip(texts, languages, strict=True)]


def test_the_name_of_a_plain_file_is_its_language(files):
    source = LanguageSource(files)
    assert rows(source) == rows(source) == [("one", "en"), ("two", "en"), ("um", "pt-BR")]
    assert source.describe() == "one file a language: en, pt-BR"


def test_a_plain_source_becomes_one_file_a_language(files):
    assert rows(LanguageSource.of(Source(files))) == rows(LanguageSource(files))


@pytest.mark.parametrize("name", ["language", "Lang", "locale"])
def test_the_column_of_the_languages_is_found(tmp_path, name):
    path = tmp_path / "rows.csv"
    path.write_text(f"text,{name},topic\nja,de,x\n")
    source = LanguageSource(path)
    assert rows(source) == [("ja", "de")]
    assert source.describe().endswith(f"target '{name}'")


def test_a_column_can_be_named(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("sentence,language,spoken\nja,xx,de\n")
    assert rows(LanguageSource(path, target="spoken")) == [("ja", "de")]


def test_a_table_stays_the_source_that_it_is(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\nja,de\n")
    source = Source(path)
    assert LanguageSource.of(source) is source


def test_bad_lines_are_counted(files):
    files[0].write_bytes(b"one\n\xff\n")
    source = LanguageSource(files, skip_bad=True)
    assert rows(source) == [("one", "en"), ("um", "pt-BR")]
    assert source.bad.count == 1
    with pytest.raises(DataError, match=r"en\.txt, row 2"):
        rows(LanguageSource(files))


def test_plain_text_and_tables_are_not_mixed(files, tmp_path):
    (tmp_path / "rows.csv").write_text("text,language\nja,de\n")
    with pytest.raises(DataError, match="cannot be mixed"):
        rows(LanguageSource([*files, tmp_path / "rows.csv"]))


def test_plain_text_has_no_column_to_name(files):
    with pytest.raises(DataError, match="has no column 'language'; leave it out"):
        rows(LanguageSource(files, target="language"))


def test_standard_input_has_no_name(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ja\n")))
    with (
        pytest.raises(DataError, match="no name to tell its language"),
        LanguageSource("-", file_format="text") as source,
    ):
        rows(source)
