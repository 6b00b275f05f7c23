"""Features of a token and its neighbours, in plain Python: what a cold process uses, and the oracle of the kernels.

Every token has atoms: its word, its cased form, its shape, prefixes and suffixes, and the n-grams of its characters; a
segmenter adds marks: what it knows of a token beside the token itself. A template names atoms at offsets from a token,
"word[0]" or "word[-1] word[0]", and stands for their conjunction. A group is a list of templates; each is hashed to 64
bits, of which the top `bits` name a bucket. `lilliput.features.window_kernels` must agree to the last bucket.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap
from lilliput.core.errors import DataError
from lilliput.data.packed import normalise
from lilliput.features.plain import BORDER, GRAM_MULTIPLIER, MIX_MULTIPLIER, STEP_MULTIPLIER, stream
from lilliput.features.unicode import CODE_MASK, TABLE_SIZE, TAGS

MARKS = ("kind", "echo", "gap", "begins", "ends", "covers", "begun", "ended", "covered")
"""Numbers that a segmenter gives to a token: see `lilliput.features.marks`."""
AFFIX = 4
"""The longest prefix and suffix, in folded characters."""
ATOMS = (
    "word",
    "cased",
    "shape",
    *(f"prefix{size}" for size in range(1, AFFIX + 1)),
    *(f"suffix{size}" for size in range(1, AFFIX + 1)),
    "cluster",
    *MARKS,
)
"""Atoms of which a token has one (0: none, as a prefix longer than the word, or a cased form that is the word)."""
WORD, CASED, SHAPE, PREFIX, SUFFIX, CLUSTER = 0, 1, 2, 3, 3 + AFFIX, 3 + 2 * AFFIX
MARK = CLUSTER + 1
NO_MARKS = (-1,) * len(MARKS)
CHARS = "chars"
"""The n-grams of a token's characters, of `CHARS_LOW` to `CHARS_HIGH`; stands alone in a template, at offset 0."""
CHARS_LOW, CHARS_HIGH = 2, 4
LONGEST = 5
"""Atoms in a template, at most."""
REACH = 3
"""How far from its token a template may look."""
LONGEST_SHAPE = 8

ATOM_SEED, TEMPLATE_SEED, OUTSIDE = 0x2545F4914F6CDD1D, 0x8CB92BA72F3D8DD7, 0x5851F42D4C957F2D
_MASK = (1 << 64) - 1
_PLACED = re.compile(r"(\w+)\[([+-]?\d)\]")


class Atoms(NamedTuple):
    """A token's atoms: a 64-bit hash each (see `ATOMS`) and what it shows; its n-grams of characters: both for each."""

    hashes: list[int]
    shown: list[str]
    chars: list[tuple[int, str]]


