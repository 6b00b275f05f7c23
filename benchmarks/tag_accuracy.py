"""Parts of speech within 500 KB and 100 KB, beside CRFsuite, NLTK, spaCy and fastText on the same sentences.

    python benchmarks/tag_accuracy.py [LANGUAGE ...] [--peers PYTHON] [--fasttext PYTHON] [--clusters] [--json FILE]

Universal Dependencies, parts as released, gold tokens. We learn from the training part alone; spaCy's tagger (from
zero, its default configuration for the processor) also stops early on the dev part. CRFsuite and fastText are given the
word, its affixes of up to four letters, its shape, and its neighbours, and several settings each, of which the best on
each test part counts, though that looks at the test part. `--peers` and `--fasttext` name interpreters that have the
peers; what cannot be imported there is left out. Tokens a second are from lists of tokens, ours on two threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from label_sets import DATA
from lilliput import SequenceTagger, WordClusters
from lilliput.data.conllu import Sentence
from lilliput.data.sentences import read_sentences
from word_clusters import articles

THREADS = 2
CLUSTERS, CHARACTERS = 256, 103e6
BUDGETS = ("500KB", "100KB")
ASKED = {
    "en": "UD_English-EWT",
    "fr": "UD_French-Sequoia",
    "el": "UD_Greek-GDT",
    "sv": "UD_Swedish-Talbanken",
    "id": "UD_Indonesian-GSD",
    "hu": "UD_Hungarian-Szeged",
    "vi": "UD_Vietnamese-VTB",
    "af": "UD_Afrikaans-AfriBooms",
}
OTHERS = {
    "lt": "UD_Lithuanian-ALKSNIS",
    "mt": "UD_Maltese-MUDT",
    "gd": "UD_Scottish_Gaelic-ARCOSG",
    "zh": "UD_Chinese-GSD",
    "gl": "UD_Galician-TreeGal",
}
PEERS: dict[str, list[dict[str, Any]]] = {
    "crfsuite": [
        {"algorithm": "ap", "max_iterations": 10},
        {"algorithm": "lbfgs", "c1": 0.0, "c2": 0.1, "max_iterations": 100},
        {"algorithm": "lbfgs", "c1": 0.0, "c2": 1.0, "max_iterations": 100},
    ],
    "nltk": [{}],
    "spacy": [{}],
    "fasttext": [
        {"lr": 0.5, "epoch": 10, "dim": 30, "thread": THREADS},
        {"lr": 0.2, "epoch": 25, "dim": 30, "thread": THREADS},
    ],
}
Parts = dict[str, list[Sentence]]
Found = dict[str, dict[str, Any]]


def parts_of(language: str) -> Parts:
    folder = DATA / "pos" / {**ASKED, **OTHERS}[language]
    files = {name: folder / f"{name}.conllu.xz" for name in ("train", "dev", "test")}
    return {name: list(read_sentences(file)) for name, file in files.items() if file.exists()}


def ours(parts: Parts, budget: str, clusters: WordClusters | None = None) -> dict[str, Any]:
    started = time.perf_counter()
    model = SequenceTagger(budget=budget, clusters=clusters, threads=THREADS, progress=False).fit(parts["train"])
    seconds = time.perf_counter() - started
    words = [sentence.forms for sentence in parts["test"]]
    times = []
    for _ in range(4):
        started = time.perf_counter()
        model.predict(words)
        times.append(time.perf_counter() - started)
    return {
        "accuracy": model.score(parts["test"]),
        "fit_s": seconds,
        "rate": sum(map(len, words)) / min(times),
        "bytes": model.report_.file_bytes,
        "operations": model.report_.plan["operations a token"],
    }


def peer(name: str, python: str, settings: dict[str, Any], language: str, parts: Parts) -> dict[str, Any] | None:
    """A peer with some settings in its interpreter; None where it cannot be imported."""
    tagged = {
        part: [(sentence.forms, sentence.column("upos")) for sentence in sentences] for part, sentences in parts.items()
    }
    job = {
        "train": tagged["train"],
        "dev": tagged.get("dev", tagged["train"][::10]),
        "test": [words for words, _ in tagged["test"]],
        "language": language,
        "settings": settings,
    }
    command = [python, str(Path(__file__).with_name("peers_tags.py")), name]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True)
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr:
            return None
        raise RuntimeError(done.stderr)
    said = json.loads(done.stdout)
    pairs = [
        (tag, gold)
        for found, (_, wanted) in zip(said.pop("tags"), tagged["test"], strict=True)
        for tag, gold in zip(found, wanted, strict=True)
    ]
    return {"accuracy": sum(tag == gold for tag, gold in pairs) / len(pairs), **said}


def peers(names: list[str], pythons: dict[str, str], language: str, parts: Parts) -> Found:
    """The best setting of every peer that is there."""
    best: Found = {}
    for name in names:
        for settings in PEERS[name]:
            found = peer(name, pythons[name], settings, language, parts)
            if found is None:
                print(f"   {name} is not here", flush=True)
                break
            print(f"   {row(name, found)}  {settings or ''}", flush=True)
            if name not in best or found["accuracy"] > best[name]["accuracy"]:
                best[name] = found
    return best


def row(name: str, found: dict[str, Any]) -> str:
    text = f"{name:<9} {found['accuracy']:.4f}  {found['fit_s']:6.1f} s  {found['rate']:>9,.0f} tokens/s"
    text += f"  {found['bytes']:>10,} bytes"
    return text + (f"  {found['operations']:,} operations a token" if "operations" in found else "")


def told(language: str, found: Found) -> str:
    """One language: how far ahead of the best peer at 500 KB, and how many times as fast as spaCy."""
    large = found[BUDGETS[0]]
    rivals = {name: other["accuracy"] for name, other in found.items() if name not in BUDGETS}
    text = f"{language}: "
    if rivals:
        best = max(rivals, key=lambda name: rivals[name])
        text += f"best peer {best} {rivals[best]:.4f}, ahead by {large['accuracy'] - rivals[best]:+.4f}; "
    if "spacy" in found:
        text += f"{large['rate'] / found['spacy']['rate']:.0f} times the tokens/s of spaCy; "
    return text + f"100 KB {large['accuracy'] - found[BUDGETS[1]]['accuracy']:.4f} below 500 KB"


def summary(found: dict[str, Found]) -> str:
    def mean(name: str) -> float:
        return statistics.mean(rows[name]["accuracy"] for rows in found.values())

    names = [name for name in next(iter(found.values())) if all(name in rows for rows in found.values())]
    lines = ["mean: " + ", ".join(f"{name} {mean(name):.4f}" for name in names)]
    rivals = [name for name in names if name not in BUDGETS]
    if rivals:
        best = max(rivals, key=mean)
        hindsight = statistics.mean(max(rows[name]["accuracy"] for name in rivals) for rows in found.values())
        lines.append(f"ahead of the best peer ({best}) by {mean(BUDGETS[0]) - mean(best):+.4f}")
        lines.append(f"ahead of the best in each language by {mean(BUDGETS[0]) - hindsight:+.4f}")
    lines.append(f"100 KB below 500 KB: {mean(BUDGETS[0]) - mean(BUDGETS[1]):.4f}")
    return "\n".join(lines)


def with_clusters() -> str:
    """English with clusters of the words of Wikipedia."""
    started = time.perf_counter()
    clusters = WordClusters(CLUSTERS, threads=THREADS, progress=False).fit(articles(CHARACTERS))
    seconds = time.perf_counter() - started
    rows = [row(budget, ours(parts_of("en"), budget, clusters)) for budget in BUDGETS]
    return "\n".join([f"en with {CLUSTERS} clusters of Wikipedia's words, which took {seconds:.0f} s", *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("languages", nargs="*", default=list(ASKED), metavar="LANGUAGE", help=" ".join(ASKED | OTHERS))
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--fasttext", default=os.environ.get("LILLIPUT_FASTTEXT", sys.executable), metavar="PYTHON")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only these; all if none is named")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--clusters", action="store_true", help="English with clusters of Wikipedia's words, too")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    names = [] if arguments.no_peer else arguments.peer or list(PEERS)
    pythons = dict.fromkeys(PEERS, arguments.peers) | {"fasttext": arguments.fasttext}
    SequenceTagger(threads=THREADS, progress=False).fit([["a", "b"]] * 60, [["X", "Y"]] * 60).predict([["a"]])
    found: dict[str, Found] = {}
    for language in arguments.languages:
        parts = parts_of(language)
        found[language] = {budget: ours(parts, budget) for budget in BUDGETS}
        print(language, *(f"   {row(budget, found[language][budget])}" for budget in BUDGETS), sep="\n", flush=True)
        found[language] |= peers(names, pythons, language, parts)
        print(told(language, found[language]), flush=True)
    print(summary(found))
    if arguments.clusters:
        print(with_clusters())
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
