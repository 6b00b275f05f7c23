"""Word vectors in eight bits beside gensim's in 32: size, quality, reading, the nearest words, evaluation.

    LILLIPUT_PEERS=PATH python benchmarks/vectors_files.py [--words 10e6]   # an interpreter that can import gensim

gensim trains vectors of 100 numbers on English Wikipedia (shared data), so that both programs have the same; they are
converted, and each program is asked the same questions in the same run.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lilliput import WordVectors, load

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SETS = ("EN-WS-353-ALL", "EN-SIMLEX-999", "EN-MTurk-771", "EN-RW-STANFORD")


def corpus(path: Path, words: float) -> int:
    """Write about so many words of Wikipedia, small letters, a paragraph a line; returns how many there are."""
    count = 0
    with lzma.open(DATA / "wikipedia" / "enwiki30k.jsonl.xz", "rt", encoding="utf-8") as lines, path.open("w") as out:
        for line in lines:
            for paragraph in json.loads(line)["text"].split("\n"):
                found = re.findall(r"\w+", paragraph.lower())
                if found:
                    out.write(" ".join(found) + "\n")
                    count += len(found)
            if count >= words:
                break
    return count


def timed(action: Callable[[], object], times: int = 5) -> float:
    """The median of the seconds that it takes."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def cold(python: str, setup: str, ask: str) -> float:
    """Seconds of a process that loads the vectors and answers one question."""
    return timed(lambda: subprocess.run([python, "-c", f"{setup}; print({ask})"], check=True, capture_output=True), 3)


def row(what: str, ours: object, theirs: object, more: object = "") -> None:
    print(f"{what:<34} {ours!s:>14} {theirs!s:>14} {more!s:>14}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=float, default=10e6)
    parser.add_argument("--peers", default=os.environ.get("LILLIPUT_PEERS"))
    given = parser.parse_args()
    if not given.peers:
        sys.exit("set LILLIPUT_PEERS to an interpreter that can import gensim")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = corpus(folder / "corpus.txt", given.words)
        script = str(Path(__file__).with_name("peers_vector_files.py"))
        command = [given.peers, script, name, str(DATA / "word_vectors"), ",".join(SETS)]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        compare(folder, json.loads(run.stdout), count, given.peers)


def compare(folder: Path, theirs: dict, count: int, peers: str) -> None:
    ours = folder / "v.safetensors"
    WordVectors.read(folder / "v.vec", progress=False).save(ours)
    vectors: WordVectors = load(ours)
    print(f"{count:,} words of text, {theirs['words']:,} vectors of 100 numbers\n")
    row("", "lilliput", "gensim", "ratio")
    size = ours.stat().st_size
    for what, names in {"text": ["v.vec"], "binary": ["v.bin"], "own format": ["v.kv", "v.kv.vectors.npy"]}.items():
        other = sum((folder / one).stat().st_size for one in names if (folder / one).exists())
        row(f"bytes, beside {what}", f"{size:,}", f"{other:,}", f"{size / other:.3f}")
    seconds = timed(lambda: load(ours))
    row("load, own format", f"{seconds:.3f} s", f"{theirs['read own format']:.3f} s")
    for what, file in {"text": "v.vec", "binary": "v.bin"}.items():
        seconds = timed(lambda file=file: WordVectors.read(folder / file, progress=False), 3)
        row(
            f"read {what}",
            f"{seconds:.2f} s",
            f"{theirs[f'read {what}']:.2f} s",
            f"{seconds / theirs[f'read {what}']:.2f}",
        )
    mine = cold(sys.executable, f"import lilliput; v = lilliput.load({str(ours)!r})", "v.most_similar('france')")
    setup = f"from gensim.models import KeyedVectors; v = KeyedVectors.load({str(folder / 'v.kv')!r})"
    other = cold(peers, setup, "v.most_similar('france')")
    row("cold process, one answer", f"{mine:.2f} s", f"{other:.2f} s", f"{mine / other:.2f}")
    words = list(theirs["neighbours"])
    vectors.neighbours(words[:70])
    mine = statistics.median([timed(lambda word=word: vectors.most_similar(word), 1) for word in words])
    row("one query", f"{mine * 1e3:.2f} ms", f"{theirs['one query'] * 1e3:.2f} ms", f"{mine / theirs['one query']:.2f}")
    many = vectors.table_.words.first(2000)
    rate = len(many) / timed(lambda: vectors.neighbours(many), 3)
    row(
        "queries a second, many", f"{rate:,.0f}", f"{1 / theirs['one query']:,.0f}", f"{rate * theirs['one query']:.1f}"
    )
    found = vectors.neighbours(words)
    shared = [
        len({one for one, _ in near} & set(theirs["neighbours"][word])) for word, near in zip(words, found, strict=True)
    ]
    row("of ten nearest, the same", f"{sum(shared) / len(shared):.2f}", "10")
    quality = vectors.evaluate([DATA / "word_vectors" / f"{name}.txt" for name in SETS])
    for name in SETS:
        value = quality.similarity[name].spearman.value
        row(
            f"Spearman {name}",
            f"{value:.4f}",
            f"{theirs['similarity'][name]:.4f}",
            f"{value - theirs['similarity'][name]:+.4f}",
        )
    started = time.perf_counter()
    answers = vectors.evaluate(analogies=DATA / "word_vectors" / "questions-words.txt").analogies["questions-words"]
    seconds = time.perf_counter() - started
    row(
        "analogies",
        f"{answers.accuracy.value:.4f}",
        f"{theirs['analogies']:.4f}",
        f"{answers.accuracy.value - theirs['analogies']:+.4f}",
    )
    row("analogies asked", f"{answers.total[1]:,}", f"{theirs['asked']:,}")
    row(
        "analogies, seconds",
        f"{seconds:.1f}",
        f"{theirs['analogies seconds']:.1f}",
        f"{seconds / theirs['analogies seconds']:.3f}",
    )


if __name__ == "__main__":
    main()
