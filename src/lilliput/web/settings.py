"""How a studio is to be run, for all of its processes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "LILLIPUT_STUDIO"
"""Of the environment: the file of the settings. They are no part of it themselves, as others may see it."""


@dataclass(frozen=True)
class Settings:
    """What `lilliput serve` was asked for, and the limits of what others may ask."""

    models: dict[str, str]
    """Path of each model file, by the name it is served under."""
    folder: str
    """The one place where files are written: uploads, jobs, results. It goes when the studio stops."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Names that a request may call us by."""
    any_address: bool = False
    """Whether any literal address will do too: we listen on all of them."""
    token: str | None = None
    """Without it nothing is answered; None: everything is, as nobody else can connect."""
    processes: int = 1
    threads: int | None = None
    """Of predictions; None: all cores, shared among the processes."""
    most_body: int = 16_000_000
    """Bytes of a JSON request."""
    most_upload: int = 64_000_000
    """Bytes of a file."""
    most_unpacked: int = 1_000_000_000
    """Bytes of a packed file's content."""
    most_rows: int = 2_000_000
    most_waiting: int = 256
    """Requests that may be in work at once."""
    most_jobs: int = 2
    """Jobs at once."""
    seconds: float = 30.0
    """A request may take, and its body to arrive."""

    def write(self) -> Path:
        """Save them, readable by this user alone."""
        path = Path(self.folder) / "studio.json"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)
        return path

    @classmethod
    def read(cls, path: str | Path) -> Settings:
        """Load what `write` saved."""
        values = json.loads(Path(path).read_text())
        return cls(**{**values, "hosts": tuple(values["hosts"])})
