"""Names of items that mean the same, taken as one before anything is learned."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lilliput.core.report import Report
from lilliput.data.basket_table import BasketTable
from lilliput.features.aliases import Alias, Company, find_aliases
from lilliput.tasks.pair_count import both_ways, count_pairs

SHOWN = 6
"""Aliases and suspects that the report names."""


class Named(NamedTuple):
    """Baskets in which a thing has one name, the names it had, and pairs of names that may be of one thing."""

    table: BasketTable
    aliases: list[Alias]
    suspects: list[tuple[str, str]]


def one_name_each(table: BasketTable) -> Named:
    """Find the aliases in baskets, and put the name that is most frequent in the place of each."""
    keys, counts = count_pairs(table, None)
    offsets, others, there, back = both_ways(keys, len(table.names))
    together = np.empty(len(others), np.int32)
    together[there] = together[back] = counts
    aliases, suspects = find_aliases(Company(table.names, table.counts, offsets, others, together, len(table)))
    if not aliases:
        return Named(table, aliases, suspects)
    number = {name: place for place, name in enumerate(table.names)}
    of = np.arange(len(table.names), dtype=np.int32)
    for alias in aliases:
        of[number[alias.name]] = number[alias.of]
    return Named(table.renamed(of), aliases, suspects)


def alias_bytes(aliases: list[Alias]) -> int:
    """Bytes of aliases in a model file."""
    return sum(len(alias.name.encode("utf-8", "replace")) + 5 for alias in aliases) + 200 * bool(aliases)


def tell_aliases(report: Report, named: Named) -> None:
    """Put into the report what names were taken as one, and which were not."""
    aliases, suspects = named.aliases, named.suspects
    report.data["names taken as another"] = len(aliases)
    if aliases:
        often = sorted(aliases, key=lambda alias: -alias.company)
        some = ", ".join(f"{alias.name} is {alias.of}" for alias in often[:SHOWN])
        report.notes.append(f"names taken as another, found in the baskets: {some}{', ...' * (len(aliases) > SHOWN)}")
    if suspects:
        some = ", ".join(f"{one} and {other}" for one, other in suspects[:SHOWN])
        more = ", ..." * (len(suspects) > SHOWN)
        report.notes.append(f"perhaps the same or in each other's place, and left as two: {some}{more}")
