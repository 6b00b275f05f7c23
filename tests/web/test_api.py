"""The API as a program sees it."""

from __future__ import annotations

import concurrent.futures

import pytest

PREDICT = "/v1/models/opinions/predict"


def test_predictions_are_those_of_the_model(studio, model_files):
    from lilliput import load

    texts = ["a lovely film", "an awful dinner", "", "a fine dull song"] * 20
    model = load(model_files["opinions"])
    told = studio.client.post(PREDICT, json={"texts": texts}).json()["predictions"]
    for one, chances in zip(told, model.predict_proba(texts).tolist(), strict=True):
        expected = dict(zip(model.classes_.tolist(), chances, strict=True))
        assert one["probabilities"] == pytest.approx(expected, abs=2e-6)
        assert one["label"] == max(expected, key=expected.get)
        assert list(one["probabilities"]) == sorted(expected, key=expected.get, reverse=True)
    (best,) = studio.client.post(PREDICT, json={"texts": texts[:1], "top": 1}).json()["predictions"]
    assert list(best["probabilities"]) == ["praise"]


def test_many_at_once_get_their_own_answers(studio):
    words = ["good", "bad", "great", "dull", "awful", "lovely"]
    texts = [f"a {words[number % 6]} film {number}" for number in range(120)]

    def ask(text):
        return studio.client.post(PREDICT, json={"texts": [text]}).json()["predictions"][0]["label"]

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        found = list(pool.map(ask, texts))
    assert found == ["blame" if number % 6 in (1, 3, 4) else "praise" for number in range(120)]


def test_explanations_name_the_ngrams(studio):
    answer = studio.client.post("/v1/models/opinions/explain", json={"text": "a lovely film", "label": "praise"})
    assert "lovely" in {one["ngram"] for one in answer.json()["speaks_for"]}
    wrong = studio.client.post("/v1/models/opinions/explain", json={"text": "a film", "label": "nonsense"})
    assert wrong.status_code == 422
    assert wrong.json()["detail"] == "'nonsense' is none of the labels; there are blame, praise"


def test_models_and_health_and_counts(studio):
    (model,) = (one for one in studio.client.get("/v1/models").json()["models"] if one["name"] == "opinions")
    assert model["task"] == "label"
    assert model["verbs"] == ["predict", "explain"]
    assert model["report"]["quality"]["accuracy"]["value"] > 0.5
    assert model["about"] == {"labels": ["blame", "praise"], "mode": "single"}
    assert model["budget"] == {"memory": 50_000, "time": None, "latency": None}
    assert studio.client.get("/v1/models/opinions").json()["report"] == model["report"]
    assert studio.client.get("/v1/models/nothing").status_code == 404
    assert studio.client.get("/health").json()["status"] == "ok"
    studio.client.post(PREDICT, json={"texts": ["a film"]})
    counts = studio.client.get("/metrics").text
    assert 'lilliput_predictions_total{model="opinions"}' in counts
    assert 'route="/v1/models/{name}/predict",status="200"' in counts
    assert "lilliput_queue 0.0" in counts


def test_verbs_that_a_task_does_not_have(studio):
    answer = studio.client.post("/v1/models/opinions/spans", json={"text": "a"})
    assert answer.status_code == 404


def test_answers_carry_the_headers_that_keep_browsers_safe(studio):
    for path in ("/", "/health", "/static/studio.js", "/nothing"):
        headers = studio.client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_files_are_asked_for_again_only_when_they_changed(studio):
    first = studio.client.get("/static/studio.js")
    again = studio.client.get("/static/studio.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert not again.content
    assert first.headers["content-encoding"] == "gzip"
    plain = studio.client.get("/static/studio.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == first.content
    assert "content-encoding" not in plain.headers


def test_our_own_code_is_small():
    from lilliput.web.pages import static_files

    sizes = {name: len(file.content) for name, file in static_files().items()}
    assert sum(sizes[name] for name in ("studio.css", "studio.js", "reports.js", "home.js", "frame.html")) < 40_000
    assert sum(len(file.packed) for file in static_files().values()) < 60_000
