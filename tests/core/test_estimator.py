from __future__ import annotations

import sys
import types
from importlib import import_module

import numpy as np
import pytest

from lilliput.core import registry
from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError, ModelFileError, NotFittedError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import encode, read_model, require, write_model
from lilliput.core.registry import TASKS, load
from lilliput.core.report import Measure, Report


class Majority(Estimator):
    """Always says the most frequent label."""

    task = "majority"

    def __init__(self, smoothing=1.0, budget=None, seed=0, threads=None, device="auto", progress="auto"):
        self.smoothing = smoothing
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    def fit(self, X, y):
        self.classes_, self.counts_ = np.unique(y, return_counts=True)
        right = int(self.counts_.max())
        self.report_ = Report("majority", {"accuracy": Measure.proportion(right, len(y))}, "nothing", self.seed)
        self.report_.fit_seconds = 1.5
        return self

    def predict(self, X):
        self._check_fitted()
        return np.full(len(X), self.classes_[self.counts_.argmax()])

    def score(self, X, y):
        return float(np.mean(self.predict(X) == y)) - abs(self.smoothing - 2)

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags

    def _manifest(self):
        return {"rows": int(self.counts_.sum())}

    def _arrays(self):
        return {"classes": self.classes_, "counts": self.counts_}

    @classmethod
    def _restore(cls, manifest, arrays, path):
        require(arrays, {"classes": (np.int64, (None,)), "counts": (np.int64, (None,))}, path)
        estimator = cls._from_manifest(manifest, path)
        estimator.classes_, estimator.counts_ = arrays["classes"], arrays["counts"]
        return estimator


X, y = ["a", "b", "c", "d", "e", "f"], [1, 2, 2, 1, 2, 2]


@pytest.fixture
def majority_is_a_task(monkeypatch):
    module = types.ModuleType("majority_task")
    module.Majority = Majority
    monkeypatch.setitem(sys.modules, "majority_task", module)
    monkeypatch.setitem(TASKS, "majority", "majority_task:Majority")


def test_get_params_gives_the_arguments():
    assert Majority(seed=3).get_params(deep=False) == {
        "smoothing": 1.0,
        "budget": None,
        "seed": 3,
        "threads": None,
        "device": "auto",
        "progress": "auto",
    }


def test_set_params_sets_and_returns_the_estimator():
    estimator = Majority()
    assert estimator.set_params(seed=4, smoothing=0.5) is estimator
    assert (estimator.seed, estimator.smoothing) == (4, 0.5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smoothin", r"Majority has no parameter 'smoothin'; did you mean smoothing\?"),
        ("zzz", "it has smoothing, budget, seed, threads, device, progress"),
        ("seed__x", "no parameter 'seed__x'"),
    ],
)
def test_an_unknown_parameter_is_named_with_the_nearest_and_nothing_is_set(name, message):
    estimator = Majority()
    with pytest.raises(LilliputError, match=message):
        estimator.set_params(**{"seed": 9, name: 1})
    assert estimator.seed == 0


def test_repr_shows_what_was_changed():
    assert repr(Majority()) == "Majority()"
    assert repr(Majority(budget=Budget("1MB"), seed=2)) == "Majority(budget=Budget(memory='1MB'), seed=2)"


def test_a_task_must_say_how_it_is_saved():
    class Half(Estimator):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Half()


