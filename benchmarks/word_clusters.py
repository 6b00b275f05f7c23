"""Word clusters of English Wikipedia: time, memory, perplexity; the same of mkcls where that is installed.

    python benchmarks/word_clusters.py [--characters 103e6] [--clusters 1000] [--threads 2]

Every model is trained and measured by the same code: perplexity of the class bigram model, and of the model that
foretells the cluster from the word before, on one text in fifty. mkcls (Och 1999; `giza++` in some distributions, or
https://github.com/moses-smt/giza-pp) gets the same words, rare ones as one word. Where it is not installed, its
algorithm alone stands for it: exchange on class bigrams from the same start, with our kernels, in the time of ours.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from lilliput.features.exchange import Exchange
from lilliput.features.exchange_counts import count_bigrams
from lilliput.features.exchange_words import count_words, numbered
from lilliput.tasks.clusters import WordClusters
from lilliput.tasks.clusters_report import perplexities
from lilliput.tasks.clusters_texts import Texts

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
LEAST = 5


def articles(characters: float) -> list[str]:
    """The first articles, with about so many characters."""
    texts, size = [], 0
    with lzma.open(DATA / "wikipedia" / "enwiki30k.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            texts.append(json.loads(line)["text"])
            size += len(texts[-1])
            if size >= characters:
                break
    return texts


def class_bigrams_alone(counted, clusters: int, threads: int, seconds: float):
    """Exchange on class bigrams from the first start, for so many seconds."""
    lexicon, bigrams = counted
    exchange = Exchange(bigrams, lexicon.counts, clusters, threads)
    end = time.monotonic() + seconds
    exchange.refine()
    while exchange.sweep(end).moved and time.monotonic() < end:
        pass
    return exchange.cluster_of


def mkcls(counted, texts: Texts, clusters: int):
    """Clusters that mkcls finds in one run, and its seconds."""
    lexicon, _ = counted
    border = len(lexicon) + 1
    with tempfile.TemporaryDirectory() as folder:
        corpus, classes = Path(folder, "corpus"), Path(folder, "classes")
        with corpus.open("w") as out:
            for packed in texts.packs():
                numbers = numbered(packed, lexicon)
                for line in np.split(numbers, np.flatnonzero(numbers == border))[1:-1]:
                    out.write(" ".join(map(str, line[1:].tolist())) + "\n")
        started = time.perf_counter()
        command = ["mkcls", f"-c{clusters}", "-n1", f"-p{corpus}", f"-V{classes}", "opt"]
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - started
        found = dict(map(int, line.split()) for line in classes.read_text().splitlines() if line[0].isdigit())
    _, numbers = np.unique([found[word] for word in range(len(lexicon))], return_inverse=True)
    return numbers.astype(np.int32), seconds


def show(name: str, seconds: float, quality) -> None:
    values = "  ".join(f"{measure} {found.value:.2f}" for measure, found in quality.items())
    print(f"{name:<32} {seconds:7.1f} s  {values}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--characters", type=float, default=103e6)
    parser.add_argument("--clusters", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    texts = articles(arguments.characters)
    warm = WordClusters(10, threads=arguments.threads, progress=False).fit(texts[:50] * 2)  # compiles, once
    model = WordClusters(arguments.clusters, LEAST, threads=warm.threads, progress=False).fit(texts)
    print(model.report_)
    show("ours, whole fit", model.report_.fit_seconds, model.report_.quality)
    read = Texts(texts, None, 0)
    lexicon = count_words(read.packs()).at_least(LEAST)
    counted = lexicon, count_bigrams((numbered(packed, lexicon) for packed in read.packs()), len(lexicon))
    if shutil.which("mkcls"):
        cluster_of, seconds = mkcls(counted, read, arguments.clusters)
        show("mkcls, without reading", seconds, perplexities(counted[1], cluster_of, read.held, lexicon))
    seconds = model.report_.fit_seconds
    cluster_of = class_bigrams_alone(counted, arguments.clusters, arguments.threads, seconds)
    show("exchange on class bigrams alone", seconds, perplexities(counted[1], cluster_of, read.held, lexicon))


if __name__ == "__main__":
    main()
