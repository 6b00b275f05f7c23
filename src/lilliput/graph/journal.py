"""What a crawl has found and what it still has to ask, in one SQLite file that survives a kill at any moment.

A page of answers and the note that it was asked for are one transaction: after a kill, the page is there as a whole, or
is asked for again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lilliput.core.errors import DataError
from lilliput.data.mastodon import Account, Edge, Kind

OPEN, DONE, REFUSED = 0, 1, 2
_TABLES = """
create table if not exists settings (name text primary key, value text);
create table if not exists seeds (name text primary key, account text, state integer default 0);
create table if not exists accounts (id text primary key, name text, followers integer, friends integer, depth integer);
create table if not exists asked (
    number integer primary key, account text, kind text, depth integer, cursor text, got integer default 0,
    state integer default 0, unique (account, kind));
create index if not exists open on asked (state, depth, number);
create table if not exists edges (source text, target text, kind text, time text);
"""


@dataclass(frozen=True)
class Task:
    """Something to ask: the neighbours of a `kind` of an account at a `depth`, of which `got` are there already."""

    number: int
    account: str
    kind: Kind
    depth: int
    cursor: str | None
    got: int


class Journal:
    """The state of a crawl; `DataError` if its `settings` are not those it began with, and for another file."""

    def __init__(self, path: Path, settings: dict[str, str]) -> None:
        try:
            self._base = sqlite3.connect(path, isolation_level=None)
            self._base.execute("pragma journal_mode = wal")
            self._base.execute("pragma synchronous = normal")
            self._base.executescript(_TABLES)
            kept = dict(self._base.execute("select name, value from settings"))
        except sqlite3.Error as error:
            raise DataError(f"{path} is not the journal of a crawl ({error}); name another folder") from None
        changed = [
            f"{name} was {kept[name]!r}, not {value!r}"
            for name, value in settings.items()
            if kept.get(name, value) != value
        ]
        if changed:
            self.close()
            raise DataError(f"{path} is of another crawl: {'; '.join(changed)}; name another folder")
        self._base.executemany("insert or ignore into settings values (?, ?)", settings.items())

    def add_seeds(self, names: Iterable[str]) -> None:
        """Names to look up; those that are known already stay as they are."""
        self._base.executemany("insert or ignore into seeds (name) values (?)", [(name,) for name in names])

    def open_seeds(self) -> list[str]:
        """Names that were not looked up yet."""
        return self._seeds(OPEN)

    def seed_found(self, name: str, account: Account | None, kinds: Iterable[Kind]) -> None:
        """Note the account of a seed, and what to ask of it; None: there is none of that name."""
        with self._transaction():
            if account is not None:
                self._add_account(account, 0, kinds)
            state = (None if account is None else account.id, REFUSED if account is None else DONE, name)
            self._base.execute("update seeds set account = ?, state = ? where name = ?", state)

    def next_task(self) -> Task | None:
        """What to ask next: nearest to the seeds first, then in the order it was found; None: all was asked."""
        row = self._base.execute(
            "select number, account, kind, depth, cursor, got from asked where state = ? "
            "order by depth, number limit 1",
            (OPEN,),
        ).fetchone()
        return None if row is None else Task(*row)

    def page_found(
        self,
        task: Task,
        accounts: Iterable[Account],
        edges: Iterable[Edge],
        got: int,
        cursor: str | None,
        kinds: Iterable[Kind],
    ) -> None:
        """Note a page: its edges, its accounts (new ones are asked for `kinds`), and where it goes on (None: ended)."""
        kinds = list(kinds)
        with self._transaction():
            for account in accounts:
                self._add_account(account, task.depth + 1, kinds)
            self._base.executemany(
                "insert into edges values (?, ?, ?, ?)",
                [(edge.source, edge.target, edge.kind, edge.time) for edge in edges],
            )
            state = (got, cursor, DONE if cursor is None else OPEN, task.number)
            self._base.execute("update asked set got = ?, cursor = ?, state = ? where number = ?", state)

    def refused(self, task: Task) -> None:
        """Note that the server does not tell."""
        self._base.execute("update asked set state = ? where number = ?", (REFUSED, task.number))

    def counts(self) -> dict[str, int]:
        """How many accounts, edges, tasks that are open, tasks that were refused, and seeds that were not found."""
        ask = {
            "accounts": "select count(*) from accounts",
            "edges": "select count(*) from edges",
            "open": f"select count(*) from asked where state = {OPEN}",
            "refused": f"select count(*) from asked where state = {REFUSED}",
            "unknown": f"select count(*) from seeds where state = {REFUSED}",
        }
        return {name: int(self._base.execute(words).fetchone()[0]) for name, words in ask.items()}

    def unknown_seeds(self) -> list[str]:
        """Seeds that the server does not know."""
        return self._seeds(REFUSED)

    def _seeds(self, state: int) -> list[str]:
        rows = self._base.execute("select name from seeds where state = ? order by rowid", (state,))
        return [name for (name,) in rows]

    def edges(self) -> Iterator[tuple[str, str, str, str | None]]:
        """All edges by names, each once for each time it was seen in: (source, target, kind, time)."""
        return iter(
            self._base.execute(
                "select distinct s.name, t.name, e.kind, e.time from edges e join accounts s on s.id = e.source "
                "join accounts t on t.id = e.target"
            )
        )

    def accounts(self) -> Iterator[tuple[str, int, int, int]]:
        """Accounts whose totals were told: (name, followers, friends, depth)."""
        return iter(
            self._base.execute(
                "select name, followers, friends, depth from accounts where followers is not null "
                "and friends is not null order by rowid"
            )
        )

    def seeds(self) -> Iterator[str]:
        """Names of the accounts that were seeds."""
        rows = self._base.execute("select a.name from seeds s join accounts a on a.id = s.account order by s.rowid")
        return (name for (name,) in rows)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _add_account(self, account: Account, depth: int, kinds: Iterable[Kind]) -> None:
        """Add an account, and what to ask of it if it is new; totals that were not told before are filled in."""
        given = (account.id, account.name, account.followers, account.friends, depth)
        new = self._base.execute("insert or ignore into accounts values (?, ?, ?, ?, ?)", given).rowcount
        if not new and account.followers is not None:
            self._base.execute(
                "update accounts set followers = ?, friends = ? where id = ? and followers is null",
                (account.followers, account.friends, account.id),
            )
        tasks = [(account.id, kind, depth) for kind in kinds]
        self._base.executemany("insert or ignore into asked (account, kind, depth) values (?, ?, ?)", tasks)

    def _transaction(self) -> Any:
        return _Transaction(self._base)


class _Transaction:
    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def __enter__(self) -> None:
        self._base.execute("begin immediate")

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._base.execute("commit" if kind is None else "rollback")
