"""Parts of speech within 500 KB and 100 KB, beside CRFsuite on the same sentences.

    python benchmarks/tag_accuracy.py [LANGUAGE ...] [--no-peer]

Universal Dependencies, training and test parts as released, gold tokens. The peer is CRFsuite's averaged perceptron
(`pip install python-crfsuite`) on the word, its affixes of up to four letters, its shape, and its neighbours. Tokens a
second are from lists of tokens on two threads.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from label_sets import DATA
from lilliput import SequenceTagger
from lilliput.data.conllu import Sentence
from lilliput.data.sentences import read_sentences

THREADS = 2
BUDGETS = ("500KB", "100KB")
TREEBANKS = {
    "en": "UD_English-EWT",
    "fr": "UD_French-Sequoia",
    "el": "UD_Greek-GDT",
    "sv": "UD_Swedish-Talbanken",
    "id": "UD_Indonesian-GSD",
    "hu": "UD_Hungarian-Szeged",
    "vi": "UD_Vietnamese-VTB",
    "af": "UD_Afrikaans-AfriBooms",
}


def part(language: str, name: str) -> list[Sentence]:
    return list(read_sentences(DATA / "pos" / TREEBANKS[language] / f"{name}.conllu.xz"))


def ours(train: list[Sentence], test: list[Sentence], budget: str) -> tuple[float, float, float, int]:
    """Accuracy on the test part, seconds of the fit, tokens a second, operations a token."""
    started = time.perf_counter()
    model = SequenceTagger(budget=budget, threads=THREADS, progress=False).fit(train)
    seconds = time.perf_counter() - started
    words = [sentence.forms for sentence in test]
    times = []
    for _ in range(4):
        started = time.perf_counter()
        model.predict(words)
        times.append(time.perf_counter() - started)
    return model.score(test), seconds, sum(map(len, words)) / min(times), model.report_.plan["operations a token"]


def features(words: list[str]) -> list[list[str]]:
    """What CRFsuite is given of each token."""
    lower = [word.lower() for word in words]
    found = []
    for at, word in enumerate(words):
        shape = "".join("X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else c for c in word)
        own = ["bias", f"w={lower[at]}", f"W={word}", f"shape={shape}"]
        own += [f"{name}{size}={piece}" for size in (1, 2, 3, 4) for name, piece in _affixes(lower[at], size)]
        for offset in (-2, -1, 1, 2):
            there = 0 <= at + offset < len(words)
            own.append(f"{offset}={lower[at + offset] if there else '-'}")
            if there and abs(offset) == 1:
                own.append(f"{offset}s={lower[at + offset][-3:]}")
        found.append(own)
    return found


def _affixes(word: str, size: int) -> list[tuple[str, str]]:
    return [("p", word[:size]), ("s", word[-size:])] if len(word) >= size else []


def crfsuite(train: list[Sentence], test: list[Sentence]) -> tuple[float, float] | None:
    """Accuracy and seconds of the fit; None where the peer is not installed."""
    try:
        import pycrfsuite
    except ImportError:
        return None
    started = time.perf_counter()
    trainer = pycrfsuite.Trainer(algorithm="ap", verbose=False)
    for sentence in train:
        trainer.append(features(sentence.forms), sentence.column("upos"))
    trainer.set_params({"max_iterations": 10})
    file = str(Path(tempfile.mkdtemp()) / "model.crfsuite")
    trainer.train(file)
    seconds = time.perf_counter() - started
    tagger = pycrfsuite.Tagger()
    tagger.open(file)
    right = total = 0
    for sentence in test:
        found = tagger.tag(features(sentence.forms))
        right += sum(tag == gold for tag, gold in zip(found, sentence.column("upos"), strict=True))
        total += len(found)
    print(f"   crfsuite file {Path(file).stat().st_size:,} bytes")
    return right / total, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("languages", nargs="*", default=list(TREEBANKS))
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    SequenceTagger(threads=THREADS, progress=False).fit([["a", "b"]] * 60, [["X", "Y"]] * 60).predict([["a"]])
    print("language  at 500KB  100KB  crfsuite  ahead by  fit s  crfsuite s  tokens/s  operations a token", flush=True)
    means: dict[str, list[float]] = {}
    for language in arguments.languages:
        train, test = part(language, "train"), part(language, "test")
        large, small = (ours(train, test, budget) for budget in BUDGETS)
        peer = None if arguments.no_peer else crfsuite(train, test)
        beside = "not here" if peer is None else f"{peer[0]:.4f}    {large[0] - peer[0]:+.4f}"
        print(
            f"{language:<9} {large[0]:.4f}   {small[0]:.4f}  {beside}  {large[1]:5.1f}"
            f"  {'' if peer is None else f'{peer[1]:.1f}':>9}  {large[2]:9,.0f}  {large[3]:,}",
            flush=True,
        )
        for name, value in (("500KB", large[0]), ("100KB", small[0]), *((("crfsuite", peer[0]),) if peer else ())):
            means.setdefault(name, []).append(value)
    print("mean: " + ", ".join(f"{name} {statistics.mean(values):.4f}" for name, values in means.items()))


if __name__ == "__main__":
    main()
