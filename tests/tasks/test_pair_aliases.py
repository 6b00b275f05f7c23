from __future__ import annotations

import numpy as np
import pytest

import lilliput
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks.pair import PairingRecommender
from lilliput.tasks.pair_score import score_baskets


def baskets():
    random = np.random.default_rng(0)
    kitchens = [["turmeric", "cumin", "paneer", "ghee"], ["basil", "pasta", "garlic", "olive"]]
    found = []
    for number in range(800):
        items = [kitchens[number % 2][at] for at in random.permutation(4)[:3]]
        found.append(["tumeric" if item == "turmeric" and random.random() < 0.3 else item for item in items])
    return found


@pytest.fixture(scope="module")
def model():
    return PairingRecommender(normalise="ingredients", threads=1, progress=False).fit(baskets())


def test_an_alias_is_what_it_stands_for(model):
    assert model.aliases_ == {"tumeric": "turmeric"}
    assert "tumeric" not in model.items_
    assert model.suggest(["2 tsp Tumeric"]) == model.suggest(["turmeric"]) == model.suggest(["tumeric", "turmeric"])


def test_the_report_says_so(model):
    assert model.report_.data["names taken as another"] == 1
    assert "names taken as another, found in the baskets: tumeric is turmeric" in model.report_.notes
    assert "tumeric is turmeric" in str(model.report_)


def test_they_can_be_left_alone():
    for settings in ({"normalise": "ingredients", "aliases": False}, {}):
        plain = PairingRecommender(threads=1, progress=False, **settings).fit(baskets())
        assert plain.aliases_ == {}
        assert "tumeric" in plain.items_
    with pytest.raises(LilliputError, match="aliases='no'"):
        PairingRecommender(aliases="no", progress=False).fit([["a", "b"]])


def test_saved_and_loaded(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    loaded = lilliput.load(path)
    assert loaded.aliases_ == model.aliases_
    assert loaded.to_bytes() == model.to_bytes()
    manifest, arrays = read_model(path)
    for name, wrong in (("alias_of", np.array([60000], np.uint16)), ("alias_names", arrays["names"].copy())):
        write_model(tmp_path / "d.safetensors", manifest, dict(arrays) | {name: wrong})
        with pytest.raises(ModelFileError):
            lilliput.load(tmp_path / "d.safetensors")


def test_side_information_and_scores_know_aliases(model, tmp_path):
    beside = PairingRecommender(normalise="ingredients", threads=1, progress=False)
    beside.fit(baskets(), side={"tumeric": ["a"], "ghee": ["a"]})
    found = {one.item: one for one in beside.suggest(["turmeric"])}
    assert found["ghee"].why.properties == {"turmeric": 1}
    path = tmp_path / "b.txt"
    path.write_text("tumeric,turmeric\n" + "tumeric,ghee,cumin\n" * 20)
    assert score_baskets(model, lilliput.BasketSource(path))["MRR"].n == 20  # the first has one item
