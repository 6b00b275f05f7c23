"""`lilliput bench`: races, tables, pictures."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")

import torch

from lilliput.training import device_speed, rows_race


def test_the_race_over_surfaces_is_a_table_and_is_drawn(run, tmp_path):
    picture, animation = tmp_path / "race.png", tmp_path / "race.gif"
    done = run("bench", "optimisers", "--steps", 20, "--picture", picture, "--animation", animation)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["steps", "(learning", "rate)", "saddle", "ravine", "Beale", "Rosenbrock"]
    assert [line.split()[0] for line in lines[1:-1]][:3] == ["sgd", "momentum", "nesterov"]
    assert lines[-1].endswith("-: not reached")
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert animation.read_bytes()[:3] == b"GIF"
    assert "running adam" in done.err
    assert f"saved {animation}" in done.err


def test_the_race_as_json(run):
    found = json.loads(run("bench", "optimisers", "--steps", 3, "--json", "--quiet").out)
    assert len(found) == 28
    assert set(found[0]) == {"optimiser", "surface", "steps", "rate"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--picture", "race.jpg"], "race.jpg does not end in .png"),
        (["--animation", "race.png"], "name a .gif file"),
        (["--picture", "no/where/race.png"], "there is no folder"),
        (["--target", "y"], "--target y needs a table"),
    ],
)
def test_files_that_cannot_be_drawn_are_told_before_the_work(run, arguments, message):
    done = run("bench", "optimisers", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    lines = [f"{row % 10},{row % 7},{row % 10 * (row % 7) + 0.5}" for row in range(120)]
    path.write_text("\n".join(["a,b,y", *lines]) + "\n")
    return path


def test_the_race_on_a_table(run, table, tmp_path):
    picture = tmp_path / "curves.png"
    done = run("bench", "optimisers", table, "--target", "y", "--time", "2s", "--picture", picture, "--threads", 1)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split()[:5] == ["optimiser", "rate", "loss", "R2", "passes"]
    assert len(lines) == 9
    assert "120 rows, 2 columns, a number to predict" in done.err
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_the_race_on_a_table_as_json(run, table):
    found = json.loads(run("bench", "optimisers", table, "--target", "y", "--time", "1s", "--json", "--threads", 1).out)
    assert [len(lane["tried"]) for lane in found] == [5] * 7
    assert found[0]["history"]["records"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name it with --target"),
        (["--target", "z"], "no column 'z'"),
        (["--target", "y", "--time", "soon"], "'soon' is not an amount"),
        (["--target", "y", "--animation", "race.gif"], "--animation is of the surfaces"),
    ],
)
def test_a_table_that_cannot_be_raced_on_is_told(run, table, arguments, message):
    done = run("bench", "optimisers", table, *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_small_networks_race_on_one_thread_unless_more_are_asked_for(run, table, monkeypatch):
    asked = []

    def raced(*given, **more):
        asked.append(torch.get_num_threads())
        raise KeyboardInterrupt

    monkeypatch.setattr(rows_race, "race_on_rows", raced)
    run("bench", "optimisers", table, "--target", "y")
    run("bench", "optimisers", table, "--target", "y", "--threads", 2)
    assert asked == [1, 2]


def test_devices_are_measured(run):
    arguments = ["--network", "20-30-3", "--batch", 16, "--time", "0.4s", "--error", "0.2", "--threads", 2]
    done = run("bench", "devices", *arguments)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split()[:3] == ["device", "rows/s", "learned"]
    assert lines[1].startswith("CPU, 1 thread ")
    assert lines[2].startswith("CPU, 2 threads ")
    assert "measuring CPU, 1 thread" in done.err
    found = json.loads(run("bench", "devices", *arguments, "--json", "--quiet").out)
    assert all(one["learned"] > 0 and one["predicted"] > 0 for one in found)
    assert found[0]["to_error"] is None or 0 < found[0]["to_error"] < 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "784"], "--network 784: expected the widths"),
        (["--network", "784-10-1"], "two or more classes"),
        (["--error", "2"], "--error 2: expected a share between 0 and 1"),
        (["--time", "1MB"], "time is '1MB'"),
    ],
)
def test_devices_that_cannot_be_measured_are_told(run, arguments, message):
    done = run("bench", "devices", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_memory_that_is_not_there_is_told(run, monkeypatch):
    def full(*given, **more):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 2 TB")

    monkeypatch.setattr(device_speed, "speed", full)
    done = run("bench", "devices", "--batch", 10**9)
    assert done.code == 2
    assert (
        "no memory for batches of 1,000,000,000 rows on CPU, 1 thread; give a smaller --batch or --network" in done.err
    )
