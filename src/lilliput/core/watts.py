"""The energy that this machine says it has spent: RAPL's counters of processors, and what an NVIDIA driver tells."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


class Joules:
    """Energy spent by all processor packages since it was made; `told` is False where the machine does not tell."""

    def __init__(self, folder: Path = POWERCAP) -> None:
        self._folder = folder
        self._began = _counters(folder)
        self._seconds = time.monotonic()

    @property
    def told(self) -> bool:
        """Whether there are counters that may be read."""
        return bool(self._began)

    def watts(self) -> float | None:
        """Mean power since the beginning; None where the machine does not tell. Counters wrap once at most."""
        now = _counters(self._folder)
        seconds = time.monotonic() - self._seconds
        if not self._began or now.keys() != self._began.keys() or seconds <= 0:
            return None
        spent = sum((now[name][0] - self._began[name][0]) % (now[name][1] + 1) for name in now)
        return spent / 1e6 / seconds


def gpu_watts(index: int = 0) -> float | None:
    """What an NVIDIA GPU draws at this moment; None where nothing tells."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, f"--id={index}", "--query-gpu=power.draw", "--format=csv,noheader,nounits"]
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        return float(subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout)
    return None


def _counters(folder: Path) -> dict[str, tuple[int, int]]:
    """Microjoules so far, and the most that it counts to, of each processor package."""
    found = {}
    for package in sorted(folder.glob("intel-rapl:*")) if folder.is_dir() else ():
        if package.name.count(":") != 1:  # a part of a package, which is counted with it
            continue
        with suppress(OSError, ValueError):
            spent, most = (int((package / name).read_text()) for name in ("energy_uj", "max_energy_range_uj"))
            found[package.name] = spent, most
    return found
