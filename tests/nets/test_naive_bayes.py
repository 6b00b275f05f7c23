"""Naive Bayes: its formula in plain Python, its size, its file."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lilliput.features.frequencies import Counter
from lilliput.features.plain import NGrams, buckets
from lilliput.nets import evidence
from lilliput.nets.naive_bayes import SMOOTHING, Counted, NaiveBayes, array_bytes, owner_type

GROUP = NGrams("char", 1, 3, 14)
ROWS = [("der hund läuft", 0), ("das kind schläft", 0), ("the dog runs", 1), ("a child sleeps", 1), ("狗在花园里", 2)]
TEXTS = ["hund und kind", "the child", "狗", "", "12", "läuft the"]


@pytest.fixture(scope="module")
def frequencies():
    counter = Counter(GROUP)
    counter.add([text for text, _ in ROWS], [number for _, number in ROWS])
    return counter.result(3)


@pytest.fixture(scope="module")
def net(frequencies):
    return NaiveBayes.of(Counted.of(frequencies, GROUP))


def test_weights_are_those_of_the_formula(frequencies):
    counted = Counted.of(frequencies, GROUP)
    found = counted.evidence
    rates = frequencies.counts / frequencies.totals[frequencies.classes]
    shift = GROUP.bits - found.group.bits
    for row, bucket in enumerate(found.kept.buckets().tolist()):
        for pair in range(found.starts[row], found.starts[row + 1]):
            label = found.classes[pair]
            same = (frequencies.buckets >> shift) == bucket
            count = frequencies.counts[same & (frequencies.classes == label)].sum()
            assert counted.counts[pair] <= count  # some pairs may have been left out
            mean = counted.means[row]
            assert mean <= rates[same].sum() / 3 + 1e-12
            assert found.weights[pair] == pytest.approx(math.log1p(counted.counts[pair] / (SMOOTHING * mean)), rel=1e-5)


def test_logits_are_the_plain_sum(net):
    found = net.evidence
    got = net.logits(TEXTS)
    for text, logits in zip(TEXTS, got, strict=True):
        rows = [row for bucket, _ in buckets(text, net.group) if (row := net.kept.row(bucket)) >= 0]
        sums = len(rows) * found.biases
        for row in rows:
            for pair in range(found.starts[row], found.starts[row + 1]):
                sums[found.classes[pair]] += found.weights[pair]
        np.testing.assert_allclose(logits, net.tempered(sums[None], np.array([len(rows)]))[0], rtol=1e-5, atol=1e-5)
    assert not got[TEXTS.index("")].any()


@pytest.mark.parametrize("size", [4, 30, 10**6])
@pytest.mark.parametrize("crowd", [1, 2, 3, 4])
def test_a_table_of_ngrams_with_many_classes_changes_no_sum(net, monkeypatch, crowd, size):
    monkeypatch.setattr(evidence, "CROWD", crowd)
    monkeypatch.setattr(evidence, "CROWD_BYTES", size)
    found = replace(net.evidence)
    sums, sizes = found.scores(TEXTS)
    reading = found.read(TEXTS)
    np.testing.assert_allclose(sums, found.sums(reading), rtol=1e-6)
    np.testing.assert_array_equal(sizes, reading.sizes)
    assert found._table.nbytes <= size


def test_contributions_add_up_to_the_logits(net):
    for text in ("the child", "hund"):
        parts = net.contributions(text)
        np.testing.assert_allclose(sum(says for _, says in parts), net.logits([text])[0], rtol=1e-4, atol=1e-4)


def test_threads_and_company_change_nothing(net):
    texts = TEXTS * 5000
    np.testing.assert_array_equal(net.logits(texts, threads=3), np.tile(net.logits(TEXTS), (5000, 1)))
    assert net.logits([]).shape == (0, 3)


@pytest.mark.parametrize("room", [300, 500, 10_000])
def test_it_fits_the_room(frequencies, room):
    made = NaiveBayes.of(Counted.of(frequencies, GROUP, room))
    size = sum(array.nbytes for array in made.arrays().values())
    assert size <= room
    assert size == array_bytes(len(made.owners), made.kept.rows, 3)


def test_what_is_stored_is_all_there_is(net):
    again = NaiveBayes.build(net.shape(), net.arrays())
    np.testing.assert_array_equal(again.logits(TEXTS), net.logits(TEXTS))


def test_the_counts_that_are_remembered_are_near_the_true_ones(net, frequencies):
    found = net.frequencies()
    assert found.totals.tolist() == frequencies.totals.tolist()
    assert (np.diff(found.buckets) >= 0).all()
    assert found.counts.sum() == pytest.approx(Counted.of(frequencies, GROUP).counts.sum(), rel=0.2)


def test_many_classes_take_wider_owners():
    assert [owner_type(count) for count in (128, 129, 40_000)] == [np.uint8, np.uint16, np.uint32]
    counter = Counter(GROUP)
    counter.add([chr(0x4E00 + number) * 3 for number in range(300)], range(300))
    made = NaiveBayes.of(Counted.of(counter.result(300), GROUP))
    assert made.logits([chr(0x4E00 + 7), chr(0x4E00 + 299)]).argmax(axis=1).tolist() == [7, 299]
