"""What this installation has: versions, processors, memory, compiled kernels, extras."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import Any

from lilliput.core.budget import format_bytes
from lilliput.core.measure import versions
from lilliput.core.threads import available_threads

_NEED = re.compile(r"([\w.-]+).*;\s*extra\s*==\s*['\"]([\w-]+)['\"]")


def examine() -> dict[str, Any]:
    """The findings as plain data; ``memory`` is in bytes, None where the system does not tell."""
    from lilliput.warm import compiled

    return {
        "versions": versions(),
        "python": sys.executable,
        "cores": available_threads(),
        "memory": _memory(),
        "kernels_compiled": compiled(),
        "extras": _extras(),
    }


def page(found: dict[str, Any]) -> str:
    """The findings as lines."""
    memory = "unknown" if found["memory"] is None else format_bytes(found["memory"])
    kernels = "compiled" if found["kernels_compiled"] else "not compiled yet; do it now with: lilliput doctor --compile"
    rows = {
        **found["versions"],
        "interpreter": found["python"],
        "cores": f"{found['cores']}",
        "memory": memory,
        "kernels": kernels,
        **{f"extra {extra}": _state(extra, needs) for extra, needs in found["extras"].items()},
    }
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows.items())


def _memory() -> int | None:
    """Bytes of this machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _extras() -> dict[str, dict[str, str | None]]:
    """The packages of each extra and their installed versions (None: missing), by the metadata of the installation."""
    try:
        names = metadata("lilliput").get_all("Provides-Extra") or []
        needs = requires("lilliput") or []
    except PackageNotFoundError:
        return {}
    found: dict[str, dict[str, str | None]] = {name: {} for name in names}
    for need in needs:
        match = _NEED.match(need)
        if match and match[1] != "lilliput":
            found[match[2]][match[1]] = _version(match[1])
    return {name: packages for name, packages in found.items() if packages and name not in ("all", "dev")}


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _state(extra: str, packages: dict[str, str | None]) -> str:
    missing = [name for name, found in packages.items() if found is None]
    if not missing:
        return ", ".join(f"{name} {found}" for name, found in packages.items())
    return f"missing {', '.join(missing)}: pip install 'lilliput[{extra}]'"
