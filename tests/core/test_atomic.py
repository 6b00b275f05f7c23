from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time

import numpy as np
import pytest

from lilliput.core import atomic
from lilliput.core.atomic import write_atomically
from lilliput.core.errors import LilliputError
from lilliput.core.modelfile import read_model, write_model

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions, links and limits")


def names(directory):
    return [path.name for path in directory.iterdir()]


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "file"
    assert write_atomically(path, [b"one", b"two"]) == 6
    assert write_atomically(str(path), [b"three"]) == 5
    assert path.read_bytes() == b"three"
    assert names(tmp_path) == ["file"]


@posix
def test_the_file_is_on_the_disk_before_its_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    path, synced = tmp_path / "file", []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append((os.fstat(descriptor).st_ino, path.exists())))
    write_atomically(path, [b"one"])
    assert synced == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def failing(error):
    yield b"half of it"
    raise error


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(LilliputError, match=r"file could not be written \(disk full\); the old file is kept"):
        write_atomically(path, failing(OSError(errno.ENOSPC, "disk full")))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_ctrl_c_while_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt, match="stop"):
        write_atomically(path, failing(KeyboardInterrupt("stop")))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_the_cause_of_a_failed_write_is_kept(tmp_path):
    with pytest.raises(LilliputError, match="nothing was written") as caught:
        write_atomically(tmp_path / "file", failing(OSError(errno.ENOSPC, "full")))
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert names(tmp_path) == []


def test_a_failed_rename_leaves_the_old_file(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(errno.EACCES, "in use")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(atomic.Path, "replace", refuse)
    with pytest.raises(LilliputError, match=r"\(in use\); the old file is kept"):
        write_atomically(path, [b"new"])
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(LilliputError, match=r"gone.*could not be written \(No such file or directory\)"):
        write_atomically(tmp_path / "gone" / "file", [b"x"])


def test_a_directory_is_not_replaced(tmp_path):
    with pytest.raises(LilliputError, match="is a directory; name a file"):
        write_atomically(tmp_path, [b"x"])


@posix
def test_a_pipe_or_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LilliputError, match="is not a regular file; name a file"):
        write_atomically(tmp_path / "pipe", [b"x"])
    assert names(tmp_path) == ["pipe"]


def test_names_of_the_greatest_length_are_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_atomically(path, [b"x"])
    assert path.read_bytes() == b"x"


@posix
def test_permissions_follow_the_umask_and_then_the_old_file(tmp_path):
    path = tmp_path / "file"
    old = os.umask(0o022)
    try:
        write_atomically(path, [b"x"])
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o640)
    write_atomically(path, [b"y"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
def test_a_symbolic_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "file", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, [b"new"])
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@posix
def test_a_full_disk_leaves_the_old_model(tmp_path):
    path = tmp_path / "m.safetensors"
    write_model(path, {"old": True}, {"a": np.arange(10)})
    program = (
        "import resource, signal, sys, numpy as np\n"
        "from lilliput.core.modelfile import write_model\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    write_model(sys.argv[1], {}, {'a': np.zeros(100_000)})\n"
        "except ValueError as error:\n"
        "    sys.exit(str(error))\n"
    )
    run = subprocess.run([sys.executable, "-B", "-c", program, path], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "could not be written (File too large); the old file is kept" in run.stderr
    assert read_model(path)[0]["old"] is True
    assert names(tmp_path) == ["m.safetensors"]


@posix
def test_kill_9_while_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "m.safetensors"
    program = (
        "import itertools, sys, numpy as np\n"
        "from lilliput.core.modelfile import write_model\n"
        "for n in itertools.count():\n"
        "    write_model(sys.argv[1], {'n': n}, {'a': np.full(200_000, n)})\n"
        "    print(n, flush=True)\n"
    )
    for wait in (0.0, 0.003, 0.011):
        with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        manifest, arrays = read_model(path)
        assert (arrays["a"] == manifest["n"]).all()
