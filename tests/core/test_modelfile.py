from __future__ import annotations

import os
import subprocess
import sys
import zlib

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from lilliput.core import modelfile
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import FORMAT, encode, read_model, require, write_model

DTYPES = ["<f8", "<f4", "<f2", "<i8", "<u8", "<i4", "<u4", "<i2", "<u2", "i1", "u1", "?", ">f4", ">i8"]
SMALL = {"bias": np.float32([0.5]), "codes": np.arange(5, dtype=np.int8)}

shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
arrays = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__" and name.isprintable()),
    st.sampled_from(DTYPES).flatmap(lambda dtype: hnp.arrays(dtype, shapes)),
    max_size=4,
)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=5), items, max_size=3),
    max_leaves=8,
)
manifests = st.dictionaries(st.text(max_size=8), plain, max_size=4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.safetensors"


def changed_header(data, change):
    """The file with its parsed header changed, and a checksum that is right again."""
    length = int.from_bytes(data[:8], "little")
    header = orjson.loads(data[8 : 8 + length])
    change(header)
    return sealed(orjson.dumps(header), data[8 + length :])


def sealed(head, body):
    whole = bytearray(len(head).to_bytes(8, "little") + head + body)
    whole[modelfile._CHECKSUM] = b"00000000"
    whole[modelfile._CHECKSUM] = b"%08x" % zlib.crc32(whole)
    return bytes(whole)


@settings(max_examples=80, deadline=None)
@given(manifest=manifests, arrays=arrays)
def test_what_is_written_is_read_back(tmp_path_factory, manifest, arrays):
    path = tmp_path_factory.getbasetemp() / "round_trip.safetensors"
    assert write_model(path, manifest, arrays) == path.stat().st_size
    assert path.read_bytes() == encode(manifest, arrays)
    found_manifest, found = read_model(path)
    assert found_manifest == {**manifest, "format": FORMAT}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype.newbyteorder("=")
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


@settings(max_examples=40, deadline=None)
@given(manifest=manifests, arrays=arrays)
def test_the_order_of_keys_does_not_change_the_bytes(manifest, arrays):
    def backwards(mapping):
        return dict(reversed(mapping.items()))

    assert encode(manifest, arrays) == encode(backwards(manifest), backwards(arrays))


def test_two_processes_write_the_same_bytes():
    program = (
        "import sys, numpy as np; from lilliput.core.modelfile import encode; "
        "sys.stdout.buffer.write(encode({'b': {'y': 1, 'x': 2}, 'a': 0.1}, {'t': np.arange(3), 's': np.ones(2)}))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_safetensors_opens_the_file(path):
    tensors = {"w": np.arange(6.0).reshape(2, 3), "none": np.zeros((0, 4), np.int16), "one": np.array(7, np.uint8)}
    write_model(path, {"task": "toy"}, tensors)
    found = load_file(path)
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(found[name], array)
    with safe_open(path, "numpy") as file:
        assert orjson.loads(file.metadata()["lilliput"]) == {"task": "toy", "format": FORMAT}


def test_arrays_are_aligned_read_only_views_of_the_file(path):
    write_model(path, {"odd": "abc"}, {"a": np.ones(3, np.uint8), "b": np.ones(3), "c": np.ones(3, np.float32)})
    _, found = read_model(path)
    for array in found.values():
        assert array.flags.aligned
        assert not array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_arrays_outlive_a_new_file_at_their_path(path):
    write_model(path, {}, {"a": np.arange(5)})
    _, found = read_model(path)
    write_model(path, {}, {"a": np.zeros(5)})
    assert found["a"].tolist() == [0, 1, 2, 3, 4]


def test_arrays_in_any_memory_order_are_written_in_c_order(path):
    array = np.arange(24, dtype=np.int32).reshape(4, 6)
    write_model(path, {}, {"t": array.T, "step": array[::2, ::-3], "f": np.asfortranarray(array)})
    _, found = read_model(path)
    np.testing.assert_array_equal(found["t"], array.T)
    np.testing.assert_array_equal(found["step"], array[::2, ::-3])
    np.testing.assert_array_equal(found["f"], array)


def test_numpy_numbers_and_tuples_in_the_manifest_become_plain(path):
    write_model(path, {"seed": np.int64(3), "rate": np.float64(0.5), "words": (1, 2)}, {})
    assert read_model(path)[0] == {"seed": 3, "rate": 0.5, "words": [1, 2], "format": FORMAT}


@pytest.mark.parametrize("cut", range(len(encode({"task": "toy"}, SMALL))))
def test_a_file_cut_at_any_length_is_refused(path, cut):
    path.write_bytes(encode({"task": "toy"}, SMALL)[:cut])
    with pytest.raises(ModelFileError, match=r"m\.safetensors"):
        read_model(path)


def test_a_longer_file_is_refused(path):
    path.write_bytes(encode({}, SMALL) + b"\0")
    with pytest.raises(ModelFileError, match="damaged"):
        read_model(path)


def test_every_changed_byte_is_found(path):
    data = encode({"task": "toy"}, SMALL)
    for position in range(len(data)):
        for flip in (1, 0x20, 0x80, 0xFF):  # 0x20 turns a into A: hex digits, JSON keys
            damaged = bytearray(data)
            damaged[position] ^= flip
            path.write_bytes(damaged)
            with pytest.raises(ModelFileError, match=r"m\.safetensors"):
                read_model(path)
            path.unlink()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty; was it cut short"),
        (b"PK\x03\x04", "has 4 bytes, too few"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a safetensors file"),
        (b"\x00" * 64, "not a safetensors file"),
        ((2).to_bytes(8, "little") + b"[]", "not a safetensors file"),
        (b"text, label\nhello, 1\n", "not a safetensors file"),
        ((2**63).to_bytes(8, "little") + b"{}", "not a safetensors file"),
        ((2).to_bytes(8, "little") + b"{}", "not one of lilliput's"),
    ],
)
def test_foreign_files_are_refused(path, data, message):
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=rf"m\.safetensors.* {message}"):
        read_model(path)


