from __future__ import annotations

import numpy as np
import pytest

import lilliput
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks import pair_fit, pair_sizes
from lilliput.tasks.pair import PairingRecommender
from lilliput.tasks.pair_score import score_baskets

KITCHENS = {
    "italian": ["tomato", "basil", "pasta", "olive_oil", "parmesan", "garlic", "oregano"],
    "japanese": ["soy_sauce", "rice", "ginger", "nori", "miso", "garlic", "mirin"],
    "mexican": ["tomato", "corn", "lime", "chili", "cilantro", "garlic", "beans"],
}


def recipes(count=900, seed=0):
    random = np.random.default_rng(seed)
    found, kitchens = [], []
    for _ in range(count):
        kitchen = list(KITCHENS)[random.integers(3)]
        items = [KITCHENS[kitchen][at] for at in random.permutation(7)[: random.integers(2, 6)]]
        found.append(items + ["salt"] * (random.random() < 0.6))
        kitchens.append(kitchen)
    return found, kitchens


@pytest.fixture(scope="module")
def model():
    return PairingRecommender(threads=1, progress=False).fit(*recipes())


def test_what_is_usual_together_is_suggested(model):
    found = model.suggest(["soy_sauce", "ginger"], k=5)
    assert {one.item for one in found} <= {*KITCHENS["japanese"], "salt"}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert 0 < sum(one.score for one in found) <= 1


def test_a_suggestion_says_why(model):
    (first, *_) = model.suggest(["nori"], k=3)
    recipes_with = [basket for basket in recipes()[0] if "nori" in basket and first.item in basket]
    assert 0.8 * len(recipes_with) < first.why.baskets["nori"] <= len(recipes_with)  # some were held out
    assert first.why.lift > 1
    assert set(first.why.shared) <= {*KITCHENS["japanese"], "salt"} - {"nori", first.item}


def test_daring_reaches_other_kitchens_but_not_against_the_data(model):
    usual = {one.item for one in model.suggest(["garlic"], k=6)}
    daring = {one.item for one in model.suggest(["tomato", "garlic"], k=8, adventurous=1)}
    assert usual
    assert "nori" not in daring  # never with tomato, though both are frequent
    assert "nori" not in {one.item for one in model.suggest(["tomato"], k=30, adventurous=0.5)}


def test_a_context_changes_what_is_suggested(model):
    mexican = [one.item for one in model.suggest(["tomato"], k=4, context="Mexican")]
    italian = [one.item for one in model.suggest(["tomato"], k=4, context="italian")]
    assert set(mexican) <= {*KITCHENS["mexican"], "salt"}
    assert set(italian) <= {*KITCHENS["italian"], "salt"}


def test_substitutes_are_used_alike():
    baskets, _ = recipes()
    random = np.random.default_rng(1)
    swapped = [["tamari" if item == "soy_sauce" and random.random() < 0.4 else item for item in b] for b in baskets]
    model = PairingRecommender(threads=1, progress=False).fit(swapped)
    (first, *_) = model.substitutes("tamari", k=3)
    assert first.item == "soy_sauce"
    assert first.together == 0


def test_seen_from_a_context_shared_items_move_towards_it(model):
    seen = model.condition("mexican")
    tomato = seen.of("tomato")
    assert tomato.distance_after < tomato.distance_before
    assert tomato.rank_after <= tomato.rank_before
    assert seen.shared.sum() == 3  # tomato, garlic, salt
    assert seen.mean_rank_change > 0
    assert np.allclose(np.linalg.norm(seen.after, axis=1), 1, atol=1e-3)
    near = model.condition("corn").of("tomato")
    assert near.distance_after < near.distance_before


def test_the_report_is_better_than_popularity(model):
    quality = model.report_.quality
    assert quality["MRR"].value > quality["popularity MRR"].value
    assert set(quality) == {"hit@10", "MRR", "popularity hit@10", "popularity MRR"}
    assert "45 of 900 baskets" in model.report_.held_out


