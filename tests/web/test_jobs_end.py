"""Jobs of a studio with several processes, and that none outlives its studio."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from lilliput.web.jobs import Jobs
from lilliput.web.runner import Runner
from lilliput.web.settings import Settings

CSV = "\n".join(["text,label", *(f"word{row % 50} and word{row % 7},{row % 3}" for row in range(30_000))]).encode()


def start(client: httpx.Client, budget: str = "1MB,50s") -> str:
    headers = {"Content-Type": "application/octet-stream"}
    sent = client.post("/v1/uploads?name=rows.csv", content=CSV, headers=headers).json()
    asked = {"kind": "fit", "task": "label", "upload": sent["id"], "budget": budget}
    return client.post("/v1/jobs", json=asked).json()["id"]


def process_of(job: str, within: float = 15) -> int:
    """The process of a job that runs."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if job in (folder / "cmdline").read_text():
                    return int(folder.name)
            except OSError:
                continue
        time.sleep(0.05)
    raise AssertionError("the job has no process")


def folder_of(process: int) -> Path:
    """The folder of a job, of which its process was told."""
    return Path(Path(f"/proc/{process}/cmdline").read_text().split("\0")[3])


def gone(process: int, within: float = 5) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{process}/stat").read_text().split()[2] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


linux = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are looked up in /proc")


@linux
def test_both_processes_know_a_job_that_one_of_them_runs_and_it_ends_with_them(running, model_files):
    with running("--processes", "2", str(model_files["opinions"])) as studio:
        job = start(studio.client)
        process = process_of(job)
        for _ in range(8):  # a connection goes to either
            with httpx.Client(base_url=studio.url) as client:
                assert client.get(f"/v1/jobs/{job}").json()["state"] == "running"
                with client.stream("GET", f"/v1/jobs/{job}/events") as events:
                    assert any('"type":"started"' in line for line in events.iter_lines())
        folder = folder_of(process)
        assert folder.name == job
    assert gone(process)
    assert not folder.parent.parent.exists()


@linux
def test_a_job_does_not_outlive_a_studio_that_is_killed(running, model_files):
    with running(str(model_files["opinions"])) as studio:
        process = process_of(start(studio.client))
        folder = folder_of(process)
        studio.process.send_signal(signal.SIGKILL)
        assert gone(process)
        assert folder.exists()  # nobody was left to delete it


@pytest.fixture
def jobs(tmp_path):
    """Jobs of a studio that does not run."""
    settings = Settings({}, str(tmp_path), most_jobs=1)
    return Jobs(settings), settings


def asked(arguments: list[str]) -> dict:
    told = {"kind": "predict", "what": "m", "data": "d", "request": {"upload": "u"}, "download": "d.csv"}
    return {**told, "arguments": arguments, "names": {}, "result": "result.csv", "seconds": 100}


def until_ended(runner: Runner, job, within: float = 15) -> dict:
    end = time.monotonic() + within
    while time.monotonic() < end:
        runner.look()
        if job.end() is not None and job.id not in runner._running:
            return job.end()
        time.sleep(0.05)
    raise AssertionError("the job has not ended")


def test_one_process_runs_jobs_and_another_goes_on_after_it(jobs):
    known, settings = jobs
    first, second = Runner(known, settings), Runner(known, settings)
    lost = known.create(asked(["predict", "nothing.safetensors", "x"]))
    first.look()
    second.look()
    assert list(first._running) == [lost.id]
    assert not second._running
    _, process = first._running.pop(lost.id)  # as if it were killed together with its process
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    first.close()
    assert until_ended(second, lost)["detail"] == (
        "the process of the studio that ran this job has ended; start it again"
    )
    second.close()


def test_a_bug_is_told_as_one_and_shown_in_the_studios_log_alone(jobs, caplog):
    known, settings = jobs
    runner = Runner(known, settings)
    job = known.create(asked(["predict"]))
    assert until_ended(runner, job) == {
        "type": "failed",
        "detail": "this is a bug of lilliput; the studio's own output says more",
    }
    runner.close()
    assert job.id in caplog.text
    assert "Missing argument" in caplog.text


def test_a_job_that_is_killed_from_outside_has_failed(jobs, caplog):
    known, settings = jobs
    runner = Runner(known, settings)
    job = known.create(asked(["predict", "nothing.safetensors", "x"]))
    runner.look()
    _, process = runner._running[job.id]
    process.kill()
    ended = until_ended(runner, job)
    runner.close()
    assert ended["type"] == "failed"
    assert "ended with signal SIGKILL; it may have needed too much memory" in ended["detail"]


def test_only_the_last_jobs_are_kept(jobs, monkeypatch):
    known, settings = jobs
    monkeypatch.setattr("lilliput.web.runner.MOST_ENDED", 2)
    made = [known.create(asked([])) for _ in range(4)]
    runner = Runner(known, settings)
    for job in made:
        job.cancel()
    runner.look()
    runner._prune()
    runner.close()
    assert [job.id for job in known] == [job.id for job in made[2:]]
