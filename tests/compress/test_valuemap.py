from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.compress.valuemap import PrefixCode, ValueMap
from lilliput.core.errors import DataError, ModelFileError
from lilliput.core.modelfile import read_model, write_model

MANY = 100_000
words = st.integers(0, 2**64 - 1)
errors = st.sampled_from([0.5, 1 / 256, 0.01, 0.3, 2.0**-32])
alphabets = st.sampled_from([1, 2, 10, 300, 2**16, 2**32])


def random_keys(count, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def zipf(count, size=1000):
    shares = 1 / np.arange(1, size + 1)
    return np.random.default_rng(1).choice(size, count, p=shares / shares.sum())


def bound(values, error):
    """Bits a key that no map can do without: log2(1 / error) and the entropy of the values."""
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return -np.log2(error) - (shares * np.log2(shares)).sum()


@st.composite
def maps(draw):
    """(keys, values, map): of 0 to 400 keys, hashed or not, with values of all kinds."""
    top = draw(alphabets)
    given_keys = draw(st.sets(words, max_size=40)) | set(range(draw(st.integers(0, 360))))
    keys = np.array(sorted(given_keys), dtype=np.uint64)
    values = np.random.default_rng(draw(words)).zipf(1.3, len(keys)).astype(np.uint64) % np.uint64(top)
    return keys, values, ValueMap.build(keys, values, draw(errors), draw(words))


@given(maps())
@settings(max_examples=60)
def test_every_key_has_its_value(keys_values_map):
    keys, values, value_map = keys_values_map
    assert (len(value_map), value_map.largest) == (len(keys), values.max() if len(values) else -1)
    np.testing.assert_array_equal(value_map.look_up(keys), values.astype(np.int64))


@given(maps())
@settings(max_examples=30)
def test_the_plain_look_up_agrees_with_the_compiled_one(keys_values_map):
    keys, _, value_map = keys_values_map
    asked = np.concatenate([keys[:20], random_keys(40)])
    assert [value_map.look_up_one(key) for key in asked.tolist()] == value_map.look_up(asked).tolist()


@given(maps())
@settings(max_examples=30)
def test_a_map_comes_back_from_its_arrays(keys_values_map):
    keys, values, value_map = keys_values_map
    arrays = value_map.arrays()
    again = ValueMap.restore({**arrays, "another": np.zeros(3)})
    assert {array.dtype.kind for array in arrays.values()} == {"u"}
    assert (again.error, len(again), again.nbytes) == (value_map.error, len(keys), value_map.nbytes)
    np.testing.assert_array_equal(again.look_up(keys), values.astype(np.int64))


@pytest.mark.parametrize("error", [1 / 256, 0.01, 0.3, 2.0**-12])
@pytest.mark.parametrize("values", [zipf(5000), np.arange(5000) % 1000, np.full(5000, 7)], ids=["zipf", "even", "one"])
def test_other_keys_get_a_value_no_more_often_than_promised(values, error):
    value_map = ValueMap.build(random_keys(5000), values, error)
    for others in (random_keys(MANY, seed=2), np.arange(MANY, dtype=np.uint64)):
        found = value_map.look_up(others)
        assert found.max() <= value_map.largest
        wrong = np.count_nonzero(found >= 0)
        assert wrong <= MANY * error + 5 * np.sqrt(MANY * error * (1 - error))


@pytest.mark.parametrize("error", [1 / 256, 0.01])
@pytest.mark.parametrize("values", [zipf(20_000), np.arange(20_000) % 1000], ids=["zipf", "even"])
def test_few_bits_more_than_the_bound(values, error):
    value_map = ValueMap.build(random_keys(len(values)), values, error)
    assert value_map.bits_per_key == value_map.nbytes * 8 / len(values)
    assert bound(values, error) <= value_map.bits_per_key <= 1.06 * bound(values, error)


def test_few_values_among_many_numbers_are_listed():
    values = np.random.default_rng(3).integers(0, 2**32, 300)[zipf(20_000, 300)]
    value_map = ValueMap.build(random_keys(20_000), values)
    assert len(value_map.values) == 300
    assert value_map.bits_per_key <= 1.1 * bound(values, 1 / 256)


def test_neither_order_nor_repeats_of_the_keys_matter():
    keys, values = random_keys(3000), zipf(3000)
    shuffled = np.random.default_rng(4).permutation(np.tile(np.arange(3000), 2))
    first, second = ValueMap.build(keys, values), ValueMap.build(keys[shuffled], values[shuffled].astype(np.uint16))
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, second.arrays()[name])
    assert ValueMap.build(keys, values, seed=1).bits.tolist() != first.bits.tolist()


def test_no_keys_and_one_key():
    empty = ValueMap.build(random_keys(0), np.zeros(0, np.uint16))
    assert (len(empty), empty.look_up_one(5), empty.look_up(random_keys(3)).tolist()) == (0, -1, [-1] * 3)
    assert empty.bits_per_key == np.inf
    one = ValueMap.build(np.uint64([5]), np.uint16([65535]))
    assert (len(one), one.look_up_one(5), one.look_up(np.uint64([5])).tolist()) == (1, 65535, [65535])


