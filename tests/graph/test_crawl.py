from __future__ import annotations

import csv
import importlib.util
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lilliput.cli.main import main
from lilliput.core.errors import DataError
from lilliput.data import polite
from lilliput.data.mastodon import Mastodon, handle
from lilliput.data.polite import PoliteClient, RefusedError
from lilliput.graph.journal import Journal
from lilliput.graph.snowball import snowball

_spec = importlib.util.spec_from_file_location("mastodon_server", Path(__file__).with_name("mastodon_server.py"))
mastodon_server = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mastodon_server)
Network, Server = mastodon_server.Network, mastodon_server.Server


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(polite, "FIRST_WAIT", 0.001)


def crawl(server, folder, seeds=("user1", "user200"), neighbours="10,4", **more):
    folder.mkdir(exist_ok=True)
    names = folder / "names.txt"
    names.write_text("# the bloggers we have\n" + "\n".join(seeds) + "\n\n")
    arguments = [
        "crawl",
        "--seeds",
        str(names),
        "--source",
        server.url,
        "-o",
        str(folder),
        "--neighbours",
        neighbours,
        "-q",
    ]
    for name, value in more.items():
        arguments += [f"--{name}", str(value)]
    return main(arguments)


def rows(path):
    with path.open() as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def expected(network, seeds=(1, 200), limits=(10, 4)):
    """Accounts by depth and the edges that a snowball must find."""
    depth, edges, front = dict.fromkeys(seeds, 0), set(), list(seeds)
    for level, limit in enumerate(limits):
        found = []
        for account in front:
            for other in network.following(account)[:limit]:
                edges.add((account, other))
                found.append(other)
            for other in network.followers.get(account, [])[:limit]:
                edges.add((other, account))
                found.append(other)
        front = [account for account in dict.fromkeys(found) if account not in depth]
        depth.update(dict.fromkeys(front, level + 1))
    return depth, edges


def check(network, folder, **more):
    depth, edges = expected(network, **more)
    accounts = {
        name: (int(followers), int(friends), int(level))
        for name, followers, friends, level in rows(folder / "accounts.csv")
    }
    assert accounts == {
        f"user{account}": (len(network.followers.get(account, ())), len(network.following(account)), level)
        for account, level in depth.items()
    }
    found = rows(folder / "edges.csv")
    assert len(found) == len(set(found))
    assert {(source, target) for source, target, *_ in found} == {(f"user{a}", f"user{b}") for a, b in edges}


def test_a_snowball_and_nothing_asked_twice(tmp_path, capsys):
    network = Network()
    with Server(network) as server:
        assert crawl(server, tmp_path) == 0
        check(network, tmp_path)
        assert set(network.asked.values()) == {1}
        asked = sum(network.asked.values())
        assert crawl(server, tmp_path) == 0  # there is nothing left to ask
        assert sum(network.asked.values()) == asked
    assert (tmp_path / "seeds.txt").read_text() == "user1\nuser200\n"
    assert re.search(r"\d+ accounts, \d+ edges, \d+ requests; 0 lists were not to be had", capsys.readouterr().out)


def test_limits_are_kept_and_faults_outlived(tmp_path):
    network = Network(faults=0.2, limit=40, window=0.2)
    with Server(network) as server:
        assert crawl(server, tmp_path) == 0
    check(network, tmp_path)
    assert set(network.asked.values()) == {1}
    assert network.refused <= 2  # told before, not found out


def test_long_lists_go_on_page_by_page(tmp_path):
    network = Network(accounts=600, friends=250)
    with Server(network) as server:
        assert crawl(server, tmp_path, seeds=["@user1"], neighbours="200") == 0
    check(network, tmp_path, seeds=[1], limits=[200])


