"""Models of rows and of words that have an API alone, and models that fastText made."""

from __future__ import annotations

import types

import numpy as np
import pytest

from lilliput.web.served import served_tasks
from lilliput.web.tasks.arrays import RowsAsked, classify


def ask(studio, path, **body):
    return studio.client.post(f"/v1/models/{path}", json=body)


def test_classes_values_and_coordinates(studio):
    rows = [[2, 0, 0.5], [-2.0, 0, 0]]
    found = ask(studio, "sides/predict", rows=rows).json()["predictions"]
    assert found == [{"label": "up", "probabilities": None}, {"label": "down", "probabilities": None}]
    assert ask(studio, "line/predict", rows=rows).json()["predictions"] == pytest.approx([5, -3], abs=0.3)
    assert np.array(ask(studio, "axes/transform", rows=rows).json()["coordinates"]).shape == (2, 2)
    assert studio.client.get("/v1/models/sides").json()["about"] == {"features": 3, "classes": ["down", "up"]}


@pytest.mark.parametrize("path", ["sides/predict", "line/predict", "axes/transform"])
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("[[1, 2]]", "X has 2 features, but"),
        ("[[1, 2, 3], [1, NaN, 3]]", "X: row 1, column 1 is NaN"),
        ("[[1, 2, 1e999]]", "X: row 0, column 2 is infinity"),
        ("[[1, 2, 3], [1, 2]]", "give rows of numbers, all of one length"),
        ("[]", "rows: list should have at least 1 item"),
        ('[["1", 2, 3]]', "rows[0][0]: input should be a valid number"),
    ],
)
def test_bad_rows_are_told(studio, path, rows, said):
    headers = {"content-type": "application/json"}
    answer = studio.client.post(f"/v1/models/{path}", content=f'{{"rows": {rows}}}', headers=headers)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]


def test_classes_have_their_probabilities():
    model = types.SimpleNamespace(
        predict=lambda rows: np.array([3]),
        predict_proba=lambda rows: np.array([[0.25, 0.75]], dtype=np.float32),
        classes_=np.array([1, 3]),
    )
    (found,) = classify(model, RowsAsked(rows=[[0.0]]))["predictions"]
    assert found == {"label": 3, "probabilities": {"1": 0.25, "3": 0.75}}


def test_clusters_of_words(studio):
    found = ask(studio, "groups/predict", words=["dog", "cat", "zzz"]).json()["predictions"]
    assert found[0] >= 0
    assert found[2] == -1
    assert studio.client.get("/v1/models/groups").json()["page"] is None


def test_models_without_a_page_show_their_report(page):
    page.goto("/m/groups")
    page.get_by_role("heading", name="groups", level=1).wait_for()


def test_models_of_fasttext_are_labellers():
    served = served_tasks()["fasttext"]
    model = types.SimpleNamespace(
        get_labels=lambda: ["__label__good", "__label__bad"],
        model_=types.SimpleNamespace(loss="softmax"),
        predict=lambda texts, k: ([["__label__bad", "__label__good"]], [[0.9, 0.1]]),
    )
    ready = served.prepare(model)
    (verb,) = served.verbs
    assert served.about(ready) == {"labels": ["good", "bad"], "mode": "single"}
    (found,) = verb.run(ready, verb.request(texts=["dull"]))["predictions"]
    assert (found["label"], found["probabilities"]) == ("bad", {"bad": 0.9, "good": 0.1})
