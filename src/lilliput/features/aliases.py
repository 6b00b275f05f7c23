"""Names that mean the same, found in baskets: by their letters, by their company, and by not being together.

Two names are of one thing if they are spelt alike and are used alike. How they are used is their company: the positive
logarithms of how many times as often as by chance a name is with each other name (Church and Hanks 1990), and how
alike that is, the cosine. Company alone is not enough: scallions are no more like green onions than spaghetti are like
linguine. Such pairs are told as suspects, and not taken as one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.features.spelling import edits, near_words

MOST_NAMES = 20_000
"""The most frequent names, which are compared by their letters."""
MOST_COMPANY = 3000
"""The most frequent names, by which company is told, and of which company alone is compared."""
ENOUGH = 10
"""In how many baskets a name must be for its company to be trusted."""
REORDERED, MISSPELT, SLIP, CONTAINED = 0.25, 0.33, 0.2, 0.62
"""How alike company must be, by kind; `SLIP` is for one letter of a name that is `RARER` times as rare as the other."""
RARER = 20
SHORTEST = 5
"""Letters of a word that may be misspelt; one more if it is all of the name."""
TOGETHER = 0.1
"""The share of the baskets of the rarer name that may have both."""
SUSPECT, EXPECTED, SUSPECT_TOGETHER = 0.5, 1.4, 0.1
"""Company from which two names are suspected to be one, if chance would give so many baskets with both, and no more
than this share of them has."""

_OTHER = re.compile(r"[^a-z0-9]")


Kind = Literal["letters", "order", "spelling", "kind"]


class Alias(NamedTuple):
    """A name that is another's; kind : by its letters, by the order of its words, by its spelling, or as a kind of it.

    company : how alike their company is, 0 to 1.
    """

    name: str
    of: str
    kind: Kind
    company: float


@dataclass(frozen=True)
class Company:
    """In how many baskets names are, alone and in pairs.

    names, counts : the most frequent first. offsets, others, together : the pairs by rows, as in a sparse matrix.
    baskets : how many there are.
    """

    names: list[str]
    counts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    others: NDArray[np.int32]
    together: NDArray[np.int32]
    baskets: int

    def both(self, one: int, other: int) -> int:
        """Baskets with both names."""
        row = slice(self.offsets[one], self.offsets[one + 1])
        found = np.flatnonzero(self.others[row] == other)
        return int(self.together[row][found[0]]) if len(found) else 0

    def chance(self, one: int, other: int) -> float:
        """Baskets that would have both if names came by chance."""
        return float(self.counts[one] * self.counts[other] / self.baskets)

    def profiles(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """The company of names, (numbers, companions), of length one in steps of 2^-12.

        Products of these numbers are exact, and so do not depend on the order in which they are added.
        """
        width = min(len(self.names), MOST_COMPANY)
        found = np.zeros((len(numbers), width))
        for place, number in enumerate(numbers.tolist()):
            row = slice(self.offsets[number], self.offsets[number + 1])
            others, together = self.others[row], self.together[row]
            others, together = others[others < width], together[others < width]
            chance = self.counts[others] * (self.counts[number] / self.baskets)
            found[place, others] = np.maximum(0, np.log((together + 1) / (chance + 1)))
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        steps: NDArray[np.float64] = np.rint(found * 4096) / 4096
        return steps


def find_aliases(company: Company) -> tuple[list[Alias], list[tuple[str, str]]]:
    """Names that are another's, the surest kinds first, and pairs that are suspected to be, the most frequent first.

    The name that is more frequent stands for both. A name is an alias once, and no alias has aliases.
    """
    spelt = list(_spelt_alike(company.names[:MOST_NAMES]))
    alike = _alike(company, spelt)
    numbers, near = _frequent(company)
    found: list[tuple[Kind, int, int, float]] = [
        (kind, one, other, close)
        for (kind, one, other), close in zip(spelt, alike, strict=True)
        if _apart(company, one, other) and close >= _asked(company, kind, one, other)
    ]
    found += _kinds(company, numbers, near)
    root = list(range(len(company.names)))
    aliases = []
    for kind, one, other, close in found:
        low, high = sorted((_root(root, one), _root(root, other)))  # the lower number is the more frequent name
        if low != high:
            root[high] = low
            aliases.append((kind, high, close))
    names = company.names
    told = [Alias(names[one], names[_root(root, one)], kind, round(close, 3)) for kind, one, close in aliases]
    left = [
        (names[one], names[other])
        for one, other, _ in _suspects(company, numbers, near)
        if _root(root, one) != _root(root, other)
    ]
    return told, left


def _root(root: list[int], number: int) -> int:
    while root[number] != number:
        number = root[number]
    return number


def letters(name: str) -> str:
    """The letters and digits of a name, small and without accents: "Crème fraîche" is "cremefraiche"."""
    return _OTHER.sub("", unicodedata.normalize("NFKD", name.casefold()))


def _spelt_alike(names: list[str]) -> Iterator[tuple[Kind, int, int]]:
    """Pairs of names that are spelt alike, the surest first."""
    by_letters: dict[str, list[int]] = defaultdict(list)
    by_words: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        if letters(name):
            by_letters[letters(name)].append(number)
        by_words[" ".join(sorted(_words(name)))].append(number)
    for group in by_letters.values():
        yield from (("letters", group[0], other) for other in group[1:])
    for group in by_words.values():
        yield from (("order", group[0], other) for other in group[1:])
    numbers = {" ".join(_words(name)): number for number, name in reversed(list(enumerate(names)))}
    near = near_words({word for name in names for word in _words(name) if len(word) >= SHORTEST})
    for number, name in enumerate(names):
        words = _words(name)
        for place, word in enumerate(words):
            for other_word in near.get(word, ()):
                other = numbers.get(" ".join([*words[:place], other_word, *words[place + 1 :]]), -1)
                if other > number and (len(words) > 1 or min(len(word), len(other_word)) > SHORTEST):
                    yield "spelling", number, other


def _words(name: str) -> list[str]:
    return name.replace("_", " ").split()


def _asked(company: Company, kind: str, one: int, other: int) -> float:
    """How alike the company of names that are spelt alike must be."""
    if kind == "letters":
        return 0.0
    if kind == "order":
        return REORDERED
    low, high = sorted((company.counts[one], company.counts[other]))
    slip = high >= RARER * low and edits(company.names[one], company.names[other], 1) == 1
    return SLIP if slip else MISSPELT


def _apart(company: Company, one: int, other: int) -> bool:
    """Whether two names are rarely in one basket."""
    return company.both(one, other) <= TOGETHER * min(company.counts[one], company.counts[other])


def _alike(company: Company, pairs: list[tuple[Kind, int, int]]) -> list[float]:
    """How alike the company of each pair is."""
    numbers = np.unique(np.array([number for _, *pair in pairs for number in pair], dtype=np.int64))
    profiles = company.profiles(numbers)
    places = {number: place for place, number in enumerate(numbers.tolist())}
    return [float(profiles[places[one]] @ profiles[places[other]]) for _, one, other in pairs]


def _frequent(company: Company) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The names whose company is trusted, and how alike it is, (names, names), -1 for a name with itself."""
    numbers = np.flatnonzero(company.counts[:MOST_COMPANY] >= ENOUGH)
    profiles = company.profiles(numbers)
    alike = profiles @ profiles.T
    np.fill_diagonal(alike, -1)
    return numbers, alike


