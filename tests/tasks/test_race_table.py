"""Tables for the race of the optimisers."""

from __future__ import annotations

import numpy as np
import pytest

from lilliput.core.errors import DataError
from lilliput.tasks.race_table import read_table


def write(path, rows, header="a,b,place,y"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return str(path)


def rows(count=60, target=lambda row: row % 7 + 0.5):
    return [(row, row**2, f"town{row % 3}", target(row)) for row in range(count)]


def test_numbers_are_scaled_and_texts_left_out(tmp_path):
    table = read_table(write(tmp_path / "t.csv", rows()), "y")
    assert table.inputs.shape == (60, 2)
    assert table.inputs.dtype == table.targets.dtype == np.float32
    np.testing.assert_allclose(table.inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(table.targets.std(axis=0), 1, atol=1e-6)
    assert table.targets.shape == (60, 1)
    assert table.about == "60 rows, 2 columns, a number to predict; left out as text: place"


@pytest.mark.parametrize("target", ["place", "3"])
def test_texts_and_few_whole_numbers_are_classes(tmp_path, target):
    table = read_table(write(tmp_path / "t.csv", rows()), target)
    assert table.targets.tolist()[:4] == [0, 1, 2, 0]
    assert table.about.startswith("60 rows, 3 columns, 3 classes")
    whole = read_table(write(tmp_path / "w.csv", rows(target=lambda row: row % 4)), "y")
    assert whole.targets.dtype == np.int64
    assert "4 classes" in whole.about


def test_a_matrix_has_its_columns_numbered_from_one(tmp_path):
    matrix = np.random.default_rng(0).standard_normal((80, 5))
    np.save(tmp_path / "m.npy", matrix)
    table = read_table(str(tmp_path / "m.npy"), "5")
    assert table.inputs.shape == (80, 4)
    assert np.corrcoef(table.targets[:, 0], matrix[:, 4])[0, 1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "z"}, "no column 'z'"),
        ({"rows": rows(9)}, "has 9 rows; a race needs 50 or more"),
        ({"rows": [*rows(), ("nan", 1, "x", 1.5)]}, "row 61, column 'a': 'nan' is no finite number"),
        ({"rows": [*rows(), (1, "", "x", 1.5)]}, "row 61, column 'b': '' is no finite number"),
        ({"rows": [*rows(), (1, 1, "x", "inf")]}, "row 61: the target 'y' is inf"),
        ({"rows": rows(target=lambda row: 0.5)}, "is 0.5 in every row"),
        ({"rows": rows(target=lambda row: f"n{row}")}, "has 60 different values"),
        ({"rows": [(name, name, name, 1.5 * row) for row, name in enumerate("ab" * 30)]}, "no column of numbers"),
    ],
)
def test_what_cannot_be_raced_on_is_told(tmp_path, change, message):
    given = {"rows": rows(), "target": "y", **change}
    with pytest.raises(DataError, match=message):
        read_table(write(tmp_path / "t.csv", given["rows"]), given["target"])
