"""The rows that a language identifier takes: what is counted, kept and held out."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.core.errors import DataError
from lilliput.features.plain import NGrams
from lilliput.tasks.language_rows import HELD_MOST, KEPT_MOST, LanguageRows

GROUP = NGrams("char", 1, 2, 12)
MANY = HELD_MOST + KEPT_MOST + 300


def taken(texts, languages, size=1000, known=()):
    rows = LanguageRows(GROUP, seed=3, known=known)
    for at in range(0, len(texts), size):
        rows.add(texts[at : at + size], languages[at : at + size])
    rows.finish()
    return rows


def test_every_row_is_counted_once_held_out_or_not():
    texts = [f"wort{number}" for number in range(MANY)] + ["little"] * 10 + ["12", ""]
    rows = taken(texts, ["de"] * MANY + ["en"] * 12)
    learned, held = rows.frequencies()
    alone = LanguageRows(GROUP, seed=0)
    alone._counter.add(texts[:-2], [0] * MANY + [1] * 10)
    whole = alone._counter.result(2)
    both = learned.plus(held)
    np.testing.assert_array_equal(both.buckets, whole.buckets)
    np.testing.assert_array_equal(both.counts, whole.counts)
    assert rows.held_rows == HELD_MOST + 2
    assert rows.rows == len(texts)
    tune, shown = rows.held_pieces()
    assert len(tune[0]) + len(shown[0]) == HELD_MOST + 2
    pieces, numbers = rows.kept_pieces()
    assert (len(pieces), sum(numbers)) == (KEPT_MOST + 8, 8)
    assert not set(pieces[:-8]) & {*tune[0], *shown[0]}


def test_batches_make_no_difference():
    texts = [f"{'ab' if number % 2 else 'cd'}{number}" for number in range(2 * MANY)]
    languages = ["x" if number % 2 else "b" for number in range(2 * MANY)]
    one, other = (taken(texts, languages, size) for size in (len(texts), 777))
    assert one.held_pieces() == other.held_pieces()
    assert one.kept_pieces() == other.kept_pieces()
    assert one.languages == ["b", "x"]


def test_languages_known_before_come_first():
    assert taken(["ein", "a", "un"], ["de", "en", "fr"], known=["zz", "fr"]).languages == ["zz", "fr", "de", "en"]


@pytest.mark.parametrize(
    ("texts", "message"), [(["12", ""], "there are no texts"), (["ein", "zwei"], "nothing to tell apart")]
)
def test_what_cannot_be_learned_from_is_refused(texts, message):
    with pytest.raises(DataError, match=message):
        taken(texts, ["de"] * len(texts))
