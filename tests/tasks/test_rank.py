"""Ranking accounts: seeds, totals, explanations, farms, files, bad input."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import lilliput
from lilliput.cli.main import main
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError, ModelFileError, NotFittedError
from lilliput.core.modelfile import read_model, write_model
from lilliput.graph import pagerank
from lilliput.tasks import rank_fit
from lilliput.tasks.rank import EdgeFiles, InfluencerRanker


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rank_fit, "ready", lambda budget, progress: 0.0)


def ranker(**more):
    return InfluencerRanker(**{"threads": 1, "progress": False, **more})


def network(nodes=200, edges=1500, seed=0):
    generator = np.random.default_rng(seed)
    targets = (nodes * generator.random(edges) ** 3).astype(int)
    return [(f"a{s}", f"a{t}") for s, t in zip(generator.integers(nodes, size=edges), targets, strict=True) if s != t]


FRIENDS = [("seed", "ann"), ("ann", "bob"), ("bob", "cem"), ("seed", "dora"), ("dora", "ann"), ("eve", "eva")]


@pytest.fixture(scope="module")
def fitted():
    return ranker(seeds=["seed"], communities=True).fit(FRIENDS)


def table(model, path):
    model.write(path)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_ranks_from_seeds(fitted, tmp_path):
    rows = {row["id"]: row for row in table(fitted, tmp_path / "t.csv")}
    assert {name: row["distance"] for name, row in rows.items()} == {
        "seed": "0",
        "ann": "1",
        "dora": "1",
        "bob": "2",
        "cem": "3",
        "eve": "",
        "eva": "",
    }
    assert {name: row["introducer"] for name, row in rows.items() if row["introducer"]} == {
        "ann": "seed",
        "dora": "seed",
        "bob": "ann",
        "cem": "ann",
    }
    assert float(rows["eva"]["score"]) == 0
    assert sum(float(row["score"]) for row in rows.values()) == pytest.approx(1, abs=1e-8)
    assert rows["eve"]["community"] == rows["eva"]["community"] != rows["ann"]["community"]
    assert [row["rank"] for row in table(fitted, tmp_path / "t.csv")] == list("1234567")


def test_the_tables_agree(fitted, tmp_path):
    rows = table(fitted, tmp_path / "t.csv")
    fitted.write(tmp_path / "t.json")
    fitted.write(tmp_path / "t.jsonl")
    found = json.loads((tmp_path / "t.json").read_text())
    assert found == [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert [row["score"] for row in found] == [float(row["score"]) for row in rows]
    assert [row["distance"] for row in found] == [int(row["distance"]) if row["distance"] else None for row in rows]
    with pytest.raises(DataError, match=r"has no ending that can be written; call it .csv"):
        fitted.write(tmp_path / "t.doc")


def test_scores_are_written_with_ten_digits(tmp_path):
    model = ranker().fit(network())
    found = [float(row["score"]) for row in table(model, tmp_path / "t.csv")]
    assert found == pytest.approx(model.scores_.tolist(), rel=1e-9)
    assert all(len(row["score"]) == 15 for row in table(model, tmp_path / "t.csv"))


def test_ids_that_need_quotes(tmp_path):
    names = ['a,"b"', "new\nline", "é", "tab\there"]
    model = ranker(seeds=[names[0]]).fit(list(zip(names, names[1:] + names[:1], strict=True)))
    rows = table(model, tmp_path / "t.csv")
    assert {row["id"] for row in rows} == set(names)
    model.save(tmp_path / "m.safetensors")
    assert table(lilliput.load(tmp_path / "m.safetensors"), tmp_path / "u.csv") == rows
    model.write(tmp_path / "t.tsv")
    assert len((tmp_path / "t.tsv").read_text().splitlines()) == 5


def test_explanations_add_up():
    model = ranker(tolerance=1e-13).fit(network())
    for account in model.top(20):
        found = model.explain(account)
        assert sum(item.share for item in found.supporters) + found.others + found.jumps == pytest.approx(1)
        jump = 0.15 / len(model.scores_) + 0.85 * _dangling(model) / len(model.scores_)
        assert found.jumps * found.score == pytest.approx(jump, rel=1e-9)
        assert all(names[-1] == account and len(names) == 3 for names, _ in found.paths)
    assert model.top(1)[0] in str(model.explain(model.top(1)[0]))


def _dangling(model):
    matrix = model.ranking_.matrix
    return float(model.ranking_.scores[matrix.out == 0].sum())


def test_the_way_and_what_is_heard(fitted):
    found = fitted.explain("cem")
    assert found.way == ["seed", "ann", "bob", "cem"]
    assert found.distance == 3
    assert "from the seeds: seed - ann - bob - cem (3 steps)" in str(found)
    assert fitted.reach("cem", 3) == [1, 2, 4]
    assert fitted.explain("eva").way == []


def test_an_unknown_account_is_told_with_those_like_it(fitted):
    with pytest.raises(DataError, match=r"there is no account 'Bob' in this ranking; did you mean 'bob'"):
        fitted.explain("Bob")
    assert fitted.predict(["bob", "nobody"])[1] == 0
    with pytest.raises(DataError, match="give a list of ids"):
        fitted.predict("bob")


def test_totals_count_what_was_not_crawled(tmp_path):
    edges = [("a", "b"), ("b", "a"), ("c", "a"), ("c", "b")]
    alike = ranker().fit(edges)
    assert alike.predict(["a"]) == pytest.approx(alike.predict(["b"]))
    (tmp_path / "accounts.csv").write_text("id,followers,friends\na,1000,1\nb,10,1\nc,0,2\nz,5,5\n")
    model = ranker(accounts=tmp_path / "accounts.csv").fit(edges)
    assert model.top(1) == ["a"]
    assert any("1 accounts with totals are on no edge" in note for note in model.report_.notes)
    generous = ranker(accounts={"a": (1000, 1), "b": (10, 1), "c": (0, 5000)}).fit(edges)
    assert generous.explain("a").supporters[0].account == "b"
    (tmp_path / "accounts.csv").write_text("id,followers,friends\na,-5,1\n")
    with pytest.raises(DataError, match=r"row 1: followers '-5', friends '1'; expected numbers"):
        ranker(accounts=tmp_path / "accounts.csv").fit(edges)


@pytest.mark.parametrize("kind", ["star", "mutual", "tree"])
def test_planted_farms_are_flagged_and_others_are_not(kind):
    edges = network(nodes=400, edges=6000)
    if kind == "tree":
        edges += [(f"leaf{n}", f"mid{n % 8}") for n in range(160)] + [(f"mid{n}", "boss") for n in range(8)]
    else:
        edges += [(f"leaf{n}", "boss") for n in range(150)]
        edges += [("boss", f"leaf{n}") for n in range(150)] if kind == "mutual" else []
    model = ranker().fit(edges)
    ranking = model.ranking_
    flagged = {ranking.name(int(row)) for row in np.flatnonzero(ranking.suspicion >= 0.9)}
    assert "boss" in flagged
    assert flagged <= {"boss", *(f"mid{n}" for n in range(8))}
    assert "suspicious" in str(model.explain("boss"))
    assert any("without diverse support" in note for note in model.report_.notes)


def test_what_changed(tmp_path):
    edges = network()
    old = ranker().fit(edges)
    old.save(tmp_path / "old.safetensors")
    more = [(f"a{n}", "a199") for n in range(100)]
    model = ranker(before=tmp_path / "old.safetensors").fit([*edges, *more, ("new", "a0")])
    found = model.explain("a199", before=old)
    assert found.before == (old.explain("a199").rank, old.explain("a199").score)
    assert found.rank < found.before[0]
    assert set(found.gained) <= {source for source, _ in more}
    assert found.gained
    assert found.lost == []
    assert model.explain("a199").before == found.before
    assert model.explain("new").before is None
    assert any("1 accounts are new" in note for note in model.report_.notes)
    fresh = ranker().fit([*edges, *more, ("new", "a0")])
    assert np.abs(fresh.predict(fresh.top(50)) - model.predict(fresh.top(50))).sum() < model.bound_ + fresh.bound_


@pytest.mark.parametrize("options", [{}, {"seeds": ["a1", "a2"], "communities": True}, {"accounts": {"a1": (9, 9)}}])
def test_a_file_gives_the_same_back(options, tmp_path):
    model = ranker(**options).fit([(*pair, 0.1 + n % 3) for n, pair in enumerate(network())])
    model.save(tmp_path / "m.safetensors")
    restored = lilliput.load(tmp_path / "m.safetensors")
    assert restored.to_bytes() == model.to_bytes()
    assert str(restored.explain("a3")) == str(model.explain("a3"))
    assert restored.reach("a3") == model.reach("a3")
    assert restored.residual_ == model.residual_


def test_the_same_bytes_for_any_number_of_threads(monkeypatch, tmp_path):
    monkeypatch.setattr("lilliput.graph.pagerank.SMALL", 0)
    monkeypatch.setattr("lilliput.data.edge_blocks.BLOCK", 4096)
    path = tmp_path / "e.csv"
    path.write_text("source,target\n" + "".join(f"{s},{t}\n" for s, t in network(edges=5000)))
    models = [ranker(threads=threads, seeds=["a1"]).fit(path) for threads in (1, 2, 3)]
    assert len({model.to_bytes() for model in models}) == 1
    tables = set()
    for model in models:
        model.write(tmp_path / "t.csv")
        tables.add((tmp_path / "t.csv").read_bytes())
    assert len(tables) == 1


def test_a_budget_of_memory(tmp_path):
    edges = network(nodes=300, edges=9000)
    full = ranker().fit(edges)
    size = len(full.to_bytes())
    small = ranker(budget=f"{size - 9000}B").fit(edges)
    assert small.ranking_.matrix is None
    small.save(tmp_path / "m.safetensors")
    assert (tmp_path / "m.safetensors").stat().st_size <= size - 9000
    restored = lilliput.load(tmp_path / "m.safetensors")
    top = full.top(1)[0]
    wanted = [item.account for item in full.explain(top).supporters]
    assert [item.account for item in restored.explain(top).supporters] == wanted
    with pytest.raises(DataError, match="without its edges"):
        restored.reach(top)
    assert any("no room for the edges" in note for note in restored.report_.notes)
    with pytest.raises(BudgetError, match="alone take") as error:
        ranker(budget="2KB").fit(edges)
    bare = ranker(budget=error.value.smallest).fit(edges)
    assert np.array_equal(bare.scores_, full.scores_)
    with pytest.raises(DataError, match="scores alone"):
        bare.explain(top)


def test_damaged_files_are_refused(tmp_path, fitted):
    path = tmp_path / "m.safetensors"
    fitted.save(path)
    manifest, arrays = read_model(path)
    for name, change in {
        "order": lambda a: a * 0,
        "scores": lambda a: a - 1,
        "suspicion": lambda a: a + np.nan,
        "followers": lambda a: a[1:],
        "sources": lambda a: a + 100,
        "lengths": lambda a: a + 1,
        "out": lambda a: -a,
        "parent": lambda a: a * 0 + 5,
        "distance": lambda a: a + 1,
        "id_starts": lambda a: a[::-1].copy(),
        "ids": lambda a: a | 0x80,
        "community": lambda a: a.astype(np.float32),
    }.items():
        write_model(path, manifest, {**arrays, name: change(arrays[name])})
        with pytest.raises(ModelFileError, match=str(path)):
            lilliput.load(path)
    for change in ({"accounts": 0}, {"residual": -1}, {"private": 3}, {"passes": "x"}, {"parameters": {"damping": 2}}):
        write_model(path, {**manifest, **change}, arrays)
        with pytest.raises(ModelFileError, match=str(path)):
            lilliput.load(path)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"damping": 1}, "damping=1: expected a number between 0 and 1"),
        ({"tolerance": 0}, "tolerance=0: expected a number from 1e-14 to 1"),
        ({"seeds": "ann"}, "seeds='ann': expected a list of ids"),
        ({"seeds": []}, "expected a list of ids"),
        ({"seeds": ["who", "what"]}, "none of the 2 seeds is in the network"),
        ({"half_life": 3}, "half_life and time belong together"),
        ({"kinds": {"a": 1}}, "kinds and kind belong together"),
        ({"kinds": {"a": -1}, "kind": "k"}, "kinds: 'a' has the weight -1"),
        ({"source": 3}, "source=3: expected the name of a column"),
    ],
)
def test_parameters_that_cannot_be_used(options, reason):
    with pytest.raises(LilliputError, match=reason):
        ranker(**options).fit(FRIENDS)


def test_networks_that_are_hardly_one():
    one = ranker(self_loops=True).fit([("a", "a")])
    assert one.scores_.tolist() == [1]
    with pytest.raises(DataError, match="no edge counts"):
        ranker().fit([("a", "a")])
    with pytest.raises(DataError, match="no edge counts"):
        ranker().fit([("a", "b", 0)])
    with pytest.raises(DataError, match="there is no edge"):
        ranker().fit([])
    with pytest.raises(DataError, match=r"row 2.*negative"):
        ranker(progress=False).fit([("a", "b", 1), ("a", "c", -1)])
    assert ranker().fit([(10**9, 1), (1, 10**9)]).predict(["1000000000"]) == pytest.approx(0.5)
    with pytest.raises(DeviceError):
        ranker(device="cuda").fit(FRIENDS)
    with pytest.raises(NotFittedError):
        ranker().top()


def test_duplicates_add_up():
    twice = ranker().fit([("a", "b"), ("a", "b"), ("a", "c"), ("b", "a")])
    weighted = ranker().fit([("a", "b", 2), ("a", "c", 1), ("b", "a", 1)])
    assert twice.predict(list("abc")) == pytest.approx(weighted.predict(list("abc")), abs=1e-9)
    assert twice.explain("b").followers == 1


def test_missing_seeds_and_bad_rows_are_told(tmp_path):
    (tmp_path / "e.csv").write_text("source,target\na,b\nb,\nb,a\n")
    model = ranker(seeds=["a", "x"]).fit(EdgeFiles([tmp_path / "e.csv"], skip_bad=True))
    assert any("1 of 2 seeds are not in the network: 'x'" in note for note in model.report_.notes)
    assert model.bad_.count == 1


@pytest.mark.parametrize("name", ["wiki_vote", "ego_twitter"])
def test_one_more_step_changes_nothing(name, shared_data):
    data = np.load(shared_data / "graphs" / f"{name}.npz")
    sources = np.repeat(np.arange(len(data["node_ids"])), np.diff(data["indptr"]))
    from lilliput.data.edges import Chunk, Edges
    from lilliput.graph.matrix import build
    from lilliput.graph.pagerank import pagerank

    ends = np.stack([sources, data["indices"]]).astype(np.uint32)
    count = len(data["node_ids"])
    matrix = build(Edges([Chunk(ends.copy())], count, None), loops=True)
    found = pagerank(matrix, tolerance=1e-11)
    out = np.bincount(sources, minlength=count).astype(float)
    there = np.isin(np.arange(count), ends)
    mine = np.zeros(count)
    mine[matrix.ids.values[matrix.order]] = found.values
    received = np.bincount(data["indices"], (mine * 0.85 / np.maximum(out, 1))[sources], minlength=count)
    residual = np.abs(received + (1 - received.sum()) * there / there.sum() - mine).sum()
    assert residual < 2e-11
    assert residual * 0.85 / 0.15 < 1e-9


def test_ctrl_c_keeps_the_ranks_so_far(monkeypatch, tmp_path, capsys):
    sweep, calls = pagerank._Chain.sweep, []

    def interrupted(self):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return sweep(self)

    exact = ranker().fit(network())
    monkeypatch.setattr(pagerank._Chain, "sweep", interrupted)
    found = ranker()
    with pytest.raises(KeyboardInterrupt):
        found.fit(network())
    assert found.interrupted_
    assert found.passes_ == 6
    assert "ended early by Ctrl-C" in found.report_.notes
    names = exact.top(200)
    assert 1e-10 < np.abs(found.predict(names) - exact.predict(names)).sum() <= found.bound_ + exact.bound_
    edges, out = tmp_path / "edges.csv", tmp_path / "r.safetensors"
    edges.write_text("source,target\n" + "".join(f"{edge[0]},{edge[1]}\n" for edge in network()))
    calls.clear()
    assert main(["fit", "rank", str(edges), "-o", str(out), "-q"]) == 130
    assert "interrupted; the best model so far was saved" in capsys.readouterr().err
    assert main(["score", str(out), str(edges)]) == 2
    assert "is a ranking, which is computed and not learned" in capsys.readouterr().err
