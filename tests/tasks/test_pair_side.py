from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lilliput
from lilliput.core.errors import DataError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.data.side import SideSource
from lilliput.tasks.pair import PairingRecommender
from lilliput.tasks.pair_side import side_of

SIDE = {
    "lemon": ["limonene", "citral", "water"],
    "Lime": ["limonene", "citral", "water"],
    "soy_sauce": ["umami", "water"],
    "tomato": ["umami", "water"],
    "unicorn": ["magic", "umami"],
    "salt": [],
}


def baskets():
    random = np.random.default_rng(0)
    names = ["lemon", "lime", "soy sauce", "tomato", "salt", "rice", "basil"]
    return [[names[at] for at in random.permutation(7)[: random.integers(2, 8)]] for _ in range(300)]


@pytest.fixture(scope="module")
def model():
    return PairingRecommender(threads=1, progress=False).fit(baskets(), side=SIDE)


def test_what_items_share_is_told(model):
    found = {one.item: one for one in model.suggest(["lemon", "tomato"], k=5, adventurous=1)}
    found |= {one.item: one for one in model.suggest(["lemon", "tomato"], k=5)}
    assert found["lime"].why.properties == {"lemon": 3, "tomato": 1}
    assert found["lime"].why.rarest == ["citral", "limonene", "water"]
    assert found["rice"].why.properties == {"lemon": 0, "tomato": 0}
    substitute = {one.item: one for one in model.substitutes("lime", 6)}
    assert (substitute["lemon"].properties, substitute["lemon"].rarest[0]) == (3, "citral")
    assert substitute["basil"].properties == 0


def test_the_report_counts_what_is_not_known(model):
    data = model.report_.data
    assert data["items with properties"] == 4
    assert data["items of the side information in no basket"] == 1
    assert model.report_.plan["properties"] == 4  # magic is in no basket


def test_substitutes_and_daring_follow_properties_and_the_usual_does_not(model):
    plain = PairingRecommender(threads=1, progress=False).fit(baskets())

    def place(one, other, by):
        return [found.item for found in by.substitutes(one, 6)].index(other)

    assert place("lemon", "lime", model) == 0
    assert place("tomato", "soy sauce", model) <= place("tomato", "soy sauce", plain)
    usual = [[(one.item, one.score) for one in by.suggest(["lemon"], 6)] for by in (model, plain)]
    assert usual[0] == usual[1]


def test_saved_and_loaded(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    loaded = lilliput.load(path)
    assert loaded.suggest(["lemon"], 5, 1.0) == model.suggest(["lemon"], 5, 1.0)
    assert loaded.to_bytes() == model.to_bytes()
    manifest, arrays = read_model(path)
    bare = {name: array for name, array in arrays.items() if not name.startswith("side_")}
    write_model(path, manifest, bare)  # as files were before there was side information
    assert lilliput.load(path).suggest(["lemon"], 1)[0].why.properties == {}


@pytest.mark.parametrize("name", ["side_names", "side_lengths", "side_held"])
def test_a_damaged_file(model, tmp_path, name):
    path = tmp_path / "m.safetensors"
    model.save(path)
    manifest, arrays = read_model(path)
    for damage in ({}, {name: arrays[name][:-1]}, {name: arrays[name].astype(np.float64)}):
        kept = {key: array for key, array in arrays.items() if key != name} | damage
        write_model(tmp_path / "d.safetensors", manifest, kept)
        if name == "side_names" and damage and damage[name].dtype == np.uint8:  # a name may be shorter
            continue
        with pytest.raises(ModelFileError):
            lilliput.load(tmp_path / "d.safetensors")


def test_a_file_is_as_good_as_a_mapping(model, tmp_path):
    path = tmp_path / "side.csv"
    path.write_text("item,has\n" + "".join(f'{item},"{", ".join(has)}"\n' for item, has in SIDE.items()))
    for side in (path, str(path), SideSource(path, "item", "has")):
        fitted = PairingRecommender(threads=1, progress=False).fit(baskets(), side=side)
        assert fitted.to_bytes() == model.to_bytes()


def test_names_in_the_form_of_the_baskets():
    side = {"fresh_tomatoes": ["a", "b"], "basil leaves": ["a"], "salt": ["c"]}
    model = PairingRecommender(normalise="ingredients", threads=1, progress=False)
    model.fit([["2 cups chopped tomatoes", "basil", "salt"]] * 10, side=side)
    assert model.report_.data["items with properties"] == 3
    found = {one.item: one.why.properties for one in model.suggest(["tomato"])}
    assert found == {"basil": {"tomato": 1}, "salt": {"tomato": 0}}


@pytest.mark.parametrize(
    ("side", "said"),
    [
        ({"x": ["a"], "y": ["b"]}, "none of the 2 items of the side information is in a basket; it has x, y"),
        ({}, "none of the 0 items"),
        (["lemon"], r"side is \['lemon'\]; give a mapping"),
        ({"lemon": 3}, r"side\['lemon'\] is 3, where a list of properties"),
        ({"lemon": [None]}, r"side\['lemon'\]: a list of items was expected"),
    ],
)
def test_what_is_no_side_information_is_told(side, said):
    with pytest.raises(DataError, match=said):
        PairingRecommender(progress=False).fit(baskets()[:20], side=side)


def test_what_tells_nothing_is_noted():
    model = PairingRecommender(threads=1, progress=False).fit(baskets()[:30], side={"lemon": ["a"], "lime": ["b"]})
    assert model.known_.side is None
    assert "no property is shared by two items" in model.report_.notes[0]


def test_within_a_budget_the_rarest_properties_are_kept():
    side = {f"item{n}": [f"p{p}" for p in range(1, 200) if n % p == 0] for n in range(1, 200)}
    table = [[f"item{1 + at % 199}" for at in row] for row in np.random.default_rng(0).geometric(0.02, (500, 5))]
    model = PairingRecommender(budget="20KB", threads=1, progress=False).fit(table, side=side)
    assert len(model.to_bytes()) <= 20_000
    assert 10 < len(model.known_.side.names) < 99
    assert "most common properties are left out" in " ".join(model.report_.notes)
    assert "p2" not in model.known_.side.names


@given(st.lists(st.sets(st.sampled_from("abcdef")), min_size=2, max_size=8))
def test_likeness_is_the_mean_cosine_of_weighted_properties(held):
    side, _ = side_of(held, None)
    if side is None:
        return
    dense = np.zeros((len(held), len(side.names)))
    for item in range(len(held)):
        dense[item, side.of(item)] = side.weights[side.of(item)]
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    every = np.arange(len(held))
    wanted = dense[:2].mean(axis=0) @ dense.T
    assert np.allclose(side.likeness([0, 1], every), wanted, atol=1e-6)
