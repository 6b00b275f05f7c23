"""Files that others send: bounded in size, rows and time, kept under names of our own, and only ever read as data."""

from __future__ import annotations

import asyncio
import errno
import re
import secrets
import shutil
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from lilliput.core.errors import DataError, LilliputError
from lilliput.data.files import ENDINGS, open_bytes, split_ending
from lilliput.data.sentences import SENTENCE_ENDINGS
from lilliput.data.unpack import COMPRESSIONS
from lilliput.web.problems import ProblemError, busy
from lilliput.web.settings import Settings

FOLDER = "uploads"
READABLE = tuple(ending for ending in dict.fromkeys([*ENDINGS, *SENTENCE_ENDINGS]) if ending != ".parquet")
"""Endings that are taken. The content of Parquet can be far larger than it says, so it is not."""
MOST_ARRIVING = 4
MOST_KEPT, MOST_KEPT_BYTES = 20, 1_000_000_000
LONGEST_LINE = 16_000_000
LONGEST_NAME = 255
SHOWN_ROWS, SHOWN_CHARACTERS, SHOWN_COLUMNS = 5, 200, 100
_BLOCK = 1 << 20
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Upload:
    """A file that was sent; ``name`` is what its sender calls it, for people to read and nothing else."""

    id: str
    name: str
    path: str
    bytes: int
    columns: list[str]
    text: str | None
    """The columns that look like those of the texts and the labels."""
    target: str | None
    rows: list[list[str]]
    """The first few, their cells cut."""

    def told(self) -> dict[str, Any]:
        """What its sender is told."""
        return {name: value for name, value in asdict(self).items() if name != "path"}


class Uploads:
    """The files that were sent. `in_use` names those that may not be deleted."""

    def __init__(self, settings: Settings, in_use: Callable[[], Collection[str]]) -> None:
        self._settings, self._in_use = settings, in_use
        self.folder = Path(settings.folder) / FOLDER
        self.folder.mkdir(exist_ok=True)
        self._arriving = 0

    def find(self, upload: str) -> Upload:
        """A file by its id, or 404."""
        if _ID.fullmatch(upload):
            with suppress(OSError):
                return Upload(**orjson.loads((self.folder / upload / "upload.json").read_bytes()))
        raise ProblemError(404, f"there is no upload {upload!r:.60}; send the file again")

    async def receive(self, request: Request) -> Upload:
        """Keep the body of a request. Raises `ProblemError` and keeps nothing if it is not data that can be read."""
        name = checked_name(request.query_params.getlist("name"))
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/octet-stream":
            raise ProblemError(415, f"the body should be application/octet-stream, not {kind or 'of no kind'!r:.80}")
        if self._arriving >= MOST_ARRIVING:
            raise busy(f"{self._arriving} files are arriving already; come back when one is there")
        self._arriving += 1
        try:
            return await self._received(request, name)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise ProblemError(507, "there is no room for the file on the studio's disk") from None
        finally:
            self._arriving -= 1

    async def _received(self, request: Request, name: str) -> Upload:
        loop = asyncio.get_running_loop()
        ident = secrets.token_hex(8)
        folder = self.folder / ident
        folder.mkdir()
        try:
            path = folder / f"data{''.join(split_ending(name))}"
            await _write(request, path, self._settings.seconds)
            found = await loop.run_in_executor(None, self._looked_at, ident, name, path)
        except BaseException:
            await loop.run_in_executor(None, shutil.rmtree, folder, True)
            raise
        await loop.run_in_executor(None, self._make_room, ident)
        return found

    def _looked_at(self, ident: str, name: str, path: Path) -> Upload:
        """What is in a file; raises `LilliputError` for one that cannot be read."""
        try:
            check_content(path, self._settings)
            columns, text, target, rows = preview(path)
        except ProblemError:
            raise
        except LilliputError as error:
            raise ProblemError(422, str(error).replace(str(path), name)) from None
        found = Upload(ident, name, str(path), path.stat().st_size, columns, text, target, rows)
        path.with_name("upload.json").write_bytes(orjson.dumps(asdict(found)))
        return found

    def _make_room(self, newest: str) -> None:
        """Delete the oldest files that no job needs while there are too many."""
        used = {newest, *self._in_use()}
        kept = sorted(self.folder.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
        sizes = {folder: sum(file.stat().st_size for file in folder.iterdir()) for folder in kept}
        count, total = len(kept), sum(sizes.values())
        for folder in kept:
            if count <= MOST_KEPT and total <= MOST_KEPT_BYTES:
                return
            finished = (folder / "upload.json").exists()  # others are still arriving
            if finished and folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)
                count, total = count - 1, total - sizes[folder]


