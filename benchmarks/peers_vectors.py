"""Vectors of gensim or fastText for `vectors_quality.py`: trains in this interpreter and prints a line of JSON.

Usage: peers_vectors.py gensim|fasttext|fasttext-subwords CORPUS OUT EPOCHS THREADS SAMPLE RATE [skipgram|cbow]
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()


def by_gensim(corpus: str, out: str, epochs: int, threads: int, sample: float, rate: float, method: str) -> float:
    """Seconds of the training alone; the vectors go to `out` in word2vec's binary format."""
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=100, window=5, min_count=5, sg=int(method == "skipgram"), negative=5, sample=sample,
                     alpha=rate, workers=threads, seed=1, epochs=epochs)  # fmt: skip
    model.build_vocab(corpus_file=corpus)
    began = time.perf_counter()
    model.train(corpus_file=corpus, total_examples=model.corpus_count, total_words=model.corpus_total_words,
                epochs=epochs)  # fmt: skip
    seconds = time.perf_counter() - began
    model.wv.save_word2vec_format(out, binary=True)
    return seconds


def by_fasttext(
    corpus: str, out: str, epochs: int, threads: int, sample: float, rate: float, method: str, longest: int
) -> float:
    """Seconds of reading and training, which fastText does in one; the model goes to `out` in its format."""
    import fasttext

    began = time.perf_counter()
    model = fasttext.train_unsupervised(corpus, model=method, dim=100, ws=5, minCount=5, neg=5, t=sample, lr=rate,
                                        thread=threads, epoch=epochs, maxn=longest, minn=3 if longest else 0,
                                        verbose=0)  # fmt: skip
    seconds = time.perf_counter() - began
    model.save_model(out)
    return seconds


def high_water() -> int:
    """The largest resident memory since this program began, not the one that started it, in bytes (Linux)."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return 1024 * int(found[1]) if found else 0


def main() -> None:
    """Train, and tell what it took."""
    peer, corpus, out, epochs, threads, sample, rate, *more = sys.argv[1:]
    given = corpus, out, int(epochs), int(threads), float(sample), float(rate), more[0] if more else "skipgram"
    if peer == "gensim":
        seconds = by_gensim(*given)
    else:
        seconds = by_fasttext(*given, longest=6 if peer == "fasttext-subwords" else 0)
    peak = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"training": seconds, "whole": time.perf_counter() - STARTED, "peak": high_water(),
                      "processor": peak.ru_utime + peak.ru_stime}))  # fmt: skip


if __name__ == "__main__":
    main()
