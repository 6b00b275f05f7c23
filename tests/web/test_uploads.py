"""Uploads: what is refused, with which sentence, and that nothing is left behind."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn

from lilliput.web.app import build
from lilliput.web.settings import Settings
from lilliput.web.uploads import MOST_KEPT

CSV = b'title,class\nfirst,a\n"second, longer",b\n'


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """A studio in this process with small limits, and its folder."""
    folder = tmp_path_factory.mktemp("studio")
    settings = Settings({}, str(folder), most_upload=50_000, most_unpacked=100_000, most_rows=1000, most_jobs=0)
    server = uvicorn.Server(uvicorn.Config(build(settings), log_config=None, timeout_graceful_shutdown=2))
    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=server.run, args=([sock],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=30) as client:
            yield client, folder
        server.should_exit = True
        thread.join()


@pytest.fixture
def small(serving):
    """The studio, with nothing left from before."""
    client, folder = serving
    for old in [*(folder / "uploads").iterdir(), *(folder / "jobs").glob("[0-9a-f]*")]:
        shutil.rmtree(old)
    return client, folder


def send(client, content: bytes = CSV, **query):
    headers = {"Content-Type": "application/octet-stream"}
    return client.post("/v1/uploads", params={"name": "data.csv", **query}, content=content, headers=headers)


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "uploads").rglob("*") if path.is_file()]


def test_a_file_is_looked_at(small):
    client, folder = small
    told = send(client, name="my data.CSV").json()
    assert {name: told[name] for name in ("name", "bytes", "columns", "text", "target")} == {
        "name": "my data.CSV",
        "bytes": len(CSV),
        "columns": ["title", "class"],
        "text": "title",
        "target": "class",
    }
    assert told["rows"] == [["first", "a"], ["second, longer", "b"]]
    assert sorted(path.name for path in files(folder)) == ["data.csv", "upload.json"]


@pytest.mark.parametrize("name", ["a.tsv.gz", "b.tsv.bz2", "c.tsv.xz"])
def test_packed_files_are_unpacked(small, name):
    client, _ = small
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[name[6:]]
    assert send(client, pack(b"text\tlabel\na\tb\n"), name=name).json()["rows"] == [["a", "b"]]


def test_tagged_sentences_are_shown_by_their_words(small):
    client, _ = small
    line = "{}\t{}\t_\tX\t_\t_\t0\t_\t_\t_\n"
    told = send(client, (line.format(1, "Hello") + line.format(2, "there") + "\n").encode(), name="a.conllu").json()
    assert (told["columns"], told["rows"]) == ([], [["Hello there"]])


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("../../../etc/cron.csv", 422, "is no name of a file"),
        ("..\\up.csv", 422, "is no name of a file"),
        ("/etc/passwd.csv", 422, "is no name of a file"),
        ("nul\0.csv", 422, "is no name of a file"),
        ("line\nend.csv", 422, "is no name of a file"),
        ("", 422, "name the file once"),
        ("x" * 300 + ".csv", 422, "has 304 characters; 255 are allowed"),
        ("model.safetensors", 415, "ends in '.safetensors'; what can be read is .csv"),
        ("run.py", 415, "ends in '.py'; what can be read is .csv"),
        ("table.parquet", 415, "ends in '.parquet'; what can be read is .csv"),
        ("archive.zip", 415, "ends in '.zip'; what can be read is .csv"),
        ("noending", 415, "has no ending; what can be read is .csv"),
    ],
)
def test_what_is_no_data_is_refused_by_its_name(small, name, status, said):
    client, folder = small
    answer = send(client, name=name)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert not files(folder)


def test_bytes_that_are_no_utf8_in_a_name_are_refused(small):
    client, folder = small
    headers = {"Content-Type": "application/octet-stream"}
    for name in ("%ED%A0%80.csv", "%FF.csv"):
        answer = client.post(f"/v1/uploads?name={name}", content=CSV, headers=headers)
        assert (answer.status_code, "is no name of a file" in answer.text) == (422, True)
    assert not files(folder)


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        (b"", "data.csv", 422, "the file is empty"),
        (b"x" * 60_000, "data.csv", 413, "50,000"),
        (
            gzip.compress(b"text\n" + b"0" * 10_000_000, mtime=0),
            "bomb.csv.gz",
            413,
            "the content has more than the 100,000",
        ),
        (bz2.compress(b"text\n" + b"0" * 10_000_000), "bomb.txt.bz2", 413, "the content has more than the 100,000"),
        (lzma.compress(b"text\n" + b"0" * 10_000_000), "bomb.txt.xz", 413, "the content has more than the 100,000"),
        (b"a\n" * 1001, "long.txt", 413, "the file has more than the 1,000 lines"),
        (gzip.compress(CSV, mtime=0)[:-12], "cut.csv.gz", 422, "cut.csv.gz is cut short"),
        (CSV, "false.csv.gz", 422, "false.csv.gz is damaged or no gz data"),
        (b"PK\x03\x04\xff\xfe\xfa", "book.csv", 422, "book.csv, header:"),
        (b"\xff\xfe\n", "wrong.txt", 422, "wrong.txt is UTF-16; save it as UTF-8"),
        (b"[1, 2]", "one.jsonl", 422, "one.jsonl"),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_kept(small, content, name, status, said):
    client, folder = small
    answer = send(client, content, name=name)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert str(folder) not in answer.text
    assert not files(folder)


def test_a_body_that_says_it_is_something_else_is_refused(small):
    client, folder = small
    answer = client.post("/v1/uploads?name=a.csv", content=CSV, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 415
    assert not files(folder)


def test_a_body_in_pieces_ends_where_it_is_too_large(small):
    client, folder = small
    headers = {"Content-Type": "application/octet-stream"}
    pieces = (b"x" * 5000 for _ in range(100))
    try:
        answer = client.post("/v1/uploads?name=a.csv", content=pieces, headers=headers)
    except httpx.WriteError:  # the connection ended before all of it was sent
        pass
    else:
        assert answer.status_code == 413
        assert answer.json()["detail"] == "the body has more than the 50,000 bytes that are allowed"
    assert client.get("/health").status_code == 200
    assert not files(folder)


def test_the_oldest_uploads_go(small):
    client, folder = small
    first = send(client).json()["id"]
    for _ in range(MOST_KEPT):
        last = send(client).json()["id"]
    kept = {path.name for path in (folder / "uploads").iterdir()}
    assert len(kept) == MOST_KEPT
    assert first not in kept
    assert last in kept
    assert client.get(f"/v1/uploads/{first}/doctor").status_code == 404


def test_an_upload_that_a_job_waits_for_stays(small):
    client, folder = small
    first = send(client).json()["id"]
    job = client.post("/v1/jobs", json={"kind": "fit", "task": "label", "upload": first}).json()
    assert job["state"] == "waiting"
    for _ in range(MOST_KEPT):
        send(client)
    assert (folder / "uploads" / first).is_dir()


def test_only_so_many_jobs_wait(small):
    client, _ = small
    asked = {"kind": "fit", "task": "label", "upload": send(client).json()["id"]}
    statuses = [client.post("/v1/jobs", json=asked).status_code for _ in range(21)]
    assert statuses == [201] * 20 + [503]
    newest = client.get("/v1/jobs").json()["jobs"][0]["id"]
    client.post(f"/v1/jobs/{newest}/cancel")
    with client.stream("GET", f"/v1/jobs/{newest}/events") as answer:
        assert '"type":"cancelled"' in answer.read().decode()


def test_the_doctor_says_what_is_wrong_with_a_file(small):
    client, folder = small
    rows = b"title,class,other\n" + b"the same,a,1\n" * 20 + b"the same,b,1\n"
    sent = send(client, rows, name="set.csv").json()
    found = client.get(f"/v1/uploads/{sent['id']}/doctor", params={"text": "title", "target": "class"}).json()
    assert (found["rows"], found["labels"]) == (21, {"a": 20, "b": 1})
    assert found["data"] == "set.csv: text 'title', target 'class'"
    assert "texts with different labels in different rows: 1; decide for one, or give both" in found["problems"]
    alone = client.get(f"/v1/uploads/{sent['id']}/doctor", params={"text": "title"}).json()
    assert alone["labels"] == {}
    wrong = client.get(f"/v1/uploads/{sent['id']}/doctor", params={"text": "nothing"})
    assert wrong.status_code == 422
    assert wrong.json()["detail"].startswith("set.csv")
    assert str(folder) not in wrong.text