def checked_name(given: list[str]) -> str:
    """The name of a file, as its sender calls it. Raises `ProblemError` for one that is no name of a data file."""
    if len(given) != 1 or not given[0]:
        raise ProblemError(422, "name the file once: /v1/uploads?name=train.csv")
    name = given[0]
    if len(name) > LONGEST_NAME:
        raise ProblemError(422, f"the name of the file has {len(name):,} characters; {LONGEST_NAME} are allowed")
    wrong = next((mark for mark in name if mark in "/\\\ufffd" or not (mark.isprintable() or mark == " ")), None)
    if wrong is not None or not name.strip(". "):
        raise ProblemError(422, f"{name!r:.80} is no name of a file, without its folder, such as train.csv")
    ending, packed = split_ending(name)
    if ending not in READABLE:
        shown = f"ends in {ending + packed!r:.40}" if ending or packed else "has no ending"
        raise ProblemError(
            415, f"{name:.80} {shown}; what can be read is {' '.join(READABLE)}, plain or with {' '.join(COMPRESSIONS)}"
        )
    return name


async def _write(request: Request, path: Path, seconds: float) -> None:
    """Write a body to a file as it arrives. How large it may be, and how slow, the guard and the protocol watch."""
    loop = asyncio.get_running_loop()
    held: list[bytes] = []
    size = waiting = 0
    with path.open("xb") as file:
        try:
            async for part in request.stream():
                held.append(part)
                size, waiting = size + len(part), waiting + len(part)
                if waiting >= _BLOCK:
                    await loop.run_in_executor(None, file.writelines, held)
                    held, waiting = [], 0
        except ClientDisconnect:
            raise ProblemError(400, "the body ended early") from None
        await loop.run_in_executor(None, file.writelines, held)
    if not size:
        raise ProblemError(422, "the file is empty")


def check_content(path: Path, settings: Settings) -> None:
    """Read a file once, unpacked, and raise `ProblemError` where it is more than is allowed."""
    until = time.monotonic() + settings.seconds
    size = lines = 0
    line = 0  # bytes since it began
    with open_bytes(path) as stream:
        while block := stream.read(_BLOCK):
            size, lines = size + len(block), lines + block.count(b"\n")
            first, last = block.find(b"\n"), block.rfind(b"\n")
            line += len(block) if first < 0 else first
            if line > LONGEST_LINE:
                raise ProblemError(413, f"a line has more than the {LONGEST_LINE:,} bytes that are allowed")
            line = line if first < 0 else len(block) - last - 1
            if size > settings.most_unpacked:
                raise ProblemError(413, f"the content has more than the {settings.most_unpacked:,} bytes allowed")
            if lines > settings.most_rows:
                raise ProblemError(413, f"the file has more than the {settings.most_rows:,} lines that are allowed")
            if time.monotonic() > until:
                raise ProblemError(413, f"the file could not be read within {settings.seconds:g} s; send a smaller one")


def preview(path: Path) -> tuple[list[str], str | None, str | None, list[list[str]]]:
    """The columns, which of them look like texts and labels, and the first rows. Raises `DataError`."""
    from lilliput.data.batch import BadRows
    from lilliput.data.rows import read_columns
    from lilliput.data.sentences import read_sentences
    from lilliput.data.source import Source

    if split_ending(path)[0] == ".conllu":
        sentences = islice(read_sentences(path, bad=BadRows()), SHOWN_ROWS)
        return [], None, None, [[_cut(" ".join(sentence.forms))] for sentence in sentences]
    source = Source(path)
    columns = source.column_names[:SHOWN_COLUMNS]
    asked = list(dict.fromkeys(columns))
    batch = next(read_columns(source.files[0], asked, bad=BadRows()))
    rows = [[_cut(batch.columns[name][row]) for name in asked] for row in range(min(SHOWN_ROWS, len(batch)))]
    text, target = _guessed(lambda: source.text_column), _guessed(lambda: ",".join(source.target_columns))
    return columns, text, target, rows


def _guessed(guess: Callable[[], str]) -> str | None:
    try:
        return guess()
    except DataError:
        return None


def _cut(cell: Any) -> str:
    text = cell if isinstance(cell, str) else "" if cell is None else str(cell)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def doctor(upload: Upload, text: str | None, target: str | None) -> dict[str, Any]:
    """What the data doctor finds in a file. Raises `DataError`, which names it as its sender does."""
    from lilliput.data.inspect import inspect
    from lilliput.data.source import Source

    try:
        source = Source(upload.path, text, target, labelled=target is not None, skip_bad=True)
        found = inspect(source).to_dict()
    except DataError as error:
        raise DataError(str(error).replace(upload.path, upload.name)) from None
    found["data"] = found["data"].replace(upload.path, upload.name)
    found["problems"] = [problem.replace(upload.path, upload.name) for problem in found["problems"]]
    found["labels"] = dict(islice(found["labels"].items(), 50))
    return found