def test_a_safetensors_file_of_another_program_is_refused(path):
    save_file({"w": np.ones(2)}, path, metadata={"format": "pt"})
    with pytest.raises(ModelFileError, match="is a safetensors file, but not one of lilliput's"):
        read_model(path)


def test_a_model_saved_again_by_another_program_is_refused(path):
    manifest = encode({}, SMALL)
    path.write_bytes(manifest)
    with safe_open(path, "numpy") as file:
        text = file.metadata()["lilliput"]
    save_file(SMALL, path, metadata={"lilliput": text})
    with pytest.raises(ModelFileError, match="changed by another program"):
        read_model(path)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b'{"format":2}', r"written by a newer lilliput \(format 2, this program reads up to 1\): upgrade"),
        (b'{"format":"1"}', "names no format"),
        (b'{"format":true}', "names no format"),
        (b'{"format":0}', "names no format"),
        (b"{}", "names no format"),
        (b"[]", "names no format"),
        (b"{", "the manifest is not JSON"),
    ],
)
def test_other_formats_are_refused(path, manifest, message):
    path.write_bytes(changed_header(encode({}, SMALL), lambda h: h["__metadata__"].update(lilliput=manifest.decode())))
    with pytest.raises(ModelFileError, match=message):
        read_model(path)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"dtype": "F32", "shape": [1]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [1, 5]},
        {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]},
        {"dtype": "F32", "shape": [1], "data_offsets": ["0", "4"]},
        {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]},
        {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]},
        {"dtype": "F32", "shape": [0, 2**62, 2**62], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [1] * 100, "data_offsets": [0, 4]},
        {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]},
    ],
)
def test_wrong_array_descriptions_are_refused_even_with_a_right_checksum(path, entry):
    path.write_bytes(changed_header(encode({}, {"bias": np.float32([0.5])}), lambda h: h.update(bias=entry)))
    with pytest.raises(ModelFileError, match=r"header describes its arrays wrongly|arrays end at byte"):
        read_model(path)


def test_gaps_and_overlaps_between_arrays_are_refused(path):
    data = encode({}, SMALL)
    for shift in (-1, 1):

        def move(header, shift=shift):
            header["codes"]["data_offsets"] = [4 + shift, 9 + shift]

        path.write_bytes(changed_header(data, move))
        with pytest.raises(ModelFileError, match="describes its arrays wrongly"):
            read_model(path)


def test_missing_files_and_directories_are_refused(tmp_path):
    with pytest.raises(ModelFileError, match=r"nowhere\.safetensors does not exist; check the path"):
        read_model(tmp_path / "nowhere.safetensors")
    with pytest.raises(ModelFileError, match="is a directory"):
        read_model(tmp_path)
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_model(tmp_path / ("n" * 5000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="not a regular file"):
        read_model(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("manifest", "arrays", "message"),
    [
        ({"report": {"f1": [1.0, float("nan")]}}, {}, "the manifest: report: f1 is nan"),
        ({"x": np.float32(np.inf)}, {}, "the manifest: x is inf"),
        ({"x": object()}, {}, "cannot be saved as JSON"),
        ({"x": 2**64}, {}, "cannot be saved as JSON"),
        ({}, {"x": np.array(["a"])}, "the array 'x' is <U1; a model file holds float64"),
        ({}, {"x": np.array([None])}, "the array 'x' is object"),
        ({}, {"x": np.ones(1, complex)}, "the array 'x' is complex128"),
        ({}, {"__metadata__": np.ones(1)}, "cannot be called '__metadata__'"),
        ({}, {"": np.ones(1)}, "cannot be called ''"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_on_writing(path, manifest, arrays, message):
    with pytest.raises(LilliputError, match=message):
        write_model(path, manifest, arrays)
    assert list(path.parent.iterdir()) == []


def test_require_accepts_what_fits():
    require({"w": np.zeros((3, 2), np.int8), "x": np.float32(1)[None]}, {"w": (np.int8, (None, 2))}, "m")
    require({"s": np.zeros((), "<f4")}, {"s": ("float32", ())}, "m")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (None, "m: the array 'w' is missing"),
        (np.zeros((3, 2)), r"'w' is float64 of shape \(3, 2\), expected int8 of shape \(any, 2\)"),
        (np.zeros((3, 3), np.int8), r"int8 of shape \(3, 3\), expected int8 of shape \(any, 2\)"),
        (np.zeros(2, np.int8), r"int8 of shape \(2\), expected"),
        (np.zeros((1, 3, 2), np.int8), r"int8 of shape \(1, 3, 2\), expected"),
    ],
)
def test_require_names_what_does_not_fit(array, message):
    with pytest.raises(ModelFileError, match=message):
        require({} if array is None else {"w": array}, {"w": (np.int8, (None, 2))}, "m")