def test_a_saved_model_answers_the_same(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    loaded = lilliput.load(path)
    for items, daring, context in ((["tomato"], 0.0, None), (["rice", "salt"], 1.0, None), (["lime"], 0.3, "mexican")):
        assert loaded.suggest(items, 6, daring, context) == model.suggest(items, 6, daring, context)
    assert loaded.substitutes("basil") == model.substitutes("basil")
    assert loaded.to_bytes() == model.to_bytes()


def test_threads_change_no_byte():
    baskets = recipes(300)
    files = [PairingRecommender(threads=threads, progress=False).fit(*baskets).to_bytes() for threads in (1, 2, 3)]
    assert files[0] == files[1] == files[2]


def test_of_pairs_the_frequent_and_the_strong_are_kept():
    random = np.random.default_rng(0)
    ranks = random.zipf(1.4, size=(3000, 6)) % 300
    baskets = [[f"item{rank}" for rank in dict.fromkeys(row)] for row in ranks.tolist()]
    whole = PairingRecommender(threads=1, progress=False).fit(baskets).known_.pairs
    small = PairingRecommender(budget="30KB", dim=8, threads=1, progress=False).fit(baskets)
    assert len(small.to_bytes()) <= 30_000
    kept = small.known_.pairs
    assert 0.2 < len(kept.items) / len(whole.items) < 0.9
    frequent = kept.counts >= kept.least
    assert frequent.sum() == (whole.counts >= kept.least).sum()  # all of them, so that what is missing is rarer
    assert 0.3 < frequent.mean() < 0.7
    rows = np.repeat(np.arange(len(kept.offsets) - 1), np.diff(kept.offsets))
    assert {(row, item) for row, item in zip(rows, kept.items, strict=True)} == {
        (item, row) for row, item in zip(rows, kept.items, strict=True)
    }


def test_a_budget_is_kept():
    random = np.random.default_rng(0)
    baskets = [[f"item {at % 400}" for at in row] for row in random.geometric(0.01, (800, 6)).tolist()]
    full = PairingRecommender(threads=1, progress=False).fit(baskets)
    assert full.known_.pairs.least == 1
    small = PairingRecommender(budget="30KB", threads=1, progress=False).fit(baskets)
    assert len(small.to_bytes()) <= 30_000 < len(full.to_bytes())
    assert small.known_.pairs.least > 1
    with pytest.raises(BudgetError, match=r"the smallest memory that would do is \d+KB") as error:
        PairingRecommender(budget="4KB", threads=1, progress=False).fit(baskets)
    least = PairingRecommender(budget=error.value.smallest, threads=1, progress=False).fit(baskets)
    assert least.suggest(["item 1"], k=3)


def test_a_size_that_was_thought_too_small_is_mended_without_training_again(monkeypatch):
    random = np.random.default_rng(0)
    baskets = [[f"item {at % 400}" for at in row] for row in random.geometric(0.01, (800, 6)).tolist()]
    monkeypatch.setattr(pair_sizes, "MANIFEST", 3000)
    trained = []
    train = pair_fit._trained
    monkeypatch.setattr(pair_fit, "_trained", lambda *given: trained.append(1) or train(*given))
    model = PairingRecommender(budget="30KB,20s", threads=1, progress=False).fit(baskets)
    assert model.report_.file_bytes <= 30_000
    assert len(trained) == 1


def test_baskets_of_tables_and_frames():
    import pandas

    baskets, kitchens = recipes(200)
    rows = [{"ingredients": basket, "cuisine": kitchen} for basket, kitchen in zip(baskets, kitchens, strict=True)]
    settings = {"context": "cuisine", "threads": 1, "progress": False}
    files = [
        PairingRecommender(items="ingredients", **settings).fit(rows).to_bytes(),
        PairingRecommender(items="ingredients", **settings).fit(pandas.DataFrame(rows)).to_bytes(),
    ]
    assert files[0] == files[1]
    assert PairingRecommender(threads=1, progress=False).fit(baskets, kitchens).contexts_ == sorted(
        set(kitchens), key=lambda kitchen: (-kitchens.count(kitchen), kitchen)
    )


def test_ingredients_are_brought_to_their_normal_form():
    baskets = [["2 cups chopped roma tomatoes", "fresh basil leaves", "Salt"], ["tomato", "basil"]] * 30
    model = PairingRecommender(normalise="ingredients", threads=1, progress=False).fit(baskets)
    assert model.items_ == ["basil", "tomato", "salt"]
    assert model.suggest(["3 ripe tomatoes"], k=1)[0].item == "basil"


@pytest.mark.parametrize(
    ("X", "said"),
    [
        ([], "no basket has an item"),
        ([[], []], r"no basket has an item \(2 are empty\)"),
        ([["a"], ["b"]], "each of 2 baskets has one item alone"),
        ([["a", "a"], ["b"]], "each of 2 baskets has one item alone"),
        ("a, b", "X is 'a, b'"),
        ([["a", "b"], 3], r"X\[1\]: 3 is a number"),
        ([["a", None]], r"X\[0\]: a list of items was expected, and it holds None"),
    ],
)
def test_what_is_no_basket_is_told(X, said):
    with pytest.raises(DataError, match=said):
        PairingRecommender(progress=False).fit(X)


def test_contexts_must_match():
    with pytest.raises(DataError, match="X has 2 baskets and y has 1"):
        PairingRecommender(progress=False).fit([["a", "b"], ["c", "d"]], ["x"])


def test_names_that_are_not_known(model):
    with pytest.raises(DataError, match=r"'tomatoe' is not among the 19 known; did you mean 'tomato'"):
        model.suggest(["tomatoe"])
    with pytest.raises(DataError, match=r"there is no context 'mexicna'; did you mean 'mexican'\? known are"):
        model.suggest(["tomato"], context="mexicna")
    with pytest.raises(DataError, match="items is one str"):
        model.suggest("tomato")
    with pytest.raises(DataError, match="items is empty"):
        model.suggest([])
    with pytest.raises(LilliputError, match="adventurous=2: expected a number from 0"):
        model.suggest(["tomato"], adventurous=2)
    with pytest.raises(LilliputError, match="k=0"):
        model.suggest(["tomato"], k=0)
    with pytest.raises(DataError, match="there is no context 'north'"):
        model.condition("north")
    plain = PairingRecommender(threads=1, progress=False).fit(recipes(100)[0])
    with pytest.raises(DataError, match="the baskets had none"):
        plain.suggest(["tomato"], context="mexican")


def test_capitals_do_not_matter(model):
    assert model.suggest([" Tomato "]) == model.suggest(["tomato"])


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"least": 0}, LilliputError),
        ({"window": 0}, LilliputError),
        ({"dim": 0}, LilliputError),
        ({"subsample": 2}, LilliputError),
        ({"normalise": "words"}, LilliputError),
        ({"device": "cuda"}, DeviceError),
        ({"seed": -1}, LilliputError),
        ({"items": 3}, LilliputError),
    ],
)
def test_parameters_that_cannot_be_used(parameters, kind):
    with pytest.raises(kind, match=next(iter(parameters))):
        PairingRecommender(progress=False, **parameters).fit([["a", "b"]])


