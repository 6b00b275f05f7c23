"""``lilliput bench devices``, as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from lilliput.cli.bench_optimisers import aligned
from lilliput.core.budget import Budget, format_seconds
from lilliput.core.errors import LilliputError
from lilliput.core.extras import require_extra

if TYPE_CHECKING:
    from lilliput.training.device_speed import Speed


def measure_devices(
    network: str, batch: int, time: str, error: float, threads: int | None, *, quiet: bool, json: bool
) -> None:
    """Measure a network on the processor, with one thread and with all, and on each GPU."""
    widths = _widths(network)
    seconds = Budget(time=time).time or 0.0
    if not 0 < error < 1:
        raise LilliputError(f"--error {error:g}: expected a share between 0 and 1, such as 0.1")
    require_extra("torch", "deep", "measuring devices")
    from lilliput.training.device_speed import devices, speed

    found = devices(threads)
    speeds = []
    for where in found:
        if not quiet:
            typer.echo(f"measuring {where.name}", err=True)
        try:
            speeds.append(speed(widths, where, batch=batch, seconds=seconds / len(found), error=error))
        except RuntimeError as problem:  # so PyTorch calls it on a processor too
            if "memory" not in str(problem):
                raise
            raise LilliputError(
                f"there is no memory for batches of {batch:,} rows on {where.name}; give a smaller --batch or --network"
            ) from None
    typer.echo(_as_json(speeds) if json else speeds_table(speeds, error, gpu=found[-1].device.type != "cpu"))


def speeds_table(speeds: Sequence[Speed], error: float, *, gpu: bool) -> str:
    """A row a device, and in sentences what could not be measured."""
    rows = [["device", "rows/s learned", "rows/s predicted", f"to {error:.0%} error", "watts", "rows/joule"]]
    for speed in speeds:
        reached = "not reached" if speed.to_error is None else format_seconds(speed.to_error)
        power = ["-", "-"] if speed.watts is None else [f"{speed.watts:.1f}", f"{speed.learned / speed.watts:,.0f}"]
        rows.append([speed.device, f"{speed.learned:,.0f}", f"{speed.predicted:,.0f}", reached, *power])
    lines = [aligned(rows)]
    if not gpu:
        lines.append("PyTorch finds no GPU here.")
    if any(speed.watts is None for speed in speeds):
        lines.append("Where watts are -, the machine does not tell them (RAPL's counters, or nvidia-smi).")
    return "\n".join(lines)


def _widths(network: str) -> list[int]:
    """The numbers of "784-1024-10"."""
    if not re.fullmatch(r"[1-9]\d{0,5}(-[1-9]\d{0,5})+", network) or network.endswith("-1"):
        raise LilliputError(
            f"--network {network}: expected the widths of inputs, hidden layers and two or more classes, such as "
            "784-1024-1024-10"
        )
    return [int(width) for width in network.split("-")]


def _as_json(speeds: Sequence[Speed]) -> str:
    import orjson

    return orjson.dumps([speed._asdict() for speed in speeds], option=orjson.OPT_INDENT_2).decode()