def test_hidden_lists_and_unknown_seeds_are_told(tmp_path, capsys):
    network = Network(hidden=[200])
    with Server(network) as server:
        names = tmp_path / "names.txt"
        names.write_text("user1\nuser200\nnobody\n")
        given = ["crawl", "--seeds", str(names), "--source", server.url]
        assert main([*given, "-o", str(tmp_path / "b"), "--neighbours", "3"]) == 0
        told = capsys.readouterr()
        assert "2 lists were not to be had" in told.out
        assert "does not know the seeds 'nobody'" in told.err
        assert "lilliput fit rank" in told.err
        names.write_text("nobody\n")
        assert main([*given, "-o", str(tmp_path / "c")]) == 2
        assert "knows none of the seeds, such as 'nobody'" in capsys.readouterr().err


def test_statuses_give_edges_of_other_kinds(tmp_path):
    network = Network()
    with Server(network) as server:
        assert crawl(server, tmp_path, seeds=["user5"], neighbours="2", statuses=10) == 0
    others = network.following(5)
    found = {row for row in rows(tmp_path / "edges.csv") if row[2] != "follow"}
    assert found == {
        ("user5", f"user{others[0]}", "reply", "2024-05-01T10:00:00Z"),
        ("user5", f"user{others[1]}", "mention", "2024-05-01T10:00:00Z"),
        ("user5", f"user{others[2]}", "repost", "2024-05-02T10:00:00Z"),
    }


def test_killed_at_any_moment_it_goes_on(tmp_path):
    network = Network(accounts=400, faults=0.05)
    names = tmp_path / "names.txt"
    names.write_text("user1\nuser200\n")
    command = [
        sys.executable,
        "-m",
        "lilliput",
        "crawl",
        "--seeds",
        str(names),
        "-o",
        str(tmp_path),
        "--neighbours",
        "20,4",
        "-q",
    ]
    kills = 0
    with Server(network) as server:
        while True:
            before = sum(network.asked.values())
            process = subprocess.Popen([*command, "--source", server.url], stdout=subprocess.DEVNULL)
            if kills < 5:
                while process.poll() is None and sum(network.asked.values()) < before + 10:
                    time.sleep(0.002)
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGKILL)
                    kills += 1
            if process.wait() == 0:
                break
    assert kills == 5
    check(network, tmp_path, limits=(20, 4))
    assert sum(network.asked.values()) - len(network.asked) <= kills  # only what was on its way was asked again


def test_another_crawl_does_not_go_on_here(tmp_path, capsys):
    with Server(Network()) as server:
        assert crawl(server, tmp_path, neighbours="2") == 0
        assert crawl(server, tmp_path, neighbours="3") == 2
    assert "neighbours was '2', not '3'; name another folder" in capsys.readouterr().err
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "crawl.sqlite").write_text("not a data base, and long enough to be read as one" * 20)
    with pytest.raises(DataError, match="is not the journal of a crawl"):
        Journal(tmp_path / "x" / "crawl.sqlite", {})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--neighbours", "80,x"], "expected numbers above 0 with commas"),
        (["--neighbours", "80,0"], "expected numbers above 0 with commas"),
        (["--seeds", "none.txt"], "none.txt cannot be read"),
        (["--source", "ftp://there"], "'ftp://there' is no address of a server"),
    ],
)
def test_bad_options(tmp_path, capsys, more, message):
    names = tmp_path / "names.txt"
    names.write_text("user1\n")
    usual = {"--seeds": str(names), "--source": "http://127.0.0.1:9", "-o": str(tmp_path / "out")}
    usual |= dict([more])
    assert main(["crawl", *(word for pair in usual.items() for word in pair)]) == 2
    assert message in capsys.readouterr().err


def test_no_names(tmp_path, capsys):
    names = tmp_path / "names.txt"
    names.write_text("# none\n\n")
    assert main(["crawl", "--seeds", str(names), "--source", "http://127.0.0.1:9", "-o", str(tmp_path)]) == 2
    assert "holds no names" in capsys.readouterr().err