@dataclass(frozen=True)
class Window:
    """A group of templates, hashed to ``2 ** bits`` buckets. Raises `DataError` for a template that makes no sense.

    `clusters`: those of words that the templates may name; None where they name none.
    """

    templates: tuple[str, ...]
    bits: int = 22
    clusters: ValueMap | None = field(default=None, compare=False, repr=False)

    once = False
    """A bag may hold a row twice."""

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 30 or not self.templates:
            raise DataError(f"{self} is no group of features: it needs a template, and 1 to 30 bits")
        object.__setattr__(self, "templates", tuple(self.templates))
        _ = self.placed

    @cached_property
    def placed(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Each template as (atom, offset) pairs; an empty one stands for the n-grams of characters."""
        return tuple(_parsed(template) for template in self.templates)

    @cached_property
    def table(self) -> NDArray[np.int64]:
        """`placed` for the kernels: int64 (templates, LONGEST, 2), unused places -1."""
        table = np.full((len(self.templates), LONGEST, 2), -1, dtype=np.int64)
        for row, pairs in zip(table, self.placed, strict=True):
            row[: len(pairs)] = np.array(pairs).reshape(-1, 2)
        return table

    @property
    def uses_clusters(self) -> bool:
        """Whether a template looks at clusters."""
        return any(atom == CLUSTER for pairs in self.placed for atom, _ in pairs)

    def bag(self, item: tuple[Sequence[Atoms], int]) -> list[tuple[int, str]]:
        """(bucket, what it stands for) of the token at a place of a sentence: ``(atoms of all tokens, place)``."""
        shift = 64 - self.bits
        return [(value >> shift, shown) for value, shown in self._hashes(*item)]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for a manifest."""
        return {"templates": list(self.templates), "bits": self.bits}

    def _hashes(self, sentence: Sequence[Atoms], place: int) -> Iterator[tuple[int, str]]:
        for number, (template, pairs) in enumerate(zip(self.templates, self.placed, strict=True)):
            if not pairs:
                for value, shown in sentence[place].chars:
                    yield template_hash(number, [value]), shown
                continue
            atoms = [_atom(sentence, place + offset, atom) for atom, offset in pairs]
            if all(value for value, _ in atoms):
                yield (
                    template_hash(number, [value for value, _ in atoms]),
                    f"{template}={' '.join(s for _, s in atoms)}",
                )


def _parsed(template: str) -> tuple[tuple[int, int], ...]:
    if template == f"{CHARS}[0]":
        return ()
    pairs = [(match.group(1), int(match.group(2))) for match in map(_PLACED.fullmatch, template.split()) if match]
    if not 1 <= len(pairs) == len(template.split()) <= LONGEST or any(
        name not in ATOMS or abs(offset) > REACH for name, offset in pairs
    ):
        raise DataError(
            f"template {template!r}: expected one to {LONGEST} of {', '.join(ATOMS)}, each with an offset from "
            f"-{REACH} to {REACH}, such as 'word[-1] word[0]', or {CHARS}[0]"
        )
    return tuple((ATOMS.index(name), offset) for name, offset in pairs)


def _atom(sentence: Sequence[Atoms], place: int, atom: int) -> tuple[int, str]:
    """Hash and readable form of an atom; beyond the ends of the sentence every atom is the same but for the side."""
    if place < 0:
        return OUTSIDE, "^"
    if place >= len(sentence):
        return OUTSIDE ^ _MASK, "$"
    return sentence[place].hashes[atom], sentence[place].shown[atom]


def template_hash(number: int, values: Sequence[int]) -> int:
    """64-bit hash of the atoms of the template of that number in its group."""
    value = (TEMPLATE_SEED ^ number) * STEP_MULTIPLIER & _MASK
    for part in values:
        value = (value ^ part) * GRAM_MULTIPLIER & _MASK
        value ^= value >> 32
    return value * MIX_MULTIPLIER & _MASK


def atom_hash(atom: int, items: Sequence[int]) -> int:
    """64-bit hash of an atom made of `items`; never 0."""
    value = (ATOM_SEED ^ atom) * STEP_MULTIPLIER & _MASK
    for item in items:
        value = (value ^ item) * STEP_MULTIPLIER & _MASK
    value = (value ^ value >> 32) * MIX_MULTIPLIER & _MASK
    return (value ^ value >> 32) | 1


def atoms(word: str, cluster: int = -1, marks: Sequence[int] = NO_MARKS) -> Atoms:
    """Atoms of a word; `cluster`, `marks` (one for each of `MARKS`): their numbers, -1 for none."""
    word = word.replace("\0", " ")  # as `pack` has it
    letters = [item for item in stream(word) if item != BORDER]
    text = normalise(word).encode("utf-8", "replace").decode()
    cased = [ord(character) for character in text]
    shape = _shape(text)
    parts: list[tuple[Sequence[int], str] | None] = [
        (letters, _shown(letters)),
        None if cased == [item & CODE_MASK for item in letters] else (cased, text),
        (shape, "".join(map(chr, shape))),
        *((letters[:size], _shown(letters[:size])) if size <= len(letters) else None for size in range(1, AFFIX + 1)),
        *((letters[-size:], _shown(letters[-size:])) if size <= len(letters) else None for size in range(1, AFFIX + 1)),
        *(([number], str(number)) if number >= 0 else None for number in (cluster, *marks)),
    ]
    hashes = [atom_hash(atom, part[0]) if part else 0 for atom, part in enumerate(parts)]
    framed = [BORDER, *letters, BORDER]
    chars = [
        (atom_hash(len(ATOMS), framed[first : first + size]), _shown(framed[first : first + size]))
        for first in range(len(framed))
        for size in range(CHARS_LOW, CHARS_HIGH + 1)
        if first + size <= len(framed)
    ]
    return Atoms(hashes, [part[1] if part else "" for part in parts], chars)


def character_class(character: str) -> int:
    """What a character adds to a shape: X, x, 0 or o for letters and digits, itself for all else."""
    if ord(character) >= TABLE_SIZE:
        return ord("o") if ord(character) < TAGS else ord(character)
    category = unicodedata.category(character)
    if category in ("Lu", "Lt"):
        return ord("X")
    if category == "Ll":
        return ord("x")
    if category[0] == "N":
        return ord("0")
    return ord("o") if category[0] in "LM" else ord(character)


def _shape(text: str) -> list[int]:
    """Classes of the characters, repeats left out, at most `LONGEST_SHAPE`."""
    shape: list[int] = []
    for character in text:
        kind = character_class(character)
        if not shape or shape[-1] != kind:
            shape.append(kind)
            if len(shape) == LONGEST_SHAPE:
                break
    return shape


def _shown(items: Sequence[int]) -> str:
    return "".join("_" if item == BORDER else chr(item & CODE_MASK) for item in items)
