"""The options of ``lilliput fit label`` that no other verb has."""

from __future__ import annotations

from typing import Annotated

import typer

Data = Annotated[list[str], typer.Argument(metavar="DATA", help="CSV, TSV, JSONL, .txt or .parquet files, or - .")]
Out = Annotated[str, typer.Option("-o", "--out", metavar="MODEL", help="The model file to write.")]
Budget = Annotated[
    str | None, typer.Option(metavar="LIMITS", help="Size of the file, time of the fit: 1MB or 1MB,5min.")
]
Targets = Annotated[
    str | None,
    typer.Option(metavar="KIND", help="single (one label a text), multi or soft; as the data say if not given."),
]
Balanced = Annotated[bool, typer.Option("--balanced", help="Rare labels weigh as much as frequent ones.")]
Abstain = Annotated[float | None, typer.Option(metavar="P", help="Give no label that is less probable than this.")]
Words = Annotated[str | None, typer.Option(metavar="N-N", help="N-grams of words, such as 1-2, or none.")]
Chars = Annotated[str | None, typer.Option(metavar="N-N", help="N-grams of characters, such as 2-4, or none.")]
Network = Annotated[str | None, typer.Option(metavar="KIND", help="auto, linear, embedding; deep for soft targets.")]
Group = Annotated[
    list[str] | None,
    typer.Option(metavar="L,L,L", help="Soft labels that add up to one in each row, for --network deep; repeatable."),
]
Clusters = Annotated[
    str | None, typer.Option(metavar="FILE", help="Word clusters, from `lilliput fit clusters`, to learn from too.")
]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same file; 0 if not given.")]
Threads = Annotated[int | None, typer.Option(help="Processors to use; all if not given.")]
Device = Annotated[str, typer.Option(help="auto or cpu.")]
Continued = Annotated[
    str | None, typer.Option("--continue", metavar="MODEL", help="Go on from this model with more rows.")
]
