"""Files of lines, read in blocks: about a megabyte of whole lines at a time, decoded from UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from lilliput.core.errors import DataError
from lilliput.data.batch import ROWS_PER_BATCH
from lilliput.data.files import DataFile, open_bytes

BLOCK = 1_000_000

_ESCAPED = re.compile("[\udc80-\udcff]")  # how "surrogateescape" stands for bytes that are no UTF-8


def blocks(stream: BinaryIO, name: str, longest: int | None = None) -> Iterator[bytes]:
    """Whole lines of `stream`, at least `BLOCK` bytes at a time, without the byte order mark.

    A line of more than `longest` bytes beyond a block is cut at a space, or else before a character; None: never.
    Raises `DataError` for UTF-16, which spreadsheets call "Unicode text".
    """
    mark = stream.read(len(codecs.BOM_UTF8))
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{name} is UTF-16; save it as UTF-8")
    rest = b"" if mark == codecs.BOM_UTF8 else mark
    while block := rest + stream.read(BLOCK):
        rest = b""
        if not block.endswith(b"\n"):
            tail = stream.readline(-1 if longest is None else longest)
            block += tail
            if len(tail) == longest and not tail.endswith(b"\n"):
                cut = block.rfind(b" ") + 1 or _last_character(block)
                block, rest = block[:cut], block[cut:]
        yield block


def _last_character(block: bytes) -> int:
    """Where the last character of UTF-8 in a block begins; the end of it if that is its first."""
    place = len(block) - 1
    while place > 0 and block[place] & 0xC0 == 0x80:
        place -= 1
    return place or len(block)


def decode(block: bytes) -> tuple[str, bool]:
    """The text of a block, and whether `utf8_fault` may find something in it."""
    try:
        return block.decode(), False
    except UnicodeDecodeError:
        return block.decode(errors="surrogateescape"), True


def utf8_fault(text: str) -> str | None:
    """What is wrong with the UTF-8 of a text from a block that has faults; ``None`` for a sound one."""
    match = _ESCAPED.search(text)
    if match is None:
        return None
    before = text[max(0, match.start() - 20) : match.start()]
    return f"invalid UTF-8 (byte 0x{ord(match[0]) - 0xDC00:02x} after {before!r}); save the file as UTF-8"


def numbered_lines(file: DataFile, longest: int | None = None) -> Iterator[tuple[int, list[str], bool]]:
    """Lines without their ends, with the number of the first and whether `utf8_fault` may find something in them.

    At most `ROWS_PER_BATCH` at a time; of a line that is far longer than `longest` bytes, pieces. A line ends in a
    newline or a carriage return and a newline.
    """
    number = 1
    with open_bytes(file.path) as stream:
        for block in blocks(stream, file.name, longest):
            text, suspect = decode(block)
            lines = (text.replace("\r\n", "\n") if "\r" in text else text).removesuffix("\n").split("\n")
            for at in range(0, len(lines), ROWS_PER_BATCH):
                yield number + at, lines[at : at + ROWS_PER_BATCH], suspect
            number += text.count("\n")
