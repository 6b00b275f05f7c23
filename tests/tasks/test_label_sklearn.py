"""A text classifier among scikit-learn's tools."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.core.errors import LilliputError
from lilliput.tasks.label import TextClassifier

pytest.importorskip("sklearn")

from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted


@pytest.fixture
def model():
    return TextClassifier(threads=1, progress=False)


@pytest.fixture
def rows(toy):
    return toy("linear", 60)


def test_parameters_are_got_and_set(model):
    assert model.get_params()["words"] is None
    assert model.set_params(words=(1, 1), budget="1MB") is model
    assert repr(model) == "TextClassifier(budget='1MB', words=(1, 1), threads=1, progress=False)"
    with pytest.raises(LilliputError, match=r"no parameter 'word'; did you mean words"):
        model.set_params(word=(1, 1))


def test_clones_have_the_parameters_and_not_the_model(fitted, rows):
    model = fitted("linear")
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not copy.__sklearn_is_fitted__()
    check_is_fitted(model)
    with pytest.raises(ValueError, match="not fitted yet"):
        check_is_fitted(copy)


def test_it_is_a_classifier_of_texts(model):
    assert is_classifier(model)
    tags = model.__sklearn_tags__()
    assert tags.input_tags.string
    assert tags.target_tags.required
    assert tags.classifier_tags.multi_label


def test_it_stands_at_the_end_of_a_pipeline(model, rows):
    shouted = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    pipeline = Pipeline([("shout", shouted), ("label", model)]).fit(*rows)
    assert pipeline.score(*rows) > 0.95
    assert pipeline.predict_proba(rows[0]).shape == (60, 3)
    assert pipeline.classes_.tolist() == ["blau", "grün", "rot"]


def test_a_grid_is_searched(model, rows):
    grid = {"words": [(0, 0), (1, 1), (1, 2)], "chars": [(0, 0)]}
    lengths = {"words": [(1, 1), (2, 2)], "chars": [(0, 0)]}
    search = GridSearchCV(model, lengths, cv=2, error_score="raise").fit(*rows)
    assert search.best_params_ == {"words": (1, 1), "chars": (0, 0)}
    assert search.best_score_ > 0.9
    assert search.predict(rows[0][:5]).shape == (5,)
    with pytest.raises(LilliputError, match="leave nothing to learn from"):
        GridSearchCV(model, grid, cv=2, error_score="raise").fit(*rows)


def test_it_is_cross_validated(model, rows):
    assert cross_val_score(model, *rows, cv=3, error_score="raise").min() > 0.8
    assert accuracy_score(rows[1], cross_val_predict(model, *rows, cv=2)) > 0.8
    chances = cross_val_predict(model, *rows, cv=2, method="predict_proba")
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)


def test_tables_are_cross_validated_too(model, rows):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"body": rows[0], "n": range(60)})
    assert cross_val_score(model.set_params(text="body"), frame, rows[1], cv=2, error_score="raise").min() > 0.8


def test_others_build_on_it(model, rows):
    outer = CalibratedClassifierCV(model, cv=2).fit(np.array(rows[0], dtype=object), rows[1])
    assert accuracy_score(rows[1], outer.predict(np.array(rows[0], dtype=object))) > 0.9
