"""Train the tiny fastText models of tests/compat/fixtures with the real fastText, and record what it answers.

    python benchmarks/make_fasttext_fixtures.py --python PATH   # an interpreter that can import fasttext 0.9.3

Models are stored as NAME.bin.gz, the answers to all of them in answers.json.gz. fastText with one thread and a fixed
seed gives the same model again on the same machine and build only, so both are stored.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "compat" / "fixtures"

SOFTMAX = {"loss": "softmax", "wordNgrams": 2}
CHARACTERS = {"minn": 2, "maxn": 4}
# name -> (arguments of train_supervised, arguments of quantize or None)
MODELS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "words": ({"loss": "softmax"}, None),
    "bigrams": (SOFTMAX, None),
    "trigrams_characters": ({"loss": "softmax", "wordNgrams": 3, **CHARACTERS}, None),
    "characters_from_one": ({"loss": "softmax", "minn": 0, "maxn": 3}, None),
    "ova": ({"loss": "ova", "wordNgrams": 2, **CHARACTERS}, None),
    "ns": ({"loss": "ns", "wordNgrams": 2}, None),
    "hs": ({"loss": "hs", "wordNgrams": 2, "minn": 2, "maxn": 3}, None),
    "quantised": ({**SOFTMAX, "bucket": 200}, {}),
    "quantised_norm": ({**SOFTMAX, "bucket": 200, **CHARACTERS, "dim": 7}, {"qnorm": True, "dsub": 3}),
    "quantised_cutoff": ({**SOFTMAX, "bucket": 1000, **CHARACTERS}, {"cutoff": 300, "qnorm": True}),
    "quantised_cutoff_ova": ({"loss": "ova", "bucket": 1000, **CHARACTERS}, {"cutoff": 270}),
    "quantised_words_only": ({"loss": "hs", "bucket": 300, "wordNgrams": 2, "words": 400}, {"cutoff": 260}),
    "quantised_output": ({**SOFTMAX, "bucket": 200, "labels": 270}, {"qout": True}),
    "quantised_output_norm": (
        {"loss": "ova", "labels": 270, "bucket": 200, "wordNgrams": 2},
        {"qout": True, "qnorm": True},
    ),
    "quantised_output_hs": (
        {"loss": "hs", "labels": 270, "bucket": 200, "wordNgrams": 2},
        {"qout": True, "qnorm": True},
    ),
}
STEMS = [
    "fast", "slow", "blau", "größe", "naïve", "маша", "дом", "東京", "大阪", "שלום", "سلام", "🙂", "🚀", "é", "e\u0301",
    "x", "</s1>", "<a>", "ab", "café", "zażółć", "1", "22", "333",
]  # fmt: skip
TEXTS = [
    "", " ", "\t", "fast", "slow fast", "fast  slow\tblau", " fast ", "größe naïve", "маша дом", "東京 大阪 東京",
    "שלום سلام", "🙂 🚀", "🙂🚀🙂", "é e\u0301", "unknown", "completely unseen words here", "x", "a", "<", ">", "<>",
    "</s>", "fast </s> slow", "fast</s> slow", "__label__0", "__label__0 fast", "__label__unseen fast", "__label__",
    "fast\rslow", "fast\0slow", "fast\x0bslow\x0cblau", "fast\u00a0slow", "fast\u2003slow", "fast.", "FAST",
    "fast1 22 333", "fast " * 50, "ab" * 60, "café café café zażółć", "w1 w2 w3 w4 w5",
    "w1 w7 w9 blau 1", "\ufeff fast", "e\u0301 é",
]  # fmt: skip
WORDS = ["fast", "größe", "東京", "🙂", "unknown", "", "</s>", "x", "w1", "__label__0", "<fast>", "two words"]


def corpus(labels: int, words: int) -> str:
    """Lines with one or two labels and words that hint at them; labels in uneven numbers, with ties."""
    rng = random.Random(0)
    lines = []
    for label in range(labels):
        for _ in range(3 if labels > 20 else 6 + label % 3 * 2):
            hints = [STEMS[(label * 5 + rng.randrange(5)) % len(STEMS)] for _ in range(4)]
            noise = [f"w{(label * 17 + rng.randrange(40)) % words}" for _ in range(4)]
            also = f" __label__{(label + 1) % labels}" if rng.random() < 0.15 else ""
            lines.append(f"__label__{label}{also} {' '.join(rng.sample(hints + noise, 8))}\n")
    rng.shuffle(lines)
    return "".join(lines)


def answers(model: Any, test_file: str) -> dict[str, Any]:
    """What the real model says, as plain data."""
    lists: dict[str, Any] = {}
    for name, arguments in {
        "best": {},
        "three": {"k": 3},
        "all": {"k": -1},
        "half": {"k": -1, "threshold": 0.3},
    }.items():
        labels, probabilities = model.predict(TEXTS, **arguments)
        lists[name] = [
            [list(map(str, row)) for row in labels],
            [[round(float(p), 7) for p in row] for row in probabilities],
        ]
    lists["all"] = [[row[:8] for row in part] for part in lists["all"]]
    singles = [model.predict(text, k=2) for text in TEXTS[:8]]
    return {
        "lists": lists,
        "singles": [[list(labels), [float(p) for p in probabilities]] for labels, probabilities in singles],
        "labels": model.get_labels()[:20],
        "label_counts": model.get_labels(include_freq=True)[1].tolist()[:20],
        "words": model.get_words(),
        "word_counts": model.get_words(include_freq=True)[1].tolist(),
        "dimension": model.get_dimension(),
        "quantised": model.is_quantized(),
        "word_ids": [model.get_word_id(word) for word in WORDS],
        "word_vectors": [vector(model.get_word_vector(word)) for word in WORDS if not word.startswith("__label__")],
        "subwords": [[pair[0], pair[1].tolist()] for pair in map(model.get_subwords, WORDS)],
        "sentence_vectors": [vector(model.get_sentence_vector(text)) for text in TEXTS],
        "input_vector": vector(model.get_input_vector(3)),
        "test": [list(model.test(test_file, k)) for k in (1, 2)],
        "test_threshold": list(model.test(test_file, -1, 0.3)),
        "test_label": {name: clean(scores) for name, scores in sorted(model.test_label(test_file).items())[:5]},
    }


def vector(values: Any) -> list[float]:
    return [float(f"{value:.7g}") for value in values]


def clean(scores: dict[str, float]) -> dict[str, float | None]:
    return {name: None if value != value else value for name, value in scores.items()}


def make(out: Path) -> None:
    """Runs in the interpreter with fastText."""
    import fasttext

    everything: dict[str, Any] = {
        "texts": TEXTS,
        "words": WORDS,
        "test_file": corpus(6, 60) + "__label__1\nfast fast\n\n__label__2 a </s> __label__3 b",
    }
    test_file = out / "test.txt"
    test_file.write_text(everything["test_file"], encoding="utf-8")
    everything["models"] = {}
    for name, (arguments, quantise) in MODELS.items():
        arguments = {"dim": 6, "bucket": 60, "lr": 0.5, "epoch": 15, **arguments}
        train = out / "train.txt"
        train.write_text(corpus(arguments.pop("labels", 6), arguments.pop("words", 60)), encoding="utf-8")
        model = fasttext.train_supervised(str(train), thread=1, verbose=0, **arguments)
        if quantise is not None:
            model.quantize(**quantise)
        path = out / f"{name}.bin"
        model.save_model(str(path))
        model = fasttext.load_model(str(path))
        everything["models"][name] = answers(model, str(test_file))
        (out / f"{name}.bin.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    text = json.dumps(everything, ensure_ascii=False, separators=(",", ":"))
    (out / "answers.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


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
        FIXTURES.mkdir(parents=True, exist_ok=True)
        for path in sorted(Path(folder).glob("*.gz")):
            (FIXTURES / path.name).write_bytes(path.read_bytes())
            print(f"{path.name:34} {path.stat().st_size:>8,} bytes")


if __name__ == "__main__":
    main()
