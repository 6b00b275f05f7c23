"""Exit codes, messages and streams."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lilliput
from lilliput.cli import main as command_line
from lilliput.core.errors import DataError


@pytest.fixture
def verb_that(monkeypatch: pytest.MonkeyPatch):
    """Replaces what `data list` does."""
    from lilliput.cli import data

    def replace(error: BaseException) -> None:
        def show() -> None:
            raise error

        monkeypatch.setattr(data, "show", show)

    return replace


def test_version(run):
    assert run("--version") == (0, f"lilliput {lilliput.__version__}\n", "")


def test_help_names_every_verb_in_its_order(run):
    help_text = run("--help").out
    places = [help_text.index(f"\n  {verb} ") for verb in command_line.VERBS]
    assert places == sorted(places)


@pytest.mark.parametrize("verb", [["fit"], ["fit", "label"], *([verb] for verb in command_line.VERBS[1:])])
def test_help_of_a_verb_has_an_example(run, verb):
    done = run(*verb, "--help")
    assert done.code == 0
    assert "Example" in done.out


def test_an_unknown_verb_is_refused(run):
    done = run("predcit", "m", "text")
    assert done.code == 2
    assert "predcit" in done.err


def test_an_unknown_option_is_refused(run):
    done = run("predict", "m", "text", "--txet", "a")
    assert done.code == 2
    assert "--txet" in done.err


def test_an_error_is_one_line(run, verb_that):
    verb_that(DataError("row 3: a line\nend is no label; mend it"))
    assert run("data", "list") == (2, "", "lilliput: error: row 3: a line end is no label; mend it\n")


def test_ctrl_c(run, verb_that):
    verb_that(KeyboardInterrupt())
    assert run("data", "list")[:2] == (130, "")


def test_a_bug_shows_where_it_is(python):
    program = """
import sys
from lilliput.cli import data
from lilliput.cli.main import main
data.show = lambda: 1 / 0
sys.exit(main(["data", "list"]))
"""
    done = python("-c", program)
    assert done.code == 1
    assert done.err.startswith("Traceback (most recent call last)")
    assert done.err.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes close otherwise on Windows")
def test_a_reader_that_goes_away_is_no_error(model: Path, tmp_path: Path):
    (tmp_path / "many.txt").write_text("soup and bread\n" * 50_000)
    command = [sys.executable, "-m", "lilliput", "predict", str(model), str(tmp_path / "many.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"label,probability\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1