def test_nothing_before_fit():
    with pytest.raises(NotFittedError):
        PairingRecommender().suggest(["a"])


def test_ctrl_c_keeps_what_was_learned(monkeypatch):
    class Stopped(pair_fit.Trainer):
        def steps(self, spent=None):
            for number, step in enumerate(super().steps(spent)):
                if number == 3:
                    raise KeyboardInterrupt
                yield step

    monkeypatch.setattr(pair_fit, "Trainer", Stopped)
    model = PairingRecommender(threads=1, progress=False)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*recipes(200))
    assert model.interrupted_
    assert model.suggest(["nori"], k=3)
    assert "ended early by Ctrl-C" in model.report_.notes


def test_window_and_subsampling_are_options():
    baskets = [["a", "b", "x", "y"], ["c", "d"]] * 50
    near = PairingRecommender(window=1, threads=1, progress=False).fit(baskets).known_
    numbers = [near.number_of[name] for name in "ay"]
    assert near.pairs.together(numbers[0], np.array(numbers[1:])).tolist() == [0]
    plain = PairingRecommender(threads=1, progress=False).fit(baskets)
    thinned = PairingRecommender(subsample=0.1, threads=1, progress=False).fit(baskets)
    assert plain.to_bytes() != thinned.to_bytes()


def test_score_hides_an_item_of_each_basket(model, tmp_path):
    path = tmp_path / "b.txt"
    path.write_text("\n".join(",".join(basket) for basket in recipes(200, seed=9)[0]))
    measures = score_baskets(model, lilliput.BasketSource(path))
    assert measures["MRR"].value > measures["popularity MRR"].value
    path.write_text("never,seen\n")
    with pytest.raises(DataError, match="there is nothing to complete"):
        score_baskets(model, lilliput.BasketSource(path))


