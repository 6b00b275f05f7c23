from __future__ import annotations

from collections import Counter

import pytest

from lilliput.core.errors import DataError, LilliputError
from lilliput.data import builtin


def test_docstrings_are_labelled_with_their_package():
    texts, labels = builtin.docstrings()
    assert len(texts) == len(labels) > 4000
    assert len(set(texts)) == len(texts)
    assert min(map(len, texts)) >= 20
    counts = Counter(labels)
    assert min(counts.values()) >= 40
    assert {"email", "logging", "decimal", "collections"} <= set(counts)
    assert builtin.docstrings() == (texts, labels)


def test_a_limit_keeps_the_packages():
    texts, labels = builtin.docstrings(1000)
    assert len(texts) == 1000
    assert len(set(labels)) == len(set(builtin.docstrings()[1]))


def test_imports_are_baskets():
    baskets = builtin.imports()
    assert len(baskets) > 250
    assert all(len(basket) > 1 and basket == sorted(set(basket)) for basket in baskets)
    assert sum("os" in basket and "sys" in basket for basket in baskets) > 20


def test_topics_are_articles():
    topics = builtin.topics()
    assert len(topics) > 50
    assert topics == sorted(topics)
    assert "assert_stmt" in dict(topics)["assert"]


def test_digits():
    pytest.importorskip("sklearn")
    images, labels = builtin.digits()
    assert (images.shape, images.dtype, int(images.max())) == ((1797, 8, 8), "uint8", 16)
    assert sorted(set(labels.tolist())) == list(range(10))


def test_digits_without_the_extra(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name="sklearn")

    monkeypatch.setattr("lilliput.core.extras.import_module", missing)
    with pytest.raises(LilliputError, match=r"the data set of digits needs sklearn: pip install 'lilliput\[deep\]'"):
        builtin.digits()


def test_a_python_without_sources(monkeypatch, tmp_path):
    (tmp_path / "broken.py").write_text("def (:")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    builtin._modules.cache_clear()
    try:
        with pytest.raises(DataError, match="this Python has no sources of its standard library in"):
            builtin.docstrings()
    finally:
        builtin._modules.cache_clear()