def test_unfitted_estimators_say_so(tmp_path):
    estimator = Majority()
    assert not estimator.__sklearn_is_fitted__()
    with pytest.raises(NotFittedError, match="this Majority has learned nothing yet: call fit first"):
        estimator.predict(X)
    with pytest.raises(NotFittedError, match="call fit first"):
        estimator.save(tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []
    assert estimator.fit(X, y).__sklearn_is_fitted__()


def test_not_fitted_is_an_error_of_ours_and_an_attribute_error():
    assert issubclass(NotFittedError, LilliputError)
    assert issubclass(NotFittedError, AttributeError)


def test_clone_keeps_parameters_and_forgets_what_was_learned():
    base = pytest.importorskip("sklearn.base")
    fitted = Majority(budget=Budget("1MB"), seed=5).fit(X, y)
    copy = base.clone(fitted)
    assert repr(copy) == repr(fitted)
    assert not copy.__sklearn_is_fitted__()
    assert base.is_classifier(copy)


def test_works_in_pipeline_and_grid_search():
    pytest.importorskip("sklearn")
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    pipeline = make_pipeline(FunctionTransformer(), Majority())
    assert pipeline.fit(X, y).predict(["x"]).tolist() == [2]
    search = GridSearchCV(pipeline, {"majority__smoothing": [1.0, 2.0, 3.0]}, cv=2).fit(X, y)
    assert search.best_params_ == {"majority__smoothing": 2.0}


def test_scikit_learn_knows_when_it_is_fitted():
    validation = pytest.importorskip("sklearn.utils.validation")
    validation.check_is_fitted(Majority().fit(X, y))
    with pytest.raises(ValueError, match="not fitted yet"):
        validation.check_is_fitted(Majority())


def test_tags_of_the_base_claim_nothing():
    pytest.importorskip("sklearn")
    tags = Estimator.__sklearn_tags__(Majority())
    assert tags.estimator_type is None
    assert tags.classifier_tags is None


@pytest.mark.usefixtures("majority_is_a_task")
def test_saved_and_loaded_is_the_same_estimator(tmp_path):
    path = tmp_path / "m.safetensors"
    fitted = Majority(smoothing=np.float64(0.5), budget=Budget("1MB", "5min")).fit(X, y)
    size = fitted.save(path)
    assert size == path.stat().st_size == len(fitted.to_bytes()) == fitted.file_size()
    loaded = load(path)
    assert isinstance(loaded, Majority)
    assert loaded.get_params() == {**fitted.get_params(), "budget": "1MB,5min"}
    assert loaded.predict(X).tolist() == fitted.predict(X).tolist()
    assert loaded.report_.quality == fitted.report_.quality
    assert loaded.report_.file_bytes == size
    assert loaded.to_bytes() == path.read_bytes()


def test_the_manifest_names_task_version_parameters_and_report(tmp_path):
    Majority().fit(X, y).save(tmp_path / "m")
    manifest, _ = read_model(tmp_path / "m")
    assert manifest.keys() == {"format", "task", "version", "parameters", "report", "rows"}
    assert manifest["task"] == "majority"
    assert manifest["parameters"] == {"smoothing": 1.0, "budget": None, "seed": 0}
    assert "fit_seconds" not in manifest["report"]


def test_how_a_model_is_run_does_not_change_its_bytes():
    one = Majority(threads=1, progress=False).fit(X, y)
    two = Majority(threads=2, device="cpu").fit(X, y)
    two.report_.fit_seconds = two.report_.peak_memory_bytes = 7
    assert one.to_bytes() == two.to_bytes()


@pytest.mark.parametrize("task", ["paint", None, ["label"]])
def test_an_unknown_task_is_named_with_those_that_are_known(tmp_path, task):
    write_model(tmp_path / "m", {"task": task}, {})
    with pytest.raises(ModelFileError, match=r"holds a model of task .*; this lilliput knows label"):
        load(tmp_path / "m")


@pytest.mark.usefixtures("majority_is_a_task")
@pytest.mark.parametrize(
    "change",
    [
        {"parameters": None},
        {"parameters": {"colour": 1}},
        {"report": {}},
        {"report": {"quality": []}},
        {"report": {"quality": {"f1": {"value": 1}}}},
        {"report": None},
        {"report": {**Report("majority", {}, "nothing", 0).to_dict(), "versions": {"numpy": 2}}},
    ],
)
def test_a_manifest_that_does_not_describe_the_task_is_refused(tmp_path, change):
    fitted = Majority().fit(X, y)
    write_model(tmp_path / "m", {**fitted._full_manifest(), **change}, fitted._arrays())
    with pytest.raises(ModelFileError, match="manifest does not describe a Majority"):
        load(tmp_path / "m")


@pytest.mark.usefixtures("majority_is_a_task")
def test_arrays_that_do_not_fit_the_task_are_refused(tmp_path):
    fitted = Majority().fit(X, y)
    (tmp_path / "m").write_bytes(encode(fitted._full_manifest(), {"classes": fitted.classes_}))
    with pytest.raises(ModelFileError, match="the array 'counts' is missing"):
        load(tmp_path / "m")


def test_tasks_are_named_by_module_and_class():
    for location in registry.TASKS.values():
        module, name = location.split(":")
        assert issubclass(getattr(import_module(module), name), Estimator)
