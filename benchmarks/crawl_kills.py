"""A crawl of 100,000 accounts behind a local server with limits and faults, killed twenty times.

    python benchmarks/crawl_kills.py [--accounts 100000] [--kills 20] [--faults 0.05]

The server (tests/graph/mastodon_server.py) behaves like Mastodon's API; in one of twenty requests it fails, cuts its
answer, closes the connection or sends a page that is no JSON, and it takes so many requests in some seconds. The lists
of every account are asked for to their ends. Printed: accounts found and missing, edges found and missing, pages given
a second time, how often the limit was used up, requests refused for it, seconds.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_FILE = Path(__file__).resolve().parents[1] / "tests" / "graph" / "mastodon_server.py"
_spec = importlib.util.spec_from_file_location("mastodon_server", _FILE)
mastodon_server = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mastodon_server)

FRIENDS, TAKEN, DEPTH = 6, 2000, 6
LIMIT, WINDOW = 250, 1.0
"""Requests in so many seconds: few enough to be used up again and again."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--faults", type=float, default=0.05)
    asked = parser.parse_args()
    network = mastodon_server.Network(asked.accounts, FRIENDS, asked.faults, LIMIT, WINDOW)
    seeds = range(1, asked.accounts + 1, 100)
    with tempfile.TemporaryDirectory() as name, mastodon_server.Server(network) as server:
        folder = Path(name)
        (folder / "names.txt").write_text("".join(f"user{seed}\n" for seed in seeds))
        started = time.perf_counter()
        kills = crawl(server.url, folder, asked.kills, network)
        seconds = time.perf_counter() - started
        accounts, edges = known(network, seeds)
        found = {row[0] for row in rows(folder / "accounts.csv")}
        pairs = [tuple(row[:2]) for row in rows(folder / "edges.csv")]
    asked_again = sum(network.asked.values()) - len(network.asked)
    print(f"{len(found):,} accounts found, {len(accounts - found):,} missing, {len(found - accounts):,} not there")
    print(f"{len(pairs):,} edges found, {len(edges - set(pairs)):,} missing, {len(pairs) - len(set(pairs)):,} doubled")
    print(
        f"{len(network.asked):,} pages, {asked_again:,} given a second time, over {kills} kills; "
        f"the limit was used up {network.used_up:,} times, {network.refused:,} requests were refused; {seconds:.0f} s"
    )


def crawl(url: str, folder: Path, kills: int, network) -> int:
    """Crawl to the end, with so many kills at random moments on the way; returns how many there were."""
    command = [sys.executable, "-m", "lilliput", "crawl", "--seeds", str(folder / "names.txt"), "--source", url]
    command += ["-o", str(folder), "--neighbours", ",".join([str(TAKEN)] * DEPTH), "-q"]
    draw, done = random.Random(0), 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        if done < kills:
            until = sum(network.asked.values()) + draw.randint(1, 3 * network.accounts // kills)
            while process.poll() is None and sum(network.asked.values()) < until:
                time.sleep(0.01)
            if process.poll() is None:
                process.kill()
                done += 1
        if process.wait() == 0:
            return done


def known(network, seeds):
    """Accounts and edges that there are to be found, by names."""
    seen, edges, front = set(seeds), set(), list(seeds)
    for _ in range(DEPTH):
        following = {}
        for account in front:
            others = network.following(account)[:TAKEN]
            followers = network.followers.get(account, [])[:TAKEN]
            edges.update((account, other) for other in others)
            edges.update((other, account) for other in followers)
            following.update(dict.fromkeys([*others, *followers]))
        front = [account for account in following if account not in seen]
        seen.update(front)
    return {f"user{account}" for account in seen}, {(f"user{a}", f"user{b}") for a, b in edges}


def rows(path: Path):
    with path.open() as file:
        return list(csv.reader(file))[1:]


if __name__ == "__main__":
    main()
