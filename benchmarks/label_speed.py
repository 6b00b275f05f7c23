"""How fast texts become features and labels, beside scikit-learn and fastText, and how quick the first answer is.

    python benchmarks/label_speed.py [--fasttext PYTHON]

Features: MB of UTF-8 a second, from Python strings to a CSR matrix of hashed counts, for English and for Russian news
text made of the same number of characters. Predictions: texts a second from a Python list, ours at 1 MB on two threads,
fastText's (which has one) at its full size. Cold: whole processes, medians of 7.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

THREADS = 2
from label_sets import SETS
from lilliput import TextClassifier
from lilliput.features.counts import hashed_counts
from lilliput.features.plain import NGrams

CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувшхыз")


def best(function: Callable[[], object], runs: int = 5) -> float:
    """Seconds of the fastest of some runs after a warm-up."""
    function()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def features() -> None:
    from sklearn.feature_extraction.text import HashingVectorizer

    english = SETS["ag_news"]().train[0]
    russian = [text.lower().translate(CYRILLIC) for text in english]
    print("hashed counts                    MB    ours 1 core   2 threads   scikit-learn   ratio (2 threads)")
    for unit, low, high, analyzer in (("word", 1, 2, "word"), ("char", 2, 4, "char_wb")):
        group = NGrams(unit, low, high, bits=20)
        for name, texts in (("ASCII", english), ("Cyrillic", russian)):
            size = sum(len(text.encode()) for text in texts) / 1e6
            one = best(lambda texts=texts, group=group: hashed_counts(texts, group, threads=1))
            two = best(lambda texts=texts, group=group: hashed_counts(texts, group, threads=THREADS))
            peer = HashingVectorizer(ngram_range=(low, high), analyzer=analyzer, norm=None, alternate_sign=False)
            theirs = best(lambda texts=texts, peer=peer: peer.transform(texts), runs=2)
            print(
                f"{unit} {low}-{high:<3} {name:<10} {size:14.1f} {size / one:14.1f} {size / two:11.1f} "
                f"{size / theirs:14.2f} {theirs / two:9.1f}"
            )


def predictions(python: str | None) -> None:
    print("\nbulk predict         characters   ours texts/s   fastText texts/s   ratio")
    for name in ("trec", "sms_spam", "goemotions", "sst2", "tweet_emotion", "ag_news"):
        data = SETS[name]()
        texts = (data.test[0] * 40)[:20_000]
        model = TextClassifier(budget="1MB", threads=THREADS, progress=False).fit(*data.train)
        seconds = best(lambda model=model, texts=texts: model.predict(texts))
        theirs = fast_text(data.train, texts, python)
        shown = "not here" if theirs is None else f"{theirs:12,.0f} {len(texts) / seconds / theirs:16.1f}"
        print(f"{name:<18} {sum(map(len, texts)) / len(texts):12.0f} {len(texts) / seconds:14,.0f}       {shown}")


def fast_text(train: tuple[list[str], list], texts: list[str], python: str | None) -> float | None:
    """Texts a second of the real fastText's predict(list), word bigrams, 10 dimensions."""
    if python is None:
        return None
    script = """
import fasttext, json, sys, time, tempfile, os
job = json.load(sys.stdin)
file = os.path.join(tempfile.mkdtemp(), "train.txt")
with open(file, "w", encoding="utf-8") as out:
    for text, labels in zip(*job["train"]):
        labels = labels if isinstance(labels, list) else [labels]
        marks = " ".join("__label__" + label.replace(" ", "_") for label in labels)
        out.write(marks + " " + " ".join(text.split()) + "\\n")
model = fasttext.train_supervised(file, lr=0.5, epoch=5, wordNgrams=2, dim=10, thread=2, verbose=0)
texts = [" ".join(text.split()) for text in job["texts"]]
times = []
for _ in range(6):
    started = time.perf_counter(); model.predict(texts); times.append(time.perf_counter() - started)
print(len(texts) / min(times[1:]))
"""
    job = json.dumps({"train": train, "texts": texts})
    done = subprocess.run([python, "-c", script], input=job, capture_output=True, text=True, check=True)
    return float(done.stdout)


def cold() -> None:
    """Whole processes: Python to a first prediction, and the command line."""
    data = SETS["ag_news"]()
    file = Path(tempfile.mkdtemp()) / "model.safetensors"
    TextClassifier(budget="1MB", progress=False).fit(*data.train).save(file)
    inside = (
        f"import lilliput; print(lilliput.load({str(file)!r}).predict(['cheap flights to rome']));"
        "print(next(int(l.split()[1]) / 1e3 for l in open('/proc/self/status') if l.startswith('VmHWM')))"
    )
    command = [str(Path(sys.executable).with_name("lilliput")), "predict", str(file), "cheap flights to rome"]
    print("\ncold process                      seconds, median (min to max)")
    seconds, output = whole([sys.executable, "-c", inside])
    print(f"Python, load and first prediction  {shown(seconds)}   peak resident {float(output.split()[-1]):.0f} MB")
    print(f"lilliput predict MODEL TEXT        {shown(whole(command)[0])}")
    print(f"python -c 'import numpy'           {shown(whole([sys.executable, '-c', 'import numpy'])[0])}")


def whole(command: list[str], runs: int = 7) -> tuple[list[float], str]:
    times = []
    output = ""
    for _ in range(runs + 1):
        started = time.perf_counter()
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        times.append(time.perf_counter() - started)
    return times[1:], output


def shown(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fasttext", default=os.environ.get("LILLIPUT_FASTTEXT"), metavar="PYTHON")
    arguments = parser.parse_args()
    features()
    predictions(arguments.fasttext)
    cold()


if __name__ == "__main__":
    main()
