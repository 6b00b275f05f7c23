"""Jobs: fits and predictions of files, their events, cancelling, and what becomes of them."""

from __future__ import annotations

import json
import time

import httpx
import pytest

WORDS = {"praise": ["good", "great", "fine", "lovely"], "blame": ["bad", "dull", "poor", "awful"]}
ROWS = [
    f"a {word} {thing} number {number},{label}"
    for number in range(10)
    for label, words in WORDS.items()
    for word in words
    for thing in ("film", "book", "song", "play")
]
CSV = "\n".join(["text,label", *ROWS]).encode()


def upload(client: httpx.Client, content: bytes = CSV, name: str = "opinions.csv") -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream"}
    return client.post("/v1/uploads", params={"name": name}, content=content, headers=headers)


def fit(client: httpx.Client, content: bytes = CSV, name: str = "opinions.csv", **asked) -> str:
    sent = upload(client, content, name).json()
    answer = client.post("/v1/jobs", json={"kind": "fit", "task": "label", "upload": sent["id"], **asked})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def ended(client: httpx.Client, job: str, within: float = 60) -> dict:
    until = time.monotonic() + within
    while time.monotonic() < until:
        told = client.get(f"/v1/jobs/{job}").json()
        if told["end"]:
            return told
        time.sleep(0.1)
    raise AssertionError(f"the job has not ended: {told}")


def events(client: httpx.Client, job: str, last: str | None = None) -> list[tuple[str, dict]]:
    """All events of a job that has ended, with their ids."""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        parts = answer.read().decode().split("\n\n")
    assert parts[-2].startswith("event: end")
    pairs = [part.split("\n") for part in parts if part.startswith("id: ")]
    return [(number.removeprefix("id: "), json.loads(data.removeprefix("data: "))) for number, data in pairs]


@pytest.fixture(scope="module")
def fitted(studio):
    """A job that has trained a classifier."""
    job = fit(studio.client, budget="50KB,2min")
    return ended(studio.client, job)


def test_a_fit_tells_its_progress_its_curve_and_its_report(studio, fitted):
    assert fitted["state"] == "done", fitted
    assert fitted["end"]["task"] == "label"
    assert 0 < fitted["end"]["bytes"] <= 50_000
    assert "accuracy" in fitted["end"]["report"]["quality"]
    told = [event for _, event in events(studio.client, fitted["id"])]
    assert [told[0]["type"], told[-1]["type"]] == ["started", "done"]
    assert {event["type"] for event in told} >= {"progress", "point", "note"}
    assert all(event["numbers"]["held_out_loss"] >= 0 for event in told if event["type"] == "point")
    assert "learning from opinions.csv: text 'text', target 'label'" in [event.get("text") for event in told]
    assert "/" not in "".join(event.get("text", "") for event in told)


