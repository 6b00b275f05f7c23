"""`lilliput fit label`: what it writes, where, and what it refuses before it begins."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import lilliput
from lilliput import TextClassifier
from lilliput.core.budget import format_bytes


@pytest.fixture
def fit(run, train: Path, tmp_path: Path):
    """Fits on `train` into m.safetensors."""

    def fit(*arguments: object):
        return run("fit", "label", train, "-o", tmp_path / "m.safetensors", "--budget", "20KB", *arguments)

    return fit


def test_the_report_is_a_table_and_the_closing_line_says_what_to_try(fit, tmp_path: Path):
    done = fit()
    assert done.code == 0
    assert "accuracy" in done.out
    path = tmp_path / "m.safetensors"
    size = path.stat().st_size
    assert size <= 20_000
    assert done.err.splitlines()[-1] == f"saved {path} ({format_bytes(size)}); try: lilliput predict {path} 'some text'"


def test_the_report_as_json(fit):
    report = json.loads(fit("--json", "--quiet").out)
    assert report["task"] == "label"
    assert 0.5 < report["quality"]["accuracy"]["value"] <= 1


def test_quiet_says_nothing(fit):
    assert fit("--quiet").err == ""


def test_every_option_reaches_the_estimator(fit, tmp_path: Path):
    options = {"--abstain": 0.7, "--words": "1-3", "--chars": "none", "--network": "embedding", "--targets": "single"}
    done = fit("--balanced", "--seed", 7, "--threads", 1, *(part for pair in options.items() for part in pair), "-q")
    assert done.code == 0, done.err
    model = lilliput.load(tmp_path / "m.safetensors")
    expected = TextClassifier("20KB", "single", True, 0.7, [1, 3], [0, 0], "embedding", seed=7)
    assert model.get_params() == expected.get_params()


def test_the_same_seed_gives_the_same_file(fit, tmp_path: Path):
    files = []
    for threads in (1, 2):
        assert fit("--quiet", "--seed", 3, "--threads", threads).code == 0
        files.append((tmp_path / "m.safetensors").read_bytes())
    assert files[0] == files[1]


def test_continue_learns_more_rows_and_labels(run, model: Path, tmp_path: Path):
    more = tmp_path / "more.csv"
    more.write_text("text,label\n" + "piano violin choir opera,music\n" * 40)
    out = tmp_path / "more.safetensors"
    done = run("fit", "label", more, "--continue", model, "-o", out)
    assert done.code == 0, done.err
    assert run("predict", out, "a choir and a violin").out.startswith("music\t")
    assert run("predict", out, "soup with garlic and bread").out.startswith("food\t")


def test_continue_keeps_the_shape_of_the_model(run, model: Path, train: Path, tmp_path: Path):
    done = run("fit", "label", train, "--continue", model, "-o", tmp_path / "m.safetensors", "--words", "1-3")
    assert done.code == 2
    assert "its own --words" in done.err


def test_bad_rows_are_skipped_and_told(run, train: Path, tmp_path: Path):
    data = tmp_path / "train.csv"
    data.write_text(train.read_text() + "no label here\n")
    stopped = run("fit", "label", data, "-o", tmp_path / "m.safetensors")
    assert stopped.code == 2
    assert "row 301" in stopped.err
    assert "--skip-bad" in stopped.err
    done = run("fit", "label", data, "-o", tmp_path / "m.safetensors", "--skip-bad")
    assert done.code == 0
    assert "1 bad row skipped" in done.err


def test_columns_without_a_header(run, train: Path, tmp_path: Path):
    data = tmp_path / "train.tsv"
    data.write_text(train.read_text().partition("\n")[2].replace(",", "\t"))
    done = run("fit", "label", data, "--no-header", "--text", 1, "--target", 2, "-o", tmp_path / "m.safetensors")
    assert done.code == 0, done.err
    assert "rows 300, labels 3" in done.out


def test_another_ending_of_the_model_is_noted(run, train: Path, tmp_path: Path):
    done = run("fit", "label", train, "-o", tmp_path / "model.bin", "--budget", "20KB")
    assert done.code == 0
    assert ".safetensors" in done.err
    assert (tmp_path / "model.bin").exists()


REFUSED = {
    "a column that does not exist": (["--target", "lable"], r"no column 'lable' \(nearest: 'label'\)"),
    "a budget that nothing fits": (["--budget", "300B"], "the smallest memory that would do is"),
    "a budget without a unit": (["--budget", "300"], "not an amount and a unit"),
    "n-grams that are no lengths": (["--words", "one"], "--words one: expected"),
    "no n-grams at all": (["--words", "none", "--chars", "none"], "nothing to learn from"),
    "a network that is not there": (["--network", "wide"], "network='wide'"),
    "targets that are not there": (["--targets", "some"], "targets='some'"),
    "a device that is not there": (["--device", "cuda"], "device='cuda'"),
    "a probability above one": (["--abstain", "2"], "abstain=2"),
    "no threads": (["--threads", "0"], "threads=0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_options_that_cannot_be(fit, case, tmp_path: Path):
    arguments, message = REFUSED[case]
    done = fit(*arguments)
    assert done.code == 2
    *_, line = done.err.splitlines()
    assert line.startswith("lilliput: error: ")
    with pytest.raises(ValueError, match=message):
        raise ValueError(line)
    assert not (tmp_path / "m.safetensors").exists()


CONTENTS = {
    "empty.csv": (b"", "is empty"),
    "header.csv": (b"text,label\n", "has a header and no rows"),
    "same.csv": (b"text,label\n" + b"some text,a\n" * 30, "every row has the same label, 'a'"),
    "cut.csv.gz": (gzip.compress(b"text,label\n" + b"some text,a\n" * 30)[:-12], "is cut short"),
    "bytes.csv": (b"text,label\nsome \xff text,a\n", "invalid UTF-8"),
    "data.xlsx": (b"PK", "which tells no data format"),
    "plain.txt": (b"some text\n", "plain text, which has no labels"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_data_that_cannot_be_learned_from(run, name, tmp_path: Path):
    content, message = CONTENTS[name]
    (tmp_path / name).write_bytes(content)
    done = run("fit", "label", tmp_path / name, "-o", tmp_path / "m.safetensors")
    assert done.code == 2
    *_, line = done.err.splitlines()
    assert name in line or name == "same.csv"
    assert message in line


def test_a_missing_file_names_its_likes(run, train: Path, tmp_path: Path):
    done = run("fit", "label", train.with_name("trian.csv"), "-o", tmp_path / "m.safetensors")
    assert done.code == 2
    assert "that folder has 'train.csv'" in done.err


@pytest.mark.parametrize(("out", "message"), [("no/m.safetensors", "there is no folder"), (".", "is a folder")])
def test_where_nothing_can_be_written_is_told_before_training(run, tmp_path: Path, out, message):
    done = run("fit", "label", tmp_path / "not read.csv", "-o", tmp_path / out)
    assert done.code == 2
    assert message in done.err
