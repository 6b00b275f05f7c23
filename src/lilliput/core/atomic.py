"""Replace a file as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from lilliput.core.errors import LilliputError


def write_atomically(path: str | os.PathLike[str], chunks: Iterable[Any]) -> int:
    """Write the buffers ``chunks`` to ``path`` and return the number of bytes.

    They go to a temporary file beside the target, which is synced and renamed, so that a killed process, a full disk
    or Ctrl-C leaves the old file whole. A symbolic link keeps pointing where it did; the file's permissions stay those
    of the old file, or follow the umask. Raises `LilliputError` when the file cannot be written.
    """
    existed = False
    try:
        target = Path(path).resolve()
        existed = target.exists()
        if existed and not target.is_file():
            kind = "a directory" if target.is_dir() else "not a regular file"
            raise LilliputError(f"{path} is {kind}; name a file to write to")
        return _replace(target, chunks)
    except OSError as error:
        kept = "the old file is kept" if existed else "nothing was written"
        raise LilliputError(f"{path} could not be written ({error.strerror or error}); {kept}") from error


def _replace(target: Path, chunks: Iterable[Any]) -> int:
    # A name of its own rather than the target's with an ending: that could be longer than the system allows.
    temporary = target.with_name(f".lilliput-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:  # Ctrl-C too leaves nothing behind
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(target.parent)
    return size


def _sync_directory(directory: Path) -> None:
    """Make the rename last through a power cut, where the system can sync a directory (Windows cannot)."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