def test_events_go_on_after_the_last_one_that_was_heard(studio, fitted):
    everything = events(studio.client, fitted["id"])
    middle = everything[len(everything) // 2][0]
    assert events(studio.client, fitted["id"], middle) == everything[len(everything) // 2 + 1 :]
    assert events(studio.client, fitted["id"], everything[-1][0]) == []
    for nonsense in ("7", "x", "99999999999"):
        assert events(studio.client, fitted["id"], nonsense) in (everything, [])


def test_a_model_is_downloaded_and_kept_under_a_name(studio, fitted, tmp_path):
    address = f"/v1/jobs/{fitted['id']}"
    got = studio.client.get(f"{address}/result")
    assert got.headers["content-disposition"] == 'attachment; filename="opinions-label.safetensors"'
    assert len(got.content) == fitted["end"]["bytes"]
    kept = studio.client.post(f"{address}/keep", json={"name": "kept-one"})
    assert kept.json() == {"name": "kept-one", "page": "/m/kept-one"}
    asked = {"texts": ["a lovely play"], "top": 1}
    said = studio.client.post("/v1/models/kept-one/predict", json=asked).json()
    assert said["predictions"][0]["label"] == "praise"
    again = studio.client.post(f"{address}/keep", json={"name": "kept-one"})
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "there is a model 'kept-one' already; choose another name",
    )
    for name in ("../escaped", "a/b", ".hidden", "ü", "x" * 65, "a b"):
        refused = studio.client.post(f"{address}/keep", json={"name": name})
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith("name: at most 64 letters")


def test_a_file_is_answered_row_by_row(studio):
    content = b'id,text\n1,a lovely play\n2,"an awful, dull song"\n'
    sent = upload(studio.client, content, "Ünread me.csv").json()
    asked = {"kind": "predict", "model": "opinions", "upload": sent["id"]}
    job = ended(studio.client, studio.client.post("/v1/jobs", json=asked).json()["id"])
    assert job["state"] == "done", job
    got = studio.client.get(f"/v1/jobs/{job['id']}/result")
    assert got.headers["content-disposition"] == 'attachment; filename="nread_me-answers.csv"'
    lines = got.text.splitlines()
    assert lines[0] == "id,text,label,probability"
    assert lines[1].startswith("1,a lovely play,praise,")
    assert lines[2].startswith('2,"an awful, dull song",blame,')
    refused = studio.client.post(f"/v1/jobs/{job['id']}/keep", json={"name": "answers"})
    assert refused.json()["detail"] == "this job has made answers and no model; download them"


def test_an_error_in_the_data_is_its_sentence_with_the_files_own_name(studio):
    job = ended(studio.client, fit(studio.client, b"text,label\na,x\nb,x\n", "one.csv", budget="50KB,2min"))
    assert job["state"] == "failed"
    assert "one.csv" in job["end"]["detail"] or "label" in job["end"]["detail"]
    assert "/" not in job["end"]["detail"]
    refused = studio.client.get(f"/v1/jobs/{job['id']}/result")
    assert (refused.status_code, refused.json()["detail"]) == (409, "this job has failed and made nothing")


def test_a_cancelled_fit_keeps_the_best_so_far(studio):
    rows = "\n".join(["text,label", *(row.replace("number", f"no {copy}") for copy in range(40) for row in ROWS)])
    job = fit(studio.client, rows.encode(), budget="1MB,50s")
    until = time.monotonic() + 30
    while (studio.client.get(f"/v1/jobs/{job}").json()["last"] or {}).get("label") != "learning":
        assert time.monotonic() < until
        time.sleep(0.1)
    time.sleep(0.5)
    assert studio.client.post(f"/v1/jobs/{job}/cancel").json()["state"] in ("cancelling", "cancelled")
    told = ended(studio.client, job, 20)
    assert told["state"] == "cancelled"
    if told["end"]["bytes"]:
        assert studio.client.get(f"/v1/jobs/{job}/result").status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"kind": "fit", "task": "label", "upload": "../../etc/passwd"}, 404, "there is no upload '../../etc/passwd'"),
        ({"kind": "fit", "task": "x", "upload": "x"}, 422, "task: 'x' cannot be trained here; there are label, lang"),
        ({"kind": "learn"}, 422, "kind: should be one of 'fit', 'predict', not 'learn'"),
        ({}, 422, "kind: should be one of"),
        ({"kind": "fit", "task": "label", "upload": "a\0"}, 422, "fit.upload: there is a NUL character at place 1"),
        ({"kind": "fit", "task": "label", "budget": "1MB"}, 422, "budget '1MB' has no time; add one, as in 1MB,1min"),
        ({"kind": "fit", "task": "label", "budget": "2h"}, 422, "budget '2h': at most 1 h are allowed here"),
        ({"kind": "fit", "task": "label", "options": {"out": "/tmp/x"}}, 422, "options.out: a fit of task 'label'"),
        ({"kind": "fit", "task": "label", "options": {"balanced": 3}}, 422, "options.balanced should be true or false"),
        ({"kind": "fit", "task": "tag"}, 422, "opinions.csv: a fit of task 'tag' reads .conllu .tsv .tab"),
        ({"kind": "predict", "model": "nobody"}, 404, "there is no model 'nobody'"),
    ],
)
def test_what_no_job_can_be_is_refused_in_a_sentence(studio, asked, status, said):
    sent = upload(studio.client).json()
    answer = studio.client.post("/v1/jobs", json={"upload": sent["id"], **asked})
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("ident", ["0" * 24, "..", "%2e%2e", "x%00y"])
def test_an_unknown_job_is_not_there(studio, ident):
    for part in ("", "/events", "/result"):
        answer = studio.client.get(f"/v1/jobs/{ident}{part}")
        assert answer.status_code == 404
        assert answer.json()["detail"]
