"""Train tiny word vectors for tests/compat/fixtures with the real fastText, and record what it answers.

    python benchmarks/make_fasttext_vector_fixtures.py --python PATH   # an interpreter that can import fasttext 0.9.3

Models are stored as NAME.vectors.gz, the answers to all of them in vectors.json.gz.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from make_fasttext_fixtures import FIXTURES, STEMS, corpus, vector

MODELS: dict[str, dict[str, Any]] = {
    "skipgram": {"model": "skipgram", "minn": 2, "maxn": 4, "bucket": 60},
    "skipgram_from_one": {"model": "skipgram", "minn": 1, "maxn": 3, "bucket": 60},
    "cbow": {"model": "cbow", "minn": 0, "maxn": 0},
}
WORDS = [*STEMS, "unknown", "", "</s>", "w1", "größer", "東", "上", "<fast>", "two words"]


def make(out: Path) -> None:
    """Runs in the interpreter with fastText."""
    import fasttext

    train = out / "train.txt"
    train.write_text(corpus(6, 60), encoding="utf-8")
    found: dict[str, Any] = {"words": WORDS, "models": {}}
    for name, arguments in MODELS.items():
        model = fasttext.train_unsupervised(
            str(train), dim=6, epoch=30, lr=0.2, t=1.0, minCount=1, thread=1, label="__none__", verbose=0, **arguments
        )
        path = out / f"{name}.bin"
        model.save_model(str(path))
        found["models"][name] = {
            "words": model.get_words(),
            "counts": model.get_words(include_freq=True)[1].tolist(),
            "vectors": [vector(model.get_word_vector(word)) for word in WORDS],
            "neighbours": [[word, score] for score, word in model.get_nearest_neighbors("fast", 5)],
            "analogies": [[word, score] for score, word in model.get_analogies("fast", "slow", "blau", 5)],
        }
        (out / f"{name}.vectors.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    (out / "vectors.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that can import fasttext")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        make(arguments.make)
        return
    with tempfile.TemporaryDirectory() as folder:
        # fastText 0.9.3 leaves most of a new matrix as it finds it in memory, at times with NaN: have glibc clear it.
        environment = {**os.environ, "MALLOC_PERTURB_": "255"}
        subprocess.run([arguments.python, __file__, "--make", folder], check=True, env=environment)
        for path in sorted(Path(folder).glob("*.gz")):
            (FIXTURES / path.name).write_bytes(path.read_bytes())
            print(f"{path.name:34} {path.stat().st_size:>8,} bytes")


if __name__ == "__main__":
    main()
