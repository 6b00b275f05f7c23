"""`lilliput fit label` on soft targets, by the deep network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lilliput
from lilliput.cli import fit_label_deep

WORDS = ["sun", "rain", "snow", "cold", "warm", "the", "a"]


@pytest.fixture
def soft(tmp_path: Path) -> Path:
    """Texts with two shares that add up to one, and one that stands alone."""
    generator = np.random.default_rng(0)
    rows = []
    for _ in range(80):
        words = list(generator.choice(WORDS, 5))
        share = (1 + words.count("sun")) / (2 + words.count("sun") + words.count("rain"))
        said = {"sun": share, "rain": 1 - share, "cold": float("cold" in words)}
        rows.append({"tweet": " ".join(words), "said": said})
    path = tmp_path / "soft.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture
def fit(run, soft: Path, tmp_path: Path):
    def fit(*arguments: object):
        return run(
            "fit", "label", soft, "--text", "tweet", "--target", "said", "-o", tmp_path / "m.safetensors", *arguments
        )

    return fit


def test_soft_targets_get_the_deep_network_and_the_other_verbs_take_its_model(fit, run, soft: Path, tmp_path: Path):
    done = fit("--targets", "soft", "--group", "sun,rain", "--words", "1-1", "--chars", "none")
    assert done.code == 0
    assert "by a deep network and ridge regression" in done.err
    assert "rmse of network" in done.out
    path = tmp_path / "m.safetensors"
    model = lilliput.load(path)
    assert model.task == "text-regressor"
    assert list(model.classes_) == ["cold", "rain", "sun"]
    shares = model.predict(["sun sun sun", "rain"])
    np.testing.assert_allclose(shares[:, 1:].sum(axis=1), 1, atol=1e-5)
    answer = dict(line.split("\t") for line in run("predict", path, "sun sun sun").out.splitlines())
    assert float(answer["sun"]) > float(answer["rain"])
    assert "rmse" in run("score", path, soft, "--text", "tweet", "--target", "said").out
    assert run("inspect", path).code == 0
    assert "does not explain itself" in run("predict", path, "sun", "--explain").err


@pytest.mark.parametrize("arguments", [("--network", "linear"), ("--budget", "20KB"), ("--budget", "5s")])
def test_where_there_is_no_room_the_small_network_learns(fit, tmp_path: Path, arguments):
    assert fit("--targets", "soft", *arguments).code == 0
    assert lilliput.load(tmp_path / "m.safetensors").task == "label"


def test_without_pytorch_the_small_network_learns(fit, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(fit_label_deep, "find_spec", lambda name: None)
    assert fit("--targets", "soft").code == 0
    assert lilliput.load(tmp_path / "m.safetensors").task == "label"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--group", "sun,rain"), "--group is for the deep network; add: --targets soft --network deep"),
        (
            ("--network", "deep", "--targets", "single"),
            "the deep network is for soft targets, not single ones",
        ),
        (("--network", "deep", "--seed", "-1"), "seed=-1; give a whole number from 0 on"),
        (("--network", "deep", "--balanced"), "the deep network has no use for --balanced"),
        (("--network", "deep", "--group", "sun,hail"), "give lists of labels"),
        (("--network", "deep", "--group", "sun,cold"), "adds up to"),
    ],
)
def test_what_cannot_be_done_is_said(fit, arguments, message):
    done = fit(*arguments)
    assert done.code == 2
    assert message in done.err