def test_a_server_that_is_gone(tmp_path, capsys):
    with Server(Network()) as server:
        url = server.url
    slept = []
    client = PoliteClient(url, sleep=slept.append)
    with pytest.raises(DataError, match="failed 8 times, the last with ConnectionRefusedError"):
        client.get("/api/v1/accounts/1/following")
    client.close()
    assert slept == [0.001 * 4**tried for tried in range(7)]


def test_a_cut_answer_and_a_closed_connection_are_asked_again_once(monkeypatch):
    network = Network(faults=1.0)
    faults = iter(["cut", None, "close", None, "cut", "500", "cut", None])
    monkeypatch.setattr(network.random, "choice", lambda kinds: next(faults))
    slept = []
    with Server(network) as server:
        client = PoliteClient(server.url, sleep=slept.append)
        for _ in range(2):
            assert client.get("/api/v1/accounts/7/following", {"limit": 80}).value
        assert client.requests == 4
        assert slept == [0.001]  # only the first, on a connection that nothing had come over
        assert client.get("/api/v1/accounts/7/following", {"limit": 80}).value
        assert client.requests == 8
        assert slept == [0.001, 0.001 * 4, 0.001 * 16]
        client.close()


def test_other_answers(tmp_path):
    with Server(Network()) as server:
        client = PoliteClient(server.url)
        with pytest.raises(RefusedError, match="answers 404"):
            client.get("/nothing")
        client.close()
        with pytest.raises(DataError, match="gave no list of items"):
            Mastodon(_Fixed({"error": "odd"}, server.url)).page("1", "following", None, 10)
        with pytest.raises(DataError, match="an account is not as Mastodon's API has it"):
            Mastodon(_Fixed([{"id": 1}], server.url)).page("1", "following", None, 10)
        with pytest.raises(DataError, match="a status of account 1 is not as Mastodon's API has it"):
            Mastodon(_Fixed([{"reblog": {"x": 1}}], server.url)).page("1", "statuses", None, 10)


class _Fixed:
    def __init__(self, value, address):
        self.value, self.address = value, address

    def get(self, path, query=""):
        return polite.Answer(self.value, None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12", 12),
        ("2000000060", 60),
        ("2033-05-18T03:34:20Z", 60),
        ("Wed, 18 May 2033 03:34:20 GMT", 60),
        ("soon", 0),
        ("", 0),
    ],
)
def test_waits_are_read_in_all_their_forms(text, seconds):
    assert polite._seconds(text, 2_000_000_000.0) == seconds


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("@ann@there.org", "ann@there.org"),
        (" ann ", "ann"),
        ("https://there.org/@ann", "ann@there.org"),
        ("https://there.org/users/ann/", "ann@there.org"),
        ("https://here.org/@ann@there.org", "ann@there.org"),
    ],
)
def test_names_as_people_write_them(written, name):
    assert handle(written) == name


def test_a_source_of_ones_own(tmp_path):
    class Ring:
        address = "ring"

        def lookup(self, name):
            return mastodon.Account(name, name, 1, 1)

        def page(self, account, kind, cursor, most):
            other = str((int(account) + (1 if kind == "following" else -1)) % 7)
            edge = (
                mastodon.Edge(account, other, "follow")
                if kind == "following"
                else mastodon.Edge(other, account, "follow")
            )
            return mastodon.Page([mastodon.Account(other, other, 1, 1)], [edge], 1, None)

    from lilliput.data import mastodon

    journal = Journal(tmp_path / "crawl.sqlite", {})
    journal.add_seeds(["0"])
    snowball(Ring(), journal, [1, 1, 1, 1])
    assert journal.counts()["accounts"] == 7
    assert {(source, target) for source, target, *_ in journal.edges()} == {
        (str(i), str((i + 1) % 7)) for i in range(7)
    }
    journal.close()
    with sqlite3.connect(tmp_path / "crawl.sqlite") as base:
        assert base.execute("pragma integrity_check").fetchone() == ("ok",)
