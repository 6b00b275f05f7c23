"""`lilliput serve` as a process: starting, stopping, tokens, replaced models, several processes, overload."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import httpx
import pytest

from lilliput.cli.main import main

PREDICT = "/v1/models/opinions/predict"
ASKED = {"texts": ["a good film"]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_and_leaves_nothing(model_files, running, number):
    with running(model_files["opinions"]) as studio:
        assert studio.client.post(PREDICT, json=ASKED).status_code == 200
        assert studio.folder.exists()
        studio.process.send_signal(number)
        said = studio.log()
        assert not studio.folder.exists()
    assert "Traceback" not in said
    assert studio.process.returncode == 128 + number


def test_a_replaced_model_is_loaded_and_a_damaged_one_is_not(model_files, running, tmp_path):
    path = tmp_path / "opinions.safetensors"
    shutil.copy(model_files["opinions"], path)
    with running(path) as studio:

        def labels() -> list[str]:
            return studio.client.get("/v1/models").json()["models"][0]["about"]["labels"]

        old = labels()
        damaged = tmp_path / "new"
        damaged.write_bytes(path.read_bytes()[:1000])
        damaged.replace(path)
        time.sleep(1.2)
        assert studio.client.post(PREDICT, json=ASKED).status_code == 200
        from lilliput import TextClassifier

        texts = ["up", "above", "down", "below"] * 20
        TextClassifier(progress=False).fit(texts, ["high", "high", "low", "low"] * 20).save(damaged)
        damaged.replace(path)
        until = time.monotonic() + 10
        while labels() == old and time.monotonic() < until:
            time.sleep(0.1)
        assert labels() == ["high", "low"]
        studio.process.terminate()
        assert "stays as it was" in studio.log()


def test_other_addresses_demand_a_token(model_files, running):
    with running(model_files["opinions"], "--host", "0.0.0.0") as studio:
        token = studio.url.partition("?token=")[2].split()[0]
        with httpx.Client(base_url=f"http://127.0.0.1:{studio.port}") as client:
            assert client.get("/health").status_code == 200
            refused = client.get("/v1/models")
            assert refused.status_code == 401
            assert "token" in refused.json()["detail"]
            assert client.get("/v1/models", headers={"Authorization": "Bearer wrong"}).status_code == 401
            assert client.get("/v1/models", headers={"Authorization": f"Bearer {token}"}).status_code == 200
            entered = client.get(f"/?token={token}")
            assert entered.status_code == 303
            assert entered.headers["location"] == "/"
            assert "HttpOnly" in entered.headers["set-cookie"]
            for path in ("///evil.example/", "/%5C%5Cevil.example/", "/%0D%0AX-Bad:1"):
                found = client.get(f"http://127.0.0.1:{studio.port}{path}?token={token}").headers
                assert found["location"].startswith("/")
                assert not found["location"].startswith(("//", "/\\"))
                assert "x-bad" not in found
            assert client.get("/v1/models").status_code == 200  # by the cookie
            assert client.get("/v1/models", headers={"Host": "evil.example"}).status_code == 421
        studio.process.terminate()
        assert token not in studio.log()


def test_processes_share_the_work_and_count_together(model_files, running):
    with running(model_files["opinions"], "--processes", "2") as studio:
        for _ in range(20):
            with httpx.Client(base_url=studio.url) as client:
                assert client.post(PREDICT, json=ASKED).status_code == 200
        assert 'lilliput_predictions_total{model="opinions"} 20.0' in studio.client.get("/metrics").text


def test_wrong_arguments_are_told_in_a_line(model_files, tmp_path, capsys):
    same = tmp_path / "opinions.safetensors"
    shutil.copy(model_files["opinions"], same)
    nothing = tmp_path / "nothing.safetensors"
    for arguments, said in (
        ([str(model_files["opinions"]), str(same)], "both be served as 'opinions'"),
        ([str(nothing)], "nothing.safetensors"),
        (["--token", "short"], "8 plain characters"),
        (["--host", "203.0.113.1"], "cannot listen on 203.0.113.1"),
    ):
        assert main(["serve", "--port", "0", *arguments]) == 2
        assert said in capsys.readouterr().err


def test_without_the_extra_it_is_named():
    code = "import sys; sys.modules['fastapi'] = None\nfrom lilliput.cli.main import main\nsys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'lilliput[web]'" in done.stderr
