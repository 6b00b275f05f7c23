"""Ctrl-C and kill -9 in the middle of things."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

import lilliput

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are others on Windows")

CTRL_C_WHILE_READING = """
import os, signal, sys
from lilliput.cli.main import main
from lilliput.data.source import Source

def batches(self):
    os.kill(os.getpid(), signal.SIGINT)
    yield [], []

Source.batches = batches
sys.exit(main(sys.argv[1:]))
"""
CTRL_C_IN_TRAINING = """
import os, signal, sys
from lilliput.cli.main import main
from lilliput.core.progress import Progress

seen = []

def advance(self, texts=1):
    seen.append(texts)
    if len(seen) == 4:
        os.kill(os.getpid(), signal.SIGINT)

Progress.advance = advance
sys.exit(main(sys.argv[1:]))
"""
CTRL_C_WHILE_MEASURING = """
import os, signal, sys
from lilliput.cli.main import main
from lilliput.tasks import label_report

label_report.latency = lambda *arguments: os.kill(os.getpid(), signal.SIGINT)
sys.exit(main(sys.argv[1:]))
"""
KILLED_BEFORE_THE_FILE_IS_SYNCED = """
import os, signal, sys
from lilliput.cli.main import main

os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_in_training_saves_the_best_so_far(python, train: Path, tmp_path: Path):
    out = tmp_path / "m.safetensors"
    done = python("-c", CTRL_C_IN_TRAINING, "fit", "label", train, "-o", out, "--budget", "20KB,60s")
    assert done.code == 130
    assert done.out == ""
    assert "interrupted; the best model so far was saved" in done.err
    assert out.stat().st_size <= 20_000
    model = lilliput.load(out)
    assert "training was ended early by Ctrl-C" in model.report_.notes
    assert model.predict(["soup with bread"])[0] == "food"


@pytest.mark.parametrize("continued", [False, True])
def test_ctrl_c_while_measuring_saves_the_model(python, train: Path, model: Path, tmp_path: Path, continued):
    out = tmp_path / "m.safetensors"
    more = ["--continue", model] if continued else []
    done = python("-c", CTRL_C_WHILE_MEASURING, "fit", "label", train, "-o", out, "--budget", "20KB", *more)
    assert done.code == 130
    assert "interrupted; the best model so far was saved" in done.err
    assert lilliput.load(out).predict(["soup with bread"])[0] == "food"
    assert out.stat().st_size <= 20_000


def test_ctrl_c_before_anything_was_learned(python, train: Path, model: Path, tmp_path: Path):
    out = tmp_path / "m.safetensors"
    out.write_bytes(model.read_bytes())
    done = python("-c", CTRL_C_WHILE_READING, "fit", "label", train, "-o", out, "--budget", "20KB")
    assert done.code == 130
    assert done.err.endswith("interrupted before anything was learned; nothing was saved\n")
    assert out.read_bytes() == model.read_bytes()


def test_kill_while_saving_leaves_the_old_model(python, train: Path, model: Path, tmp_path: Path):
    out = tmp_path / "m.safetensors"
    out.write_bytes(model.read_bytes())
    done = python(
        "-c", KILLED_BEFORE_THE_FILE_IS_SYNCED, "fit", "label", train, "-o", out, "--budget", "20KB", "--seed", 5
    )
    assert done.code == -signal.SIGKILL
    assert out.read_bytes() == model.read_bytes()
    assert lilliput.load(out).predict(["soup with bread"])[0] == "food"
