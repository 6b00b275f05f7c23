"""``lilliput predict`` and ``score`` with principal components: coordinates of the rows of files, and what is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer
from numpy.typing import NDArray

from lilliput.cli import options
from lilliput.core.atomic import write_atomically
from lilliput.core.errors import LilliputError

if TYPE_CHECKING:
    from lilliput.tasks.pca import StreamingPCA


def project_input(model: StreamingPCA, given: str, out: str, *, text: str | None, header: bool, skip_bad: bool) -> None:
    """Write the coordinates of each row: .npy as float32, else a table with a column a component."""
    from lilliput.data.matrix import MatrixSource
    from lilliput.data.source import Source
    from lilliput.data.write import write_rows

    if not options.is_file(given):
        raise LilliputError(f"{given} is no file; principal components are told of the rows of a file")
    if out != "-":
        options.check_writable(out)
    rows: Any = MatrixSource(given, header=header)
    if text is not None:
        rows = Source([given], text, labelled=False, skip_bad=skip_bad, header=header)
    if Path(out).suffix == ".npy":
        _write_npy(out, model.coordinates(rows), len(model.components_))
    else:
        names = [f"component_{number}" for number in range(1, len(model.components_) + 1)]
        write_rows(out, names, (row for block in model.coordinates(rows) for row in block.tolist()))


def score_projection(
    model: StreamingPCA, data: list[str], *, text: str | None, header: bool, skip_bad: bool, json: bool
) -> None:
    """Write how well the components tell the rows of some files."""
    from lilliput.data.matrix import MatrixSource
    from lilliput.data.source import Source

    rows: Any = MatrixSource(data, header=header)
    if text is not None:
        rows = Source(data, text, labelled=False, skip_bad=skip_bad, header=header)
    found = model.reconstruction(rows)
    if json:
        import orjson

        values = {"explained": found.explained, "squared_error": found.error, "spread": found.spread}
        typer.echo(orjson.dumps({**values, "rows": found.rows}).decode())
        return
    typer.echo(
        f"explained      {found.explained:.4%} of the spread around the mean of the fit "
        f"(there {model.explained_variance_ratio_.sum():.4%})\n"
        f"squared error  {found.error:.6g} a row of {found.spread:.6g}\nrows           {found.rows:,}"
    )


def _write_npy(out: str, blocks: Iterator[NDArray[Any]], width: int) -> None:
    """Coordinates block by block: their number, which the head of the file tells, is known in the end."""
    import tempfile

    with tempfile.TemporaryFile() as spool:
        count = 0
        for block in blocks:
            spool.write(block.astype("<f4").tobytes())
            count += len(block)
        spool.seek(0)

        def chunks() -> Iterator[bytes]:
            yield _npy_head(count, width)
            while chunk := spool.read(1 << 20):
                yield chunk

        write_atomically(out, chunks())


def _npy_head(rows: int, width: int) -> bytes:
    import io

    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (rows, width)})
    return head.getvalue()
