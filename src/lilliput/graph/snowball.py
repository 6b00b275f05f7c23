"""Snowball sampling: the neighbours of some seeds, the neighbours of these, and so on, each with a limit.

Goodman 1961, "Snowball sampling", Annals of Mathematical Statistics 32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lilliput.core.errors import DataError
from lilliput.data.mastodon import Kind, NetworkSource
from lilliput.data.polite import RefusedError
from lilliput.graph.journal import Journal


def snowball(
    source: NetworkSource,
    journal: Journal,
    neighbours: Sequence[int],
    statuses: int = 0,
    told: Callable[[int], None] | None = None,
) -> None:
    """Ask until everything in the journal was asked.

    Of an account at depth d (0: a seed) up to ``neighbours[d]`` of those that it follows and as many of its followers
    are taken, and its last `statuses` statuses; those deeper than that are known by name and totals alone. `told` hears
    of the accounts after each answer. Raises `DataError` if the server fails for good, or knows none of the seeds; the
    journal then holds all that was found.
    """
    kinds: list[Kind] = ["following", "followers"]
    kinds += ["statuses"] * (statuses > 0)
    for name in journal.open_seeds():
        try:
            journal.seed_found(name, source.lookup(name), kinds)
        except RefusedError:
            journal.seed_found(name, None, ())
    if not journal.counts()["accounts"]:
        raise DataError(f"{source.address} knows none of the seeds, such as {journal.unknown_seeds()[0]!r}")
    while (task := journal.next_task()) is not None:
        allowed = statuses if task.kind == "statuses" else neighbours[task.depth]
        try:
            page = source.page(task.account, task.kind, task.cursor, allowed - task.got)
        except RefusedError:
            journal.refused(task)
            continue
        got = task.got + page.items
        asked = kinds if task.depth + 1 < len(neighbours) else ()
        cursor = page.following if got < allowed else None
        journal.page_found(task, page.accounts, page.edges, got, cursor, asked)
        if told is not None:
            told(len(page.accounts))
