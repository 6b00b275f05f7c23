"""How far two words are from each other by their letters."""

from __future__ import annotations


def edits(one: str, other: str, most: int) -> int:
    """The letters that are left out, added, changed or swapped with the next from one word to another.

    The optimal string alignment distance (Damerau 1964); ``most + 1`` for all that are farther than `most`.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        fresh = [i]
        for j, another in enumerate(other, 1):
            value = min(row[j] + 1, fresh[-1] + 1, row[j - 1] + (letter != another))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == another:
                value = min(value, before[j - 2] + 1)
            fresh.append(value)
        if min(fresh) > most:
            return most + 1
        before, row = row, fresh
    return min(row[-1], most + 1)


def near_words(words: set[str]) -> dict[str, list[str]]:
    """For each word the others with the same first letter that are one edit away, or two of eight letters and more.

    Words that are near are the same once up to so many letters are left out of each (Garbe 2012, SymSpell).
    """
    by_part: dict[str, list[str]] = {}
    for word in sorted(words):
        for part in _parts(word, 1 if len(word) < 8 else 2):
            by_part.setdefault(part, []).append(word)
    found: dict[str, set[str]] = {}
    for group in by_part.values():
        for one in group:
            for other in group:
                most = 1 if min(len(one), len(other)) < 8 else 2
                if one < other and one[0] == other[0] and edits(one, other, most) <= most:
                    found.setdefault(one, set()).add(other)
                    found.setdefault(other, set()).add(one)
    return {word: sorted(others) for word, others in found.items()}


def _parts(word: str, most: int) -> set[str]:
    """A word with up to `most` of its letters left out."""
    found = {word}
    for _ in range(most):
        found |= {part[:place] + part[place + 1 :] for part in found for place in range(len(part))}
    return found
