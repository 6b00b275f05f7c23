from __future__ import annotations

import pytest

from lilliput.data import lines
from lilliput.data.source import Source
from lilliput.tasks.vectors_texts import Texts


@pytest.mark.parametrize("ending", ["", "\n", "\nshort\n"])
def test_a_very_long_line_comes_in_pieces_cut_at_spaces(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(lines, "BLOCK", 100)
    path = tmp_path / "line.txt"
    text = "élan vital 漢字 " * 200 + "end"
    path.write_text("first\n" + text + ending)
    source = Source(path, labelled=False)
    whole = [one for texts, _ in source.batches() for one in texts]
    assert whole == ["first", text, *(["short"] if "short" in ending else [])]
    source.longest = 50
    pieces = [one for texts, _ in source.batches() for one in texts]
    assert max(len(piece.encode()) for piece in pieces) <= 160
    assert "".join(pieces) == "".join(whole)
    assert {word for piece in pieces for word in piece.split()} == {word for one in whole for word in one.split()}


def test_a_line_without_spaces_is_cut_somewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 100)
    path = tmp_path / "line.txt"
    path.write_text("x漢" * 500)
    source = Source(path, labelled=False)
    source.longest = 50
    assert "".join(one for texts, _ in source.batches() for one in texts) == "x漢" * 500


def test_vectors_learn_the_same_words_from_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 100)
    monkeypatch.setattr("lilliput.tasks.vectors_texts.LONG", 50)
    path = tmp_path / "line.txt"
    path.write_text("one two three " * 100)
    found = [bytes(packed.buffer).strip(b"\0") for packed in Texts(Source(path, labelled=False), None, True).packs()]
    assert len(found) > 5
    assert b" ".join(found).split() == b"one two three".split() * 100
