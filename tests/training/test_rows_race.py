"""The race on rows of one's own."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from lilliput.training import rows_race  # noqa: E402
from lilliput.training.devices import torch_threads  # noqa: E402
from lilliput.training.divergence import DivergedError  # noqa: E402
from lilliput.training.rows_race import FACTORS, race_on_rows  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


def rows(count=200):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, 4, generator=generator)
    return inputs, inputs[:, :1] * inputs[:, 1:2] + inputs[:, 2:3]


def test_each_has_its_share_of_the_time_and_the_best_rate_of_the_trials():
    inputs, numbers = rows()
    said = []
    lanes = race_on_rows(inputs, numbers, 1.2, optimisers=["adam", "sgd"], said=said.append)
    assert [lane.optimiser for lane in lanes] == ["adam", "sgd"]
    for lane in lanes:
        assert len(lane.tried) == len(FACTORS)
        assert lane.tried[lane.rate] == min(lane.tried.values())
        assert lane.history.ended == "allowance"
        assert lane.history.records[-1].seconds < 3
        assert lane.quality <= 1
    assert said[0].startswith("adam: rate ")


def test_classes_are_told_apart():
    inputs, numbers = rows()
    (lane,) = race_on_rows(inputs, (numbers[:, 0] > 0).long(), 0.8, optimisers=["adam"])
    assert 0.4 < lane.quality <= 1


def test_one_that_diverges_is_last_and_said_to(monkeypatch):
    class Broken(rows_race.Loop):
        def run(self, *arguments, **options):
            raise DivergedError("broke")

    monkeypatch.setattr(rows_race, "Loop", Broken)
    (lane,) = race_on_rows(*rows(), 0.5, optimisers=["adam"])
    assert lane.history.records == []
    assert math.isnan(lane.quality)
    assert lane.history.best_score == math.inf
