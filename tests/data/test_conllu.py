from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.core.errors import DataError
from lilliput.data.conllu import COLUMNS, Fault, parse_sentence, sentence_of

TEXT = """\
# sent_id = 1
# text = vámonos al mar
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\tir\tVERB\t_\tMood=Imp\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
2.1\tya\tya\tADV\t_\t_\t_\t_\t1:advmod\t_
2.2\taquí\taquí\tADV\t_\t_\t_\t_\t1:advmod\tCopyOf=3
3-4\tal\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
3\ta\ta\tADP\t_\t_\t5\tcase\t_\t_
4\tel\tel\tDET\t_\t_\t5\tdet\t_\t_
5\t10 000 mares\tmar\tNOUN\tNN\tNumber=Plur\t1\tobl\t_\t_
"""
LINES = TEXT.splitlines()

# Anything may stand in a cell but a tab or a line end, and no cell is empty.
cells = st.text(st.sampled_from("_#1-. é漢\u2028") | st.characters(exclude_characters="\t\r\n"), min_size=1, max_size=8)
word_lists = st.lists(cells, min_size=1, max_size=6)


def word(number, form="x"):
    return "\t".join([str(number), form, *"________"])


def test_the_words_are_the_lines_with_a_whole_number():
    sentence = parse_sentence(LINES, 7)
    assert len(sentence) == 5
    assert sentence.forms == ["vamos", "nos", "a", "el", "10 000 mares"]
    assert sentence.column("upos") == ["VERB", "PRON", "ADP", "DET", "NOUN"]
    assert sentence.column("id") == ["1", "2", "3", "4", "5"]
    assert sentence.column("misc") == ["_"] * 5
    assert sentence.line == 7


def test_what_is_read_is_written():
    assert parse_sentence(LINES).to_conllu() == TEXT + "\n"


def test_a_column_is_replaced_and_nothing_else():
    sentence = parse_sentence(LINES)
    tagged = sentence.with_column("xpos", ["A", "B", "C", "D", "E"], [0.5, 0.6, 0.7, 0.8, 0.9])
    assert tagged.column("xpos") == ["A", "B", "C", "D", "E"]
    assert tagged.probability == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert tagged.with_column("xpos", sentence.column("xpos")).to_conllu() == TEXT + "\n"


def test_a_sentence_of_comments_has_no_words():
    sentence = parse_sentence(["# newdoc", "#"])
    assert (len(sentence), sentence.forms, sentence.to_conllu()) == (0, [], "# newdoc\n#\n\n")


def test_fifty_thousand_words():
    sentence = parse_sentence([word(n) for n in range(1, 50_001)])
    assert len(sentence.with_column("upos", ["X"] * 50_000)) == 50_000


@given(word_lists, st.lists(cells, min_size=1, max_size=6))
def test_any_words_and_tags_come_back(forms, tags):
    tags = [tags[i % len(tags)] for i in range(len(forms))]
    sentence = sentence_of(forms, comments=["# a\tb"], misc=tags)
    assert parse_sentence(sentence.lines) == sentence
    assert (sentence.forms, sentence.column("misc")) == (forms, tags)
    assert sentence.with_column("form", tags).with_column("form", forms) == sentence


@pytest.mark.parametrize(
    ("lines", "place", "reason"),
    [
        (
            ["The dog barks"],
            0,
            "'The dog barks' has no tab; write a word a line, with tabs between the columns ID FORM",
        ),
        (["1 The the DET _ _ _ _ _ _"], 0, "has no tab"),
        ([word(1), "  "], 1, "a line of spaces; leave the line between sentences empty"),
        ([word(1), "2\tdog\tdog\tNOUN"], 1, "4 columns instead of 10"),
        ([word(1) + "\t_"], 0, "11 columns instead of 10"),
        (["1\tx\t_\tX\t_\t\t_\t_\t_\t_"], 0, "column FEATS is empty; write _ for nothing"),
        (["1\tx\t_\tX\t_\t_\t_\t_\t_\t"], 0, "column MISC is empty"),
        (["\tx\t_\tX\t_\t_\t_\t_\t_\t_"], 0, "column ID is empty"),
        ([word("1 ")], 0, "ID '1 ' is no word"),
        ([word("one")], 0, "ID 'one' is no word"),
        ([word("01")], 0, "ID '01' is no word"),
        ([word(1), word(3)], 1, "ID 3 where 2 was expected"),
        ([word(1), word(2), "# text", word(1)], 3, "ID 1 where 3 was expected.*leave an empty line between"),
        ([word("2-1")], 0, "range 2-1 ends before it begins"),
        ([word(1), word("1-2")], 1, "range 1-2 where word 2 comes next; put it before word 1"),
        ([word("1-3"), word(1), word("2-3"), word(2)], 2, "range 2-3 overlaps one that ends at 3"),
        ([word("1-3"), word(1), word(2)], 2, "the sentence ends before word 3, to which a range reaches"),
        ([word("1.1"), word(1)], 0, "empty node 1.1 where 0.1 was expected"),
        ([word(1), word("1.2")], 1, "empty node 1.2 where 1.1 was expected"),
    ],
)
def test_a_fault_is_told_with_its_line(lines, place, reason):
    fault = parse_sentence(lines)
    assert isinstance(fault, Fault)
    assert fault.place == place
    assert re.search(reason, fault.reason)


def test_a_column_that_is_not_there_names_the_nearest():
    sentence = sentence_of(["a"])
    with pytest.raises(DataError, match=r"a CoNLL-U sentence has no column 'pos' \(nearest: .*'upos'"):
        sentence.column("pos")
    assert [sentence.column(str(place)) for place in range(1, 11)] == [sentence.column(name) for name in COLUMNS]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["A"], "1 values of column 'upos' for 2 words; give one for each word"),
        (["A", ""], "column 'upos', word 2: '' is empty; write _"),
        (["A\tB", "C"], "column 'upos', word 1: .* has a tab or line end"),
        (["A", "B\n"], "word 2: .* has a tab or line end"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        sentence_of(["a", "b"]).with_column("upos", values)
    with pytest.raises(DataError, match=message):
        sentence_of(["a", "b"], upos=values)


def test_ids_and_words_are_no_tags():
    with pytest.raises(DataError, match="the ID of a word is its number"):
        sentence_of(["a"]).with_column("id", ["2"])
    with pytest.raises(DataError, match="column 'id' says which word it is and holds no tags; name one of LEMMA UPOS"):
        sentence_of(["a"], id=["2"])


def test_a_comment_is_one_line_with_a_sign():
    for comment in ("text = a", "# a\nb"):
        with pytest.raises(DataError, match="is no line that begins with '#'"):
            sentence_of(["a"], comments=[comment])