@pytest.mark.parametrize(
    ("keys", "values", "more", "message"),
    [
        (np.uint64([9, 8, 9]), np.array([1, 2, 3]), {}, "0x0000000000000009 has the value 1 in row 0 and 3 in row 2"),
        (np.int64([9]), np.array([1]), {}, "keys are int64 of shape .* expected as many integers as there are uint64"),
        (np.uint64([9]), np.array([1, 2]), {}, r"values int64 of shape \(2,\)"),
        (np.uint64([9]), np.array([1.0]), {}, "values float64"),
        (np.uint64([9]), np.array([-1]), {}, "values are from -1 to -1: expected 0 to"),
        (np.uint64([9]), np.array([2**32]), {}, "expected 0 to 2"),
        (np.uint64([9]), np.array([1]), {"error": 0.6}, "error=0.6, seed=0: expected an error of"),
        (np.uint64([9]), np.array([1]), {"error": float("nan")}, "error=nan"),
        (np.uint64([9]), np.array([1]), {"seed": -1}, "seed=-1"),
    ],
)
def test_what_cannot_be_built_says_why(keys, values, more, message):
    with pytest.raises(DataError, match=message):
        ValueMap.build(keys, values, **more)


def test_a_cold_process_looks_up_one_key_without_numba(tmp_path):
    keys, values = random_keys(500), zipf(500)
    path = tmp_path / "map.safetensors"
    write_model(path, {"task": "test"}, ValueMap.build(keys, values).arrays())
    np.testing.assert_array_equal(ValueMap.restore(read_model(path)[1], path).look_up(keys), values)
    program = (
        "import sys; from lilliput.compress.valuemap import ValueMap; from lilliput.core.modelfile import read_model\n"
        f"print(ValueMap.restore(read_model({str(path)!r})[1]).look_up_one({keys[0]}), 'numba' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [str(values[0]), "False"]


def damaged(name, change):
    """The arrays of a sound map, one of them changed."""
    arrays = {name: array.copy() for name, array in ValueMap.build(random_keys(2000), zipf(2000, 300)).arrays().items()}
    arrays[f"value_map.{name}"] = change(arrays[f"value_map.{name}"])
    return arrays


def with_item(index, value):
    def change(array):
        array[index] = value
        return array

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("bits", lambda bits: bits[:-1], "words of bits, expected"),
        ("bits", lambda bits: bits.astype(np.int64), "'value_map.bits' is int64 .* expected uint64"),
        ("slots", lambda slots: slots[:-1], "words of bits, expected"),
        ("slots", lambda slots: np.concatenate([slots, np.zeros(1, np.uint32)]), "columns of"),
        ("slots", lambda slots: slots.reshape(1, -1), "'value_map.slots' is uint32 of shape"),
        ("header", lambda header: header[:3], r"expected uint64 of shape \(4\)"),
        ("header", with_item(0, 0), "has 0 keys and 300 symbols"),
        ("header", with_item(0, 10_000), "has 10000 keys"),
        ("header", with_item(2, 0), "has the error 0.0"),
        ("header", with_item(2, np.float64(1 / 512).view(np.uint64)), "the share 0.00391 of all words, expected"),
        ("header", with_item(3, 2**40), "symbols in columns of"),
        ("header", with_item(3, 302), "has 302 symbols, but 150 bytes of lengths and 0 values"),
        ("lengths", lambda lengths: lengths[:0], "codewords of at most 17 bits"),
        ("lengths", lambda lengths: lengths * 0, "codewords of at most 0 bits"),
        ("lengths", lambda lengths: lengths | 15, "codewords of at most"),
        ("values", lambda values: np.zeros(7, np.uint32), "300 symbols, but 150 bytes of lengths and 7 values"),
    ],
)
def test_damaged_arrays_are_refused(name, change, message):
    with pytest.raises(ModelFileError, match=f"^here: .*{message}"):
        ValueMap.restore(damaged(name, change), "here")


def test_a_missing_array_is_named():
    arrays = ValueMap.build(random_keys(5), zipf(5)).arrays()
    del arrays["value_map.slots"]
    with pytest.raises(ModelFileError, match=r"'value_map.slots' is missing"):
        ValueMap.restore(arrays)


@given(st.integers(1, 2**32), errors)
def test_an_even_code_takes_as_much_room_as_it_may(size, share):
    code = PrefixCode.even(size, share)
    assert sum(code.counts) == size
    assert share - 2.0 ** -len(code.counts) < code.share <= share
    assert not any(code.counts[:-2])


@given(st.lists(st.integers(3, 12), min_size=1, max_size=8).map(np.array))
def test_codewords_are_read_bit_by_bit(lengths):
    code = PrefixCode.of(lengths)
    assert sorted(code.symbols.tolist()) == list(range(len(lengths)))
    read = [decoded(code, word) for word in range(1 << 12)]
    assert [read.count(symbol) for symbol in range(len(lengths))] == (1 << 12 - lengths).tolist()
    assert read.count(None) == round((1 - code.share) * (1 << 12))


def decoded(code, word):
    """The symbol of the codeword that `word` (12 bits) begins with."""
    for length, (leaves, nodes, before) in enumerate(code.levels, start=1):
        number = word >> 12 - length
        if number < leaves:
            return int(code.symbols[number + before])
        if number >= nodes:
            return None
    raise AssertionError("past the longest codeword")


def test_a_map_that_was_asked_can_be_pickled():
    found = ValueMap.build(np.arange(9, dtype=np.uint64), np.arange(9))
    assert found.look_up_one(3) == pickle.loads(pickle.dumps(found)).look_up_one(3) == 3
