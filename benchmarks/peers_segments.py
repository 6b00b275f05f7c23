"""A peer that cuts texts into words or sentences; run by an interpreter that has it.

    PYTHON peers_segments.py crfsuite | jieba | punkt < job.json

The job: {"texts": [...], "train": [[segment, ...], ...]}; for CRFsuite also "algorithm". Prints a JSON object: the
segments of each text (for punkt: the ends of the sentences), seconds of the training, characters a second, bytes.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Cut = Callable[[str], list[str]]


def kind(character: str) -> str:
    if character.isdigit():
        return "0"
    return "a" if character.isalpha() and character < "\u2e80" else "i" if character.isalpha() else "p"


def windows(text: str) -> list[list[str]]:
    """The windows of characters that our net has too, without those of its lexicon."""
    padded = f"^^{text}$$"
    kinds = "".join(map(kind, padded))
    found = []
    for at in range(2, len(padded) - 2):
        c = padded[at - 2 : at + 3]
        k = kinds[at - 2 : at + 3]
        own = ["bias", *(f"{place}={c[place]}" for place in range(5))]
        own += [f"{place}:2={c[place : place + 2]}" for place in range(4)]
        own += [f"{place}:3={c[place : place + 3]}" for place in range(3)]
        own += [f"j={c[1]}{c[3]}", f"k={k}", f"k3={k[1:4]}", f"k2={k[1:3]}", f"k1={k[2:4]}"]
        own += [f"e={c[2] == c[1]}{c[2] == c[0]}"]
        found.append(own)
    return found


def crfsuite(job: dict[str, Any]) -> tuple[Cut, int]:
    """CRFsuite's linear-chain conditional random field over tags of four kinds."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer(algorithm=job["algorithm"], verbose=False)
    for words in job["train"]:
        tags = [tag for word in words for tag in ("S" if len(word) == 1 else "B" + "M" * (len(word) - 2) + "E")]
        trainer.append(windows("".join(words)), tags)
    trainer.set_params(job["parameters"])
    file = str(Path(tempfile.mkdtemp()) / "model.crfsuite")
    trainer.train(file)
    tagger = pycrfsuite.Tagger()
    tagger.open(file)

    def cut(text: str) -> list[str]:
        words: list[str] = []
        for character, tag in zip(text, tagger.tag(windows(text)) if text else [], strict=True):
            if not words or tag in "BS":
                words.append(character)
            else:
                words[-1] += character
        return words

    return cut, Path(file).stat().st_size


def jieba(job: dict[str, Any]) -> tuple[Cut, int]:
    """The package jieba as shipped."""
    import jieba as library

    library.setLogLevel(60)
    library.initialize()
    return library.lcut, Path(library.__file__).with_name("dict.txt").stat().st_size


def punkt(job: dict[str, Any]) -> tuple[Cut, int]:
    """NLTK's punkt, trained on the text of the training sentences."""
    from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

    trainer = PunktTrainer()
    trainer.INCLUDE_ALL_COLLOCS = True
    trainer.train(" ".join(sentence for sentences in job["train"] for sentence in sentences), finalize=True)
    tokenizer = PunktSentenceTokenizer(trainer.get_params())

    def cut(text: str) -> list[str]:
        return [text[first:last] for first, last in tokenizer.span_tokenize(text)]

    return cut, 0


PEERS = {"crfsuite": crfsuite, "jieba": jieba, "punkt": punkt}


def answers(cut: Cut, texts: list[str]) -> Iterator[list[str]]:
    for text in texts:
        yield cut(text)


def main() -> None:
    job = json.load(sys.stdin)
    started = time.perf_counter()
    cut, size = PEERS[sys.argv[1]](job)
    fitted = time.perf_counter() - started
    started = time.perf_counter()
    found = list(answers(cut, job["texts"]))
    seconds = time.perf_counter() - started
    rate = sum(map(len, job["texts"])) / seconds
    json.dump({"segments": found, "fit_s": fitted, "rate": rate, "bytes": size}, sys.stdout)


if __name__ == "__main__":
    main()
