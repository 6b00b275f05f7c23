"""Word clusters as features of a tagger."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lilliput import SequenceTagger, load
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.modelfile import read_model, write_model
from lilliput.tasks.clusters import Clustering

LETTERS = "bcdfghjklmnpqrstvwxz"
NOUNS = [f"{first}{last}" for first in LETTERS for last in "aeiou"]
VERBS = [f"{last}{first}" for first in LETTERS for last in "aeiou"]
SEEN = 50


@pytest.fixture(scope="module")
def clustering():
    words = ["the", *NOUNS, *VERBS]
    return Clustering(words, np.repeat([0, 1, 2], [1, len(NOUNS), len(VERBS)]).astype(np.int32))


def sentences(first, last, count=300):
    """Two words in either order after "the": nothing but the words themselves tells which is the verb."""
    generator = np.random.default_rng(first)
    words, tags = [], []
    for _ in range(count):
        pair = [(str(generator.choice(NOUNS[first:last])), "NOUN"), (str(generator.choice(VERBS[first:last])), "VERB")]
        pair = pair[:: generator.choice([-1, 1])]
        words.append(["the", *(word for word, _ in pair)])
        tags.append(["DET", *(tag for _, tag in pair)])
    return words, tags


def fitted(clusters, **options):
    options = {"budget": "60KB", "threads": 1, "progress": False, "clusters": clusters, **options}
    return SequenceTagger(**options).fit(*sentences(0, SEEN))


@pytest.fixture(scope="module")
def tagger(clustering):
    return fitted(clustering)


def test_words_never_seen_are_known_by_their_cluster(tagger):
    assert tagger.score(*sentences(SEEN, 2 * SEEN)) > 0.98
    assert tagger.tag(f"The {NOUNS[-1]}")[1].tag == "NOUN"


def test_the_file_holds_what_it_needs_and_nothing_of_the_path(tagger, tmp_path):
    path = tmp_path / "m.safetensors"
    assert tagger.save(path) <= 60_000
    again = load(path)
    assert again.clusters is None
    words, _ = sentences(SEEN, 2 * SEEN, 10)
    assert again.predict(words) == tagger.predict(words)
    program = f"import sys, lilliput; print(lilliput.load({str(path)!r}).predict({words!r}), 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{tagger.predict(words)} False"


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_file(tagger, clustering, threads):
    assert fitted(clustering, threads=threads).to_bytes() == tagger.to_bytes()


def test_what_holds_no_clusters_is_refused(tagger, tmp_path):
    path = tmp_path / "m.safetensors"
    tagger.save(path)
    with pytest.raises(LilliputError, match="holds a model of task 'tag'; give one of `fit clusters`"):
        fitted(path)


def test_a_file_without_its_clusters_is_refused(tagger, tmp_path):
    path = tmp_path / "m.safetensors"
    tagger.save(path)
    manifest, arrays = read_model(path)
    for kept in ("", "value_map.header"):
        some = {name: array for name, array in arrays.items() if not name.startswith("value_map.") or name == kept}
        write_model(path, manifest, some)
        with pytest.raises(ModelFileError, match=r"m\.safetensors"):
            load(path)
