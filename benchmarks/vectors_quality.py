r"""Word vectors beside gensim's and fastText's: words a second, agreement with people, analogies, memory, file.

    LILLIPUT_PEERS=python-with-gensim LILLIPUT_FASTTEXT=python-with-fasttext \
        python benchmarks/vectors_quality.py [--words 10000000] [--epochs 1 5] [--only NAMES] [--tune]

The data are `wikipedia` and `word_vectors` in LILLIPUT_DATA. Every program gets the same file (lower case, a paragraph
a line), two threads, dimension 100, window 5, 5 negatives, words seen 5 times; else its own defaults, which for
fastText are with a rate of 0.05 and thinning from 1e-4 on, for gensim 0.025 and 1e-3. Each runs in a process of its
own.
`--tune` measures on the sets by which our defaults were chosen instead of those the claim is about.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TUNING = ("EN-MTurk-287", "EN-RG-65", "EN-SimVerb-3500", "EN-YP-130")
CLAIM = ("EN-WS-353-ALL", "EN-SIMLEX-999", "EN-MTurk-771", "EN-RW-STANFORD")
PEERS = Path(__file__).with_name("peers_vectors.py")
SETTINGS = {
    "gensim": ("1e-3", "0.025"),
    "gensim-twice-its-rate": ("1e-3", "0.05"),
    "gensim-at-our-rate": ("1e-3", "0.09"),
    "gensim-cbow": ("1e-3", "0.025", "cbow"),
    "gensim-cbow-twice-its-rate": ("1e-3", "0.05", "cbow"),
    "fasttext": ("1e-4", "0.05"),
    "fasttext-subwords": ("1e-4", "0.05"),
}
"""What the peers are asked for: from which share on words are thinned, the rate, and the method if not skip-gram."""
OURS = {
    "lilliput": {},
    "lilliput-thinned": {"sample": 1e-4},
    "lilliput-subwords": {"subwords": (3, 6)},
    "lilliput-cbow": {"method": "cbow"},
}

_FIT = r"""
import json, re, resource, sys, time
started = time.perf_counter()
from lilliput.data.source import Source
from lilliput.tasks import vectors_fit
from lilliput.tasks.vectors import WordVectors
spent = {}
inner, counter = vectors_fit._learned, vectors_fit.WordCounter.add
def timed(*given):
    began = time.perf_counter()
    found = inner(*given)
    spent["training"] = time.perf_counter() - began
    return found
def first(self, packed):
    counter(self, packed)
    spent.setdefault("first", time.perf_counter() - started)
vectors_fit._learned, vectors_fit.WordCounter.add = timed, first
corpus, out, given = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
model = WordVectors(dim=100, threads=2, progress=False, **given).fit(Source(corpus, labelled=False))
model.save(out)
spent["whole"] = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF)
high = re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())
spent |= {"peak": 1024 * int(high[1]), "processor": peak.ru_utime + peak.ru_stime, "losses": model.losses_}
print(json.dumps(spent))
"""


def corpus(data: Path, out: Path, most: int) -> int:
    """Write the articles' paragraphs, and return how many words they have."""
    words = 0
    with lzma.open(data / "wikipedia/enwiki30k.jsonl.xz", "rt", encoding="utf-8") as lines, out.open("w") as text:
        for line in lines:
            for paragraph in json.loads(line)["text"].split("\n"):
                found = re.findall(r"\w+(?:'\w+)?", paragraph.lower())
                if found and words < most:
                    text.write(" ".join(found) + "\n")
                    words += len(found)
    return words


def run(name: str, text: Path, out: Path, epochs: int) -> dict[str, float]:
    """Train in a process of its own; what it measured of itself."""
    if name in OURS:
        given = json.dumps({**OURS[name], "epochs": epochs})
        command = [sys.executable, "-c", _FIT, str(text), str(out), given]
    else:
        python = os.environ["LILLIPUT_PEERS" if name.startswith("gensim") else "LILLIPUT_FASTTEXT"]
        peer = "gensim" if name.startswith("gensim") else name
        command = [python, str(PEERS), peer, str(text), str(out), str(epochs), "2", *SETTINGS[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def judged(name: str, path: Path, data: Path, tune: bool) -> str:
    """How good the vectors in a file are."""
    from lilliput.core.registry import load
    from lilliput.tasks.vectors import WordVectors

    model = load(path) if name in OURS else WordVectors.read(path, progress=False)
    sets = [data / "word_vectors" / f"{one}.txt" for one in (TUNING if tune else CLAIM)]
    analogies = [] if tune else [data / "word_vectors/questions-words.txt"]
    found = model.evaluate(sets, analogies)
    parts = [f"{one.spearman.value:.4f}" for one in found.similarity.values()]
    parts += [f"mean {found.mean_spearman:.4f}"]
    parts += [f"analogies {100 * one.accuracy.value:.2f} %" for one in found.analogies.values()]
    return "  ".join(parts)


def main() -> None:
    """Run everything and print a line each."""
    parser = argparse.ArgumentParser()
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LILLIPUT_DATA", beside)))
    parser.add_argument("--words", type=int, default=10_000_000)
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--only", nargs="+", default=["lilliput", "gensim", "fasttext", "lilliput-subwords",
                                                      "fasttext-subwords"])  # fmt: skip
    parser.add_argument("--tune", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "corpus.txt"
        words = corpus(asked.data, text, asked.words)
        print(f"{words:,} words; " + ", ".join(TUNING if asked.tune else CLAIM), flush=True)
        for epochs in asked.epochs:
            for name in asked.only:
                ending = ".safetensors" if name in OURS else ".bin"
                out = Path(folder) / f"{name}-{epochs}{ending}"
                took = run(name, text, out, epochs)
                seen = epochs * words
                print(f"{name}, {epochs} epochs: {seen / took['training']:,.0f} words/s training, "
                      f"{seen / took['whole']:,.0f} in all, {1e6 * took['processor'] / seen:.2f} us "
                      f"of processors a word, {took['peak'] / 1e6:,.0f} MB, file {out.stat().st_size / 1e6:,.1f} MB"
                      + (f", first words after {took['first']:.2f} s" if "first" in took else ""))  # fmt: skip
                print(f"    {judged(name, out, asked.data, asked.tune)}", flush=True)
                time.sleep(1)


if __name__ == "__main__":
    main()
