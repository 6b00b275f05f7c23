"""Transformers give data frames where they are asked to."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
import sklearn
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lilliput.core.errors import LilliputError
from lilliput.tasks.pca import StreamingPCA
from lilliput.tasks.rbm import RestrictedBoltzmannMachine

TABLE = pandas.DataFrame(
    np.random.default_rng(0).random((30, 4)), columns=list("abcd"), index=[f"row {row}" for row in range(30)]
)


def transformers():
    return [
        StreamingPCA(2, threads=1, progress=False),
        RestrictedBoltzmannMachine(2, passes=1, threads=1, progress=False, units="gaussian"),
    ]


@pytest.mark.parametrize("model", transformers(), ids=lambda model: model.task)
def test_a_data_frame_has_names_and_the_index(model):
    if model.task == "rbm":
        pytest.importorskip("torch")
    plain = model.fit_transform(TABLE)
    assert isinstance(plain, np.ndarray)
    found = model.set_output(transform="pandas").transform(TABLE)
    np.testing.assert_array_equal(found.to_numpy(), plain)
    assert list(found.columns) == list(model.get_feature_names_out())
    assert list(found.index) == list(TABLE.index)
    assert isinstance(clone(model).fit_transform(TABLE), pandas.DataFrame)
    assert isinstance(model.set_output(transform=None).transform(TABLE), pandas.DataFrame)
    assert isinstance(model.set_output(transform="default").transform(TABLE), np.ndarray)
    with pytest.raises(LilliputError, match="give one of 'default', 'pandas'"):
        model.set_output(transform="abacus")


def test_a_pipeline_and_scikit_learns_configuration_reach_it():
    line = make_pipeline(StandardScaler(), StreamingPCA(2, threads=1, progress=False)).set_output(transform="pandas")
    assert list(line.fit_transform(TABLE).columns) == ["streamingpca0", "streamingpca1"]
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(StreamingPCA(2, threads=1, progress=False).fit_transform(TABLE), pandas.DataFrame)
