from __future__ import annotations

import pytest

from lilliput.nets.kernels import SIGMOID, SOFTMAX
from lilliput.planning.recipes import CHARS, COUNT_BITS, MANY_OUTPUTS, PLENTY, WORDS, recipes


@pytest.fixture
def ask():
    """Recipes for a problem, plain where nothing else is said."""

    def make(outputs=3, single=True, room=None, patient=False, words=None, chars=None, network="auto", text_bytes=1000):
        return recipes(outputs, single, room, patient, words, chars, network, None, text_bytes)

    return make


def spans(recipe):
    return {group.unit: (group.low, group.high) for group in recipe.groups}


@pytest.mark.parametrize("less", [{"outputs": 1}, {"outputs": 2}, {"single": False}, {"text_bytes": 10**7}], ids=str)
def test_without_patience_there_is_one_guess(ask, less):
    (only,) = ask(**less)
    assert spans(only) == {"word": WORDS, "char": CHARS}
    assert only.dim == 0
    assert {group.bits for group in only.groups} == {COUNT_BITS}


@pytest.mark.parametrize("outputs", [3, MANY_OUTPUTS])
def test_of_little_text_with_several_labels_both_networks_are_tried(ask, outputs):
    assert [recipe.dim > 0 for recipe in ask(outputs=outputs)] == [False, True]


def test_with_patience_the_guess_comes_first_and_nothing_twice(ask):
    tried = ask(patient=True)
    assert tried[0] == ask()[0]
    assert len(tried) == len(set(tried)) > 2


@pytest.mark.parametrize("patient", [False, True])
@pytest.mark.parametrize(("words", "chars"), [((1, 1), None), (None, (3, 5)), ((2, 3), (1, 1)), ((0, 0), None)])
def test_lengths_that_the_user_chose_stay(ask, words, chars, patient):
    for recipe in ask(words=words, chars=chars, patient=patient):
        found = spans(recipe)
        assert words in (None, found.get("word", (0, 0)))
        assert chars in (None, found.get("char", (0, 0)))


@pytest.mark.parametrize("patient", [False, True])
def test_a_network_that_the_user_chose_stays(ask, patient):
    assert all(recipe.dim == 0 for recipe in ask(outputs=500, network="linear", patient=patient))
    assert all(recipe.dim > 0 for recipe in ask(outputs=2, network="embedding", patient=patient))


def test_many_outputs_get_an_embedding(ask):
    assert ask(outputs=MANY_OUTPUTS)[0].dim == 0
    assert ask(outputs=MANY_OUTPUTS + 1)[0].dim > 0


@pytest.mark.parametrize("network", ["linear", "embedding"])
def test_much_text_is_read_less_often(ask, network):
    few, more, most = (ask(network=network, text_bytes=size)[0].passes for size in (1, 10**8, 10**12))
    assert few > more > most >= 1


def test_plenty_of_room_affords_longer_ngrams(ask):
    assert spans(ask(room=PLENTY)[0]) == {"word": (1, 3), "char": (2, 5)}
    assert spans(ask(room=PLENTY, words=(1, 1))[0])["word"] == (1, 1)


@pytest.mark.parametrize(
    ("outputs", "single", "network", "loss"),
    [
        (3, True, "embedding", SOFTMAX),
        (1, True, "embedding", SIGMOID),
        (3, False, "embedding", SIGMOID),
        (3, True, "linear", SIGMOID),
    ],
)
def test_only_embeddings_of_competing_outputs_learn_by_softmax(ask, outputs, single, network, loss):
    assert ask(outputs=outputs, single=single, network=network)[0].loss == loss
