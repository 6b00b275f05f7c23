"""The public REST API of Mastodon and its relatives, as a source of networks.

What is asked for (https://docs.joinmastodon.org/methods/accounts/): /api/v1/accounts/lookup, and of an account
/following, /followers and /statuses. Pages are told by the Link header, whose numbers are none of the accounts'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from lilliput.core.errors import DataError
from lilliput.data.polite import PoliteClient

Kind = Literal["following", "followers", "statuses"]
PAGE: dict[str, int] = {"following": 80, "followers": 80, "statuses": 40}
"""Items of a page, at most, as the server allows."""


@dataclass(frozen=True)
class Account:
    """An account: its number, what people call it, and its totals; None where they are not told."""

    id: str
    name: str
    followers: int | None
    friends: int | None


@dataclass(frozen=True)
class Edge:
    """Account `source` points at `target`: a follow, or a mention, a reply or a repost at a time (ISO 8601)."""

    source: str
    target: str
    kind: str
    time: str | None = None


@dataclass(frozen=True)
class Page:
    """The accounts and edges of a page, how many items it had, and where the next one is."""

    accounts: list[Account]
    edges: list[Edge]
    items: int
    following: str | None


class NetworkSource(Protocol):
    """Where a network can be crawled; a new one has these methods."""

    address: str

    def lookup(self, name: str) -> Account:
        """The account that people call `name`; `RefusedError` if there is none."""

    def page(self, account: str, kind: Kind, cursor: str | None, most: int) -> Page:
        """Neighbours of an account, up to `most` of them, from `cursor` on (None: the first page)."""


class Mastodon:
    """A server with Mastodon's API."""

    def __init__(self, client: PoliteClient) -> None:
        self._client, self.address = client, client.address

    def lookup(self, name: str) -> Account:
        """The account called "name" or "name@server", "@" before it or not, or by the address of its profile."""
        return _account(self._client.get("/api/v1/accounts/lookup", {"acct": handle(name)}).value)

    def page(self, account: str, kind: Kind, cursor: str | None, most: int) -> Page:
        """Those an account follows, those who follow it, or whom its statuses mention, answer or repost."""
        path = f"/api/v1/accounts/{account}/{kind}"
        answer = self._client.get(path, cursor or {"limit": min(most, PAGE[kind])})
        if not isinstance(answer.value, list):
            raise DataError(f"{self.address}{path} gave no list of items; is it a server with Mastodon's API?")
        following = answer.following if answer.following != cursor and answer.value else None
        items = answer.value[:most]
        if kind == "statuses":
            met = [pair for item in items for pair in _met(account, item)]
            return Page([other for other, _ in met], [edge for _, edge in met], len(items), following)
        accounts = [_account(item) for item in items]
        if kind == "following":
            edges = [Edge(account, other.id, "follow") for other in accounts]
        else:
            edges = [Edge(other.id, account, "follow") for other in accounts]
        return Page(accounts, edges, len(items), following)


def handle(name: str) -> str:
    """What people write (with "@" before it, or the address of a profile) as "name" or "name@server"."""
    name = name.strip()
    if "://" in name:
        server, _, rest = name.split("://", 1)[1].partition("/")
        user = rest.strip("/").rsplit("/", 1)[-1].lstrip("@")
        return user if "@" in user else f"{user}@{server}"
    return name.lstrip("@")


def _met(account: str, status: Mapping[str, Any]) -> Iterator[tuple[Account, Edge]]:
    """Whom a status reposts, answers or mentions."""
    try:
        when = status.get("created_at")
        repost = status.get("reblog")
        if repost:
            other = _account(repost["account"])
            yield other, Edge(account, other.id, "repost", when)
            return
        answered = status.get("in_reply_to_account_id")
        for mention in status.get("mentions") or ():
            other = _account(mention)
            yield other, Edge(account, other.id, "reply" if other.id == answered else "mention", when)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"a status of account {account} is not as Mastodon's API has it ({error!r})") from None


def _account(value: Any) -> Account:
    try:
        counts = [value.get(name) for name in ("followers_count", "following_count")]
        followers, friends = (None if count is None else max(0, int(count)) for count in counts)
        return Account(str(value["id"]), str(value["acct"]), followers, friends)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"an account is not as Mastodon's API has it ({error!r}); is it that?") from None
