"""Chinese words and sentence borders within a budget, beside CRFsuite, jieba and punkt on the same text.

    python benchmarks/segment_accuracy.py [words] [sentences] [--peers PYTHON] [--part dev] [--json FILE]

Words: UD_Chinese-GSD, forms joined without spaces, training and test parts as released. CRFsuite has the same windows
of characters; jieba is as shipped, and as its dictionary is of simplified script it also cuts the test part of
UD_Chinese-GSDSimp, the same sentences. OOV: recall of the words that are not in the training part. Sentences: the test
part's sentences joined by spaces, beside two rules (a split after [.!?] where a space and a capital follow; the rules
that `SequenceTagger.tag` uses) and NLTK's punkt, trained on the training part's text. `--peers` names an interpreter
that has the peers; what cannot be imported there is left out. Our defaults were chosen on dev parts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from lilliput import Segmenter
from lilliput.data.sentences import read_sentences
from lilliput.features.sentences import sentences as by_rules

WORDS, SIMPLIFIED = "UD_Chinese-GSD", "UD_Chinese-GSDSimp"
TREEBANKS = ("UD_English-EWT", "UD_French-Sequoia", "UD_Swedish-Talbanken")
BUDGETS = ("1MB", "100KB")
CRFSUITE = {
    "crfsuite c2=0.1": {"algorithm": "lbfgs", "parameters": {"c2": 0.1, "max_iterations": 150}},
    "crfsuite c2=1": {"algorithm": "lbfgs", "parameters": {"c2": 1.0, "max_iterations": 150}},
    "crfsuite averaged perceptron": {"algorithm": "ap", "parameters": {"max_iterations": 10}},
}
NAIVE = re.compile(r"(?<=[.!?]) (?=[^\W\d_])")
Spans = set[tuple[int, int]]


def spans(segments: list[str], text: str) -> Spans:
    """Where segments stand in a text in which they follow one another."""
    found, at = set(), 0
    for segment in segments:
        at = text.index(segment, at)
        found.add((at, at + len(segment)))
        at += len(segment)
    return found


def f1(wanted: list[Spans], given: list[Spans]) -> float:
    both = sum(len(a & b) for a, b in zip(wanted, given, strict=True))
    return 2 * both / (sum(map(len, wanted)) + sum(map(len, given)))


def oov_recall(words: list[list[str]], given: list[Spans], known: set[str]) -> float:
    right = total = 0
    for sentence, found in zip(words, given, strict=True):
        at = 0
        for word in sentence:
            if word not in known:
                total += 1
                right += (at, at + len(word)) in found
            at += len(word)
    return right / total


def peer(name: str, python: str, texts: list[str], **more: Any) -> dict[str, Any] | None:
    """A peer's answers in its interpreter; None where it cannot be imported."""
    command = [python, str(Path(__file__).with_name("peers_segments.py")), name]
    done = subprocess.run(command, input=json.dumps({"texts": texts, **more}), capture_output=True, text=True)
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr:
            return None
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def ours(model: Segmenter, train: list[Any], texts: list[str]) -> dict[str, Any]:
    started = time.perf_counter()
    model.fit(train)
    fitted = time.perf_counter() - started
    model.predict(texts[:2])
    times = []
    for _ in range(3):
        started = time.perf_counter()
        found = model.predict(texts)
        times.append(time.perf_counter() - started)
    rate = sum(map(len, texts)) / min(times)
    cost = next(f"{cost} {name}" for name, cost in model.report_.plan.items() if name.startswith("operations"))
    return {"segments": found, "fit_s": fitted, "rate": rate, "bytes": len(model.to_bytes()), "cost": cost}


def show(name: str, found: dict[str, Any]) -> None:
    told = f"{name:<34} F1 {100 * found['f1']:.2f}"
    told += f"  OOV {100 * found['oov']:.1f}" if "oov" in found else ""
    told += f"  {found['rate']:>10,.0f} characters/s" if "rate" in found else ""
    told += f"  {found['bytes']:>11,} bytes" if found.get("bytes") else ""
    told += f"  fit {found['fit_s']:.1f} s" if "fit_s" in found else ""
    print(told + (f"  {found['cost']}" if "cost" in found else ""), flush=True)


def words_of(folder: Path, treebank: str, part: str) -> list[list[str]]:
    return [sentence.forms for sentence in read_sentences(folder / treebank / f"{part}.conllu.xz") if len(sentence)]


def cut_words(folder: Path, part: str, peers: str) -> dict[str, Any]:
    train, test = words_of(folder, WORDS, "train"), words_of(folder, WORDS, part)
    simplified = words_of(folder, SIMPLIFIED, part)
    texts = ["".join(words) for words in test]
    print(f"words: {WORDS}, {part} part, {sum(map(len, test)):,} words")
    found: dict[str, Any] = {
        f"ours {size}": ours(Segmenter(budget=size, progress=False), train, texts) for size in BUDGETS
    }
    for name, settings in CRFSUITE.items():
        found[name] = peer("crfsuite", peers, texts, train=train, **settings)
    found["jieba"] = peer("jieba", peers, texts)
    found["jieba, simplified script"] = peer("jieba", peers, ["".join(words) for words in simplified])
    for name, said in found.items():
        if said is None:
            print(f"{name} is not here")
            continue
        wanted = simplified if "simplified" in name else test
        given = [spans(segments, "".join(segments)) for segments in said.pop("segments")]
        said["f1"] = f1([spans(words, "".join(words)) for words in wanted], given)
        if wanted is test:
            said["oov"] = oov_recall(test, given, {word for words in train for word in words})
        show(name, said)
    return found


def cut_sentences(folder: Path, part: str, peers: str) -> dict[str, Any]:
    every: dict[str, Any] = {}
    for treebank in TREEBANKS:
        train, test = ([" ".join(words) for words in words_of(folder, treebank, name)] for name in ("train", part))
        text = " ".join(test)
        print(f"sentences: {treebank}, {part} part, {len(test):,} sentences")
        found: dict[str, Any] = {}
        for size in BUDGETS:
            found[f"ours {size}"] = ours(Segmenter("sentence", size, progress=False), train, [text])
        found["naive rule"] = {"segments": [naive(text)]}
        rules = by_rules(text)
        found["rules"] = {"segments": [[text[tokens[0].start : tokens[-1].end] for tokens in rules]]}
        found["punkt"] = peer("punkt", peers, [text], train=[train])
        for name, said in found.items():
            if said is None:
                print(f"{name} is not here")
                continue
            said["f1"] = f1([spans(test, text)], [spans(said.pop("segments")[0], text)])
            show(name, said)
        every[treebank] = found
    return every


def naive(text: str) -> list[str]:
    """The text split where a full stop, question or exclamation mark, a space and a capital follow one another."""
    ends = [match.start() for match in NAIVE.finditer(text) if text[match.end()].isupper()]
    borders = [0, *(end + 1 for end in ends), len(text) + 1]
    return [text[first : last - 1] for first, last in pairwise(borders)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("claims", nargs="*", choices=("words", "sentences", []), default=[])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LILLIPUT_DATA", beside)))
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--part", default="test", choices=("dev", "test"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    claims = arguments.claims or ["words", "sentences"]
    Segmenter(progress=False).fit([["今天", "好"], ["天", "好"]] * 60).predict(["今天好"] * 60)  # compile the kernels
    found = {}
    for claim in claims:
        cut = cut_words if claim == "words" else cut_sentences
        found[claim] = cut(arguments.data / "pos", arguments.part, arguments.peers)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
