from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from lilliput.core.errors import BudgetError, DataError
from lilliput.data.packed import pack
from lilliput.nets import pooling
from lilliput.nets.pooling import packed_logits
from lilliput.planning import textnet
from lilliput.planning.holdout import HELD_MOST, hold_out
from lilliput.planning.textnet import LEAST_ROWS, Planner
from lilliput.training.calibration import Calibration, probabilities


def bytes_of(net):
    return sum(array.nbytes for array in net.arrays().values())


def share_right(net, texts, labels, outputs=2):
    logits = pooling.logits(net, texts, 1)
    return np.mean((logits[:, 0] > 0 if outputs == 1 else logits.argmax(axis=1)) == labels)


# Holding out


@pytest.mark.parametrize(
    ("rows", "count", "tune"),
    [(1, 0, 0), (4, 0, 0), (5, 1, 0), (199, 39, 0), (200, 40, 20), (1000, 200, 100), (150_000, HELD_MOST, 10_000)],
)
def test_a_fifth_is_held_out_half_of_it_to_tune(make_corpus, rows, count, tune):
    held = hold_out(make_corpus([str(row) for row in range(rows)]), rows, seed=0)
    assert (len(held.packed), len(held.rows), len(set(held.rows.tolist())), held.tune) == (count, count, count, tune)


def test_held_texts_are_those_of_their_rows_however_the_corpus_is_cut(make_corpus):
    texts = [f"text {row}" for row in range(300)]
    expected = hold_out(make_corpus(texts), 300, seed=3)
    assert bytes(expected.packed.buffer) == bytes(pack([texts[row] for row in expected.rows]).buffer)
    for parts in (2, 7):
        found = hold_out(make_corpus(texts, parts), 300, seed=3)
        assert found.rows.tolist() == expected.rows.tolist()
        assert bytes(found.packed.buffer) == bytes(expected.packed.buffer)
    assert hold_out(make_corpus(texts), 300, seed=4).rows.tolist() != expected.rows.tolist()


# Training


@pytest.mark.parametrize("shape", [{}, {"dim": 8, "rate": 0.07, "passes": 8}], ids=["linear", "embedding"])
@pytest.mark.parametrize("parts", [1, 5])
def test_a_separable_problem_is_learned(make_planner, toy, recipe, shape, parts):
    texts, labels = toy(600, 3)
    trained = make_planner(texts, labels, 3, parts).train([replace(recipe, **shape)])
    assert share_right(trained.fitted.net, *toy(300, 3, seed=1)) > 0.97
    assert trained.refitted
    assert trained.fitted.loss is None  # all rows were learned from, none are left to judge by
    assert not trained.interrupted
    assert trained.held_logits.shape == (120, 3)


def test_the_report_part_decides_nothing(make_planner, toy, recipe):
    texts, labels = toy(400)
    expected = make_planner(texts, labels).train([recipe])
    report = expected.held.rows[expected.held.tune :]
    wrong = labels.copy()
    wrong[report] = 1 - wrong[report]
    found = make_planner(texts, wrong).train([recipe])
    assert np.array_equal(found.held_logits, expected.held_logits)
    assert found.calibration == expected.calibration
    assert not np.array_equal(
        found.fitted.net.tables[0].codes, expected.fitted.net.tables[0].codes
    )  # learned in the end


def test_few_rows_are_learned_as_the_recipe_says(make_planner, toy, recipe):
    trained = make_planner(*toy(60)).train([recipe])
    assert (trained.held.tune, trained.calibration, trained.fitted.landed) == (0, Calibration(), 0)


def test_held_rows_that_hardly_count_are_left_out(make_planner, toy, recipe, monkeypatch):
    monkeypatch.setattr(textnet, "REFIT_BELOW", 1)
    assert not make_planner(*toy(300)).train([recipe]).refitted


def test_training_ends_when_it_brings_nothing_more(make_planner, toy, recipe):
    texts, _ = toy(400)
    noise = np.random.default_rng(9).integers(0, 2, size=400)
    assert 0 < make_planner(texts, noise).train([replace(recipe, passes=50)]).fitted.landed < 20


def test_calibration_makes_noise_unsure(make_planner, toy, recipe):
    texts, _ = toy(600)
    noise = np.random.default_rng(9).integers(0, 2, size=600)
    trained = make_planner(texts, noise).train([recipe])
    assert probabilities(trained.held_logits, trained.calibration, single=True).max(axis=1).mean() < 0.65


def test_the_recipe_with_the_best_likelihood_is_chosen(make_planner, toy, recipe):
    texts, labels = toy(400)
    hopeless = replace(recipe, rate=1e-6)
    for recipes in ([hopeless, recipe], [recipe, hopeless]):
        trained = make_planner(texts, labels).train(recipes)
        assert trained.fitted.recipe == recipe
        assert [fitted.recipe for fitted in trained.tried] == recipes


def test_wanted_outputs_of_a_lone_output_are_two_columns(make_planner, toy):
    texts, labels = toy(50)
    rows = np.array([3, 0, 7])
    assert make_planner(texts, labels, 1).wanted(rows).tolist() == np.eye(2)[labels[rows]].tolist()
    assert make_planner(texts, labels, 2).wanted(rows).tolist() == np.eye(2)[labels[rows]].tolist()


# Room


