"""Word clusters as features of a segmenter; a lone ideograph is a word to them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lilliput import Segmenter, load
from lilliput.core.errors import LilliputError
from lilliput.tasks.clusters import Clustering

FIRST = [chr(0x4E00 + number) for number in range(60)]
SECOND = [chr(0x5E00 + number) for number in range(60)]


@pytest.fixture(scope="module")
def clustering():
    """Two clusters: what begins a word of two characters, and what ends one."""
    return Clustering(FIRST + SECOND, np.repeat([0, 1], [60, 60]).astype(np.int32))


def texts(first, last, count=150):
    """Texts of words, each a character that begins one and perhaps one that ends it."""
    generator = np.random.default_rng(first)

    def word():
        begin = str(generator.choice(FIRST[first:last]))
        return begin + str(generator.choice(SECOND[first:last])) * int(generator.integers(0, 2))

    return [[word() for _ in range(6)] for _ in range(count)]


def fitted(clusters, threads=1):
    return Segmenter(budget="60KB", clusters=clusters, threads=threads, progress=False).fit(texts(0, 30))


def test_characters_never_seen_are_known_by_their_cluster(clustering, tmp_path):
    model = fitted(clustering)
    unseen = texts(30, 60)
    assert model.score(unseen) > 0.99
    assert fitted(None).score(unseen) < 0.9
    assert fitted(clustering, threads=2).to_bytes() == model.to_bytes()
    path = tmp_path / "m.safetensors"
    assert model.save(path) <= 60_000
    again = load(path)
    assert again.clusters is None
    joined = ["".join(words) for words in unseen[:5]]
    assert again.predict(joined) == model.predict(joined)
    program = f"import sys, lilliput; print(lilliput.load({str(path)!r}).predict({joined!r}), 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{model.predict(joined)} False"


def test_what_holds_no_clusters_is_refused():
    with pytest.raises(LilliputError, match="clusters=3: expected the path of a file of `fit clusters`"):
        fitted(3)
