"""fastText's own files, read by fastText and by lilliput: equal labels, equal probabilities, and who is faster.

    python benchmarks/fasttext_files.py --fasttext PATH   # an interpreter that can import fasttext 0.9.3

Trains models of 100 dimensions on TREC and SST-2 (shared data), plain and quantised in every way, and predicts 1,000
texts of the test part with each program; texts/s is the best of five calls of predict(list), after one that is not
counted. fastText uses one thread for it, lilliput as many as there are processors.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TEXTS = 1000
ROWS = 6000
# name -> (arguments of train_supervised, arguments of quantize or None); quantising takes seconds per 1,000 rows.
FEW_ROWS: dict[str, Any] = {"bucket": 2000, "minCount": 3}
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "bin": ({}, None),
    "bin, characters 3-5": ({"minn": 3, "maxn": 5}, None),
    "bin, ova": ({"loss": "ova"}, None),
    "bin, hs": ({"loss": "hs"}, None),
    "ftz": (FEW_ROWS, {}),
    "ftz, cutoff": ({}, {"cutoff": 2000}),
    "ftz, qnorm, cutoff": ({}, {"qnorm": True, "cutoff": 2000}),
    "ftz, qnorm, ova": ({**FEW_ROWS, "loss": "ova"}, {"qnorm": True}),
    "ftz, qout, cutoff": ({"labels": 300}, {"qout": True, "cutoff": 2000}),
    "ftz, qout, qnorm, ova": ({**FEW_ROWS, "labels": 300, "loss": "ova"}, {"qout": True, "qnorm": True}),
}


def texts_a_second(predict: Callable[[list[str]], Any], texts: list[str]) -> float:
    """Of the best of five calls, after one that is not counted."""
    predict(texts)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        predict(texts)
        seconds.append(time.perf_counter() - start)
    return len(texts) / min(seconds)


def theirs(folder: Path) -> None:
    """Runs in the interpreter with fastText: trains, saves, predicts."""
    import fasttext

    sets = json.loads((folder / "sets.json").read_text(encoding="utf-8"))
    results = []
    for name, (train, texts) in sets.items():
        for variant, (arguments, quantise) in VARIANTS.items():
            arguments = {"dim": 100, "bucket": 20000, "wordNgrams": 2, "epoch": 3, "lr": 0.5, **arguments}
            # A quantised output needs 256 labels: each is cut into several, by its row.
            parts = arguments.pop("labels", 1) // len({label for _, label in train}) + 1
            lines = [f"__label__{label}-{i % parts} {text}\n" for i, (text, label) in enumerate(train)]
            (folder / "train.txt").write_text("".join(lines), encoding="utf-8")
            model = fasttext.train_supervised(str(folder / "train.txt"), thread=2, verbose=0, **arguments)
            if quantise is not None:
                model.quantize(**quantise)
            path = folder / f"{len(results)}.bin"
            model.save_model(str(path))
            labels, probabilities = model.predict(texts)
            results.append(
                {
                    "set": name,
                    "variant": variant,
                    "path": str(path),
                    "labels": [list(map(str, row)) for row in labels],
                    "probabilities": [[float(p) for p in row] for row in probabilities],
                    "all": [[float(p) for p in row] for row in model.predict(texts[:100], k=-1)[1]],
                    "speed": texts_a_second(model.predict, texts),
                }
            )
    (folder / "theirs.json").write_text(json.dumps(results), encoding="utf-8")


def compare(result: dict[str, Any], texts: list[str]) -> str:
    """A row of the table."""
    import numpy as np

    from lilliput.compat.fasttext_model import FastTextClassifier

    model = FastTextClassifier.read(result["path"])
    labels, probabilities = model.predict(texts)
    equal = sum(a == b for a, b in zip(labels, result["labels"], strict=True))
    difference = max(float(np.abs(p - q).max()) for p, q in zip(probabilities, result["probabilities"], strict=True))
    everything = model.predict(texts[:100], k=-1)[1]
    difference_all = max(float(np.abs(p - q).max()) for p, q in zip(everything, result["all"], strict=True))
    alone = sum(model.predict(text)[0] == tuple(row) for text, row in zip(texts[:100], result["labels"], strict=False))
    ours = texts_a_second(model.predict, texts)
    size = Path(result["path"]).stat().st_size
    return (
        f"{result['set']:6} {result['variant']:24} {size / 1e6:6.2f} {equal:6} {alone:5} {difference:9.1e} "
        f"{difference_all:9.1e} {result['speed']:9,.0f} {ours:9,.0f} {ours / result['speed']:6.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--fasttext", default=os.environ.get("LILLIPUT_FASTTEXT", sys.executable), help="interpreter that has fasttext"
    )
    parser.add_argument("--theirs", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.theirs:
        theirs(arguments.theirs)
        return
    import label_sets

    with tempfile.TemporaryDirectory() as folder:
        sets: dict[str, Any] = {}
        for name in ("trec", "sst2"):
            data = label_sets.SETS[name]()
            rows = [(text.replace("\n", " "), label) for text, label in zip(*data.train, strict=True)]
            texts = [text.replace("\n", " ") for text in data.test[0]]
            sets[name] = rows[:ROWS], (texts + [text for text, _ in rows])[:TEXTS]
        Path(folder, "sets.json").write_text(json.dumps(sets), encoding="utf-8")
        # fastText 0.9.3 leaves part of a new matrix as it finds it in memory, at times with NaN: have glibc clear it.
        environment = {**os.environ, "MALLOC_PERTURB_": "255"}
        subprocess.run([arguments.fasttext, __file__, "--theirs", folder], check=True, env=environment)
        print(f"{TEXTS} texts; labels equal in bulk, and one by one (of 100); largest difference of probabilities, k=1")
        print("and k=-1 (100 texts); predict(list) in texts/s")
        print("set    variant                      MB  equal alone  diff k=1  diff all  fastText  lilliput  times")
        for result in json.loads(Path(folder, "theirs.json").read_text(encoding="utf-8")):
            print(compare(result, sets[result["set"]][1]))


if __name__ == "__main__":
    main()