def _kinds(
    company: Company, numbers: NDArray[np.int64], alike: NDArray[np.float64]
) -> list[tuple[Kind, int, int, float]]:
    """Pairs where one is the other and some more words, and each among the two whose company is most alike."""
    if len(numbers) < 3:
        return []
    near = np.argpartition(-alike, 1, axis=1)[:, :2].tolist()
    found: list[tuple[Kind, int, int, float]] = []
    for one, others in enumerate(near):
        for other in others:
            if one < other and one in near[other] and alike[one, other] >= CONTAINED:
                pair = int(numbers[one]), int(numbers[other])
                words = [set(_words(company.names[number])) for number in pair]
                rare = company.both(*pair) <= 0.5 * company.chance(*pair) + 1
                if rare and _apart(company, *pair) and (words[0] < words[1] or words[1] < words[0]):
                    found.append(("kind", *pair, float(alike[one, other])))
    return sorted(found, key=lambda pair: (-pair[3], pair[1:3]))


def _suspects(company: Company, numbers: NDArray[np.int64], alike: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Pairs with the same company that are together far less often than by chance."""
    found = []
    for one, other in np.argwhere(np.triu(alike, 1) >= SUSPECT).tolist():
        pair = int(numbers[one]), int(numbers[other])
        chance = company.chance(*pair)
        if chance >= EXPECTED and company.both(*pair) <= SUSPECT_TOGETHER * chance:
            found.append((*pair, chance))
    return sorted(found, key=lambda pair: (-pair[2], pair[:2]))
