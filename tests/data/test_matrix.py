from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.sparse

from lilliput.core.errors import DataError
from lilliput.data import matrix as module
from lilliput.data.matrix import MatrixSource

ROWS = np.arange(12, dtype=np.float64).reshape(4, 3) / 2


def read(source):
    return np.concatenate([np.asarray(block) for block in source.blocks()])


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "npy", "csv.gz"])
def test_tables_of_numbers(tmp_path, ending):
    path = tmp_path / f"rows.{ending}"
    if ending == "npy":
        np.save(path, ROWS)
    else:
        import pandas

        frame = pandas.DataFrame(ROWS, columns=["a", "b", "c"])
        frame.to_parquet(path) if ending == "parquet" else frame.to_csv(
            path, index=False, sep="\t" if ending == "tsv" else ","
        )
    source = MatrixSource(path)
    np.testing.assert_array_equal(read(source), ROWS)
    np.testing.assert_array_equal(read(source), ROWS)  # once more
    np.testing.assert_array_equal(read(MatrixSource([path, path])), np.vstack([ROWS, ROWS]))


def test_blocks_are_small(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CELLS", 3)
    path = tmp_path / "rows.csv"
    path.write_text("\n".join("1,2,3" for _ in range(5)) + "\n\n")
    assert [len(block) for block in MatrixSource(path, header=False).blocks()] == [1] * 5


def test_a_sparse_file_of_scipy(tmp_path):
    path = tmp_path / "rows.npz"
    scipy.sparse.save_npz(path, scipy.sparse.csr_array(ROWS))
    whole = MatrixSource(path).whole()
    np.testing.assert_array_equal(scipy.sparse.csr_array(tuple(whole[:3]), shape=whole.shape).toarray(), ROWS)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "x,y\n1,2\n3,four\n", "line 3, column 2 is 'four', no number"),
        ("a.csv", "x,y\n1,2\n3\n", "line 3 has 1 cells and those before have 2"),
        ("a.csv", "x,y\n1,2\n\n3,4,5\n", "line 4 has 3 cells and those before have 2"),
        ("a.npy", "not one", "a.npy is no .npy file that can be read"),
        ("a.npz", "not one", "a.npz is no .npz file that can be read"),
        ("a.parquet", "not one", "a.parquet is no Parquet file that can be read"),
        ("a.doc", "", "has no ending of a matrix; known are .npy .npz .csv .tsv .parquet"),
    ],
)
def test_bad_files_say_where(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError, match=re.escape(message)):
        read(MatrixSource(path))


def test_damaged_sparse_files(tmp_path):
    path = tmp_path / "rows.npz"
    good = {"data": np.ones(2), "indices": np.array([0, 5]), "indptr": np.array([0, 1, 2]), "shape": np.array([2, 3])}
    np.savez(path, **good)
    with pytest.raises(DataError, match="is damaged: its entries do not fit 2 rows and 3 columns"):
        MatrixSource(path)
    np.savez(path, **{name: array for name, array in good.items() if name != "indices"})
    with pytest.raises(DataError, match="has no array"):
        MatrixSource(path)
    np.savez(path, **good, format=np.array(b"csc"))
    with pytest.raises(DataError, match="is sparse by csc, not by rows"):
        MatrixSource(path)


def test_arrays_of_other_shapes(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(DataError, match=re.escape("holds float64 of shape (3,); give a matrix of numbers")):
        MatrixSource(path).whole()
    with pytest.raises(DataError, match="does not exist"):
        MatrixSource(tmp_path / "none.npy")
    with pytest.raises(DataError, match="there is no file"):
        MatrixSource([])
