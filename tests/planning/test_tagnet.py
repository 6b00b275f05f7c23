from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from lilliput.core.errors import BudgetError, DataError
from lilliput.data.packed import pack
from lilliput.features.clusters import cluster_map
from lilliput.nets.tagging import likeliest_tags, token_logits
from lilliput.planning.tagnet import TagProblem, recipe_for, train_tagger
from lilliput.training import passes as passes_module
from lilliput.training import sentences as sentences_module
from lilliput.training.sentences import Tagged, TokenSource

NOUNS, VERBS = [f"n{number}" for number in range(20)], [f"v{number}" for number in range(20)]


def toy(count, seed=0):
    """Sentences of a determiner, a noun and a verb; "saw" is a noun after a determiner and a verb after a noun."""
    generator = np.random.default_rng(seed)
    words, tags, borders = [], [], [0]
    for _ in range(count):
        noun = "saw" if generator.random() < 0.3 else str(generator.choice(NOUNS))
        verb = "saw" if generator.random() < 0.3 else str(generator.choice(VERBS))
        words += ["the", noun, verb]
        tags += [0, 1, 2]
        borders.append(len(words))
    return Tagged(pack(words), np.array(borders, np.int64), np.array(tags, np.int32), np.zeros(len(words), np.int32))


def problem(tagged, **options):
    return TagProblem(tagged, 3, seed=0, threads=1, **options)


CLUSTERS = cluster_map(["the", *NOUNS, *VERBS], np.repeat([0, 1, 2], [1, 20, 20]).astype(np.int32))
quick = replace(recipe_for(None), passes=4)


def share_right(trained, tagged):
    logits = token_logits(trained.net, tagged.tokens(), 1)
    return right(logits, trained.transitions, tagged)


def right(logits, transitions, tagged):
    tags, _ = likeliest_tags(logits, transitions.astype(np.float32), tagged.sentences, 1.0, 1)
    return float((tags == tagged.tags).mean())


@pytest.mark.parametrize(
    "recipe", [quick, replace(quick, dim=16, rate=0.07, code_bits=8), replace(recipe_for(CLUSTERS), passes=4)]
)
def test_words_are_told_apart_by_their_neighbours(recipe):
    trained = train_tagger(problem(toy(300)), recipe)
    assert len(trained.held) == len(trained.logits) == 90
    assert trained.refitted
    assert right(trained.logits, trained.held_transitions, trained.held) > 0.95
    assert share_right(trained, toy(100, seed=1)) > 0.95


def test_a_room_is_kept_by_the_features_that_say_most():
    trained = train_tagger(problem(toy(300), room=4000), quick)
    size = sum(array.nbytes for array in trained.net.arrays().values())
    assert size <= 4000
    assert 64 <= trained.layout.rows < train_tagger(problem(toy(300)), quick).layout.rows
    assert share_right(trained, toy(100, seed=1)) > 0.9


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bytes(threads, monkeypatch):
    monkeypatch.setattr(sentences_module, "PART", 200)
    monkeypatch.setattr(passes_module, "WORTH_THREADS", 0)
    one, more = (train_tagger(replace(problem(toy(200)), threads=count), quick) for count in (1, threads))
    assert one.transitions.tobytes() == more.transitions.tobytes()
    arrays = one.net.arrays(), more.net.arrays()
    assert arrays[0].keys() == arrays[1].keys()
    assert all(array.tobytes() == arrays[1][name].tobytes() for name, array in arrays[0].items())


def test_a_long_sentence_is_learned_in_pieces(monkeypatch):
    monkeypatch.setattr(sentences_module, "LONGEST", 7)
    trained = train_tagger(problem(toy(300)), quick)
    whole = toy(300)
    joined = Tagged(whole.packed, np.array([0, len(whole)]), whole.tags)
    source = TokenSource(joined, trained.layout.groups, trained.layout.maps, np.ones(1, dtype=bool), 1)
    (part,) = source.parts(np.random.default_rng(0))
    assert np.bincount(part.chains).tolist() == [7] * (len(whole) // 7) + [len(whole) % 7]
    assert share_right(train_tagger(problem(joined), quick), toy(100, seed=1)) > 0.9


def test_what_cannot_be_done_is_said():
    with pytest.raises(BudgetError, match="not one row fits into"):
        train_tagger(problem(toy(50), room=500), quick)
    nothing = Tagged(pack([]), np.zeros(1, np.int64), np.zeros(0, np.int32))
    with pytest.raises(DataError, match="the sentences hold nothing to learn from"):
        train_tagger(problem(nothing), quick)


def test_a_source_gives_every_token_of_the_sentences_to_learn_from_once(monkeypatch):
    monkeypatch.setattr(sentences_module, "PART", 10)
    tagged, learn = toy(20), np.arange(20) % 2 == 0
    maps = train_tagger(problem(tagged), quick).layout
    source = TokenSource(tagged, maps.groups, maps.maps, learn, threads=1)
    parts = list(source.parts(np.random.default_rng(0)))
    assert len(parts) > 3
    assert len(source) == sum(len(part.texts) for part in parts) == 30
    assert all(part.bags.bounds.shape[1] == len(part.targets.labels) for part in parts)


def test_parts_of_sentences_keep_their_tags_and_clusters():
    tagged = toy(5)
    part = tagged.part(1, 3)
    assert (len(part), part.sentences.tolist(), part.tags.tolist()) == (6, [0, 3, 6], [0, 1, 2] * 2)
    expected = tagged.tokens()
    np.testing.assert_array_equal(part.tokens().atoms, expected.atoms[3:9])


def test_chosen_sentences_come_in_the_order_asked_for():
    tagged = toy(5)
    some = tagged.chosen(np.array([3, 0]))
    assert (some.sentences.tolist(), some.tags.tolist()) == ([0, 3, 6], [0, 1, 2] * 2)
    np.testing.assert_array_equal(some.tokens().atoms, tagged.tokens().atoms[[9, 10, 11, 0, 1, 2]])


@pytest.mark.parametrize("block", [1, 2, 3])
def test_ctrl_c_leaves_the_net_as_it_stands(block):
    seen = []

    def advance(tokens):
        seen.append(tokens)
        if len(seen) == block:
            raise KeyboardInterrupt

    trained = train_tagger(problem(toy(300), advance=advance), replace(quick, passes=2))
    assert trained.interrupted
    assert trained.refitted == (block > 2)
    assert share_right(trained, toy(100, seed=1)) > 0.9


def test_training_ends_in_time():
    started = time.monotonic()
    trained = train_tagger(problem(toy(300), end=started + 1), replace(quick, passes=10**6))
    assert time.monotonic() - started < 3
    assert share_right(trained, toy(100, seed=1)) > 0.95
