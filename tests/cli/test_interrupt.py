"""Ctrl-C and kill -9 in the middle of things."""

from __future__ import annotations

import signal
import subprocess
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
KILLED_BEFORE_THE_FILE_IS_SYNCED = """
import os, signal, sys
from lilliput.cli.main import main

os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_in_training_saves_the_best_so_far(tmp_path: Path):
    data, out = tmp_path / "train.csv", tmp_path / "m.safetensors"
    rows = (f"word{i % 97} word{i % 89} word{i % 83} word{i % 7},label{i % 7}\n" for i in range(20_000))
    data.write_text("text,label\n" + "".join(rows))
    command = [sys.executable, "-m", "lilliput", "fit", "label", data, "-o", out, "--budget", "50KB,60s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        seen = next((line for line in process.stderr if line.startswith("learning:")), "")
        assert seen
        process.send_signal(signal.SIGINT)
        table, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert table == ""
    assert "interrupted; the best model so far was saved" in messages
    assert out.stat().st_size <= 50_000
    model = lilliput.load(out)
    assert "training was ended early by Ctrl-C" in model.report_.notes
    assert model.predict(["word7"])[0].startswith("label")


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