@pytest.mark.parametrize("outputs", [1, 3, 12])
@pytest.mark.parametrize("dim", [0, 16])
def test_a_net_fits_its_room(make_planner, toy, recipe, outputs, dim):
    texts, labels = toy(300, max(2, min(outputs, 5)))
    shape = replace(recipe, dim=dim)
    least = make_planner(texts, labels, outputs).least_room([shape])
    for room in (least, 1.5 * least, 5000, 20_000, 1e6):
        if room >= least:
            net = make_planner(texts, labels, outputs, room=room).train([shape]).fitted.net
            assert bytes_of(net) <= room + 4  # a scale for the table of each group
            assert sum(bucket_map.rows for bucket_map in net.maps) >= LEAST_ROWS


def test_plain_weights_have_eight_bits_and_crowded_ones_four(make_planner, toy, recipe):
    texts, labels = toy(300)
    net = make_planner(texts, labels).train([recipe]).fitted.net
    assert {table.bits for table in net.tables} == {8}
    net = make_planner(texts, labels, room=0.2 * bytes_of(net)).train([recipe]).fitted.net
    assert {table.bits for table in net.tables} == {4}
    assert share_right(net, *toy(300, seed=1)) > 0.97


def test_no_room_for_one_row(make_planner, toy, recipe):
    with pytest.raises(BudgetError, match="not one row fits into 100 bytes"):
        make_planner(*toy(300), room=100).train([recipe])


@pytest.mark.parametrize("text", ["", " \0\t", "\u200d"])
def test_texts_without_ngrams_teach_nothing(make_planner, recipe, text):
    with pytest.raises(DataError, match=r"the texts hold nothing to learn from: .* check which column"):
        make_planner([text] * 20, [0, 1] * 10).train([recipe])


def test_tables_too_large_to_train_lose_their_rarest_rows(make_planner, toy, recipe, monkeypatch):
    texts, labels = toy(300)
    plain = make_planner(texts, labels).train([recipe]).fitted.layout
    monkeypatch.setattr(textnet, "MOST_WEIGHTS", plain.rows / 2)
    assert make_planner(texts, labels).train([recipe]).fitted.layout.rows < plain.rows / 2


# Time


def test_a_fit_uses_its_time_and_ends_on_it(make_planner, toy, recipe, monkeypatch):
    monkeypatch.setattr(textnet, "PATIENCE", 10**9)
    texts, labels = toy(600)
    make_planner(texts, labels).train([recipe])  # kernels compiled
    started = time.monotonic()
    trained = make_planner(texts, labels, seconds=1.0).train([replace(recipe, passes=10**6, dim=16)] * 9)
    assert 0.8 < time.monotonic() - started < 3
    assert trained.refitted
    assert share_right(trained.fitted.net, texts, labels) > 0.9


def test_recipes_are_tried_while_there_is_time(make_planner, toy, recipe, monkeypatch):
    planner = make_planner(*toy(60), seconds=0.5)
    fitted = make_planner(*toy(60)).train([recipe]).fitted

    def attempt(self, recipe, learn):
        time.sleep(0.05)
        return replace(fitted, recipe=recipe)

    monkeypatch.setattr(Planner, "_attempt", attempt)
    assert 1 <= len(planner.train([recipe] * 100).tried) <= 10


def test_no_time_is_said_with_the_time_that_would_do(make_planner, toy, recipe):
    with pytest.raises(
        BudgetError, match=r"n-grams alone took .* the smallest time that would do is about \d+s"
    ) as found:
        make_planner(*toy(300), seconds=1e-6).train([recipe])
    assert found.value.smallest.endswith("s")


# Ctrl-C


def interrupting(at):
    """An `advance` that presses Ctrl-C when it is called for the `at`-th time."""
    calls = []

    def advance(texts):
        calls.append(texts)
        if len(calls) == at:
            raise KeyboardInterrupt

    return advance


@pytest.mark.parametrize("at", [1, 3])
def test_ctrl_c_in_the_first_net_keeps_what_it_has_learned(make_planner, toy, recipe, at):
    texts, labels = toy(600)
    trained = make_planner(texts, labels, advance=interrupting(at)).train([recipe])
    assert trained.interrupted
    assert not trained.refitted
    assert share_right(trained.fitted.net, texts, labels) > 0.8


def test_ctrl_c_in_a_later_net_keeps_the_best(make_planner, toy, recipe):
    texts, labels = toy(400)
    passes = replace(recipe, passes=2)
    trained = make_planner(texts, labels, advance=interrupting(3)).train([passes, replace(passes, rate=1e-6)])
    assert trained.interrupted
    assert trained.fitted.recipe == passes
    assert len(trained.tried) == 2


def test_ctrl_c_while_calibrating_loses_nothing(make_planner, toy, recipe, monkeypatch):
    calls = []

    def logits(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return packed_logits(*arguments)

    monkeypatch.setattr(textnet, "packed_logits", logits)
    texts, labels = toy(400)
    trained = make_planner(texts, labels).train([recipe])
    assert (trained.interrupted, trained.refitted, len(calls)) == (True, False, 2)
    assert share_right(trained.fitted.net, texts, labels) > 0.8


def test_ctrl_c_while_training_again_keeps_the_net_before(make_planner, toy, recipe):
    texts, labels = toy(400)
    passes = replace(recipe, passes=2)
    trained = make_planner(texts, labels, advance=interrupting(3)).train([passes])
    assert trained.interrupted
    assert not trained.refitted
    assert np.array_equal(trained.held_logits, pooling.packed_logits(trained.fitted.net, trained.held.packed, 1))


def test_ctrl_c_before_anything_was_learned_is_passed_on(make_planner, toy, recipe, monkeypatch):
    def count(*_):
        raise KeyboardInterrupt("while counting")

    monkeypatch.setattr(textnet, "count_texts", count)
    with pytest.raises(KeyboardInterrupt, match="while counting"):
        make_planner(*toy(300)).train([recipe])