# Damaged files


def damaged(model, tmp_path, change):
    path = tmp_path / "m.safetensors"
    model.save(path)
    manifest, arrays = read_model(path)
    arrays = {name: array.copy() for name, array in arrays.items()}
    manifest = change(manifest, arrays) or manifest
    write_model(tmp_path / "d.safetensors", manifest, arrays)
    return tmp_path / "d.safetensors"


@pytest.mark.parametrize("name", sorted(PairingRecommender(dim=4).fit([["a", "b"], ["b", "c"]], ["x", "x"])._arrays()))
def test_arrays_that_are_missing_or_of_another_shape_or_type(model, tmp_path, name):
    def without(manifest, arrays):
        del arrays[name]

    def longer(manifest, arrays):
        array = arrays[name]
        arrays[name] = np.concatenate([array, array[:1]]) if array.ndim == 1 else np.hstack([array, array[:, :1]])
        if not array.size:
            arrays[name] = np.ones(1, array.dtype)

    def other(manifest, arrays):
        arrays[name] = arrays[name].astype(np.float64)

    for change in (without, longer, other):
        if change is longer and name in ("names", "contexts"):  # a name may be longer
            continue
        with pytest.raises(ModelFileError):
            lilliput.load(damaged(model, tmp_path, change))


@pytest.mark.parametrize(
    ("name", "value"),
    [("pair_items", 65535), ("counts", 0), ("bias", np.nan), ("context_items", 65535), ("input_scales", np.inf)],
)
def test_values_out_of_range(model, tmp_path, name, value):
    def change(manifest, arrays):
        arrays[name][0] = value

    with pytest.raises(ModelFileError):
        lilliput.load(damaged(model, tmp_path, change))


@pytest.mark.parametrize("key", ["baskets", "bits", "dim", "power", "pair_scale", "least_pair", "parameters"])
def test_a_manifest_that_lacks_something(model, tmp_path, key):
    for wrong in ({}, {key: -1}, {key: "x"}):
        with pytest.raises(ModelFileError):
            lilliput.load(
                damaged(model, tmp_path, lambda m, a, wrong=wrong: {k: v for k, v in m.items() if k != key} | wrong)
            )


def test_what_a_small_file_does_not_keep_is_not_called_never():
    random = np.random.default_rng(0)
    ranks = random.zipf(1.4, size=(3000, 6)) % 300
    baskets = [[f"item{rank}" for rank in dict.fromkeys(row)] for row in ranks.tolist()]
    small = PairingRecommender(budget="30KB", dim=8, threads=1, progress=False).fit(baskets)
    found = [one.why.baskets for one in small.suggest(["item40", "item1"], k=30)]
    counts = [count for baskets in found for count in baskets.values()]
    assert None in counts
    assert 0 not in counts
    whole = PairingRecommender(threads=1, progress=False).fit(baskets)
    assert None not in [count for one in whole.suggest(["item40", "item1"], k=30) for count in one.why.baskets.values()]
